/**
 * Cuts a large file in segments, on as many threads as there are, with the
 * result of one thread.
 *
 * A cut depends on where its chunk begins, so a thread that starts in the middle
 * of a file cuts otherwise than one that comes from its beginning, but only
 * until both cut at the same offset, mostly after a chunk or two. A segment is
 * therefore cut from its start on as if a chunk began there, and beyond its end
 * up to the next cut. {@link joinSegments} walks the true chunks: where one begins
 * that the segment has too, the segment's are the true ones from there on; up to
 * there it cuts by itself.
 */
import type { ChunkList } from "../../shared/file-info.ts";
import { HASH_BYTES } from "./chunk-list.ts";
import { chunkRow } from "./cut-row.ts";
import { ChunkListBuilder, type HashTools, hashRun, type ReadAt, type RunStart } from "./hash-content.ts";

/** Part of a file. */
export interface Segment {
  readonly start: number;
  readonly end: number;
}

/** The chunks of one segment, the first from its start on, the last ending at or behind its end. */
export interface HashedSegment {
  readonly start: number;
  readonly chunks: ChunkList;
}

/** Where a chunk or two are looked for, whole blocks would be read for nothing. */
const SEARCH_BYTES = 128 * 1024;

/** The segments of a file, each of `segmentBytes` but the last. */
export function segmentsOf(fileSize: number, segmentBytes: number): readonly Segment[] {
  return Array.from({ length: Math.ceil(fileSize / segmentBytes) }, (_, i) => ({
    start: i * segmentBytes,
    end: Math.min((i + 1) * segmentBytes, fileSize),
  }));
}

/** The most chunks a segment can have. */
export function segmentChunkCountMax(fileSize: number, segmentBytes: number): number {
  const { min, max } = chunkRow(fileSize);
  return Math.ceil((segmentBytes + max) / (min + 1)) + 1;
}

/**
 * Cuts and hashes one segment; hands each chunk to `take`, at most
 * {@link segmentChunkCountMax}. False when the file has not the announced size.
 */
export function hashSegment(
  read: ReadAt,
  { start, end }: Segment,
  fileSize: number,
  tools: HashTools,
  take: (hash: Uint8Array, bytes: number) => void,
): boolean {
  let cut = start;
  const readOn: ReadAt = (buffer, position) =>
    read(position < end ? buffer : buffer.subarray(0, SEARCH_BYTES), position);
  const position = hashRun(readOn, { start, fileSize }, tools, (hash, bytes) => {
    take(hash, bytes);
    cut += bytes;
    // Only the file's end shows whether it has grown.
    return cut < end || end === fileSize;
  });
  return position <= fileSize && cut >= end;
}

/**
 * The chunk list of a file from its segments, in file order: exactly that of one
 * pass over the whole. Undefined when the file has not the announced size.
 *
 * Reads again only where a segment was out of step: a few chunks at each join as
 * a rule, all of it in the worst case (one byte repeated, at an unlucky size).
 */
export function joinSegments(
  segments: readonly HashedSegment[],
  read: ReadAt,
  fileSize: number,
  tools: HashTools,
): ChunkList | undefined {
  const list = new ChunkListBuilder(fileSize);
  const cursor = new SegmentCursor(segments);
  const search: ReadAt = (buffer, position) => read(buffer.subarray(0, SEARCH_BYTES), position);
  let at = 0;
  while (at < fileSize) {
    at = cursor.copyFrom(at, list);
    if (at >= fileSize) break;
    const start: RunStart = { start: at, fileSize };
    const position = hashRun(search, start, tools, (hash, bytes) => {
      list.add(bytes, hash);
      at += bytes;
      return !cursor.isChunkStart(at);
    });
    if (position > fileSize || (position < fileSize && !cursor.isChunkStart(at))) return undefined;
  }
  return at === fileSize ? list.finish() : undefined;
}

/** Walks through the chunks of all segments alongside the true ones, never back. */
class SegmentCursor {
  readonly #segments: readonly HashedSegment[];
  #segment = 0;
  #chunk = 0;
  /** Where that chunk begins. */
  #at: number;

  constructor(segments: readonly HashedSegment[]) {
    this.#segments = segments;
    this.#at = segments[0]?.start ?? 0;
  }

  /** Whether a chunk of some segment begins at `offset`; offsets only grow from call to call. */
  isChunkStart(offset: number): boolean {
    for (;;) {
      const segment = this.#segments[this.#segment];
      if (segment === undefined || this.#at > offset) return false;
      const isOver = this.#chunk === segment.chunks.sizes.length;
      if (isOver) this.#enter(this.#segment + 1);
      else if (this.#at === offset) return true;
      else this.#at += segment.chunks.sizes[this.#chunk++] as number;
    }
  }

  /** Adds the chunks from `offset` on, as far as segments follow in step; returns where they end. */
  copyFrom(offset: number, list: ChunkListBuilder): number {
    let at = offset;
    while (this.isChunkStart(at)) {
      const { sizes, hashes } = (this.#segments[this.#segment] as HashedSegment).chunks;
      for (; this.#chunk < sizes.length; this.#chunk++) {
        const size = sizes[this.#chunk] as number;
        list.add(size, hashes.subarray(this.#chunk * HASH_BYTES, (this.#chunk + 1) * HASH_BYTES));
        at += size;
      }
      this.#at = at;
    }
    return at;
  }

  #enter(segment: number): void {
    this.#segment = segment;
    this.#chunk = 0;
    this.#at = this.#segments[segment]?.start ?? 0;
  }
}
