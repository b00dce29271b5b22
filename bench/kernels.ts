/**
 * Measures what indexing content costs: cutting, hashing, and the whole pass
 * from page cache to content id. Run alone: `node bench/kernels.ts`.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hasher } from "../src/shared/ports.ts";
import type { Cutter } from "../src/sync/delta/cut.ts";
import { createCutter } from "../src/sync/delta/cut.ts";
import { chunkRow } from "../src/sync/delta/cut-row.ts";
import { hashFileContent } from "../src/sync/delta/hash-content.ts";
import { createHasher } from "../src/sync/hash/blake3.ts";

const FILE_BYTES = 64 * 1024 * 1024;
const REPETITIONS = 7;
const BLOCK_BYTES = 512 * 1024;

export interface KernelRate {
  readonly name: string;
  /** Megabytes (10^6) per second of one thread's processor time, median. */
  readonly megabytesPerSecond: number;
  /** What no implementation gets past here, and why. */
  readonly limit?: string | undefined;
}

/** Measures each kernel on incompressible data. Takes about five seconds. */
export function benchKernels(): readonly KernelRate[] {
  const content = incompressible(FILE_BYTES);
  const target = new Uint8Array(content.length);
  const copied = measure("copy in memory", FILE_BYTES, () => target.set(content));
  const limit = `limit: memory, copied at ${copied.megabytesPerSecond.toFixed(0)}`;
  const rates = [
    copied,
    ...(["simd", "scalar"] as const).map((kernel) => ({
      ...measure(`cut, ${kernel}`, FILE_BYTES, () => cutAll(createCutter({ kernel }), content.length)),
      limit,
    })),
    ...(["native", "pure"] as const).flatMap((backend) => benchHash(backend, content)),
  ];
  const directory = mkdtempSync(join(tmpdir(), "syncline-bench-"));
  try {
    return [...rates, ...benchPipeline(join(directory, "content"), content, rates)];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function benchHash(backend: "native" | "pure", content: Uint8Array): readonly KernelRate[] {
  const hasher = backend === "pure" ? createHasher("pure") : nativeHasher();
  if (hasher === undefined) return [];
  return [1, 4, 32, 64].map((kib) => {
    const size = kib * 1024;
    return measure(`hash, ${backend}, ${kib} KiB each`, FILE_BYTES, () => {
      for (let at = 0; at < content.length; at += size) hasher.chunk(content.subarray(at, at + size));
    });
  });
}

function nativeHasher(): Hasher | undefined {
  try {
    return createHasher("native");
  } catch {
    // The native package is optional: without it there is nothing to measure.
    return undefined;
  }
}

/** The pass over a file can be no faster than reading, cutting and hashing one after the other. */
function benchPipeline(path: string, content: Uint8Array, parts: readonly KernelRate[]): readonly KernelRate[] {
  writeFileSync(path, content);
  const cutter = createCutter();
  const descriptor = openSync(path, "r");
  try {
    const block = new Uint8Array(BLOCK_BYTES);
    const reading = measure("read from the page cache", FILE_BYTES, () => {
      for (let at = 0; at < content.length; at += block.length) readSync(descriptor, block, 0, block.length, at);
    });
    const rateOf = (name: string): number =>
      parts.find((rate) => rate.name === name)?.megabytesPerSecond ?? Number.POSITIVE_INFINITY;
    const pass = (["auto", "pure"] as const).map((backend) => {
      const hasher = createHasher(backend);
      const hashing = rateOf(`hash, ${backend === "auto" ? "native" : "pure"}, 32 KiB each`);
      const least = 1 / (1 / reading.megabytesPerSecond + 1 / rateOf("cut, simd") + 1 / hashing);
      const rate = measure(`read, cut and hash, ${backend}`, FILE_BYTES, () => {
        hashFileContent(
          (buffer, position) => readSync(descriptor, buffer, 0, buffer.length, position),
          content.length,
          { hasher, cutter },
        );
      });
      return { ...rate, limit: `limit: ${least.toFixed(0)}, its three parts one after the other` };
    });
    return [reading, ...pass];
  } finally {
    closeSync(descriptor);
  }
}

/** Cuts the bytes that happen to lie in the cutter's memory, again and again: no reading, no copying in. */
function cutAll(cutter: Cutter, size: number): void {
  cutter.begin(chunkRow(size));
  for (let left = size; left > 0; ) {
    const space = cutter.space();
    if (left === size) space.set(incompressible(space.length));
    const length = Math.min(left, space.length);
    left -= length;
    cutter.push(length, left === 0);
  }
}

/** The median rate at which `run` gets through `bytes`. */
export function measure(name: string, bytes: number, run: () => void): KernelRate {
  run();
  const milliseconds = Array.from({ length: REPETITIONS }, () => {
    const before = process.threadCpuUsage();
    run();
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  }).sort((a, b) => a - b);
  return { name, megabytesPerSecond: bytes / 1000 / (milliseconds[REPETITIONS >> 1] as number) };
}

export function incompressible(size: number): Uint8Array {
  const words = new Uint32Array(size / 4);
  let state = 1;
  for (let i = 0; i < words.length; i++) {
    state = (state + 0x9e3779b9) | 0;
    const z = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    words[i] = z ^ (z >>> 13);
  }
  return new Uint8Array(words.buffer);
}

if (import.meta.main) {
  for (const { name, megabytesPerSecond, limit = "" } of benchKernels()) {
    process.stdout.write(`${name.padEnd(32)}${megabytesPerSecond.toFixed(0).padStart(6)} MB/s  ${limit}\n`);
  }
}
