/**
 * What happened: every event is written to the index, gets its id there, and
 * then reaches those who follow. Events of one burst are written together.
 */
import type { NodeEvent } from "../shared/api-node.ts";
import type { FolderId } from "../shared/ids.ts";
import type { Clock, Log } from "../shared/ports.ts";
import type { EventRow, FolderIndex } from "../sync/index/index-port.ts";

export interface NewEvent {
  readonly type: string;
  readonly folder?: FolderId | null;
  readonly path?: string | null;
  readonly device?: string | null;
  readonly user?: string | null;
  readonly data?: Readonly<Record<string, unknown>>;
}

const WAITING_MAX = 2000;
/** So many events written at once are a burst: the next are gathered, because each write is a flush that the folders' own wait behind. */
const BURST_EVENTS = 100;
const BURST_PAUSE_MS = 250;

export class EventBook {
  readonly #index: FolderIndex;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  #waiting: Omit<EventRow, "id">[] = [];
  #writing: Promise<void> | undefined;
  #dropped = 0;
  #hurry = new AbortController();

  constructor(index: FolderIndex, clock: Clock, log: Log) {
    this.#index = index;
    this.#clock = clock;
    this.#log = log;
  }

  add(event: NewEvent): void {
    if (this.#waiting.length >= WAITING_MAX) {
      // A first sync of very many files: the folder's state tells the rest.
      this.#dropped++;
      return;
    }
    this.#waiting.push({
      timeMs: this.#clock.now(),
      type: event.type,
      folder: event.folder ?? null,
      path: event.path ?? null,
      device: event.device ?? null,
      user: event.user ?? null,
      data: event.data ?? {},
    });
    this.#writing ??= this.#write();
  }

  /** Calls `listener` with each event once it is durable. Returns how to stop it. */
  follow(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when everything added so far is written, without waiting for more. */
  async settled(): Promise<void> {
    this.#hurry.abort();
    this.#hurry = new AbortController();
    await this.#writing;
  }

  async #pause(): Promise<void> {
    await this.#clock.sleep(BURST_PAUSE_MS, this.#hurry.signal).catch(() => undefined);
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const rows = this.#waiting;
      this.#waiting = [];
      try {
        const ids = await this.#index.write.addEvents(rows);
        for (const [position, row] of rows.entries()) {
          const event = toNodeEvent({ ...row, id: ids[position] ?? 0 });
          for (const listener of this.#listeners) listener(event);
        }
        if (rows.length >= BURST_EVENTS) await this.#pause();
      } catch (error) {
        this.#log.warn("Events not written", { error: String(error), events: rows.length });
      }
    }
    if (this.#dropped > 0) this.#log.info("Some events of a burst were not listed", { events: this.#dropped });
    this.#dropped = 0;
    this.#writing = undefined;
  }
}

export function toNodeEvent(row: EventRow): NodeEvent {
  const { timeMs, data, ...rest } = row;
  return { ...rest, time: new Date(timeMs).toISOString(), data: { ...data } };
}
