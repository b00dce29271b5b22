import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChunkList } from "../../../src/shared/file-info.ts";
import { HASH_BYTES } from "../../../src/sync/delta/chunk-list.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import { cutAnew } from "../../../src/sync/delta/cut-anew.ts";
import { chunkRow } from "../../../src/sync/delta/cut-row.ts";
import { hashRun, type ReadAt } from "../../../src/sync/delta/hash-content.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { randomBytes } from "./inputs.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const tools = { hasher: createHasher(), cutter: createCutter() };
const bytes = randomBytes(3 * MIB, 5);

const reading =
  (of: Uint8Array): ReadAt =>
  (target, position) => {
    const part = of.subarray(position, position + target.length);
    target.set(part);
    return part.length;
  };

/** The cuts of the same bytes as the beginning of a file of so many. */
function cutsAs(of: Uint8Array, fileSize: number): readonly number[] {
  const sizes: number[] = [];
  hashRun(reading(of), { start: 0, fileSize: of.length, row: chunkRow(fileSize) }, tools, (_, size) => {
    sizes.push(size);
    return true;
  });
  return sizes;
}

test.each([
  { name: "larger", asSize: GIB + 1 },
  { name: "much larger", asSize: 17 * GIB },
  { name: "of its own size", asSize: bytes.length },
])("a file cut as one that is $name has that one's cuts", ({ asSize }) => {
  const { list, isEnd } = cutAnew(reading(bytes), { size: bytes.length, asSize, start: 0 }, tools);
  expect(isEnd).toBe(true);
  expect([...list.sizes]).toEqual(cutsAs(bytes, asSize));
  expect(Math.min(...list.sizes.slice(0, -1))).toBeGreaterThan(chunkRow(asSize).min);
});

test("cutting goes on where any of its chunks begins", () => {
  const cut = { size: bytes.length, asSize: 2 * GIB };
  const { list } = cutAnew(reading(bytes), { ...cut, start: 0 }, tools);
  fc.assert(
    fc.property(fc.nat(list.sizes.length - 1), (from) => {
      const start = list.sizes.subarray(0, from).reduce((sum, size) => sum + size, 0);
      const rest = cutAnew(reading(bytes), { ...cut, start }, tools).list;
      expect(rest.sizes).toEqual(list.sizes.subarray(from));
      expect(rest.hashes).toEqual(list.hashes.subarray(from * HASH_BYTES));
    }),
    { numRuns: 20 },
  );
});

test("what an insertion leaves of a file that it takes past a row is found in the old bytes cut anew", () => {
  const next = new Uint8Array(bytes.length + 1);
  next.set(bytes, 1);
  const anew = cutAnew(reading(bytes), { size: bytes.length, asSize: GIB + 1, start: 0 }, tools).list;
  const wanted = cutAnew(reading(next), { size: next.length, asSize: GIB + 1, start: 0 }, tools).list;
  const own = cutAnew(reading(bytes), { size: bytes.length, asSize: bytes.length, start: 0 }, tools).list;
  expect(lacking(wanted, anew)).toBeLessThanOrEqual(2);
  expect(lacking(wanted, own)).toBeGreaterThan(wanted.sizes.length / 2);
});

function lacking(wanted: ChunkList, held: ChunkList): number {
  const have = new Set(hashesOf(held));
  return hashesOf(wanted).filter((hash) => !have.has(hash)).length;
}

function hashesOf({ hashes, sizes }: ChunkList): readonly string[] {
  return Array.from(sizes, (_, chunk) => hashes.slice(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES).toHex());
}
