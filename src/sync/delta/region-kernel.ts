import { matchScalar } from "./match.ts";
import type { RegionKernel } from "./region-loops.ts";
import { createSimdRegionKernel } from "./region-simd.ts";
import { blockSumsScalar } from "./signature.ts";
import { rootsScalar, syndromesScalar } from "./sketch.ts";
import { subChunksScalar } from "./sub-chunks.ts";

/** The loops in plain JavaScript. */
const SCALAR: RegionKernel = {
  subChunks: subChunksScalar,
  syndromes: syndromesScalar,
  roots: rootsScalar,
  blockSums: blockSumsScalar,
  match: matchScalar,
};

/** Makes the loops; "auto" takes SIMD where there is one. One serves any number of regions, one after the other. */
export function createRegionKernel(kernel: "auto" | "simd" | "scalar" = "auto"): RegionKernel {
  const simd = kernel === "scalar" ? undefined : createSimdRegionKernel();
  if (simd === undefined && kernel === "simd") throw new Error("this machine has no WebAssembly SIMD");
  return simd ?? SCALAR;
}
