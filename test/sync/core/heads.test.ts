import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Head } from "../../../src/shared/file-info.ts";
import type { ContentId, ShortId } from "../../../src/shared/ids.ts";
import type { VersionVector } from "../../../src/shared/version-vector.ts";
import { compare } from "../../../src/shared/version-vector.ts";
import { compareHeads, covers, joinHeads, losersOf, sameHeads, winnerOf } from "../../../src/sync/core/heads.ts";

const A = "AAAAAAAAAAAA" as ShortId;
const B = "BBBBBBBBBBBB" as ShortId;
const C = "CCCCCCCCCCCC" as ShortId;

function head(version: Partial<Record<"A" | "B" | "C", number>>, fields: Partial<Head> = {}): Head {
  const vector = Object.entries(version).map(([device, counter]) => [device.repeat(12) as ShortId, counter] as const);
  return {
    version: vector,
    author: vector[0]?.[0] ?? A,
    type: "file",
    deleted: false,
    size: 1,
    mtimeNs: 1n,
    mode: 0o644,
    contentId: "c1" as ContentId,
    target: "",
    previous: null,
    owner: "A",
    ...fields,
  };
}

const tombstone: Partial<Head> = { deleted: true, contentId: null, size: 0 };

describe("the winner", () => {
  test.each<{ name: string; heads: readonly [Head, Head] }>([
    {
      name: "a live version beats a later deletion",
      heads: [head({ A: 1 }), head({ B: 1 }, { ...tombstone, mtimeNs: 9n })],
    },
    {
      name: "a directory beats a later file",
      heads: [head({ A: 1 }, { type: "directory", contentId: null, mtimeNs: 0n }), head({ B: 1 }, { mtimeNs: 9n })],
    },
    { name: "the newer mtime beats the larger device", heads: [head({ A: 1 }, { mtimeNs: 2n }), head({ B: 1 })] },
    { name: "the larger device decides between equal times", heads: [head({ B: 1 }), head({ A: 1 })] },
    {
      name: "between deletions the later one wins",
      heads: [head({ A: 1 }, { ...tombstone, mtimeNs: 9n }), head({ B: 1 }, tombstone)],
    },
  ])("$name, whichever came first", ({ heads: [first, second] }) => {
    expect(winnerOf(joinHeads([first], [second]))).toBe(first);
    expect(winnerOf(joinHeads([second], [first]))).toBe(first);
  });
});

test.each<{ name: string; heads: readonly Head[]; losers: number }>([
  { name: "one version has no losers", heads: [head({ A: 1 })], losers: 0 },
  {
    name: "equal content never conflicts",
    heads: [head({ A: 1 }), head({ B: 1 }, { mtimeNs: 7n, mode: 0o600 })],
    losers: 0,
  },
  { name: "other content does", heads: [head({ A: 1 }), head({ B: 1 }, { contentId: "c2" as ContentId })], losers: 1 },
  { name: "a deletion that lost has nothing to keep", heads: [head({ A: 1 }), head({ B: 1 }, tombstone)], losers: 0 },
  {
    name: "a directory that lost has nothing to keep",
    heads: [
      head({ A: 1 }, { type: "directory", contentId: null, mode: 0o700 }),
      head({ B: 1 }, { type: "directory", contentId: null }),
    ],
    losers: 0,
  },
  {
    name: "a file loses to a directory and is kept",
    heads: [head({ A: 1 }), head({ B: 1 }, { type: "directory", contentId: null })],
    losers: 1,
  },
])("$name", ({ heads, losers }) => {
  expect(losersOf(heads.reduce((known, one) => joinHeads(known, [one]), [] as readonly Head[]))).toHaveLength(losers);
});

/**
 * Versions as devices could really have written them, and some that only a
 * cloned or hostile device writes: one vector with two contents.
 */
const anyHead: fc.Arbitrary<Head> = fc
  .record({
    vector: fc
      .tuple(...[A, B, C].map((device) => fc.tuple(fc.constant(device), fc.integer({ min: 0, max: 2 }))))
      .map((entries): VersionVector => entries.filter(([, counter]) => counter > 0))
      .filter((vector) => vector.length > 0),
    author: fc.constantFrom(A, B, C),
    type: fc.constantFrom("file", "directory", "symlink"),
    deleted: fc.boolean(),
    size: fc.integer({ min: 0, max: 1 }),
    mtimeNs: fc.bigInt(0n, 2n),
    mode: fc.constantFrom(0o600, 0o644),
    contentId: fc.constantFrom(null, "c1", "c2"),
    target: fc.constantFrom("", "x"),
    previous: fc.constantFrom(null, "c0"),
    owner: fc.constantFrom("A", "B"),
  })
  .map(({ vector, ...rest }) => ({ version: vector, ...rest }) as Head);

const anyHeads: fc.Arbitrary<readonly Head[]> = fc
  .array(anyHead, { maxLength: 4 })
  .map((list) => list.reduce((heads, one) => joinHeads(heads, [one]), [] as readonly Head[]));

describe("joining", () => {
  test("every order and grouping of arrival ends equal", () => {
    fc.assert(
      fc.property(anyHeads, anyHeads, anyHeads, (a, b, c) => {
        const joined = joinHeads(joinHeads(a, b), c);
        expect(joinHeads(a, joinHeads(b, c))).toEqual(joined);
        expect(joinHeads(joinHeads(c, a), b)).toEqual(joined);
        expect(joinHeads(joined, b)).toEqual(joined);
      }),
      { numRuns: 2000 },
    );
  });

  test("the winner does not depend on the order of arrival", () => {
    fc.assert(
      fc.property(fc.array(anyHead, { minLength: 1, maxLength: 5 }), fc.integer(), (list, seed) => {
        const order = list.toSorted((x, y) => ((compareHeads(x, y) * 7919 + seed) % 3) - 1);
        const arrive = (heads: readonly Head[]): readonly Head[] =>
          heads.reduce((known, one) => joinHeads(known, [one]), [] as readonly Head[]);
        expect(winnerOf(arrive(order))).toEqual(winnerOf(arrive(list)));
        expect(winnerOf(arrive(list.toReversed()))).toEqual(winnerOf(arrive(list)));
      }),
      { numRuns: 2000 },
    );
  });

  test("keeps exactly what nothing else dominates, and nothing it was not given", () => {
    fc.assert(
      fc.property(anyHeads, anyHeads, (a, b) => {
        const joined = joinHeads(a, b);
        for (const kept of joined) {
          expect([...a, ...b]).toContainEqual(kept);
          for (const other of joined)
            if (other !== kept) expect(compare(kept.version, other.version)).toBe("concurrent");
        }
        for (const given of [...a, ...b]) expect(covers(joined, [given])).toBe(true);
      }),
    );
  });

  test("a version written above all heads settles them", () => {
    fc.assert(
      fc.property(anyHeads, (heads) => {
        const above = head({ A: 9, B: 9, C: 9 });
        expect(joinHeads(heads, [above])).toEqual([above]);
        expect(covers([above], heads)).toBe(true);
      }),
    );
  });

  test("is in canonical order, which is total", () => {
    fc.assert(
      fc.property(anyHead, anyHead, anyHead, (a, b, c) => {
        expect(Math.sign(compareHeads(a, b))).toBe(-Math.sign(compareHeads(b, a)) + 0);
        if (compareHeads(a, b) === 0) expect(a).toEqual(b);
        if (compareHeads(a, b) < 0 && compareHeads(b, c) < 0) expect(compareHeads(a, c)).toBeLessThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  test.each<Partial<Head>>([
    { type: "symlink" },
    { deleted: true },
    { size: 2 },
    { mtimeNs: 2n },
    { mode: 0o600 },
    { contentId: "c2" as ContentId },
    { target: "x" },
    { previous: "c0" as ContentId },
    { owner: "B" },
    { author: B },
  ])("two versions under one vector, as a clone writes them, are told apart by %o", (fields) => {
    const one = [head({ A: 1 })];
    const other = [head({ A: 1 }, fields)];
    expect(joinHeads(one, other)).toEqual(joinHeads(other, one));
    expect(joinHeads(one, other)).toHaveLength(1);
    expect(sameHeads(one, other)).toBe(false);
    expect(covers(one, other) && covers(other, one)).toBe(false);
  });

  test("covering means that joining changes nothing", () => {
    fc.assert(
      fc.property(anyHeads, anyHeads, (known, heads) => {
        if (covers(known, heads)) expect(sameHeads(joinHeads(known, heads), known)).toBe(true);
      }),
    );
  });
});
