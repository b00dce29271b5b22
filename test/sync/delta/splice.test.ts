import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChunkList } from "../../../src/shared/file-info.ts";
import { decodeSplice, encodeSplice } from "../../../src/sync/delta/splice.ts";
import { toWireChunkList } from "../../../src/sync/delta/wire-chunk-list.ts";
import { randomBytes } from "./inputs.ts";

const KIB = 1024;
const ANY = 1 << 20;
/** What copying costs at most, however far apart. */
const OPERATION_BYTES = 8;
const ENTRY_BYTES = 16 + 3;

/** A list of chunks that are told apart by number; the same number is the same chunk. */
function listOf(numbers: readonly number[]): ChunkList {
  const hashes = new Uint8Array(numbers.length * 32);
  for (const [i, number] of numbers.entries()) hashes.set(randomBytes(32, number + 1), i * 32);
  return { sizes: Uint32Array.from(numbers, (number) => 16 * KIB + 1 + ((number * 7919) % (100 * KIB))), hashes };
}

const sizeOf = (list: ChunkList): number => list.sizes.reduce((sum, size) => sum + size, 0);

const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Lists in which chunks repeat and come in any order, among those that only one of both has. */
const numbers = fc.array(fc.oneof(fc.nat(12), fc.nat(1000)), { minLength: 2, maxLength: 60 });

test("a list survives the way over a splice of any other", () => {
  fc.assert(
    fc.property(numbers, numbers, (ours, theirs) => {
      const [base, wanted] = [listOf(ours), listOf(theirs)];
      const splice = encodeSplice(base, wanted, ANY) as Uint8Array;
      expect(decodeSplice(splice, toWireChunkList(base), sizeOf(wanted))).toEqual(toWireChunkList(wanted));
    }),
  );
});

test("any base but the right one gives another list or none, and nothing but E_PROTOCOL is thrown", () => {
  fc.assert(
    fc.property(numbers, numbers, numbers, (ours, theirs, others) => {
      const [base, wanted, other] = [listOf(ours), listOf(theirs), listOf(others)];
      const splice = encodeSplice(base, wanted, ANY) as Uint8Array;
      try {
        expect(sizeOf({ ...decodeSplice(splice, toWireChunkList(other), sizeOf(wanted)) })).toBe(sizeOf(wanted));
      } catch (error) {
        expect(error).toMatchObject({ code: "E_PROTOCOL" });
      }
    }),
  );
});

test("whatever a peer sends is a list of the file's size, or E_PROTOCOL", () => {
  const base = toWireChunkList(listOf(range(0, 40)));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(4_000_000), (bytes, fileSize) => {
      try {
        expect(decodeSplice(bytes, base, fileSize).sizes.reduce((sum, size) => sum + size, 0)).toBe(fileSize);
      } catch (error) {
        expect(error).toMatchObject({ code: "E_PROTOCOL" });
      }
    }),
    { numRuns: 2000 },
  );
});

describe("the cost of", () => {
  const base = range(0, 3000);
  test.each([
    { name: "nothing", wanted: base, fresh: 0, operations: 1 },
    { name: "an overwritten chunk", wanted: [...range(0, 1500), 9000, ...range(1501, 3000)], fresh: 1, operations: 3 },
    { name: "one chunk more at the head", wanted: [9000, ...base], fresh: 1, operations: 2 },
    { name: "an append", wanted: [...range(0, 2999), 9000, 9001], fresh: 2, operations: 2 },
    {
      name: "the last third moved to the head",
      wanted: [...range(2000, 3000), ...range(0, 2000)],
      fresh: 0,
      operations: 2,
    },
    {
      name: "the last third moved to the head, cut anew at the seams",
      wanted: [9000, ...range(2001, 3000), 9001, ...range(1, 1999), 9002],
      fresh: 3,
      operations: 5,
    },
    { name: "a copy of the middle", wanted: [...base, ...range(1000, 2000)], fresh: 0, operations: 2 },
    {
      name: "a hundred scattered edits",
      wanted: base.map((n) => (n % 30 === 7 ? n + 10_000 : n)),
      fresh: 100,
      operations: 201,
    },
  ])("$name", ({ wanted, fresh, operations }) => {
    const splice = encodeSplice(listOf(base), listOf(wanted), ANY) as Uint8Array;
    expect(splice.length).toBeLessThanOrEqual(operations * OPERATION_BYTES + fresh * ENTRY_BYTES);
    expect(decodeSplice(splice, toWireChunkList(listOf(base)), sizeOf(listOf(wanted)))).toEqual(
      toWireChunkList(listOf(wanted)),
    );
  });
});

test("a splice that would take more than allowed is none", () => {
  const [base, wanted] = [listOf(range(0, 100)), listOf([...range(0, 100), 200, 201])];
  const whole = encodeSplice(base, wanted, ANY) as Uint8Array;
  expect(encodeSplice(base, wanted, whole.length)).toEqual(whole);
  expect(encodeSplice(base, wanted, whole.length - 1)).toBeUndefined();
});

test("bytes: counts with the kind in the lowest bit, distances from where the copy before ended", () => {
  const [base, wanted] = [listOf([1, 2, 3, 4]), listOf([1, 9, 3, 4, 2])];
  const fresh = toWireChunkList(listOf([9]));
  const size = fresh.sizes[0] as number;
  const bytes = [
    1 << 1,
    0,
    (1 << 1) | 1,
    ...fresh.hashes,
    (size & 0x7f) | 0x80,
    ((size >>> 7) & 0x7f) | 0x80,
    size >>> 14,
  ];
  expect([...(encodeSplice(base, wanted, ANY) as Uint8Array)]).toEqual([...bytes, 2 << 1, 2, 1 << 1, 5]);
});

describe("refused:", () => {
  const base = listOf(range(0, 4));
  const size = sizeOf(base);
  test.each([
    { name: "a copy of nothing", bytes: [0, 0] },
    { name: "a copy from before the base", bytes: [8, 1] },
    { name: "a copy beyond the base", bytes: [10, 0] },
    { name: "a copy cut off", bytes: [8] },
    { name: "new chunks cut off", bytes: [3, 1, 2, 3] },
    { name: "a number not in its shortest form", bytes: [0x88, 0x00, 0] },
    { name: "a number of five bytes", bytes: [0x80, 0x80, 0x80, 0x80, 1] },
    { name: "another size", bytes: [6, 0] },
    { name: "more copies than the file can hold", bytes: [...new Array<number[]>(50).fill([8, 7])].flat() },
  ])("$name", ({ bytes }) => {
    expect(() => decodeSplice(Uint8Array.from(bytes), toWireChunkList(base), size)).toThrow(
      expect.objectContaining({ code: "E_PROTOCOL" }) as Error,
    );
  });

  test("more operations than any edit needs", () => {
    const bytes = Uint8Array.from({ length: 2 * 65_537 }, (_, i) => (i % 2 === 0 ? 2 : i === 1 ? 0 : 1));
    expect(() => decodeSplice(bytes, toWireChunkList(base), 2 ** 40)).toThrow(/too many operations/);
  });
});

test("an overwritten chunk has the bytes that were worked out by hand (docs/delta.md)", () => {
  const base = listOf(range(0, 3000));
  const wanted = listOf([...range(0, 1500), 9000, ...range(1501, 3000)]);
  const entry = wanted.hashes.slice(1500 * 32, 1500 * 32 + 16).toHex();
  expect(wanted.sizes[1500]).toBe(16_985);
  expect(encodeSplice(base, wanted, ANY)?.toHex()).toBe(`b8170003${entry}d98401b61702`);
});
