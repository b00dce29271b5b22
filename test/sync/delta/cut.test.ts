import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import type { CutRow } from "../../../src/sync/delta/cut-row.ts";
import { chunkRow } from "../../../src/sync/delta/cut-row.ts";
import { cutWhole } from "./cut-whole.ts";
import { inputBytes, randomBytes, textBytes } from "./inputs.ts";
import { KNOWN_ANSWERS } from "./known-answers.ts";
import { oracleCuts } from "./oracle.ts";

const simd = createCutter({ kernel: "simd" });
const scalar = createCutter({ kernel: "scalar" });

describe.each([
  { name: "SIMD", cutter: simd },
  { name: "scalar", cutter: scalar },
])("$name", ({ cutter }) => {
  test.each(KNOWN_ANSWERS.files)("cuts $size bytes of $kind at the known places", ({ kind, size, cuts }) => {
    expect(cutWhole(cutter, inputBytes(kind, size), chunkRow(size))).toEqual(cuts);
  });

  test.each(KNOWN_ANSWERS.coarserRows)(
    "cuts by the row of a file of $fileSize bytes at the known places",
    ({ kind, size, fileSize, cuts }) => {
      expect(cutWhole(cutter, inputBytes(kind, size), chunkRow(fileSize))).toEqual(cuts);
    },
  );
});

/** Rows so small that a few thousand bytes hit every bound. */
const smallRow: fc.Arbitrary<CutRow> = fc
  .record({
    min: fc.integer({ min: 32, max: 100 }),
    normal: fc.nat(100),
    max: fc.nat(300),
    bits: fc.nat(3),
    fewer: fc.nat(3),
  })
  .map(({ min, normal, max, bits, fewer }) => ({
    min,
    normal: min + normal,
    max: min + normal + max,
    strictMask: 2 ** bits - 1,
    looseMask: 2 ** Math.max(0, bits - fewer) - 1,
  }));

/** Random bytes, text, and repetitions of a short piece, which pass or fail the prefilter all along. */
const content: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.record({ size: fc.nat(3000), seed: fc.nat() }).map(({ size, seed }) => randomBytes(size, seed)),
  fc.record({ size: fc.nat(3000), seed: fc.nat() }).map(({ size, seed }) => textBytes(size, seed)),
  fc.record({ size: fc.nat(3000), piece: fc.uint8Array({ minLength: 1, maxLength: 12 }) }).map(({ size, piece }) => {
    return Uint8Array.from({ length: size }, (_, i) => piece[i % piece.length] as number);
  }),
);

const pieces: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 });

test("SIMD, scalar and oracle cut alike, however the bytes are handed over", () => {
  fc.assert(
    fc.property(content, smallRow, pieces, (bytes, row, split) => {
      const expected = oracleCuts(bytes, row);
      expect(cutWhole(simd, bytes, row)).toEqual(expected);
      expect(cutWhole(simd, bytes, row, split)).toEqual(expected);
      expect(cutWhole(scalar, bytes, row, split)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("all but the last chunk are larger than min or of max, where that is no more, and none exceeds max", () => {
  fc.assert(
    fc.property(content, smallRow, (bytes, row) => {
      const cuts = cutWhole(simd, bytes, row);
      const sizes = cuts.map((cut, i) => cut - (cuts[i - 1] ?? 0));
      expect(sizes.every((size) => size <= row.max)).toBe(true);
      expect(sizes.slice(0, -1).every((size) => size > row.min || size === row.max)).toBe(true);
      expect(cuts.at(-1) ?? 0).toBe(bytes.length);
    }),
  );
});

test.each([1, 4096, 100_000])("blocks of %i bytes give the same cuts as one large block", (blockBytes) => {
  const bytes = randomBytes(400_000, 5);
  const row = chunkRow(bytes.length);
  const cutter = createCutter({ kernel: "simd", blockBytes });
  expect(cutWhole(cutter, bytes, row)).toEqual(oracleCuts(bytes, row));
});

test("an insertion changes the chunks around it alone", () => {
  const bytes = randomBytes(2_000_000, 7);
  const row = chunkRow(bytes.length);
  const before = new Set(cutWhole(simd, bytes, row).map((cut) => bytes.length - cut));
  for (let at = 10_000; at < bytes.length; at += 99_991) {
    const edited = new Uint8Array(bytes.length + 37);
    edited.set(bytes.subarray(0, at));
    edited.set(randomBytes(37, at), at);
    edited.set(bytes.subarray(at), at + 37);
    const moved = cutWhole(simd, edited, row).filter((cut) => cut > at + 37 && !before.has(edited.length - cut));
    expect(moved.length, `cuts that moved, insertion at ${at}`).toBeLessThan(8);
  }
});

test("a good part of a coarser row's cuts are cuts of the finer one", () => {
  const bytes = randomBytes(4_000_000, 3);
  const finer = new Set(cutWhole(simd, bytes, chunkRow(2 ** 30)));
  const coarser = cutWhole(simd, bytes, chunkRow(2 ** 34));
  expect(coarser.filter((cut) => finer.has(cut)).length / coarser.length).toBeGreaterThan(0.3);
});

test("a file begun anew forgets the one before", () => {
  const row = chunkRow(100_000);
  const bytes = randomBytes(100_000, 9);
  simd.begin(row);
  simd.space().fill(1);
  simd.push(50_000, false);
  expect(cutWhole(simd, bytes, row)).toEqual(oracleCuts(bytes, row));
});
