/** What a barrier waits for: cookie files that come back through the watcher, and peers' answers. */
import type { PathProblem } from "../shared/file-info.ts";
import type { PeerSession } from "./exchange/peer-session.ts";
import type { FolderContext } from "./folder-context.ts";

/** A cookie that takes longer shows that the watcher is deaf: then everything is scanned. */
const COOKIE_MS = 2_000;

export interface BarrierAnswer {
  /** Sequence of the peer's index that covers what it found on its disk. */
  readonly sequence: number;
  readonly problems: readonly PathProblem[];
}

export class Barriers {
  readonly #context: FolderContext;
  readonly #cookies = new Map<string, () => void>();
  readonly #asked = new Map<number, (answer: BarrierAnswer) => void>();
  #nextId = 1;

  constructor(context: FolderContext) {
    this.#context = context;
  }

  /** Whether a hint was that of a cookie. */
  takeHint(path: string): boolean {
    const seen = this.#cookies.get(path);
    seen?.();
    return seen !== undefined;
  }

  /** Makes a cookie file and waits for the watcher to tell of it: then it has told of all that was before. */
  async isWatcherCurrent(signal: AbortSignal): Promise<boolean> {
    const { disk, clock, random } = this.#context;
    const name = `cookie-${random.bytes(6).toHex()}`;
    const path = `.syncline/${name}`;
    const timer = new AbortController();
    try {
      const seen = new Promise<boolean>((resolve) => {
        this.#cookies.set(path, () => resolve(true));
        clock.sleep(COOKIE_MS, AbortSignal.any([timer.signal, signal])).then(
          () => resolve(false),
          () => resolve(false),
        );
      });
      await disk.cookie(name, false);
      return await seen;
    } catch {
      return false;
    } finally {
      this.#cookies.delete(path);
      timer.abort();
      await disk.cookie(name, true).catch(() => undefined);
    }
  }

  /** Asks a peer to look at its disk now. Undefined when the signal aborts first. */
  ask(session: PeerSession, signal: AbortSignal): Promise<BarrierAnswer | undefined> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#asked.delete(id);
        resolve(undefined);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      this.#asked.set(id, (answer) => {
        signal.removeEventListener("abort", giveUp);
        resolve(answer);
      });
      session.send({ type: "barrier", folder: this.#context.folder, id });
    });
  }

  answered(id: number, answer: BarrierAnswer): void {
    this.#asked.get(id)?.(answer);
    this.#asked.delete(id);
  }
}
