import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRegionKernel } from "../../../src/sync/delta/region-kernel.ts";
import type { Signature } from "../../../src/sync/delta/signature.ts";
import { randomBytes } from "./inputs.ts";
import { regionContent, regionEdit } from "./region-edits.ts";

const simd = createRegionKernel("simd");
const scalar = createRegionKernel("scalar");

/** Element 0 does not exist; 1 and the highest bit are the edges. */
const elements: fc.Arbitrary<Uint32Array> = fc
  .uniqueArray(fc.oneof(fc.constantFrom(1, 2 ** 31, 2 ** 32 - 1), fc.integer({ min: 1, max: 2 ** 32 - 1 })), {
    maxLength: 60,
  })
  .map((values) => Uint32Array.from(values));

const blockBytes: fc.Arbitrary<number> = fc.oneof(fc.constantFrom(128, 512), fc.integer({ min: 128, max: 700 }));

describe("the loops in WebAssembly give what those in JavaScript give:", () => {
  test("sub-chunks", () => {
    fc.assert(
      fc.property(regionContent, (bytes) => {
        expect(simd.subChunks(bytes)).toEqual(scalar.subChunks(bytes));
      }),
      { numRuns: 200 },
    );
  });

  test("syndromes", () => {
    fc.assert(
      fc.property(elements, fc.integer({ min: 1, max: 20 }), (set, capacity) => {
        expect(simd.syndromes(set, capacity)).toEqual(scalar.syndromes(set, capacity));
      }),
    );
  });

  test("roots", () => {
    fc.assert(
      fc.property(elements, fc.array(fc.nat(2 ** 32 - 1), { maxLength: 8 }), (set, coefficients) => {
        const polynomial = Uint32Array.from(coefficients);
        expect(simd.roots(polynomial, set)).toEqual(scalar.roots(polynomial, set));
        const linear = set.slice(0, 1);
        expect(simd.roots(linear, set)).toEqual(scalar.roots(linear, set));
      }),
    );
  });

  test("block sums", () => {
    fc.assert(
      fc.property(regionContent, blockBytes, (bytes, block) => {
        expect(simd.blockSums(bytes, block)).toEqual(scalar.blockSums(bytes, block));
      }),
      { numRuns: 200 },
    );
  });

  test("matches", () => {
    fc.assert(
      fc.property(regionEdit, blockBytes, fc.constantFrom(8, 16, 32), ({ old, next }, block, strongBits) => {
        const sums = scalar.blockSums(old, block);
        const signature: Signature = { size: old.length, blockBytes: block, strongBits, ...sums };
        expect(simd.match(next, signature)).toEqual(scalar.match(next, signature));
      }),
      { numRuns: 200 },
    );
  });

  test("matches of a signature whose weak sums all come true and whose strong ones never do", () => {
    const next = new Uint8Array(50_000);
    const signature = hostile(next, 60);
    expect(simd.match(next, signature)).toEqual(scalar.match(next, signature));
    expect(simd.match(next, signature)).toEqual(new Uint32Array());
  });
});

/** A signature of blocks that look like those of `next` until their strong sum is asked for. */
function hostile(next: Uint8Array, blocks: number): Signature {
  const { weak, strong } = scalar.blockSums(next, 512);
  const size = 512 * blocks;
  return {
    size,
    blockBytes: 512,
    strongBits: 32,
    weak: new Uint32Array(blocks).fill(weak[0] as number),
    strong: Uint32Array.from({ length: blocks }, (_, i) => (strong[0] as number) + 1 + i),
  };
}

test("regions at their limit fit into the memory of the loops", () => {
  const bytes = randomBytes(4 * 1024 * 1024);
  const { ends } = simd.subChunks(new Uint8Array(bytes.length));
  expect(ends.at(-1)).toBe(bytes.length);
  const signature: Signature = { size: bytes.length, blockBytes: 128, strongBits: 16, ...simd.blockSums(bytes, 128) };
  expect(simd.match(bytes, signature).length).toBe((2 * bytes.length) / 128);
});
