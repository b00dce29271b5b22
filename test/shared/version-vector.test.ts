import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ShortId } from "../../src/shared/ids.ts";
import type { VersionVector } from "../../src/shared/version-vector.ts";
import { bump, COUNTER_MAX, compare, counterOf, merge } from "../../src/shared/version-vector.ts";

const A = "AAAAAAAAAAAA" as ShortId;
const B = "BBBBBBBBBBBB" as ShortId;
const C = "CCCCCCCCCCCC" as ShortId;

const vector: fc.Arbitrary<VersionVector> = fc
  .tuple(...[A, B, C].map((device) => fc.tuple(fc.constant(device), fc.integer({ min: 0, max: 3 }))))
  .map((entries) => entries.filter(([, counter]) => counter > 0));

describe("compare", () => {
  test.each<{ name: string; a: VersionVector; b: VersionVector; expected: string }>([
    { name: "nothing and nothing", a: [], b: [], expected: "equal" },
    { name: "nothing and something", a: [], b: [[A, 1]], expected: "before" },
    {
      name: "the same counters",
      a: [
        [A, 1],
        [B, 2],
      ],
      b: [
        [A, 1],
        [B, 2],
      ],
      expected: "equal",
    },
    { name: "a lower counter", a: [[A, 1]], b: [[A, 2]], expected: "before" },
    {
      name: "a device more",
      a: [
        [A, 1],
        [B, 1],
      ],
      b: [[A, 1]],
      expected: "after",
    },
    {
      name: "a device more at the front",
      a: [
        [A, 1],
        [B, 1],
      ],
      b: [[B, 1]],
      expected: "after",
    },
    {
      name: "one ahead on each",
      a: [
        [A, 2],
        [B, 1],
      ],
      b: [
        [A, 1],
        [B, 2],
      ],
      expected: "concurrent",
    },
    { name: "different devices", a: [[A, 1]], b: [[B, 1]], expected: "concurrent" },
    {
      name: "a counter far ahead does not hide another device",
      a: [[A, 2 ** 51]],
      b: [
        [A, 1],
        [B, 1],
      ],
      expected: "concurrent",
    },
  ])("$name → $expected", ({ a, b, expected }) => {
    expect(compare(a, b)).toBe(expected);
  });

  test("is a partial order, mirrored when the sides change", () => {
    const mirrored = { equal: "equal", before: "after", after: "before", concurrent: "concurrent" };
    fc.assert(
      fc.property(vector, vector, vector, (a, b, c) => {
        expect(compare(b, a)).toBe(mirrored[compare(a, b)]);
        expect(compare(a, a)).toBe("equal");
        if (compare(a, b) === "before" && compare(b, c) === "before") expect(compare(a, c)).toBe("before");
        if (compare(a, b) === "equal") expect(a).toEqual(b);
      }),
    );
  });
});

describe("merge", () => {
  test("is the least vector that has seen both", () => {
    fc.assert(
      fc.property(vector, vector, vector, (a, b, c) => {
        const merged = merge(a, b);
        for (const side of [a, b]) expect(compare(side, merged)).toMatch(/equal|before/);
        const coversBoth = [a, b].every((side) => /equal|before/.test(compare(side, c)));
        if (coversBoth) expect(compare(merged, c)).toMatch(/equal|before/);
        expect(merge(b, a)).toEqual(merged);
        expect(merge(merged, b)).toEqual(merged);
        expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)));
      }),
    );
  });

  test("stays sorted by device", () => {
    expect(
      merge(
        [[C, 1]],
        [
          [A, 1],
          [B, 4],
        ],
      ),
    ).toEqual([
      [A, 1],
      [B, 4],
      [C, 1],
    ]);
  });
});

describe("bump", () => {
  test("is above everything seen and raises its own device only", () => {
    fc.assert(
      fc.property(fc.array(vector, { maxLength: 4 }), fc.integer({ min: -5, max: 2 ** 40 }), (seen, now) => {
        const bumped = bump(seen, B, now);
        for (const vectorSeen of seen) expect(compare(vectorSeen, bumped)).toBe("before");
        const merged = seen.reduce(merge, [] as VersionVector);
        for (const device of [A, C]) expect(counterOf(bumped, device)).toBe(counterOf(merged, device));
      }),
    );
  });

  test("a device that lost its index still writes above its old counters (Syncthing #3876)", () => {
    const before = bump([], A, 1_790_000_000);
    expect(compare(before, bump([], A, 1_790_000_001))).toBe("before");
  });

  test.each([
    { name: "the clock is behind", seen: [[A, 500]] as VersionVector, now: 100, expected: 501 },
    { name: "the clock is before 1970", seen: [] as VersionVector, now: -7, expected: 1 },
    {
      name: "the clock is past every counter",
      seen: [] as VersionVector,
      now: 2 ** 60,
      expected: COUNTER_MAX - 2 ** 20,
    },
    {
      name: "the counter is the highest there is",
      seen: [[A, COUNTER_MAX - 1]] as VersionVector,
      now: 5,
      expected: COUNTER_MAX - 1,
    },
  ])("$name → counter $expected", ({ seen, now, expected }) => {
    expect(counterOf(bump([seen], A, now), A)).toBe(expected);
  });
});
