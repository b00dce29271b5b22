/**
 * Answers one peer's requests for file bytes and chunk lists.
 *
 * Runs in the thread that holds the sockets, so that serving never delays the
 * engine. Each connection has one such loop: it makes one frame, waits until
 * that frame has left, and lets every other connection have its turn.
 *
 * Invariants:
 * 1. Whether the folder is shared with the peer is asked again for each frame,
 *    so that a right taken away ends an answer in the middle.
 * 2. Not shared, ignored, deleted, unknown, changed and beyond the end are
 *    answered alike, byte for byte.
 */
import type { ContentId, FolderId, RelPath } from "../shared/ids.ts";
import { LIMITS } from "../shared/limits.ts";
import type { ChunkRequest, Switch, WantedRegion } from "../shared/messages.ts";
import { FramePacker } from "./frame-packer.ts";
import { LIST_HEAD_BYTES, LIST_PIECE_BYTES, SPLICE_HEAD_BYTES, writeListHead } from "./wire/answers.ts";
import {
  BYTES_FOLLOW,
  type FetchChunkList,
  type FetchChunks,
  NOT_HERE,
  RELATION_FOLLOWS,
  SPLICE_FOLLOWS,
} from "./wire/fetch.ts";
import { encodeRegionPart, type FetchRegions } from "./wire/fetch-regions.ts";
import { HEADER_BYTES, writeHeader } from "./wire/frames.ts";
import { broken } from "./wire/wire-values.ts";

export interface RelatedList {
  /** Of the list itself. */
  readonly listBytes: number;
  readonly relation: Uint8Array;
}

/** Where served bytes come from. Synchronous; declared here, plugged in by the daemon. */
export interface ChunkSource {
  /** Fills `target` with the bytes at `offset` of exactly this version; false when that cannot be done. */
  read(folder: FolderId, path: RelPath, contentId: ContentId, offset: number, target: Uint8Array): boolean;
  /** The wire form of the version's chunk list. */
  chunkList(folder: FolderId, path: RelPath, contentId: ContentId): Uint8Array | undefined;
  /** Says how the bytes of a region follow from those that `query` describes; undefined when that cannot be done. */
  answerRegion(folder: FolderId, path: RelPath, contentId: ContentId, region: WantedRegion): Uint8Array | undefined;
  /** The version's chunk list told by that of one of `bases`, where that is much shorter. */
  splice(
    folder: FolderId,
    path: RelPath,
    contentId: ContentId,
    bases: readonly ContentId[],
  ): { readonly base: number; readonly bytes: Uint8Array } | undefined;
  /** How the version's chunk list follows from the one that `query` describes, where that is much shorter. */
  relatedList(folder: FolderId, path: RelPath, contentId: ContentId, query: Uint8Array): RelatedList | undefined;
  /** Lets go of open files; called when nothing is asked any more. */
  rest(): void;
}

export interface ServeDeps {
  readonly source: ChunkSource;
  /** Whether the peer may read the folder now. */
  readonly mayRead: (folder: FolderId) => boolean;
  readonly sendBulk: (frame: Uint8Array, onWritten: () => void) => void;
  /** Resolves when a bulk frame would not wait behind another. */
  readonly bulkRoom: () => Promise<void>;
  /** Whether both ends have `zstd/1`. */
  readonly canCompress: () => boolean;
  /** Milliseconds from some start. */
  readonly now: () => number;
}

type Question = { readonly id: number } & (
  | { readonly type: "chunks"; readonly wanted: FetchChunks }
  | { readonly type: "chunkList"; readonly wanted: FetchChunkList }
  | { readonly type: "regions"; readonly wanted: FetchRegions }
);

interface Answer {
  readonly type: "chunks" | "chunkList" | "regions";
  readonly id: number;
  readonly hasMore: boolean;
}

/** A frame grows until it holds this much, so that writes are large and urgent frames wait for one at most. */
const FRAME_BYTES = 512 * 1024;
/** Buffers up to this size are used again: what is outside of its heap, V8 frees only when it has collected all of it. */
const SPARES_MAX = 2;
const SPARE_BYTES_MAX = HEADER_BYTES + 1 + 1024 * 1024;
/** Adjacent ranges are read together up to this size. */
const READ_BYTES = 512 * 1024;

export class ChunkServer {
  readonly #deps: ServeDeps;
  readonly #questions: Question[] = [];
  readonly #cancelled = new Set<number>();
  readonly #packer: FramePacker;
  #spare: Uint8Array[] = [];
  #current: number | undefined;
  #isRunning = false;
  #isEnded = false;

  constructor(deps: ServeDeps) {
    this.#deps = deps;
    this.#packer = new FramePacker(deps.now);
  }

  /** Queues a request. Throws E_PROTOCOL when the peer asks for more at once than it may. */
  ask(question: Question): void {
    if (this.#questions.length >= LIMITS.requestsInFlightPerPeer.value)
      throw broken("more requests at once than it may");
    if (this.#current === question.id || this.#questions.some(({ id }) => id === question.id))
      throw broken("a request id twice");
    this.#questions.push(question);
    if (!this.#isRunning) void this.#run();
  }

  /** Ends the answer to a request early; unknown ids were answered already. */
  cancel(id: number): void {
    if (this.#current === id || this.#questions.some((question) => question.id === id)) this.#cancelled.add(id);
  }

  end(): void {
    this.#isEnded = true;
    this.#questions.length = 0;
    this.#spare = [];
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    this.#packer.begin();
    for (let next = this.#questions.shift(); next !== undefined; next = this.#questions.shift()) {
      this.#current = next.id;
      if (next.type === "chunks") await this.#serveChunks(next.id, next.wanted);
      else if (next.type === "chunkList") await this.#serveList(next.id, next.wanted);
      else await this.#serveRegions(next.id, next.wanted);
      this.#cancelled.delete(next.id);
    }
    this.#current = undefined;
    this.#isRunning = false;
    this.#deps.source.rest();
  }

  async #serveChunks(id: number, { folder, ranges, compression = "auto" }: FetchChunks): Promise<void> {
    for (let at = 0; at < ranges.length; ) {
      await this.#turn();
      if (this.#isEnded) return;
      const isCancelled = this.#cancelled.has(id);
      const count = isCancelled ? 0 : countForFrame(ranges, at);
      const part = ranges.slice(at, at + count);
      at = isCancelled ? ranges.length : at + count;
      const { buffer, end } = this.#readChunks({ folder, ranges: part });
      const content = part[0]?.contentId ?? "";
      await this.#sendPacked(
        buffer,
        end,
        { type: "chunks", id, hasMore: at < ranges.length },
        { compression, content },
      );
    }
  }

  #readChunks({ folder, ranges }: FetchChunks): { readonly buffer: Uint8Array; readonly end: number } {
    const size = ranges.reduce((sum, range) => sum + 1 + range.size, HEADER_BYTES);
    const buffer = this.#takeBuffer(size);
    const mayRead = this.#deps.mayRead(folder);
    let at = HEADER_BYTES;
    for (let i = 0; i < ranges.length; ) {
      const run = runOfAdjacent(ranges, i);
      at = mayRead ? this.#readRun(folder, run, buffer, at) : refuse(run, buffer, at);
      i += run.length;
    }
    return { buffer, end: at };
  }

  /** Reads adjacent ranges in one go and puts a status before each; returns where the next one goes. */
  #readRun(folder: FolderId, run: readonly ChunkRequest[], buffer: Uint8Array, at: number): number {
    const [first] = run as readonly [ChunkRequest];
    const size = run.reduce((sum, range) => sum + range.size, 0);
    // Read to the end of the run's room, then move each range down behind its status.
    const start = at + run.length;
    const isRead = this.#deps.source.read(
      folder,
      first.path,
      first.contentId,
      first.offset,
      buffer.subarray(start, start + size),
    );
    if (!isRead) return run.length === 1 ? refuse(run, buffer, at) : this.#readEach(folder, run, buffer, at);
    let from = start;
    let to = at;
    for (const range of run) {
      buffer[to++] = BYTES_FOLLOW;
      if (from !== to) buffer.copyWithin(to, from, from + range.size);
      from += range.size;
      to += range.size;
    }
    return to;
  }

  #readEach(folder: FolderId, run: readonly ChunkRequest[], buffer: Uint8Array, at: number): number {
    return run.reduce((next, range) => this.#readRun(folder, [range], buffer, next), at);
  }

  async #serveList(id: number, wanted: FetchChunkList): Promise<void> {
    await this.#turn();
    if (this.#isEnded) return;
    const { folder, path, contentId, offset, bases, query } = wanted;
    const isWanted = !this.#cancelled.has(id) && this.#deps.mayRead(folder);
    const hasBase = isWanted && offset === 0 && bases.length > 0;
    const splice = hasBase ? this.#deps.source.splice(folder, path, contentId, bases) : undefined;
    if (splice !== undefined) return this.#sendSplice(id, splice);
    const hasQuery = isWanted && offset === 0 && query.length > 0;
    const related = hasQuery ? this.#deps.source.relatedList(folder, path, contentId, query) : undefined;
    if (related !== undefined) return this.#sendList(id, RELATION_FOLLOWS, related.listBytes, related.relation);
    const list = isWanted ? this.#deps.source.chunkList(folder, path, contentId) : undefined;
    if (list === undefined || list.length === 0 || offset >= list.length) {
      const buffer = this.#takeBuffer(HEADER_BYTES + 1);
      buffer[HEADER_BYTES] = NOT_HERE;
      this.#send(buffer, HEADER_BYTES + 1, { type: "chunkList", id, hasMore: false });
      return;
    }
    this.#sendList(id, BYTES_FOLLOW, list.length, list.subarray(offset, offset + LIST_PIECE_BYTES));
  }

  #sendList(
    id: number,
    status: typeof BYTES_FOLLOW | typeof RELATION_FOLLOWS,
    listBytes: number,
    bytes: Uint8Array,
  ): void {
    const end = HEADER_BYTES + LIST_HEAD_BYTES + bytes.length;
    const buffer = this.#takeBuffer(end);
    writeListHead(buffer.subarray(HEADER_BYTES), listBytes, status);
    buffer.set(bytes, HEADER_BYTES + LIST_HEAD_BYTES);
    this.#send(buffer, end, { type: "chunkList", id, hasMore: false });
  }

  /** Many small answers share a frame; working each out takes a moment, so others have their turn in between. */
  async #serveRegions(id: number, wanted: FetchRegions): Promise<void> {
    const { folder, path, contentId, regions, compression = "auto" } = wanted;
    let parts: Uint8Array[] = [];
    let bytes = 0;
    const flush = async (hasMore: boolean): Promise<void> => {
      const buffer = this.#takeBuffer(HEADER_BYTES + bytes);
      let at = HEADER_BYTES;
      for (const part of parts) {
        buffer.set(part, at);
        at += part.length;
      }
      parts = [];
      bytes = 0;
      await this.#sendPacked(
        buffer,
        at,
        { type: "regions", id, hasMore },
        { compression, content: `${contentId} regions` },
      );
    };
    for (const region of regions) {
      await this.#turn();
      if (this.#isEnded) return;
      if (this.#cancelled.has(id)) break;
      const isAllowed = this.#deps.mayRead(folder);
      const part = encodeRegionPart(
        isAllowed ? this.#deps.source.answerRegion(folder, path, contentId, region) : undefined,
      );
      if (bytes > 0 && bytes + part.length > FRAME_BYTES) await flush(true);
      parts.push(part);
      bytes += part.length;
    }
    await flush(false);
  }

  #sendSplice(id: number, { base, bytes }: { readonly base: number; readonly bytes: Uint8Array }): void {
    const end = HEADER_BYTES + SPLICE_HEAD_BYTES + bytes.length;
    const buffer = this.#takeBuffer(end);
    buffer.set([SPLICE_FOLLOWS, base], HEADER_BYTES);
    buffer.set(bytes, HEADER_BYTES + SPLICE_HEAD_BYTES);
    this.#send(buffer, end, { type: "chunkList", id, hasMore: false });
  }

  async #sendPacked(
    buffer: Uint8Array,
    end: number,
    answer: Answer,
    { compression, content }: { readonly compression: Switch; readonly content: string },
  ): Promise<void> {
    const isOff = compression === "off" || !this.#deps.canCompress();
    const { type, hasMore, id } = answer;
    const packed = isOff
      ? undefined
      : await this.#packer.pack(
          buffer.subarray(HEADER_BYTES, end),
          { type, hasMore, requestId: id },
          { wish: compression, content },
        );
    if (this.#isEnded) return;
    if (packed === undefined) {
      this.#send(buffer, end, answer);
      return;
    }
    this.#giveBack(buffer);
    this.#deps.sendBulk(packed, () => {});
  }

  #send(buffer: Uint8Array, end: number, { type, id, hasMore }: Answer): void {
    writeHeader(buffer, { type, bodyBytes: end - HEADER_BYTES, hasMore, requestId: id });
    this.#deps.sendBulk(buffer.subarray(0, end), () => this.#giveBack(buffer));
  }

  async #turn(): Promise<void> {
    await this.#deps.bulkRoom();
    // Other connections, and what came meanwhile, have their turn first.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #takeBuffer(size: number): Uint8Array {
    const spare = this.#spare.pop();
    if (spare !== undefined && spare.length >= size) return spare;
    return Buffer.allocUnsafeSlow(Math.max(size, HEADER_BYTES + FRAME_BYTES));
  }

  #giveBack(buffer: Uint8Array): void {
    if (!this.#isEnded && this.#spare.length < SPARES_MAX && buffer.length <= SPARE_BYTES_MAX) this.#spare.push(buffer);
  }
}

function refuse(ranges: readonly ChunkRequest[], buffer: Uint8Array, at: number): number {
  buffer.fill(NOT_HERE, at, at + ranges.length);
  return at + ranges.length;
}

/** How many ranges from `at` on go into one frame: at least one, else as many as fit. */
function countForFrame(ranges: readonly ChunkRequest[], at: number): number {
  let count = 0;
  let size = 0;
  for (let range = ranges[at]; range !== undefined; range = ranges[at + count]) {
    size += 1 + range.size;
    if (count > 0 && size > FRAME_BYTES) break;
    count++;
  }
  return count;
}

/** The ranges from `at` on that follow each other in one file. */
function runOfAdjacent(ranges: readonly ChunkRequest[], at: number): readonly ChunkRequest[] {
  const run: ChunkRequest[] = [];
  let size = 0;
  for (let range = ranges[at]; range !== undefined; range = ranges[at + run.length]) {
    const previous = run.at(-1);
    const isNext =
      previous === undefined ||
      (range.path === previous.path &&
        range.contentId === previous.contentId &&
        range.offset === previous.offset + previous.size);
    if (!isNext || (previous !== undefined && size + range.size > READ_BYTES)) break;
    run.push(range);
    size += range.size;
  }
  return run;
}
