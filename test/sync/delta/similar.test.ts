import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRegionKernel } from "../../../src/sync/delta/region-kernel.ts";
import {
  FEATURE_COUNT,
  type Features,
  featuresOf,
  likelyBases,
  mostSimilar,
  resemblance,
} from "../../../src/sync/delta/similar.ts";
import { randomBytes, textBytes } from "./inputs.ts";

const kernel = createRegionKernel();
const featuresOfBytes = (bytes: Uint8Array): Features => featuresOf(kernel.subChunks(bytes).hashes);

test("features are the smallest different hashes in ascending order", () => {
  const hashes = fc.array(fc.oneof(fc.nat(30), fc.nat(2 ** 32 - 2)), { maxLength: 80 });
  fc.assert(
    fc.property(hashes, (values) => {
      const expected = [...new Set(values)].sort((a, b) => a - b).slice(0, FEATURE_COUNT);
      expect([...featuresOf(Uint32Array.from(values))]).toEqual(expected);
    }),
  );
});

test("resemblance is symmetric, from 0 to 1, and 1 for equal sets that are not empty", () => {
  const features = fc.array(fc.nat(60), { maxLength: 60 }).map((values) => featuresOf(Uint32Array.from(values)));
  fc.assert(
    fc.property(features, features, (a, b) => {
      const share = resemblance(a, b);
      expect(share).toBe(resemblance(b, a));
      expect(share >= 0 && share <= 1).toBe(true);
      expect(resemblance(a, a)).toBe(a.length === 0 ? 0 : 1);
    }),
  );
});

describe("a text with every 512th byte changed", () => {
  const original = textBytes(1_000_000);
  const changed = original.slice();
  for (let at = 100; at < changed.length; at += 512) changed[at] = 0;

  test("resembles what it was made from, also shifted, and nothing else", () => {
    const features = featuresOfBytes(changed);
    expect(resemblance(features, featuresOfBytes(original))).toBeGreaterThan(0.5);
    const others = [randomBytes(1_000_000), textBytes(1_000_000, 2), original.subarray(1000), new Uint8Array(100_000)];
    expect(mostSimilar(features, others.map(featuresOfBytes))).toBe(2);
    expect(mostSimilar(features, others.toSpliced(2, 1).map(featuresOfBytes))).toBeUndefined();
  });
});

test("nothing resembles nothing", () => {
  expect(mostSimilar(new Uint32Array(), [new Uint32Array()])).toBeUndefined();
});

describe("by name", () => {
  const file = { path: "archive/rsync-3.4.1.tar", size: 3_200_000 };
  const others = [
    { path: "photos/beach.jpg", size: 3_100_000 },
    { path: "archive/rsync-3.4.0.tar", size: 3_190_000 },
    { path: "old/rsync-2.6.0.tar", size: 1_900_000 },
    { path: "archive/rsync-3.4.0.tar.sig", size: 300 },
    { path: "archive/other.tar", size: 3_000_000 },
    file,
  ];

  test("the release before comes first; what is far from its size, or itself, does not come", () => {
    expect(likelyBases(file, others, 3).map(({ path }) => path)).toEqual([
      "archive/rsync-3.4.0.tar",
      "old/rsync-2.6.0.tar",
      "archive/other.tar",
    ]);
  });

  test("between equal names the more similar size comes first", () => {
    const twins = [
      { path: "a/x.bin", size: 100 },
      { path: "b/x.bin", size: 200 },
    ];
    expect(likelyBases({ path: "c/x.bin", size: 210 }, twins, 1)).toEqual([twins[1]]);
  });
});
