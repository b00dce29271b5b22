import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChunkList } from "../../../src/shared/file-info.ts";
import { HASH_BYTES } from "../../../src/sync/delta/chunk-list.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import { hashFileContent, type ReadAt } from "../../../src/sync/delta/hash-content.ts";
import {
  type HashedSegment,
  hashSegment,
  joinSegments,
  segmentChunkCountMax,
  segmentsOf,
} from "../../../src/sync/delta/segments.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { inputBytes, randomBytes } from "./inputs.ts";

const tools = { hasher: createHasher(), cutter: createCutter({ blockBytes: 64 * 1024 }) };

function reading(bytes: Uint8Array): ReadAt {
  return (buffer, position) => {
    const part = bytes.subarray(position, position + buffer.length);
    buffer.set(part);
    return part.length;
  };
}

function hashed(bytes: Uint8Array, fileSize: number, segmentBytes: number): readonly HashedSegment[] | undefined {
  const segments: HashedSegment[] = [];
  for (const segment of segmentsOf(fileSize, segmentBytes)) {
    const sizes: number[] = [];
    const hashes: number[] = [];
    const isThere = hashSegment(reading(bytes), segment, fileSize, tools, (hash, size) => {
      sizes.push(size);
      hashes.push(...hash);
    });
    if (!isThere) return undefined;
    expect(sizes.length).toBeLessThanOrEqual(segmentChunkCountMax(fileSize, segmentBytes));
    const chunks: ChunkList = { sizes: Uint32Array.from(sizes), hashes: Uint8Array.from(hashes) };
    segments.push({ start: segment.start, chunks });
  }
  return segments;
}

const content = fc
  .record({
    kind: fc.constantFrom("zeros" as const, "random" as const, "text" as const, "stretches" as const),
    size: fc.nat(900_000),
    seed: fc.nat(),
  })
  .map(({ kind, size, seed }) => {
    if (kind === "random") return randomBytes(size, seed);
    if (kind !== "stretches") return inputBytes(kind, size);
    // Stretches of one byte, which nothing but the largest size cuts, between random ones.
    const bytes = randomBytes(size, seed);
    for (let at = seed % 100_000; at < size; at += 300_000) bytes.fill(seed, at, at + 170_000);
    return bytes;
  });

test("segments joined are the chunks of one pass", () => {
  fc.assert(
    fc.property(content, fc.integer({ min: 1000, max: 400_000 }), (bytes, segmentBytes) => {
      const whole = hashFileContent(reading(bytes), bytes.length, tools).chunks;
      const segments = hashed(bytes, bytes.length, segmentBytes) ?? [];
      expect(joinSegments(segments, reading(bytes), bytes.length, tools)).toEqual(whole);
    }),
    { numRuns: 60 },
  );
});

test("little is read again where random data is joined", () => {
  const bytes = randomBytes(3_000_000);
  const segments = hashed(bytes, bytes.length, 500_000) ?? [];
  let readAgain = 0;
  const read: ReadAt = (buffer, position) => {
    const length = reading(bytes)(buffer, position);
    readAgain += length;
    return length;
  };
  const joined = joinSegments(segments, read, bytes.length, tools);
  expect(joined?.sizes.length).toBe((joined?.hashes.length ?? 0) / HASH_BYTES);
  expect(readAgain).toBeLessThan(5 * 3 * 128 * 1024);
});

test.each([
  { name: "shrunk", change: -1 },
  { name: "grown", change: 1 },
])("a file that has $name meanwhile has no list", ({ change }) => {
  const bytes = randomBytes(300_000);
  expect(hashed(bytes, bytes.length - change, 100_000)).toBeUndefined();
});

test("a file that shrank before its segments were joined has no list", () => {
  const bytes = randomBytes(300_000);
  const segments = hashed(bytes, bytes.length, 100_000) ?? [];
  expect(joinSegments(segments.slice(0, 2), reading(bytes.subarray(0, 250_000)), bytes.length, tools)).toBeUndefined();
});
