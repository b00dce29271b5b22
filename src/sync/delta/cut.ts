import { assert } from "../../shared/errors.ts";
import type { CutKernel } from "./cut-kernel.ts";
import type { CutRow } from "./cut-row.ts";
import { CHUNK_BYTES_MAX } from "./cut-row.ts";
import { createScalarKernel } from "./cut-scalar.ts";
import { createSimdKernel } from "./cut-simd.ts";

/** Small enough to stay in a core's second-level cache between reading, cutting and hashing. */
const BLOCK_BYTES = 512 * 1024;

export interface CutterOptions {
  /** Which inner loop to use; "auto" takes SIMD where there is one. */
  readonly kernel?: "auto" | "simd" | "scalar";
  /** The most bytes taken at once. */
  readonly blockBytes?: number;
}

/** Makes a cutter. One serves any number of files, one after the other; it keeps about 5 MiB, touched only as far as needed. */
export function createCutter({ kernel = "auto", blockBytes = BLOCK_BYTES }: CutterOptions = {}): Cutter {
  const memoryBytes = CHUNK_BYTES_MAX + blockBytes;
  const simd = kernel === "scalar" ? undefined : createSimdKernel(memoryBytes);
  if (simd === undefined && kernel === "simd") throw new Error("this machine has no WebAssembly SIMD");
  return new Cutter(simd ?? createScalarKernel(memoryBytes), blockBytes);
}

/**
 * Cuts one file at a time into chunks, in one pass, without copying.
 *
 * The caller reads the file straight into {@link space} and says with
 * {@link push} how much came; the chunks handed back are views of the same
 * memory, good for hashing until the next call of `space`.
 *
 * Invariants:
 * 1. Cuts are a function of the file's bytes and the row; how the bytes are
 *    split over calls does not matter.
 * 2. A cut depends on the 32 bytes before it and on where its chunk begins.
 *    As a row's min exceeds 32, those bytes always lie inside the chunk.
 */
export class Cutter {
  readonly #kernel: CutKernel;
  readonly #memory: Uint8Array;
  readonly #blockBytes: number;
  #row: CutRow | undefined;
  /** The unfinished chunk begins here. */
  #start = 0;
  /** No cut lies in the unfinished chunk up to here. */
  #searched = 0;
  /** Bytes of the file lie up to here. */
  #filled = 0;

  constructor(kernel: CutKernel, blockBytes: number) {
    this.#kernel = kernel;
    this.#memory = kernel.memory;
    this.#blockBytes = blockBytes;
  }

  /** Starts a file, dropping what is left of another. */
  begin(row: CutRow): void {
    this.#row = row;
    this.#start = 0;
    this.#searched = 0;
    this.#filled = 0;
  }

  /** The memory to read the file's next bytes into; its length is the block size. Chunks handed out before are void now. */
  space(): Uint8Array {
    if (this.#start > 0) {
      this.#memory.copyWithin(0, this.#start, this.#filled);
      this.#searched -= this.#start;
      this.#filled -= this.#start;
      this.#start = 0;
    }
    return this.#memory.subarray(this.#filled, this.#filled + this.#blockBytes);
  }

  /**
   * Takes the first `length` bytes of the last {@link space} and returns the
   * chunks that end in them. With `isEnd`, the rest of the file is the last chunk.
   */
  push(length: number, isEnd: boolean): readonly Uint8Array[] {
    const row = this.#row;
    assert(row !== undefined, "push() before begin()");
    assert(this.#filled + length <= this.#memory.length, "more bytes pushed than there was space for");
    this.#filled += length;
    const chunks: Uint8Array[] = [];
    for (;;) {
      const end = this.#nextEnd(row, isEnd);
      if (end === undefined) return chunks;
      chunks.push(this.#memory.subarray(this.#start, end));
      this.#start = end;
      this.#searched = end;
    }
  }

  /** Where the unfinished chunk ends, or undefined when that is not known yet. */
  #nextEnd(row: CutRow, isEnd: boolean): number | undefined {
    const start = this.#start;
    const filled = this.#filled;
    const from = Math.max(start + row.min, this.#searched);
    const end = Math.min(start + row.max, filled);
    if (from < end) {
      const { strictMask, looseMask } = row;
      const cut = this.#kernel.findCut({ from, end, normalEnd: start + row.normal, strictMask, looseMask });
      if (cut !== 0) return cut;
      this.#searched = end;
    }
    if (end === start + row.max) return end;
    return isEnd && filled > start ? filled : undefined;
  }
}
