import { matchScalar } from "./match.ts";
import type { BlockSums, Signature } from "./signature.ts";
import { blockSumsScalar } from "./signature.ts";
import { rootsScalar, syndromesScalar } from "./sketch.ts";
import type { SubChunks } from "./sub-chunks.ts";
import { subChunksScalar } from "./sub-chunks.ts";

/** The loops of the region codec that touch every byte or element. All results are fresh. */
export interface RegionKernel {
  /** Cuts a region into the elements of its sketch. */
  subChunks(bytes: Uint8Array): SubChunks;
  /** The sketch of a set of elements. */
  syndromes(elements: Uint32Array, capacity: number): Uint32Array;
  /** For each element whether it is a root of a monic polynomial. */
  roots(polynomial: Uint32Array, elements: Uint32Array): Uint8Array;
  /** The sums of a region's blocks. */
  blockSums(bytes: Uint8Array, blockBytes: number): BlockSums;
  /** Pairs of offset and block. */
  match(next: Uint8Array, signature: Signature): Uint32Array;
}

/** Makes the loops. One serves any number of regions, one after the other. */
export function createRegionKernel(): RegionKernel {
  return {
    subChunks: subChunksScalar,
    syndromes: syndromesScalar,
    roots: rootsScalar,
    blockSums: blockSumsScalar,
    match: matchScalar,
  };
}
