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

export interface KernelRate {
  readonly name: string;
  /** Megabytes (10^6) per second of one thread's processor time, median. */
  readonly megabytesPerSecond: number;
}

/** Measures each kernel on incompressible data. Takes about five seconds. */
export function benchKernels(): readonly KernelRate[] {
  const content = incompressible(FILE_BYTES);
  const rates = [
    ...(["simd", "scalar"] as const).map((kernel) =>
      measure(`cut, ${kernel}`, FILE_BYTES, () => cutAll(createCutter({ kernel }), content.length)),
    ),
    ...(["native", "pure"] as const).flatMap((backend) => benchHash(backend, content)),
  ];
  const directory = mkdtempSync(join(tmpdir(), "syncline-bench-"));
  try {
    return [...rates, ...benchPipeline(join(directory, "content"), content)];
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

function benchPipeline(path: string, content: Uint8Array): readonly KernelRate[] {
  writeFileSync(path, content);
  const cutter = createCutter();
  const descriptor = openSync(path, "r");
  try {
    return (["auto", "pure"] as const).map((backend) => {
      const hasher = createHasher(backend);
      return measure(`read, cut and hash, ${backend}`, FILE_BYTES, () => {
        hashFileContent(
          (buffer, position) => readSync(descriptor, buffer, 0, buffer.length, position),
          content.length,
          { hasher, cutter },
        );
      });
    });
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
  for (const { name, megabytesPerSecond } of benchKernels()) {
    process.stdout.write(`${name.padEnd(32)}${megabytesPerSecond.toFixed(0).padStart(6)} MB/s\n`);
  }
}
