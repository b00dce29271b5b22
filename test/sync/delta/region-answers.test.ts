/**
 * The region codec against answers kept in test/fixtures/delta/regions.json.
 * Another implementation, in another language, computed them from
 * docs/regions.md. Never computed again: when a test disagrees, devices of
 * different versions no longer understand each other.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { answerRegion, describeRegion, type RegionShape } from "../../../src/sync/delta/region.ts";
import { encodeRegionAnswer } from "../../../src/sync/delta/region-answer.ts";
import { createRegionKernel } from "../../../src/sync/delta/region-kernel.ts";
import { encodeRegionQuery } from "../../../src/sync/delta/region-query.ts";
import { murmur3 } from "../../../src/sync/delta/sub-chunks.ts";
import { type InputKind, inputBytes } from "./inputs.ts";

interface KnownLoops {
  readonly kind: InputKind;
  readonly size: number;
  readonly ends: readonly number[];
  readonly hashes: readonly number[];
  /** Of the different hashes, capacity 4. */
  readonly syndromes: readonly number[];
  /** Of blocks of 512 bytes. */
  readonly weak: readonly number[];
  readonly strong: readonly number[];
  /** Of a tier that nobody used (docs/decisions/0047). */
  readonly features: readonly number[];
}

interface KnownRegion {
  readonly name: string;
  readonly kind: InputKind;
  readonly size: number;
  /** The edit: at this offset so many bytes removed, these inserted. */
  readonly at: number;
  readonly removed: number;
  readonly inserted: string;
  readonly sketchQuery: string;
  readonly sketchAnswer: string;
  readonly signatureQuery: string;
  readonly blocksAnswer: string;
}

const KNOWN: { readonly loops: readonly KnownLoops[]; readonly regions: readonly KnownRegion[] } = JSON.parse(
  readFileSync(new URL("../../fixtures/delta/regions.json", import.meta.url), "utf8"),
);

describe.each(["simd", "scalar"] as const)("%s", (kind) => {
  const kernel = createRegionKernel(kind);

  test.each(KNOWN.loops)("the loops over $size bytes of $kind give the known numbers", (known) => {
    const bytes = inputBytes(known.kind, known.size);
    const { ends, hashes } = kernel.subChunks(bytes);
    const { weak, strong } = kernel.blockSums(bytes, 512);
    const syndromes = kernel.syndromes(Uint32Array.from(new Set(hashes)), known.syndromes.length);
    const found = { ends, hashes, syndromes, weak, strong };
    const { kind: _kind, size: _size, features: _features, ...expected } = known;
    expect(Object.fromEntries(Object.entries(found).map(([name, numbers]) => [name, [...numbers]]))).toEqual(expected);
  });

  test.each(KNOWN.regions)("$name in $kind: queries and answers are the known bytes", (known) => {
    const old = inputBytes(known.kind, known.size);
    const { at, removed, inserted } = known;
    const next = new Uint8Array(
      Buffer.concat([old.subarray(0, at), Buffer.from(inserted, "hex"), old.subarray(at + removed)]),
    );
    const carried = (failed?: "sketch"): readonly [string, string] => {
      const shape: RegionShape = { newSize: next.length, chunkCount: 1, ...(failed === undefined ? {} : { failed }) };
      const query = describeRegion(old, shape, { kernel });
      const answer = answerRegion(query, next, { kernel });
      return [hex(encodeRegionQuery(query)), hex(encodeRegionAnswer(answer))];
    };
    expect(carried()).toEqual([known.sketchQuery, known.sketchAnswer]);
    expect(carried("sketch")).toEqual([known.signatureQuery, known.blocksAnswer]);
  });
});

/** Published values, seed 0: https://en.wikipedia.org/wiki/MurmurHash#Test_cases */
test.each([
  { text: "", sum: 0 },
  { text: "test", sum: 0xba6bd213 },
  { text: "Hello, world!", sum: 0xc0363e43 },
  { text: "The quick brown fox jumps over the lazy dog", sum: 0x2e4ff723 },
])("MurmurHash3 of $text", ({ text, sum }) => {
  const bytes = new TextEncoder().encode(text);
  expect(murmur3(bytes, 0, bytes.length)).toBe(sum);
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
