/** Devices, a staging area and time for tests of fetching: everything in memory, on a virtual clock. */
import type { ContentId, RelPath, ShortId } from "../../../src/shared/ids.ts";
import type { ChunkRequest } from "../../../src/shared/messages.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import { hashFileContent } from "../../../src/sync/delta/hash-content.ts";
import { encodeWireChunkList } from "../../../src/sync/delta/wire-chunk-list.ts";
import type { FetchContext, FetchLink, FetchSources, FetchStage } from "../../../src/sync/fetch/fetch-context.ts";
import { LinkBook } from "../../../src/sync/fetch/link-book.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { Scheduler, SimClock } from "../../simulation/sim-clock.ts";
import { silentLog } from "../../support/silent-log.ts";

export const hasher = createHasher();
const cutter = createCutter();

export interface FakeFile {
  readonly path: RelPath;
  readonly contentId: ContentId;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly wireList: Uint8Array;
}

export function fakeFile(path: string, bytes: Uint8Array): FakeFile {
  const read = (target: Uint8Array, position: number): number => {
    const part = bytes.subarray(position, position + target.length);
    target.set(part);
    return part.length;
  };
  const { contentId, chunks } = hashFileContent(read, bytes.length, { hasher, cutter });
  if (contentId === null) throw new Error("bug: bytes that change while they are read");
  return { path: path as RelPath, contentId, size: bytes.length, bytes, wireList: encodeWireChunkList(chunks) };
}

/** A device that serves one request after the other at its rate. */
export class FakeLink implements FetchLink {
  readonly device: ShortId;
  readonly name: string;
  readonly #world: FakeWorld;
  readonly #bytesPerMs: number;
  #freeAtMs = 0;
  requests = 0;
  servedBytes = 0;
  isStalled = false;
  lies = false;

  constructor(world: FakeWorld, name: string, bytesPerMs: number) {
    this.device = name.padEnd(12, "A") as ShortId;
    this.name = name;
    this.#world = world;
    this.#bytesPerMs = bytesPerMs;
  }

  speaks(): boolean {
    return false;
  }

  async fetchChunks(requests: readonly ChunkRequest[], signal: AbortSignal) {
    const answer = requests.map(({ contentId, offset, size }) => {
      const bytes = this.#world.files.get(contentId)?.bytes.slice(offset, offset + size);
      return this.lies ? bytes?.map((byte) => byte ^ 1) : bytes;
    });
    const bytes = answer.reduce((sum, part) => sum + (part?.length ?? 0), 0);
    await this.#serve(bytes, signal);
    this.servedBytes += bytes;
    return { answer, wire: { sent: 100, received: bytes } };
  }

  async fetchChunkList(_path: RelPath, contentId: ContentId, signal: AbortSignal) {
    const answer = this.#world.files.get(contentId)?.wireList;
    await this.#serve(answer?.length ?? 0, signal);
    return { answer, wire: { sent: 100, received: answer?.length ?? 0 } };
  }

  #serve(bytes: number, signal: AbortSignal): Promise<void> {
    const { scheduler } = this.#world;
    this.requests++;
    this.#freeAtMs = Math.max(scheduler.nowMs + 1, this.#freeAtMs) + bytes / this.#bytesPerMs;
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      if (!this.isStalled) scheduler.after(this.#freeAtMs - scheduler.nowMs, resolve);
    });
  }
}

export class FakeWorld {
  readonly scheduler = new Scheduler();
  readonly files = new Map<ContentId, FakeFile>();
  readonly staged = new Map<ContentId, Uint8Array>();
  links: FakeLink[] = [];
  /** Names, once for each wrong answer. */
  readonly liars: string[] = [];
  readonly context: FetchContext;

  constructor() {
    const clock = new SimClock(this.scheduler, 0);
    const sources: FetchSources = {
      book: new LinkBook(clock),
      holding: () => this.links.filter(({ name }) => this.liars.filter((liar) => liar === name).length < 3),
      announcedList: () => undefined,
      noteBadAnswer: ({ name }) => void this.liars.push(name),
    };
    const stage: FetchStage = {
      assemble: async (contentId, size, chunks) => {
        this.staged.set(contentId, new Uint8Array(size));
        return chunks.map(() => undefined);
      },
      writeStaged: async (contentId, pieces) => {
        for (const { offset, bytes } of pieces) this.staged.get(contentId)?.set(bytes, offset);
      },
      dropStaged: async (contentId) => void this.staged.delete(contentId),
      free: async () => ({ bytes: 2 ** 40 }),
    };
    this.context = { clock, hasher, log: silentLog, sources, stage, chunkList: () => undefined };
  }

  add(file: FakeFile): FakeFile {
    this.files.set(file.contentId, file);
    return file;
  }

  link(name: string, bytesPerMs: number): FakeLink {
    const link = new FakeLink(this, name, bytesPerMs);
    this.links.push(link);
    return link;
  }

  /** Lets time pass until `work` is done; gives its result and how long it took. */
  async during<T>(work: Promise<T>): Promise<{ readonly result: T; readonly tookMs: number }> {
    const startMs = this.scheduler.nowMs;
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined);
    for (let step = 0; !isDone && step < 100_000; step++)
      await this.scheduler.runUntil(this.scheduler.nowMs + 5, () => undefined);
    return { result: await done, tookMs: this.scheduler.nowMs - startMs };
  }
}
