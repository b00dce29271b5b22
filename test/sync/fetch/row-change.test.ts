/** A file that grew past a row of the table of chunk sizes: its old version is cut anew, and the list told by that. */
import { expect, test } from "vitest";
import type { ChunkList } from "../../../src/shared/file-info.ts";
import type { ContentId, RelPath } from "../../../src/shared/ids.ts";
import type { CutAnew } from "../../../src/sync/delta/cut-anew.ts";
import { encodeWireChunkList, toWireChunkList } from "../../../src/sync/delta/wire-chunk-list.ts";
import { basesCutAlike } from "../../../src/sync/fetch/bases-cut-alike.ts";
import type { Base } from "../../../src/sync/fetch/fetch-context.ts";
import { wantedList } from "../../../src/sync/fetch/wanted-list.ts";
import { randomBytes } from "../delta/inputs.ts";
import { type FakeFile, FakeWorld } from "./fake-links.ts";

const KIB = 1024;
const GIB = KIB * KIB * KIB;
const CHUNK_BYTES = 64 * KIB;
const CHUNKS = GIB / CHUNK_BYTES;
const never = new AbortController().signal;
const path = "big.bin" as RelPath;
const old: Base = { contentId: "0".repeat(64) as ContentId, size: GIB, from: "path", name: path };

function listOf(count: number, seed: number): ChunkList {
  return { sizes: new Uint32Array(count).fill(CHUNK_BYTES), hashes: randomBytes(count * 32, seed) };
}

/** A file of a little more than 1 GiB, of which nobody needs the bytes. */
function wantedFile(list: ChunkList): FakeFile {
  const size = list.sizes.reduce((sum, bytes) => sum + bytes, 0);
  const wireList = encodeWireChunkList(list);
  return { path, contentId: "1".repeat(64) as ContentId, size, bytes: new Uint8Array(), list, wireList };
}

/** The chunk list of a file that lacks some chunks of `anew`, and has one more. */
function grown(anew: ChunkList, changed: number): ChunkList {
  const list = { sizes: Uint32Array.of(...anew.sizes, 100), hashes: new Uint8Array(anew.hashes.length + 32) };
  list.hashes.set(anew.hashes);
  for (let i = 0; i < changed; i++) list.hashes.set(randomBytes(32, i + 1), Math.floor((i * CHUNKS) / changed) * 32);
  return list;
}

async function listFetched(anew: ChunkList, next: FakeFile, speaks: boolean) {
  const world = new FakeWorld();
  world.add(next);
  const link = world.link("peer", 10_000);
  link.speaksOfRegions = speaks;
  const file = { path, contentId: next.contentId, size: next.size, bases: [{ ...old, list: anew }] };
  const { result } = await world.during(wantedList(world.context, file, never));
  expect(result.list).toEqual(toWireChunkList(next.list));
  return link;
}

test.each([
  { name: "one changed chunk", changed: 1, speaks: true, requests: 1, bytes: 700 },
  { name: "scattered ones, by the second tier", changed: 30, speaks: true, requests: 2, bytes: 30_000 },
  { name: "another file, whole", changed: CHUNKS, speaks: true, requests: 2, bytes: 350_000 },
  { name: "a peer that knows of no queries, whole", changed: 1, speaks: false, requests: 1, bytes: 350_000 },
])("the list of 16,385 chunks is told by the old bytes cut anew: $name", async (row) => {
  const anew = listOf(CHUNKS, 77);
  const link = await listFetched(anew, wantedFile(grown(anew, row.changed)), row.speaks);
  expect(link.listRequests).toBe(row.requests);
  expect(link.listBytes).toBeLessThan(row.bytes);
});

test.each([
  { name: "grown past 1 GiB", size: GIB + 1, oldSize: GIB, isCut: true },
  { name: "shrunk to 1 GiB", size: GIB, oldSize: GIB + 1, isCut: true },
  { name: "of the same row", size: GIB, oldSize: GIB - 1, isCut: false },
  { name: "not quite four times as large", size: 4 * GIB, oldSize: GIB, isCut: true },
  { name: "much larger", size: 5 * GIB, oldSize: GIB, isCut: false },
  { name: "grown out of one chunk", size: 33 * KIB, oldSize: 32 * KIB, isCut: false },
])("the old version of a file that is $name: cut anew $isCut", async ({ size, oldSize, isCut }) => {
  const { context } = new FakeWorld();
  const cuts: CutAnew[] = [];
  const half = listOf(3, 1);
  const stage = {
    ...context.stage,
    cutAnew: async (_: unknown, cut: CutAnew) => {
      cuts.push(cut);
      return { list: half, isEnd: cuts.length === 2 };
    },
  };
  const file = { path, contentId: old.contentId, size, bases: [{ ...old, size: oldSize }] };
  const [base] = await basesCutAlike({ ...context, stage }, file, never);
  if (!isCut) return expect(base).toEqual({ ...old, size: oldSize });
  expect(cuts).toEqual([0, 3 * CHUNK_BYTES].map((start) => ({ size: oldSize, asSize: size, start })));
  expect(base?.list?.sizes).toEqual(new Uint32Array(6).fill(CHUNK_BYTES));
  expect(base?.list?.hashes).toEqual(Uint8Array.from([...half.hashes, ...half.hashes]));
});
