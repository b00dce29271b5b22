/**
 * One large file that several threads cut and hash: which segment is next and
 * what became of each, in memory they share. Who is free takes the next one.
 */
import type { ChunkList } from "../../shared/file-info.ts";
import { HASH_BYTES } from "../delta/chunk-list.ts";
import type { HashTools, ReadAt } from "../delta/hash-content.ts";
import { type HashedSegment, hashSegment, type Segment, segmentChunkCountMax, segmentsOf } from "../delta/segments.ts";

/** What a thread needs to take part; may be posted to it. */
export interface SegmentJobParts {
  /** The open file. It stays open until all who take part have left. */
  readonly fd: number;
  readonly fileSize: number;
  readonly segmentBytes: number;
  /** 32-bit words; see the constants below. */
  readonly header: SharedArrayBuffer;
  /** For each segment room for its most chunks: first all hashes, then all sizes. */
  readonly results: SharedArrayBuffer;
}

const NEXT_SEGMENT = 0;
/** Not 0: nobody takes another segment, and reading stops. */
const STOPPED = 1;
/** Counts up with each block read and segment finished, so that who waits sees that others live. */
const PROGRESS = 2;
/** From here on one word a segment: 0 until it is there, then its count of chunks plus 1, or -1 when the file changed. */
const SEGMENT_WORDS = 3;
const FAILED = -1;

class Stopped extends Error {}

export class SegmentJob {
  readonly parts: SegmentJobParts;
  readonly #segments: readonly Segment[];
  readonly #header: Int32Array;
  readonly #chunksEach: number;

  /** Makes a job of a file, or takes part in one that another thread made. */
  constructor(parts: SegmentJobParts | Omit<SegmentJobParts, "header" | "results">) {
    const { fileSize, segmentBytes } = parts;
    this.#segments = segmentsOf(fileSize, segmentBytes);
    this.#chunksEach = segmentChunkCountMax(fileSize, segmentBytes);
    this.parts = "header" in parts ? parts : { ...parts, ...this.#memory() };
    this.#header = new Int32Array(this.parts.header);
  }

  #memory(): Pick<SegmentJobParts, "header" | "results"> {
    const count = this.#segments.length;
    return {
      header: new SharedArrayBuffer((SEGMENT_WORDS + count) * Int32Array.BYTES_PER_ELEMENT),
      results: new SharedArrayBuffer(count * this.#chunksEach * (HASH_BYTES + Uint32Array.BYTES_PER_ELEMENT)),
    };
  }

  /** Takes segment after segment until there are no more. What `read` throws stops everybody and passes through. */
  work(read: ReadAt, tools: HashTools): void {
    const readOn: ReadAt = (buffer, position) => {
      if (Atomics.load(this.#header, STOPPED) !== 0) throw new Stopped();
      Atomics.add(this.#header, PROGRESS, 1);
      return read(buffer, position);
    };
    try {
      for (;;) {
        const index = Atomics.add(this.#header, NEXT_SEGMENT, 1);
        const segment = this.#segments[index];
        if (segment === undefined || Atomics.load(this.#header, STOPPED) !== 0) return;
        this.#finish(index, this.#hash(index, segment, readOn, tools));
      }
    } catch (error) {
      if (error instanceof Stopped) return;
      this.stop();
      throw error;
    }
  }

  /** Makes everybody leave soon. */
  stop(): void {
    Atomics.store(this.#header, STOPPED, 1);
    this.#signal();
  }

  /**
   * Waits until every segment was dealt with. False when the job was stopped, or
   * nothing at all happened for `stallMs`.
   */
  waitForAll(stallMs: number): boolean {
    for (;;) {
      const progress = Atomics.load(this.#header, PROGRESS);
      if (Atomics.load(this.#header, STOPPED) !== 0) return false;
      if (this.#segments.every((_, i) => Atomics.load(this.#header, SEGMENT_WORDS + i) !== 0)) return true;
      if (Atomics.wait(this.#header, PROGRESS, progress, stallMs) === "timed-out") return false;
    }
  }

  /** The finished segments in file order, or undefined when some could not be read as announced. */
  results(): readonly HashedSegment[] | undefined {
    const finished: HashedSegment[] = [];
    for (const [i, { start }] of this.#segments.entries()) {
      const count = Atomics.load(this.#header, SEGMENT_WORDS + i) - 1;
      if (count < 0) return undefined;
      const { sizes, hashes } = this.#room(i);
      finished.push({
        start,
        chunks: { sizes: sizes.subarray(0, count), hashes: hashes.subarray(0, count * HASH_BYTES) },
      });
    }
    return finished;
  }

  /** The count of the segment's chunks, or undefined when the file is changing. */
  #hash(index: number, segment: Segment, read: ReadAt, tools: HashTools): number | undefined {
    const { sizes, hashes } = this.#room(index);
    let count = 0;
    const isThere = hashSegment(read, segment, this.parts.fileSize, tools, (hash, bytes) => {
      hashes.set(hash, count * HASH_BYTES);
      sizes[count++] = bytes;
    });
    return isThere ? count : undefined;
  }

  #finish(index: number, count: number | undefined): void {
    Atomics.store(this.#header, SEGMENT_WORDS + index, count === undefined ? FAILED : count + 1);
    this.#signal();
  }

  #signal(): void {
    Atomics.add(this.#header, PROGRESS, 1);
    Atomics.notify(this.#header, PROGRESS);
  }

  #room(index: number): ChunkList {
    const hashBytes = this.#chunksEach * HASH_BYTES;
    const at = index * (hashBytes + this.#chunksEach * Uint32Array.BYTES_PER_ELEMENT);
    return {
      hashes: new Uint8Array(this.parts.results, at, hashBytes),
      sizes: new Uint32Array(this.parts.results, at + hashBytes, this.#chunksEach),
    };
  }
}
