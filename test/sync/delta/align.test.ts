import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChunkList } from "../../../src/shared/file-info.ts";
import { alignPatch, findAligned } from "../../../src/sync/delta/align.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import { diffChunks } from "../../../src/sync/delta/diff-chunks.ts";
import { hashFileContent, type ReadAt } from "../../../src/sync/delta/hash-content.ts";
import { planRegions } from "../../../src/sync/delta/regions.ts";
import { toWireChunkList } from "../../../src/sync/delta/wire-chunk-list.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { randomBytes, textBytes } from "./inputs.ts";

const tools = { hasher: createHasher(), cutter: createCutter() };
const OLD = randomBytes(400_000);

function reading(bytes: Uint8Array): ReadAt {
  return (buffer, position) => {
    const part = bytes.subarray(position, position + buffer.length);
    buffer.set(part);
    return part.length;
  };
}

function listOf(bytes: Uint8Array): ChunkList {
  const { chunks } = hashFileContent(reading(bytes), bytes.length, tools);
  if (chunks === null) throw new Error("the bytes did not change");
  return chunks;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const patchOf = (old: Uint8Array, next: Uint8Array, literalMax = 65_536): ReturnType<typeof alignPatch> =>
  alignPatch({ old: listOf(old), next: listOf(next), read: reading(next), hasher: tools.hasher, literalMax });

/** What a holder of `old` makes of a patch: only the regions that the patch names can be had. */
function applied(old: Uint8Array, next: Uint8Array, patch: ReturnType<typeof alignPatch>): Uint8Array {
  const wanted = toWireChunkList(listOf(next));
  const sources = diffChunks(wanted, [listOf(old)]);
  const parts: Uint8Array[] = [];
  for (let chunk = 0; chunk < sources.length; chunk++) {
    const source = sources[chunk];
    const region = patch.find(({ first }) => first === chunk);
    if (source?.type === "local")
      parts.push(old.subarray(source.offset, source.offset + (wanted.sizes[chunk] as number)));
    else if (region !== undefined) {
      const { oldOffset, oldSize, keptStart, keptEnd, literals, count } = region;
      const end = oldOffset + oldSize;
      parts.push(old.subarray(oldOffset, oldOffset + keptStart), literals, old.subarray(end - keptEnd, end));
      chunk += count - 1;
    }
  }
  return joined(...parts);
}

test.each([
  { name: "4 KiB appended", next: joined(OLD, randomBytes(4096, 2)), literalBytes: 4096 },
  { name: "one byte appended", next: joined(OLD, Uint8Array.of(1)), literalBytes: 1 },
  { name: "1 KiB at the head", next: joined(randomBytes(1024, 3), OLD), literalBytes: 1024 },
  { name: "head and end", next: joined(randomBytes(500, 3), OLD, randomBytes(700, 4)), literalBytes: 1200 },
])("$name: the literals are all that is pushed", ({ next, literalBytes }) => {
  const patch = patchOf(OLD, next);
  expect(patch.reduce((sum, { literals }) => sum + literals.length, 0)).toBe(literalBytes);
  expect(applied(OLD, next, patch)).toEqual(next);
});

test("what changes old bytes is not pushed", () => {
  const next = OLD.slice();
  next[200_000] = (next[200_000] as number) ^ 1;
  expect(patchOf(OLD, next)).toEqual([]);
});

test("what is longer than may be pushed is left out", () => {
  const next = joined(randomBytes(500, 5), OLD, randomBytes(700, 4));
  expect(patchOf(OLD, next, 699).map(({ literals }) => literals.length)).toEqual([500]);
  expect(patchOf(OLD, next, 499)).toEqual([]);
});

test("a file that changed under the read is not pushed", () => {
  const next = joined(OLD, randomBytes(4096, 2));
  const options = { old: listOf(OLD), next: listOf(next), hasher: tools.hasher, literalMax: 65_536 };
  expect(alignPatch({ ...options, read: reading(OLD) })).toEqual([]);
});

test("a patch with all its regions makes the new version", () => {
  const piece = fc.record({ size: fc.nat(5000), seed: fc.nat(), isText: fc.boolean() });
  fc.assert(
    fc.property(piece, piece, fc.nat(1), ({ size, seed, isText }, head, kind) => {
      const old = isText ? textBytes(90_000 + size, seed) : randomBytes(90_000 + size, seed);
      const added = randomBytes(head.size, head.seed);
      const next = kind === 0 ? joined(added, old) : kind === 1 ? joined(old, added) : joined(added, old, added);
      const patch = patchOf(old, next);
      const missing = planRegions(
        toWireChunkList(listOf(next)),
        diffChunks(toWireChunkList(listOf(next)), [listOf(old)]),
        [listOf(old)],
      );
      expect(patch.length).toBe(missing.length);
      expect(applied(old, next, patch)).toEqual(next);
    }),
    { numRuns: 60 },
  );
});

test.each([
  { name: "truncated", next: OLD.subarray(0, 390_000), missing: 0 },
  { name: "truncated to nearly nothing", next: OLD.subarray(0, 40_000), missing: 0 },
  { name: "overwritten", next: joined(OLD.subarray(0, 5), Uint8Array.of(1), OLD.subarray(6)), missing: 1 },
])("$name: $missing chunks have to be fetched", ({ next, missing }) => {
  const wanted = toWireChunkList(listOf(next));
  const locals = [listOf(OLD)];
  const lacking = planRegions(wanted, diffChunks(wanted, locals), locals).map((region) => {
    const old = joined(...region.base.map(({ offset, size }) => OLD.subarray(offset, offset + size)));
    const found = findAligned(region, wanted, old, tools.hasher);
    for (const { chunk, offset } of found) {
      const size = wanted.sizes[chunk] as number;
      const start = Array.from(wanted.sizes.subarray(0, chunk)).reduce((sum, bytes) => sum + bytes, 0);
      expect(old.subarray(offset, offset + size)).toEqual(next.subarray(start, start + size));
    }
    return region.count - found.length;
  });
  expect(lacking.reduce((sum, count) => sum + count, 0)).toBe(missing);
});
