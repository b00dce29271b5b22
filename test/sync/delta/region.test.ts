import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SyncError } from "../../../src/shared/errors.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { type AskedRegion, rebuildRegion } from "../../../src/sync/delta/rebuild-region.ts";
import type { RegionShape, RegionTools } from "../../../src/sync/delta/region.ts";
import { answerRegion, describeRegion } from "../../../src/sync/delta/region.ts";
import { decodeRegionAnswer, encodeRegionAnswer, type RegionAnswer } from "../../../src/sync/delta/region-answer.ts";
import { createRegionKernel } from "../../../src/sync/delta/region-kernel.ts";
import { decodeRegionQuery, encodeRegionQuery, type RegionQuery } from "../../../src/sync/delta/region-query.ts";
import { randomBytes, textBytes } from "./inputs.ts";
import type { RegionEdit } from "./region-edits.ts";
import { regionEdit } from "./region-edits.ts";

const plain: RegionTools = { kernel: createRegionKernel() };

interface Carried {
  readonly rebuilt: Uint8Array | undefined;
  readonly tier: string;
  readonly answerType: string;
  readonly queryBytes: number;
  readonly answerBytes: number;
}

/** Carries a region over, both messages in their encoded form. */
function carry({ old, next }: RegionEdit, shape: Partial<RegionShape> = {}): Carried {
  const query = describeRegion(old, { newSize: next.length, chunkCount: 1, ...shape }, plain);
  const sentQuery = encodeRegionQuery(query);
  const sentAnswer = encodeRegionAnswer(answerRegion(decodeRegionQuery(sentQuery), next, plain));
  const answer = decodeRegionAnswer(sentAnswer);
  return {
    rebuilt: rebuildRegion({ old, query, newSize: next.length }, answer, plain),
    tier: query.type,
    answerType: answer.type,
    queryBytes: sentQuery.length,
    answerBytes: sentAnswer.length,
  };
}

/** Comparing thousands of bytes with toEqual takes longer than making them. */
const isEqual = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0;

/** The bytes with `inserted` in the place of `removed` bytes at `at`. */
function edited(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]));
}

test("going down the tiers always ends in the new bytes", () => {
  fc.assert(
    fc.property(regionEdit, fc.integer({ min: 1, max: 4 }), (edit, chunkCount) => {
      let last = carry(edit, { chunkCount });
      if (!isEqual(last.rebuilt, edit.next) && last.tier === "sketch")
        last = carry(edit, { chunkCount, failed: "sketch" });
      if (!isEqual(last.rebuilt, edit.next)) last = carry(edit, { chunkCount, failed: "signature" });
      expect(isEqual(last.rebuilt, edit.next)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test("a signature rebuilds the new bytes at the first try", () => {
  fc.assert(
    fc.property(regionEdit, (edit) => {
      const { rebuilt, answerBytes } = carry(edit, { failed: "sketch" });
      expect(isEqual(rebuilt, edit.next)).toBe(true);
      expect(answerBytes).toBeLessThanOrEqual(edit.next.length + 1);
    }),
    { numRuns: 300 },
  );
});

describe.each([
  { name: "random bytes", old: randomBytes(35_000) },
  { name: "text", old: textBytes(35_000) },
])("in $name", ({ old }) => {
  test.each([
    { name: "one byte overwritten", next: edited(old, 20_000, 1, Uint8Array.of(7)), queryMax: 52, answerMax: 250 },
    { name: "ten bytes overwritten", next: edited(old, 9000, 10, randomBytes(10, 2)), queryMax: 52, answerMax: 350 },
    { name: "one byte inserted at the head", next: edited(old, 0, 0, Uint8Array.of(7)), queryMax: 56, answerMax: 200 },
    { name: "one byte removed at the end", next: old.subarray(0, -1), queryMax: 56, answerMax: 200 },
    { name: "500 bytes inserted", next: edited(old, 100, 0, randomBytes(500, 3)), queryMax: 100, answerMax: 750 },
  ])("$name: a sketch tells it", ({ next, queryMax, answerMax }) => {
    const carried = carry({ old, next });
    expect(carried).toMatchObject({ tier: "sketch", answerType: "sketch", rebuilt: next });
    expect(carried.queryBytes).toBeLessThanOrEqual(queryMax);
    expect(carried.answerBytes).toBeLessThanOrEqual(answerMax);
  });

  test("ten edits overflow a sketch, and a signature tells them", () => {
    let next = old;
    for (let i = 0; i < 10; i++) next = edited(next, 3000 * i + 900, 5, randomBytes(5, i + 5));
    expect(carry({ old, next })).toMatchObject({ tier: "sketch", answerType: "none", rebuilt: undefined });
    const carried = carry({ old, next }, { failed: "sketch" });
    expect(carried).toMatchObject({ tier: "signature", answerType: "blocks", rebuilt: next });
    expect(carried.queryBytes).toBeLessThan(360);
    expect(carried.answerBytes).toBeLessThan(12 * 540);
  });
});

test.each([
  { name: "nothing becomes something", old: new Uint8Array(), next: randomBytes(5000) },
  { name: "something becomes nothing", old: randomBytes(5000), next: new Uint8Array() },
  { name: "one byte becomes another", old: Uint8Array.of(1), next: Uint8Array.of(2) },
  { name: "zeros become more zeros", old: new Uint8Array(40_000), next: new Uint8Array(60_000) },
  { name: "zeros become fewer zeros", old: new Uint8Array(60_000), next: new Uint8Array(40_000) },
  { name: "random bytes become others", old: randomBytes(40_000, 1), next: randomBytes(40_000, 2) },
])("$name", ({ old, next }) => {
  expect(carry({ old, next }, { failed: "sketch" }).rebuilt).toEqual(next);
  expect(carry({ old, next }, { failed: "signature" }).rebuilt).toEqual(next);
});

test("a tail shorter than a block is recognised at the end", () => {
  const old = randomBytes(35_000);
  const { answerBytes, rebuilt } = carry(
    { old, next: edited(old, 512, 512, randomBytes(512, 9)) },
    { failed: "sketch" },
  );
  expect(rebuilt).toBeDefined();
  expect(answerBytes).toBeLessThan(512 + 20);
});

describe("what a hostile peer sends", () => {
  const old = textBytes(9000);
  const next = edited(old, 4000, 20, randomBytes(90, 4));
  const shape: RegionShape = { newSize: next.length, chunkCount: 1 };
  const queries = (["sketch", "signature", "whole"] as const).map((tier) => {
    const failed = tier === "sketch" ? {} : { failed: tier === "signature" ? ("sketch" as const) : tier };
    return describeRegion(old, { ...shape, ...(failed as Partial<RegionShape>) }, plain);
  });
  const asked: readonly AskedRegion[] = queries.map((query) => ({ old, query, newSize: next.length }));
  const answers = queries.map((query) => encodeRegionAnswer(answerRegion(query, next, plain)));

  const mutation = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
  const mutated = (bytes: Uint8Array, changes: [number, number][], length: number): Uint8Array => {
    const copy = new Uint8Array(Buffer.concat([bytes, new Uint8Array(8)])).subarray(0, length % (bytes.length + 9));
    for (const [at, value] of changes) if (copy.length > 0) copy[at % Math.min(copy.length, 40)] = value;
    return copy;
  };

  /** Runs `decode`; what it throws must be E_PROTOCOL. */
  function decodedOr<T>(decode: () => T): T | undefined {
    try {
      return decode();
    } catch (error) {
      if (error instanceof SyncError && error.code === "E_PROTOCOL") return undefined;
      throw error;
    }
  }

  test("a mutated query is refused, or answered", () => {
    fc.assert(
      fc.property(fc.constantFrom(...queries), mutation, fc.nat(), (query, changes, length) => {
        const sent = mutated(encodeRegionQuery(query), changes, length);
        const received = decodedOr(() => decodeRegionQuery(sent));
        if (received === undefined) return;
        const answer = encodeRegionAnswer(answerRegion(received, next, plain));
        expect(answer.length).toBeLessThanOrEqual(next.length + 1);
      }),
      { numRuns: 2000 },
    );
  });

  test("a mutated answer is refused, does not fit, or gives the size that was asked for", () => {
    fc.assert(
      fc.property(fc.nat(2), fc.nat(2), mutation, fc.nat(), (a, b, changes, length) => {
        const sent = mutated(answers[a] as Uint8Array, changes, length);
        const received = decodedOr(() => decodeRegionAnswer(sent));
        if (received === undefined) return;
        const rebuilt = rebuildRegion(asked[b] as AskedRegion, received, plain);
        expect(rebuilt === undefined || rebuilt.length === next.length).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    { name: "an empty query", bytes: [] },
    { name: "an unknown type", bytes: [9] },
    { name: "a sketch of nothing", bytes: [1, 4] },
    { name: "a sketch above the limit", bytes: [1, 4, ...new Uint8Array(4 * (LIMITS.sketchCapacity.value + 1))] },
    { name: "tiny blocks", bytes: [2, 0x80, 8, 16, 1] },
    { name: "a signature without its sums", bytes: [2, 0xff, 0xff, 0x7f, 0x80, 4, 1] },
    { name: "a region above the limit", bytes: [2, 0xff, 0xff, 0xff, 0x7f, 0x80, 4, 1] },
    { name: "bytes behind the end", bytes: [0, 0] },
  ])("$name is refused", ({ bytes }) => {
    expect(() => decodeRegionQuery(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code: "E_PROTOCOL" }));
  });

  test.each([
    { name: "an empty answer", bytes: [] },
    { name: "more steps than bytes", bytes: [3, 0xff, 0xff, 0x7f, 0, 0, 0] },
    { name: "literals that are not there", bytes: [3, 1, 100, 0, 0, 1, 2] },
    { name: "a block before the first", bytes: [3, 1, 0, 1, 1] },
    { name: "an unknown type", bytes: [4, 0, 0] },
    { name: "a locator without its coefficients", bytes: [2, 3, 0, 0] },
  ])("$name is refused", ({ bytes }) => {
    expect(() => decodeRegionAnswer(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code: "E_PROTOCOL" }));
  });

  test("a sketch whose numbers do not add up is not believed", () => {
    const query = queries[0] as Extract<RegionQuery, { type: "sketch" }>;
    expect(answerRegion(query, next, plain).type).toBe("sketch");
    expect(answerRegion({ ...query, elementCount: query.elementCount + 1 }, next, plain).type).toBe("none");
  });

  test("a signature of less than a block is answered with all the bytes", () => {
    const query = decodeRegionQuery(Uint8Array.from([2, 1, 0x80, 4, 1]));
    expect(answerRegion(query, next, plain)).toEqual({ type: "whole", literals: next });
  });

  test("blocks beyond the old bytes do not fit", () => {
    const answer = decodeRegionAnswer(Uint8Array.from([3, 1, 0, 2 * 17, 2]));
    expect(rebuildRegion(asked[1] as AskedRegion, answer, plain)).toBeUndefined();
  });

  test("blocks beyond the old bytes do not fit, even when the literals alone have the size", () => {
    const answer: RegionAnswer = { type: "blocks", steps: Uint32Array.of(next.length, 99, 1), literals: next };
    expect(rebuildRegion(asked[1] as AskedRegion, answer, plain)).toBeUndefined();
  });
});
