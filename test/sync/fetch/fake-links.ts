/** Devices, a staging area and time for tests of fetching: everything in memory, on a virtual clock. */
import type { ChunkList } from "../../../src/shared/file-info.ts";
import type { ContentId, RelPath, ShortId } from "../../../src/shared/ids.ts";
import type { ChunkRequest, RegionRequest } from "../../../src/shared/messages.ts";
import { encodeChunkList } from "../../../src/sync/delta/chunk-list.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import { type CutAnew, cutAnew } from "../../../src/sync/delta/cut-anew.ts";
import { hashFileContent } from "../../../src/sync/delta/hash-content.ts";
import { answerListQuery } from "../../../src/sync/delta/list-query.ts";
import { answerRegion } from "../../../src/sync/delta/region.ts";
import { encodeRegionAnswer } from "../../../src/sync/delta/region-answer.ts";
import { createRegionKernel } from "../../../src/sync/delta/region-kernel.ts";
import { decodeRegionQuery } from "../../../src/sync/delta/region-query.ts";
import { encodeWireChunkList } from "../../../src/sync/delta/wire-chunk-list.ts";
import { describe, type RegionDeps, rebuild } from "../../../src/sync/executor/regions.ts";
import type {
  Base,
  FetchContext,
  FetchLink,
  FetchSources,
  FetchStage,
  WantedList,
} from "../../../src/sync/fetch/fetch-context.ts";
import { LinkBook } from "../../../src/sync/fetch/link-book.ts";
import type {
  AnsweredRegion,
  BytePlace,
  ByteSource,
  ChangedRegion,
  OldBytes,
  WantedChunk,
} from "../../../src/sync/folder-disk.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { Scheduler, SimClock } from "../../simulation/sim-clock.ts";
import { silentLog } from "../../support/silent-log.ts";

const hasher = createHasher();
const cutter = createCutter();
const kernel = createRegionKernel();

export interface FakeFile {
  readonly path: RelPath;
  readonly contentId: ContentId;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly list: ChunkList;
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
  return {
    path: path as RelPath,
    contentId,
    size: bytes.length,
    bytes,
    list: chunks,
    wireList: encodeWireChunkList(chunks),
  };
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
  speaksOfRegions = false;
  confusesRegions = false;
  listBytes = 0;
  listRequests = 0;
  regions = 0;

  constructor(world: FakeWorld, name: string, bytesPerMs: number) {
    this.device = name.padEnd(12, "A") as ShortId;
    this.name = name;
    this.#world = world;
    this.#bytesPerMs = bytesPerMs;
  }

  speaks(): boolean {
    return this.speaksOfRegions;
  }

  async fetchRegions({ contentId, regions }: RegionRequest, signal: AbortSignal) {
    const answer = regions.map(({ offset, size, query }) => {
      const next = this.#world.files.get(contentId)?.bytes.slice(offset, offset + size);
      if (this.confusesRegions) return Uint8Array.of(2, 1, 2, 3);
      return next && encodeRegionAnswer(answerRegion(decodeRegionQuery(query), next, { kernel }));
    });
    const received = answer.reduce((sum, part) => sum + (part?.length ?? 0), 0);
    const sent = regions.reduce((sum, { query }) => sum + query.length, 0);
    this.regions += regions.length;
    await this.#serve(received, signal);
    return { answer, wire: { sent, received } };
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

  async fetchChunkList({ contentId, query }: WantedList, signal: AbortSignal) {
    const list = this.#world.files.get(contentId)?.wireList;
    const relation = list === undefined || query.length === 0 ? undefined : answerListQuery(query, list, { kernel });
    const bytes = relation ?? list;
    const wire = { sent: 100 + query.length, received: bytes?.length ?? 0 };
    await this.#serve(wire.received, signal);
    this.listRequests++;
    this.listBytes += wire.sent + wire.received;
    const relatedBytes = relation === undefined ? null : (list?.length ?? 0);
    return { answer: bytes === undefined ? undefined : { bytes, base: null, relatedBytes }, wire };
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

/** A staging area in memory, over the same code that the disk uses for regions. */
class MemoryStage implements FetchStage {
  readonly #staged: Map<ContentId, Uint8Array>;
  readonly #here: ReadonlyMap<string, FakeFile>;

  constructor(staged: Map<ContentId, Uint8Array>, here: ReadonlyMap<string, FakeFile>) {
    this.#staged = staged;
    this.#here = here;
  }

  async assemble(contentId: ContentId, size: number, chunks: readonly WantedChunk[]) {
    const target = this.#staged.get(contentId) ?? new Uint8Array(size);
    this.#staged.set(contentId, target);
    return chunks.map((chunk) => {
      const [source] = chunk.sources;
      const bytes = source && this.#read({ ...source, size: chunk.size });
      const hash = bytes && hasher.chunk(bytes);
      if (bytes === undefined || hash === undefined || !chunk.hash.every((byte, i) => byte === hash[i]))
        return undefined;
      target.set(bytes, chunk.offset);
      return hash;
    });
  }

  async cutAnew({ name }: BytePlace, cut: CutAnew) {
    const bytes = this.#here.get(name)?.bytes;
    const read = (target: Uint8Array, position: number): number => {
      const part = bytes?.subarray(position, position + target.length) ?? new Uint8Array();
      target.set(part);
      return part.length;
    };
    return bytes === undefined ? undefined : cutAnew(read, cut, { hasher, cutter });
  }

  async writeStaged(contentId: ContentId, pieces: readonly { offset: number; bytes: Uint8Array }[]) {
    for (const { offset, bytes } of pieces) {
      this.#staged.get(contentId)?.set(bytes, offset);
      // As it goes to the disk's thread: nothing is left of it here.
      structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
    }
  }

  async describeRegions(regions: readonly ChangedRegion[]) {
    return regions.map((region) => describe(this.#deps(), region));
  }

  async rebuildRegions(contentId: ContentId, regions: readonly AnsweredRegion[]) {
    return regions.map((region) => {
      const rebuilt = rebuild(this.#deps(), region);
      if (rebuilt !== undefined) this.#staged.get(contentId)?.set(rebuilt.bytes, region.offset);
      return rebuilt?.hashes;
    });
  }

  async dropStaged(contentId: ContentId) {
    this.#staged.delete(contentId);
  }

  async free() {
    return { bytes: 2 ** 40, totalBytes: 2 ** 41, inodes: undefined };
  }

  #deps(): RegionDeps {
    const read = ({ ranges }: OldBytes): Uint8Array =>
      Buffer.concat(ranges.map((range) => this.#read(range) ?? new Uint8Array()));
    return { hasher, tools: { kernel }, read };
  }

  #read({ from, name, offset, size }: ByteSource & { readonly size: number }): Uint8Array | undefined {
    const bytes = from === "stage" ? this.#staged.get(name as ContentId) : this.#here.get(name)?.bytes;
    return bytes?.slice(offset, offset + size);
  }
}

export class FakeWorld {
  readonly scheduler = new Scheduler();
  readonly files = new Map<ContentId, FakeFile>();
  readonly staged = new Map<ContentId, Uint8Array>();
  /** Files that lie here, by path, and the stored lists of their chunks. */
  readonly here = new Map<string, FakeFile>();
  readonly lists = new Map<ContentId, Uint8Array>();
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
    const stage = new MemoryStage(this.staged, this.here);
    const options = { delta: "auto" as const, compression: "auto" as const };
    const chunkList = (contentId: ContentId): Uint8Array | undefined => this.lists.get(contentId);
    this.context = { clock, hasher, log: silentLog, sources, options, stage, chunkList };
  }

  add(file: FakeFile): FakeFile {
    this.files.set(file.contentId, file);
    return file;
  }

  /** Puts a file on the disk here. */
  keep(file: FakeFile): Base {
    this.here.set(file.path, file);
    this.lists.set(file.contentId, encodeChunkList(file.list));
    return { contentId: file.contentId, size: file.size, from: "path", name: file.path };
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
