/** Pairs of old and new regions as edits make them, for properties. */
import fc from "fast-check";
import { randomBytes, textBytes } from "./inputs.ts";

export interface RegionEdit {
  readonly old: Uint8Array;
  readonly next: Uint8Array;
}

interface Splice {
  /** Where, as a fraction of the region. */
  readonly at: number;
  readonly removed: number;
  readonly inserted: Uint8Array;
}

const SIZE_MAX = 20_000;

/** Random bytes, text, constant bytes and short periods. */
export const regionContent: fc.Arbitrary<Uint8Array> = fc
  .record({ kind: fc.constantFrom("random", "text", "zeros", "period"), size: fc.nat(SIZE_MAX), seed: fc.nat() })
  .map(({ kind, size, seed }) => {
    if (kind === "random") return randomBytes(size, seed);
    if (kind === "text") return textBytes(size, seed);
    const period = randomBytes(kind === "zeros" ? 1 : 1 + (seed % 700), seed);
    return Uint8Array.from({ length: size }, (_, i) => (kind === "zeros" ? 0 : (period[i % period.length] as number)));
  });

const splice: fc.Arbitrary<Splice> = fc.record({
  at: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  removed: fc.oneof(fc.nat(12), fc.nat(2000)),
  inserted: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.record({ size: fc.nat(2000), seed: fc.nat() }).map(({ size, seed }) => randomBytes(size, seed)),
  ),
});

/** A region and what a few insertions, removals and overwrites make of it; now and then an unrelated one. */
export const regionEdit: fc.Arbitrary<RegionEdit> = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(regionContent, fc.array(splice, { maxLength: 6 })).map(applySplices) },
  { weight: 1, arbitrary: fc.record({ old: regionContent, next: regionContent }) },
);

function applySplices([old, splices]: [Uint8Array, readonly Splice[]]): RegionEdit {
  const next = splices.reduce<Uint8Array>((bytes, { at, removed, inserted }) => {
    const start = Math.round(at * bytes.length);
    return new Uint8Array(Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + removed)]));
  }, old);
  return { old, next };
}
