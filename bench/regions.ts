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
const CHAIN_STEPS = 1 << 25;
/** Rolling and cutting: each byte waits for the one before. */
const ROLLING = 1;
/** Sums of four bytes beside each other. */
const SUMMING = 1 / 4;
/** A multiplication in the field, without a carry-less one, takes as long as four steps. */
const MULTIPLYING = 4;
/** The JavaScript twins are up to ten times slower: they get fewer rounds. */
const ROUNDS = { simd: 500, scalar: 100 } as const;

/** Measures each loop over a region of two chunks, with SIMD and without. */
export function benchRegionLoops(): readonly KernelRate[] {
  const chain = chainRate();
  return (["simd", "scalar"] as const).flatMap((kind) => benchLoops(kind, createRegionKernel(kind), chain));
}

function benchLoops(kind: "simd" | "scalar", kernel: RegionKernel, chain: number): readonly KernelRate[] {
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
  const perElement = (multiplications: number): number =>
    (multiplications * MULTIPLYING * hashes.length) / REGION_BYTES;
  const loops: readonly (readonly [string, number, () => void])[] = [
    ["sub-chunks", ROLLING, () => kernel.subChunks(old)],
    ["sketch of 6", perElement(CAPACITY), () => kernel.syndromes(hashes, CAPACITY)],
    ["roots of 4", perElement(locator.length), () => kernel.roots(locator, hashes)],
    ["block sums", SUMMING, () => kernel.blockSums(old, BLOCK_BYTES)],
    ["match, alike", SUMMING, () => kernel.match(old, signature)],
    ["match, unlike", ROLLING, () => kernel.match(unlike, signature)],
  ];
  const rounds = ROUNDS[kind];
  return loops.map(([name, steps, run]) => ({
    ...measure(`${name}, ${kind}`, rounds * REGION_BYTES, () => {
      for (let i = 0; i < rounds; i++) run();
    }),
    limit: `limit: ${(chain / steps).toFixed(0)}, ${steps.toFixed(2)} steps a byte that wait for each other`,
  }));
}

/** Millions of steps a second of which each needs what the one before gave: a multiplication and an addition. */
function chainRate(): number {
  const results: number[] = [];
  const { megabytesPerSecond } = measure("", CHAIN_STEPS, () => {
    let value = results.length;
    for (let i = 0; i < CHAIN_STEPS; i++) value = (Math.imul(value, 0x08104225) + 1) | 0;
    // Else nobody needs it, and it is not worked out.
    results.push(value);
  });
  return megabytesPerSecond;
}

if (import.meta.main) {
  for (const { name, megabytesPerSecond, limit = "" } of benchRegionLoops())
    process.stdout.write(`${name.padEnd(32)}${megabytesPerSecond.toFixed(0).padStart(6)} MB/s  ${limit}\n`);
}
