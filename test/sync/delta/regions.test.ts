import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChunkList } from "../../../src/shared/file-info.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { diffChunks } from "../../../src/sync/delta/diff-chunks.ts";
import { planRegions, type Region } from "../../../src/sync/delta/regions.ts";
import { toWireChunkList } from "../../../src/sync/delta/wire-chunk-list.ts";

/** A list of chunks that letters name: equal letters are equal chunks, each of `size` bytes. */
function listOf(letters: string, size = 100): ChunkList {
  const codes = Array.from(letters, (letter) => letter.charCodeAt(0));
  return {
    sizes: new Uint32Array(codes.length).fill(size),
    hashes: Uint8Array.from(codes.flatMap((code) => new Array<number>(32).fill(code))),
  };
}

function plan(wanted: string, locals: readonly string[], size?: number): readonly Region[] {
  const list = toWireChunkList(listOf(wanted, size));
  const lists = locals.map((letters) => listOf(letters, size));
  return planRegions(list, diffChunks(list, lists), lists);
}

/** `first+count<list:start-end`, in chunks. */
const shown = ({ first, count, base }: Region): string =>
  `${first}+${count}<${base.map(({ list, offset, size }) => `${list}:${offset / 100}-${(offset + size) / 100}`).join(",")}`;

test.each([
  { name: "nothing changed", wanted: "abc", locals: ["abc"], expected: "" },
  { name: "a chunk overwritten", wanted: "aXc", locals: ["abc"], expected: "1+1<0:1-2" },
  { name: "two chunks in place of one", wanted: "aXYc", locals: ["abc"], expected: "1+2<0:1-2" },
  { name: "the first chunk", wanted: "Xbc", locals: ["abc"], expected: "0+1<0:0-1" },
  { name: "the last chunk", wanted: "abX", locals: ["abc"], expected: "2+1<0:2-3" },
  { name: "chunks appended at a chunk's end", wanted: "abcX", locals: ["abc"], expected: "3+1<" },
  { name: "all of it", wanted: "XYZ", locals: ["abc"], expected: "0+3<0:0-3" },
  { name: "two places", wanted: "aXcY", locals: ["abcd"], expected: "1+1<0:1-2 3+1<0:3-4" },
  { name: "nothing is here", wanted: "XY", locals: [], expected: "0+2<" },
  { name: "a seam of moved data", wanted: "cdXab", locals: ["abcd"], expected: "2+1<" },
  { name: "a seam of moved data that went on", wanted: "cdXab", locals: ["zabcde"], expected: "2+1<0:5-6,0:0-1" },
  { name: "neighbours from two files", wanted: "aXz", locals: ["abc", "yz"], expected: "1+1<0:1-2,1:0-1" },
  { name: "equal chunks around a change", wanted: "aaXaa", locals: ["aaaaa"], expected: "2+1<0:2-3" },
  { name: "a repeat of what is missing", wanted: "XaX", locals: ["ba"], expected: "0+1<0:0-1" },
])("$name", ({ wanted, locals, expected }) => {
  expect(plan(wanted, locals).map(shown).join(" ")).toBe(expected);
});

test("where much was removed, both ends of it are compared with", () => {
  const old = `a${"bcdefghijklmnopqrstuvw".repeat(40)}z`;
  expect(plan("aXz", [old]).map(shown)).toEqual(["1+1<0:1-2,0:880-881"]);
});

describe("a long run", () => {
  const size = 100_000;
  const wanted = "XYZWVUTSRQPONMLKJIHGFEDCBA";

  test("is asked for in pieces, each with the old bytes at its place and a margin", () => {
    const regions = plan(wanted, ["abcdefghijklmnopqrstuvwxyz"], size);
    expect(regions.map(({ first, count }) => [first, count])).toEqual([
      [0, 10],
      [10, 10],
      [20, 6],
    ]);
    expect(regions[1]?.base).toEqual([{ list: 0, offset: 1_000_000 - 65_536, size: 1_000_000 + 2 * 65_536 }]);
  });
});

test("regions are what is missing, in order; bases lie in their files and within the limit", () => {
  const letters = fc.string({ unit: fc.constantFrom(..."abcdefgh"), maxLength: 60 });
  const sizes = fc.constantFrom(100, 30_000, 600_000, LIMITS.regionBytes.value);
  fc.assert(
    fc.property(letters, fc.array(letters, { maxLength: 3 }), sizes, (wanted, locals, size) => {
      const list = toWireChunkList(listOf(wanted, size));
      const lists = locals.map((text) => listOf(text, size));
      const sources = diffChunks(list, lists);
      const regions = planRegions(list, sources, lists);
      const covered = regions.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
      expect(covered).toEqual([...sources.keys()].filter((i) => sources[i]?.type === "missing"));
      for (const region of regions) {
        expect(region.offset).toBe(region.first * size);
        expect(region.size).toBe(region.count * size);
        expect(region.size).toBeLessThanOrEqual(LIMITS.regionBytes.value);
        expect(region.base.reduce((sum, range) => sum + range.size, 0)).toBeLessThanOrEqual(LIMITS.regionBytes.value);
        for (const range of region.base) {
          expect(Number.isInteger(range.offset) && range.offset >= 0 && range.size > 0).toBe(true);
          expect(range.offset + range.size).toBeLessThanOrEqual((locals[range.list] ?? "").length * size);
        }
      }
    }),
    { numRuns: 500 },
  );
});
