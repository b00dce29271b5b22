import fc from "fast-check";
import { expect, test } from "vitest";
import { answerListQuery, describeList, type ListTier, rebuildList } from "../../../src/sync/delta/list-query.ts";
import { createRegionKernel } from "../../../src/sync/delta/region-kernel.ts";
import { randomBytes } from "./inputs.ts";

const tools = { kernel: createRegionKernel() };
const ENTRY_BYTES = 19;

/** A wire list of so many chunks, as its bytes. */
const listOf = (chunks: number, seed: number): Uint8Array => randomBytes(chunks * ENTRY_BYTES, seed);

/** Replaces, removes and adds entries. */
function edited(list: Uint8Array, edits: readonly { readonly at: number; readonly kind: number }[]): Uint8Array {
  const entries = Array.from({ length: list.length / ENTRY_BYTES }, (_, i) =>
    list.subarray(i * ENTRY_BYTES, (i + 1) * ENTRY_BYTES),
  );
  for (const { at, kind } of edits) {
    const fresh = randomBytes(ENTRY_BYTES, at + kind + 1);
    const place = at % entries.length;
    if (kind === 0) entries.splice(place, 1, fresh);
    else if (kind === 1) entries.splice(place, 1);
    else entries.splice(place, 0, fresh);
  }
  return Uint8Array.from(Buffer.concat(entries));
}

function told(held: Uint8Array, list: Uint8Array, tier: ListTier) {
  const query = describeList(held, tier, tools);
  const answer = query && answerListQuery(query, list, tools);
  const rebuilt = query && answer && rebuildList({ held, query, listBytes: list.length }, answer, tools);
  return { rebuilt, bytes: (query?.length ?? 0) + (answer?.length ?? 0) };
}

const edits = fc.array(fc.record({ at: fc.nat(100_000), kind: fc.nat(2) }), { maxLength: 40 });

test("a list comes out of a similar one as it is, or not at all", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.integer({ min: 40, max: 4000 }), edits, (seed, chunks, changes) => {
      const held = listOf(chunks, seed);
      const list = edited(held, changes);
      for (const tier of ["sketch", "signature"] as const) {
        const { rebuilt } = told(held, list, tier);
        if (rebuilt !== undefined) expect(Buffer.compare(rebuilt, list)).toBe(0);
      }
    }),
    { numRuns: 60 },
  );
});

test("a few changed chunks of 16,000 cost some hundred bytes, scattered ones a signature", () => {
  const held = listOf(16_000, 3);
  const few = edited(
    held,
    [0, 1, 2].map((kind) => ({ at: 5000 * kind + 7, kind })),
  );
  const sketch = told(held, few, "sketch");
  expect(sketch.rebuilt).toEqual(few);
  expect(sketch.bytes).toBeLessThan(600);
  const many = edited(
    held,
    Array.from({ length: 60 }, (_, i) => ({ at: i * 251, kind: 0 })),
  );
  expect(told(held, many, "sketch").rebuilt).toBeUndefined();
  const signature = told(held, many, "signature");
  expect(signature.rebuilt).toEqual(many);
  expect(signature.bytes).toBeLessThan(held.length / 5);
});

test("whatever a peer sends is an answer or E_PROTOCOL, on both sides", () => {
  const held = listOf(400, 8);
  const query = describeList(held, "sketch", tools) as Uint8Array;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(20_000), (bytes, listBytes) => {
      for (const act of [
        () => answerListQuery(bytes, held, tools),
        () => rebuildList({ held, query, listBytes }, bytes, tools),
      ])
        try {
          const made = act();
          if (made !== undefined) expect(made.length).toBeLessThanOrEqual(Math.max(listBytes, held.length + 64));
        } catch (error) {
          expect(error).toMatchObject({ code: "E_PROTOCOL" });
        }
    }),
    { numRuns: 500 },
  );
});
