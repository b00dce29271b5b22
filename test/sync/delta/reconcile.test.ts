/** Set reconciliation: what it costs, what it survives, and the answers that are frozen. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Head } from "../../../src/shared/file-info.ts";
import type { RelPath, ShortId } from "../../../src/shared/ids.ts";
import { SymbolDecoder } from "../../../src/sync/delta/reconcile-decoder.ts";
import { checkOf, nextIndex, takesPart } from "../../../src/sync/delta/reconcile-mapping.ts";
import { RecordBytes, RootSum } from "../../../src/sync/delta/reconcile-record.ts";
import {
  decodeSymbols,
  ElementSet,
  emptySymbols,
  encodeSymbols,
  SymbolMaker,
  type Symbols,
  subtract,
} from "../../../src/sync/delta/reconcile-symbols.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";

const hasher = createHasher("pure");

/** Elements as a key and a text make them. */
function element(text: string, key = "key"): { lo: number; hi: number } {
  const view = new DataView(hasher.chunk(new TextEncoder().encode(`${key}|${text}`)).buffer);
  return { lo: view.getUint32(0, true), hi: view.getUint32(4, true) };
}

function setOf(elements: Iterable<{ lo: number; hi: number }>): ElementSet {
  const set = new ElementSet();
  for (const { lo, hi } of elements) set.add(lo, hi);
  return set;
}

function run(maker: SymbolMaker, set: ElementSet, first: number, length: number): Symbols {
  const symbols = emptySymbols(length);
  maker.add(symbols, first, 0, set.size);
  return symbols;
}

interface Meeting {
  readonly state: string;
  readonly symbols: number;
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

const name = ({ lo, hi }: { lo: number; hi: number }): string => `${lo},${hi}`;

/** Two sides, symbol by symbol, over the wire form. */
function meet(
  ours: readonly { lo: number; hi: number }[],
  theirs: readonly { lo: number; hi: number }[],
  limit: number,
) {
  const [a, b] = [setOf(ours), setOf(theirs)];
  const [makeA, makeB] = [new SymbolMaker(a), new SymbolMaker(b)];
  const decoder = new SymbolDecoder();
  let state = "more";
  for (let first = 0; state === "more" && first < limit; first++) {
    const sent = encodeSymbols(run(makeB, b, first, 1), first, b.size);
    const received = decodeSymbols(sent, first, 1, b.size) as Symbols;
    subtract(received, run(makeA, a, first, 1));
    state = decoder.add(received);
  }
  const meeting: Meeting = {
    state,
    symbols: decoder.length,
    theirs: decoder.theirs.map(name).sort(),
    ours: decoder.ours.map(name).sort(),
  };
  return meeting;
}

function texts(prefix: string, count: number): readonly { lo: number; hi: number }[] {
  return Array.from({ length: count }, (_, i) => element(`${prefix}${i}`));
}

describe("two sets", () => {
  test("equal ones are known to be equal after one symbol", () => {
    const both = texts("both", 500);
    expect(meet(both, [...both].reverse(), 10)).toEqual({ state: "done", symbols: 1, theirs: [], ours: [] });
  });

  test("whatever they are, each side's own elements are found", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(60), fc.nat(60), fc.string(), (shared, left, right, salt) => {
        const both = texts(`${salt}both`, shared);
        const [ours, theirs] = [texts(`${salt}ours`, left), texts(`${salt}theirs`, right)];
        const meeting = meet([...both, ...ours], [...theirs, ...both], 2000);
        expect(meeting.state).toBe("done");
        expect(meeting.theirs).toEqual(theirs.map(name).sort());
        expect(meeting.ours).toEqual(ours.map(name).sort());
      }),
      { numRuns: 60 },
    );
  });

  test("a thousand differences cost less than 1.6 symbols each, whatever is equal beside them", () => {
    const both = texts("both", 5000);
    const meeting = meet([...both, ...texts("ours", 500)], [...both, ...texts("theirs", 500)], 4000);
    expect(meeting.state).toBe("done");
    expect(meeting.symbols / 1000).toBeGreaterThan(1);
    expect(meeting.symbols / 1000).toBeLessThan(1.6);
  });

  test("records that somebody chose to share their symbols do so under one key only", () => {
    // Elements whose first gap is the same under a known key: their symbols overlap more than chance has it.
    const crafted = Array.from({ length: 60_000 }, (_, i) => `crafted${i}`).filter((text) => {
      const { lo, hi } = element(text, "known");
      return nextIndex(0, 0, lo, hi) === 1 && nextIndex(1, 1, lo, hi) === 2 && nextIndex(2, 2, lo, hi) === 3;
    });
    expect(crafted.length).toBeGreaterThan(300);
    const chosen = crafted.slice(0, 300);
    const fresh = meet(
      [],
      chosen.map((text) => element(text, "drawn for this meeting")),
      4000,
    );
    expect(fresh.state).toBe("done");
    expect(fresh.symbols / 300).toBeLessThan(1.75);
  });
});

describe("hostile symbols", () => {
  const bytes = fc.uint8Array({ minLength: 0, maxLength: 800 });

  test("whatever bytes come, they are refused or taken, and no more elements are found than symbols came", () => {
    fc.assert(
      fc.property(bytes, fc.nat(60), fc.nat(1_000_000), (sent, length, size) => {
        const symbols = decodeSymbols(sent, 0, length, size);
        if (symbols === undefined) return;
        const decoder = new SymbolDecoder();
        decoder.add(symbols);
        expect(decoder.theirs.length + decoder.ours.length).toBeLessThanOrEqual(length);
      }),
    );
  });

  test("symbols that each name an element which the others contradict are impossible", () => {
    const decoder = new SymbolDecoder();
    const symbols = emptySymbols(64);
    // Each symbol alone names some element; taken together they tell of sets that cannot be.
    for (let i = 0; i < 64; i++) {
      const named = texts(`named${i}`, 4000).find(({ lo, hi }) => takesPart(i, lo, hi)) ?? element("none");
      symbols.lo[i] = named.lo;
      symbols.hi[i] = named.hi;
      symbols.check[i] = checkOf(named.lo, named.hi);
      symbols.count[i] = i % 2 === 0 ? 1 : -1;
    }
    expect(decoder.add(symbols)).not.toBe("done");
    expect(decoder.theirs.length + decoder.ours.length).toBeLessThanOrEqual(64);
  });

  test("a run that is cut short, goes on, or has a count without an end is refused", () => {
    const set = setOf(texts("x", 20));
    const sent = encodeSymbols(run(new SymbolMaker(set), set, 0, 8), 0, 20);
    expect(decodeSymbols(sent, 0, 8, 20)).toBeDefined();
    expect(decodeSymbols(sent.subarray(0, -1), 0, 8, 20)).toBeUndefined();
    expect(decodeSymbols(Uint8Array.of(...sent, 0), 0, 8, 20)).toBeUndefined();
    expect(decodeSymbols(sent, 0, 9, 20)).toBeUndefined();
    expect(decodeSymbols(new Uint8Array(17).fill(0xff), 0, 1, 20)).toBeUndefined();
  });
});

test("symbols made in stretches and runs are those made at once", () => {
  const set = setOf(texts("x", 777));
  const whole = run(new SymbolMaker(set), set, 0, 100);
  const maker = new SymbolMaker(set);
  const parts = [13, 37, 50].map((length, i) => {
    const symbols = emptySymbols(length);
    const first = [0, 13, 50][i] as number;
    for (let start = 0; start < 777; start += 100) maker.add(symbols, first, start, start + 100);
    return symbols;
  });
  for (const column of ["lo", "hi", "check", "count"] as const)
    expect(parts.flatMap((part) => [...part[column]])).toEqual([...whole[column]]);
});

describe("records", () => {
  const head: Head = {
    version: [["AAAAAAAAAAAA" as ShortId, 7]],
    author: "AAAAAAAAAAAA" as ShortId,
    type: "file",
    deleted: false,
    size: 5,
    mtimeNs: 1_700_000_000_123_456_789n,
    mode: 0o644,
    contentId: "ab".repeat(32) as Head["contentId"],
    target: "",
    previous: null,
    owner: "AAAAAAAAAAAA",
  };
  const path = "sub/naïve.txt" as RelPath;
  const key = new Uint8Array(32).fill(9);
  const others: Partial<Head>[] = [
    { version: [["AAAAAAAAAAAA" as ShortId, 8]] },
    { author: "BBBBBBBBBBBB" as ShortId },
    { previous: "cd".repeat(32) as Head["previous"] },
    { owner: "somebody" },
  ];
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

  test("every field is in the digest of the whole, and only what a path shows in that of the facts", () => {
    const bytes = new RecordBytes(key);
    const whole = hex(bytes.whole({ path, heads: [head] }));
    const facts = hex(bytes.facts(path, head));
    for (const other of others) {
      expect(hex(bytes.whole({ path, heads: [{ ...head, ...other }] }))).not.toBe(whole);
      expect(hex(bytes.facts(path, { ...head, ...other }))).toBe(facts);
    }
    for (const other of [
      { size: 6 },
      { mtimeNs: 1n },
      { mode: 0o600 },
      { contentId: null },
      { target: "x" },
      { deleted: true },
      { type: "symlink" },
    ] as Partial<Head>[]) {
      expect(hex(bytes.whole({ path, heads: [{ ...head, ...other }] }))).not.toBe(whole);
      expect(hex(bytes.facts(path, { ...head, ...other }))).not.toBe(facts);
    }
  });

  test("a root is the sum of its digests, in any order, modulo 2^128", () => {
    const digests = Array.from({ length: 40 }, (_, i) => hasher.chunk(Uint8Array.of(i)).slice(0, 16));
    const number = (bytes: Uint8Array): bigint => [...bytes].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const sum = new RootSum();
    const add = (digest: Uint8Array): void => {
      const lanes = new Uint32Array(digest.slice().buffer);
      sum.add(lanes[0] as number, lanes[1] as number, lanes[2] as number, lanes[3] as number);
    };
    for (const digest of [...digests].reverse()) add(digest);
    const expected = digests.reduce((total, digest) => total + number(digest), 0n) % 2n ** 128n;
    expect(number(sum.bytes)).toBe(expected);
    add(new Uint8Array(16).fill(0xff));
    expect(number(sum.bytes)).toBe((expected + 2n ** 128n - 1n) % 2n ** 128n);
  });

  test("known answers", () => {
    const bytes = new RecordBytes(key);
    const digest = hasher.chunk(bytes.whole({ path, heads: [head] }));
    const view = new DataView(digest.buffer);
    const [lo, hi] = [view.getUint32(0, true), view.getUint32(4, true)];
    const indexes = [0];
    for (let draw = 0; draw < 12; draw++) indexes.push(nextIndex(indexes[draw] as number, draw, lo, hi));
    const set = setOf(texts("known", 10));
    expect({
      whole: hex(bytes.whole({ path, heads: [head] }).slice(32)),
      digest: hex(digest),
      facts: hex(hasher.chunk(bytes.facts(path, head))),
      check: checkOf(lo, hi),
      indexes,
      symbols: hex(encodeSymbols(run(new SymbolMaker(set), set, 0, 4), 0, 10)),
    }).toMatchInlineSnapshot(`
      {
        "check": 155771680,
        "digest": "f510a724bca49bd12fafeda29037fadebed97d58b7c64a13bf2b47cc10b2f49a",
        "facts": "4abfd2ef54f7d33b72d9f1dae25d4140f358e5dc072d6fb0fab7ce264c2e092e",
        "indexes": [
          0,
          1,
          2,
          4,
          5,
          7,
          25,
          402,
          404,
          522,
          886,
          1392,
          1448,
        ],
        "symbols": "5ccf64bf07a4da5205b0e7e6009e7b32000a4d831508c6aa3c04e4b12a863c8846a2e548d92302782b1cc9292abca8223bd8d500",
        "whole": "000e007375622f6e61c3af76652e74787400050000000000000015cd853dfe9c9717a401400061626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162000001000c0041414141414141414141414107000000000000000c0041414141414141414141414100000c00414141414141414141414141",
      }
    `);
  });
});
