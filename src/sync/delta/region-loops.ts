import type { BlockSums, Signature } from "./signature.ts";
import type { SubChunks } from "./sub-chunks.ts";

/**
 * The loops of the region codec that touch every byte or element. All results are fresh.
 *
 * Two implementations, equal by test: WebAssembly, and plain JavaScript where
 * its SIMD is missing.
 */
export interface RegionKernel {
  /** Cuts a region into the elements of its sketch. */
  subChunks(bytes: Uint8Array): SubChunks;
  /** The sketch of a set of elements. */
  syndromes(elements: Uint32Array, capacity: number): Uint32Array;
  /** For each element 1 when it is a root of a monic polynomial, else 0. */
  roots(polynomial: Uint32Array, elements: Uint32Array): Uint8Array;
  /** The sums of a region's blocks. */
  blockSums(bytes: Uint8Array, blockBytes: number): BlockSums;
  /** Pairs of offset and block. */
  match(next: Uint8Array, signature: Signature): Uint32Array;
}
