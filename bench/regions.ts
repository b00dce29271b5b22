/**
 * Measures the loops of the region codec beside their scalar oracles.
 * Run alone: `node bench/regions.ts`.
 */
import { createRegionKernel } from "../src/sync/delta/region-kernel.ts";
import type { RegionKernel } from "../src/sync/delta/region-loops.ts";
import type { Signature } from "../src/sync/delta/signature.ts";
import type { KernelRate } from "./kernels.ts";
import { incompressible, measure } from "./kernels.ts";

/** What two chunks have, about. */
const REGION_BYTES = 70_000;
const BLOCK_BYTES = 512;
const CAPACITY = 6;
/** The JavaScript twins are up to ten times slower: they get fewer rounds. */
const ROUNDS = { simd: 500, scalar: 100 } as const;

/** Measures each loop over a region of two chunks, with SIMD and without. */
export function benchRegionLoops(): readonly KernelRate[] {
  return (["simd", "scalar"] as const).flatMap((kind) => benchLoops(kind, createRegionKernel(kind)));
}

function benchLoops(kind: "simd" | "scalar", kernel: RegionKernel): readonly KernelRate[] {
  const old = incompressible(REGION_BYTES);
  const { hashes } = kernel.subChunks(old);
  const signature: Signature = {
    size: old.length,
    blockBytes: BLOCK_BYTES,
    strongBits: 8,
    ...kernel.blockSums(old, BLOCK_BYTES),
  };
  const unlike = old.map((byte) => byte ^ 0x55);
  const locator = new Uint32Array(4).fill(7);
  const loops: readonly (readonly [string, () => void])[] = [
    ["sub-chunks", () => kernel.subChunks(old)],
    ["sketch of 6", () => kernel.syndromes(hashes, CAPACITY)],
    ["roots of 4", () => kernel.roots(locator, hashes)],
    ["block sums", () => kernel.blockSums(old, BLOCK_BYTES)],
    ["match, alike", () => kernel.match(old, signature)],
    ["match, unlike", () => kernel.match(unlike, signature)],
  ];
  const rounds = ROUNDS[kind];
  return loops.map(([name, run]) =>
    measure(`${name}, ${kind}`, rounds * REGION_BYTES, () => {
      for (let i = 0; i < rounds; i++) run();
    }),
  );
}

if (import.meta.main) {
  for (const { name, megabytesPerSecond } of benchRegionLoops())
    process.stdout.write(`${name.padEnd(32)}${megabytesPerSecond.toFixed(0).padStart(6)} MB/s\n`);
}
