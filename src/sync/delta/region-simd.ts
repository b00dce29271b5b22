/** The loops of the region codec in WebAssembly; wasm/region.as.ts is their source. */

import { tableShift } from "./match.ts";
import type { RegionKernel } from "./region-loops.ts";
import type { BlockSums } from "./signature.ts";
import { blockCount } from "./signature.ts";
import type { SubChunks } from "./sub-chunks.ts";
import { GEAR, subChunkCountMax } from "./sub-chunks.ts";
import { REGION_WASM_BASE64 } from "./wasm/region-wasm.ts";
import { type LoadedWasm, loadWasm, PAGE_BYTES } from "./wasm-api.ts";

type Loop = (...args: number[]) => number;

/** Two regions at their limit, their elements or sums, and a table. A guard, not a plan: only what is needed is taken. */
const PAGES_MAX = 512;
const WORD_BYTES = 4;
/** A filter has so many bits for each block, within these bounds; the upper one keeps it in a core's first-level cache. */
const FILTER_BITS_PER_BLOCK = 32;
const FILTER_BITS_MIN = 10;
const FILTER_BITS_MAX = 18;

/** Makes the fast loops, or returns undefined where WebAssembly SIMD is missing. */
export function createSimdRegionKernel(): RegionKernel | undefined {
  const wasm = loadWasm(REGION_WASM_BASE64, 1, PAGES_MAX);
  if (wasm === undefined) return undefined;
  const loop = (name: string): Loop => wasm.exports[name] as Loop;
  const [subChunks, syndromes, roots] = [loop("subChunks"), loop("syndromes"), loop("roots")];
  const [blockSums, setSignature, isBlock, match] = [
    loop("blockSums"),
    loop("setSignature"),
    loop("isBlock"),
    loop("match"),
  ];
  return {
    subChunks(bytes): SubChunks {
      const countMax = subChunkCountMax(bytes.length);
      const heap = new Heap(wasm, bytes.length + (256 + 2 * countMax) * WORD_BYTES);
      const gear = heap.words(GEAR);
      const [ends, hashes] = [heap.space(countMax * WORD_BYTES), heap.space(countMax * WORD_BYTES)];
      const count = subChunks(heap.bytes(bytes), bytes.length, gear, ends, hashes);
      return { ends: heap.copyWords(ends, count), hashes: heap.copyWords(hashes, count) };
    },
    syndromes(elements, capacity): Uint32Array {
      const heap = new Heap(wasm, (elements.length + capacity) * WORD_BYTES);
      const sums = heap.cleared(capacity * WORD_BYTES);
      syndromes(heap.words(elements), elements.length, sums, capacity);
      return heap.copyWords(sums, capacity);
    },
    roots(polynomial, elements): Uint8Array {
      const heap = new Heap(wasm, (polynomial.length + elements.length) * WORD_BYTES + elements.length);
      const flags = heap.space(elements.length);
      roots(heap.words(polynomial), polynomial.length, heap.words(elements), elements.length, flags);
      return heap.copyBytes(flags, elements.length);
    },
    blockSums(bytes, blockBytes): BlockSums {
      const count = blockCount(bytes.length, blockBytes);
      const heap = new Heap(wasm, bytes.length + 2 * count * WORD_BYTES);
      const [weak, strong] = [heap.space(count * WORD_BYTES), heap.space(count * WORD_BYTES)];
      blockSums(heap.bytes(bytes), bytes.length, blockBytes, count, weak, strong);
      return { weak: heap.copyWords(weak, count), strong: heap.copyWords(strong, count) };
    },
    match(next, signature): Uint32Array {
      const { size, blockBytes, weak, strong, strongBits } = signature;
      const tailBytes = size % blockBytes;
      const wholeCount = Math.floor(size / blockBytes);
      const shift = tableShift(wholeCount);
      const buckets = 2 ** (32 - shift);
      const filterBits = filterBitsFor(wholeCount);
      const pairsMax = Math.floor(next.length / blockBytes) + 1;
      const words = 2 * weak.length + wholeCount + buckets + 2 * pairsMax;
      const heap = new Heap(wasm, next.length + words * WORD_BYTES + buckets + 2 ** filterBits / 8);
      const at = heap.bytes(next);
      setSignature(
        heap.words(weak),
        heap.words(strong),
        wholeCount,
        strongBits,
        shift,
        heap.cleared(buckets * WORD_BYTES),
        heap.cleared(buckets),
        heap.cleared(wholeCount * WORD_BYTES),
        32 - filterBits,
        heap.cleared(2 ** filterBits / 8),
      );
      const hasTail =
        weak.length > wholeCount &&
        next.length >= blockBytes &&
        isBlock(at + next.length, blockBytes, wholeCount) !== 0;
      const end = hasTail ? next.length - tailBytes : next.length;
      const pairs = heap.space(2 * pairsMax * WORD_BYTES);
      const count = match(at, end, blockBytes, wholeCount, pairs);
      const found = heap.copyWords(pairs, hasTail ? count + 2 : count);
      if (hasTail) found.set([end, wholeCount], count);
      return found;
    },
  };
}

function filterBitsFor(blocks: number): number {
  const bits = 32 - Math.clz32(FILTER_BITS_PER_BLOCK * blocks);
  return Math.min(FILTER_BITS_MAX, Math.max(FILTER_BITS_MIN, bits));
}

/** Hands out the kernel's memory for one call, front to back. */
class Heap {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor({ memory }: LoadedWasm, bytesNeeded: number) {
    // Each piece begins at a multiple of 16, and vectors may be loaded up to 15 bytes behind the last.
    const pages = Math.ceil((bytesNeeded + 16 * 16) / PAGE_BYTES) - memory.buffer.byteLength / PAGE_BYTES;
    if (pages > 0) memory.grow(pages);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** Memory that holds anything. */
  space(length: number): number {
    const at = this.#length;
    this.#length += Math.ceil(length / 16) * 16;
    return at;
  }

  /** Memory that holds zeros. */
  cleared(length: number): number {
    const at = this.space(length);
    this.#bytes.fill(0, at, at + length);
    return at;
  }

  bytes(values: Uint8Array): number {
    const at = this.space(values.length);
    this.#bytes.set(values, at);
    return at;
  }

  words(values: Uint32Array | Int32Array): number {
    return this.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  copyBytes(at: number, length: number): Uint8Array {
    return this.#bytes.slice(at, at + length);
  }

  copyWords(at: number, count: number): Uint32Array {
    return new Uint32Array(this.copyBytes(at, count * WORD_BYTES).buffer);
  }
}
