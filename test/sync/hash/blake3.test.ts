import { blake3 } from "@noble/hashes/blake3.js";
import { describe, expect, test } from "vitest";
import { CHUNK_LIST_CONTEXT, createHasher } from "../../../src/sync/hash/blake3.ts";
import { randomBytes } from "../delta/inputs.ts";

const context = new TextEncoder().encode(CHUNK_LIST_CONTEXT);

// Edges of BLAKE3 itself (64-byte blocks, 1 KiB leaves, SIMD batches of leaves) and of the choice between packages.
const SIZES = [0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 2049, 4095, 4096, 4097, 8192, 16_385, 32_768, 65_536, 131_072];

describe.each(["auto", "native", "pure"] as const)("%s", (backend) => {
  const hasher = createHasher(backend);

  test.each(SIZES)("hashes %i bytes as BLAKE3 does, in both modes", (size) => {
    // A view that begins off any boundary, as chunks do.
    const bytes = randomBytes(size + 3, size).subarray(3);
    expect(hasher.chunk(bytes)).toEqual(blake3(bytes));
    expect(hasher.list(bytes)).toEqual(blake3(bytes, { context }));
  });

  test("gives digests that later calls leave alone", () => {
    const [first, list] = [hasher.chunk(randomBytes(9000)), hasher.list(randomBytes(9000))];
    hasher.chunk(randomBytes(9000, 2));
    hasher.list(randomBytes(9000, 2));
    expect([first, list]).toEqual([blake3(randomBytes(9000)), blake3(randomBytes(9000), { context })]);
  });
});
