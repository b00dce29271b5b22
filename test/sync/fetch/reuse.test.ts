import { expect, test } from "vitest";
import type { ContentId, FolderId } from "../../../src/shared/ids.ts";
import { chunkKey } from "../../../src/sync/delta/chunk-key.ts";
import { HASH_BYTES } from "../../../src/sync/delta/chunk-list.ts";
import { chunksHere, wantedChunks } from "../../../src/sync/fetch/chunks-here.ts";
import type { Base, ChunksElsewhere } from "../../../src/sync/fetch/fetch-context.ts";
import { fetchLarge } from "../../../src/sync/fetch/fetch-large.ts";
import { seeded } from "../../support/seeded.ts";
import { type FakeFile, FakeWorld, fakeFile } from "./fake-links.ts";

const MIB = 1024 * 1024;
const never = new AbortController().signal;
const chance = seeded(77);

function noise(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array(Math.ceil(length / 4)).map(() => chance() * 2 ** 32).buffer, 0, length);
}

/** Finds chunks in files, each a family of its own, as the index does. */
function elsewhere(files: readonly (readonly [FakeFile, Base])[]): ChunksElsewhere {
  const families = files.map(([{ contentId, list }]) => {
    const keys = new Set<number>();
    for (let at = 0; at < list.hashes.length; at += HASH_BYTES) keys.add(chunkKey(list.hashes, at));
    return { contentId, keys };
  });
  return {
    families: (keys) =>
      new Map(
        families
          .map((family, i) => [i, [...keys].filter((key) => family.keys.has(key))] as const)
          .filter(([, found]) => found.length > 0),
      ),
    contentsOf: (family) => [families[family]?.contentId as ContentId],
    baseOf: (contentId) => files.find(([file]) => file.contentId === contentId)?.[1],
  };
}

async function fetched(next: FakeFile, here: readonly FakeFile[], isUsable = true) {
  const world = new FakeWorld();
  const kept = here.map((file) => [file, world.keep(file)] as const);
  world.add(next);
  const link = world.link("peer", 10_000);
  link.speaksOfRegions = true;
  const context = { ...world.context, elsewhere: elsewhere(isUsable ? kept : []) };
  const progress = { total: next.size, done: 0 };
  const { result } = await world.during(fetchLarge(context, { ...next, bases: [] }, progress, never));
  if (result.type !== "staged") throw new Error(result.message);
  expect(Buffer.compare(world.staged.get(next.contentId) as Uint8Array, next.bytes)).toBe(0);
  const { saved, fileBytes } = result.bytes;
  expect(fileBytes).toBe(next.size);
  return { link, saved };
}

const one = fakeFile("one.bin", noise(4 * MIB));
const two = fakeFile("two.bin", noise(3 * MIB));

test("a file made of pieces of others fetches the seams only", async () => {
  const pieces = [one.bytes.subarray(MIB, 3 * MIB), noise(5000), two.bytes.subarray(0, 2 * MIB)];
  const next = fakeFile("mixed.bin", Buffer.concat(pieces));
  const { link, saved } = await fetched(next, [one, two]);
  expect(link.servedBytes).toBe(0);
  expect(saved.reuse).toBeGreaterThan(3.7 * MIB);
});

test("what is being moved while it is to be copied is found where it went", async () => {
  const next = fakeFile("mixed.bin", Buffer.concat([noise(5000), one.bytes.subarray(MIB)]));
  const world = new FakeWorld();
  const kept = world.keep(one);
  const gone: Base = { ...kept, name: "was-there.bin" };
  world.add(next);
  const link = world.link("peer", 10_000);
  link.speaksOfRegions = true;
  let asked = 0;
  const here: ChunksElsewhere = {
    ...elsewhere([[one, kept]]),
    baseOf: () => (asked++ === 0 ? gone : kept),
  };
  const context = { ...world.context, elsewhere: here };
  const { result } = await world.during(
    fetchLarge(context, { ...next, bases: [] }, { total: next.size, done: 0 }, never),
  );
  if (result.type !== "staged") throw new Error(result.message);
  expect(link.servedBytes).toBe(0);
  expect(result.bytes.saved.reuse).toBeGreaterThan(2.8 * MIB);
  expect(Buffer.compare(world.staged.get(next.contentId) as Uint8Array, next.bytes)).toBe(0);
});

test("what may not be used is fetched", async () => {
  const next = fakeFile("copy.bin", one.bytes);
  const { link, saved } = await fetched(next, [one], false);
  expect(link.servedBytes).toBe(one.size);
  expect(saved).toMatchObject({ reuse: 0, delta: 0 });
});

test("a file that was small is told by what it was", async () => {
  const small = fakeFile("grows.log", noise(30_000));
  const next = fakeFile("grows.log", Buffer.concat([small.bytes, noise(5000)]));
  const world = new FakeWorld();
  const base = world.keep(small);
  world.add(next);
  const link = world.link("peer", 10_000);
  link.speaksOfRegions = true;
  const { result } = await world.during(
    fetchLarge(world.context, { ...next, bases: [base] }, { total: next.size, done: 0 }, never),
  );
  expect(result.type).toBe("staged");
  expect(link.servedBytes).toBe(0);
});

test("each place that a content has is named, so that one which has gone is passed over", () => {
  const world = new FakeWorld();
  const there = { from: "store" as const, name: "kept", folder: "papers" as FolderId };
  const base: Base = { ...world.keep(one), others: [there] };
  const { hashes, sizes } = one.list;
  const wire = {
    sizes,
    hashes: Uint8Array.from({ length: sizes.length * 16 }, (_, i) => hashes[(i >> 4) * 32 + (i & 15)] as number),
  };
  const [first, second] = wantedChunks(wire, chunksHere(world.context, wire, [base]));
  expect(first?.sources).toEqual([
    { from: "path", name: "one.bin", folder: undefined, offset: 0 },
    { ...there, offset: 0 },
  ]);
  expect(second?.sources[1]?.offset).toBe(sizes[0]);
});
