import { expect, test } from "vitest";
import { fetchLarge } from "../../../src/sync/fetch/fetch-large.ts";
import { seeded } from "../../support/seeded.ts";
import { type FakeFile, FakeWorld, fakeFile } from "./fake-links.ts";

const MIB = 1024 * 1024;
const never = new AbortController().signal;
/**
 * The same bytes in every run. What an edit costs depends on where cuts fall: of 150 insertions at the head of other
 * bytes, 148 cost 1.2 to 1.3 KB, and two, of which the sketch could not tell, 2.6 and 2.7 KB.
 */
const chance = seeded(20_261);
const before = noise(20 * MIB);

function noise(length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4)).map(() => chance() * 2 ** 32);
  return new Uint8Array(words.buffer, 0, length);
}

function edited(edit: (bytes: Uint8Array) => Uint8Array): FakeFile {
  return fakeFile("big.bin", edit(before.slice()));
}

/** Fetches a new version where the one before is here, and says what it took. */
async function update(next: FakeFile, options: { readonly speaks?: boolean; readonly delta?: "off" } = {}) {
  const world = new FakeWorld();
  const base = world.keep(fakeFile("big.bin", before));
  world.add(next);
  const link = world.link("peer", 10_000);
  link.speaksOfRegions = options.speaks ?? true;
  const context = {
    ...world.context,
    options: { delta: options.delta ?? ("auto" as const), compression: "auto" as const },
  };
  const progress = { total: next.size, done: 0 };
  const { result } = await world.during(fetchLarge(context, { ...next, bases: [base] }, progress, never));
  if (result.type !== "staged") throw new Error(result.message);
  expect(Buffer.compare(world.staged.get(next.contentId) as Uint8Array, next.bytes)).toBe(0);
  expect(progress.done).toBe(next.size);
  const { wire, saved, fileBytes } = result.bytes;
  expect(fileBytes).toBe(next.size);
  expect(saved.delta + saved.reuse + saved.compression).toBe(next.size - wire.sent - wire.received);
  return { link, bytes: wire.sent + wire.received - link.listBytes };
}

const oneByte = edited((bytes) => {
  bytes[10 * MIB] = (bytes[10 * MIB] ?? 0) ^ 1;
  return bytes;
});

test.each([
  { name: "one byte", next: oneByte, most: 400 },
  {
    name: "1 KiB inserted at the head",
    next: edited((bytes) => Buffer.concat([noise(1024), bytes])),
    most: 1600,
  },
  {
    name: "4 KiB appended",
    next: edited((bytes) => Buffer.concat([bytes, noise(4096)])),
    most: 5000,
  },
  {
    name: "the middle cut out",
    next: edited((bytes) => Buffer.concat([bytes.subarray(0, 9 * MIB), bytes.subarray(11 * MIB)])),
    most: 3000,
  },
])("$name costs at most $most bytes", async ({ next, most }) => {
  const { bytes, link } = await update(next);
  expect(bytes).toBeLessThan(most);
  expect(link.servedBytes).toBe(0);
});

test("a hundred scattered edits are told in few round trips, for some 200 bytes each", async () => {
  const next = edited((bytes) => {
    for (let i = 0; i < 100; i++) bytes.set(noise(10), i * 200_000 + 12_345);
    return bytes;
  });
  const { bytes, link } = await update(next);
  expect(bytes).toBeLessThan(40_000);
  // The list, two rounds of regions, and those that were too much for a sketch.
  expect(link.requests).toBeLessThan(6);
});

test("a device that does not speak of regions sends the chunks", async () => {
  const { bytes, link } = await update(oneByte, { speaks: false });
  expect(link.regions).toBe(0);
  expect(bytes).toBeGreaterThan(10_000);
});

test("switched off, changed chunks come whole", async () => {
  const { link } = await update(oneByte, { delta: "off" });
  expect(link.regions).toBe(0);
  expect(link.servedBytes).toBeGreaterThan(10_000);
});

test("an answer that makes no sense costs a second question and nothing else", async () => {
  const world = new FakeWorld();
  const base = world.keep(fakeFile("big.bin", before));
  world.add(oneByte);
  const link = world.link("peer", 10_000);
  link.speaksOfRegions = true;
  link.confusesRegions = true;
  const progress = { total: oneByte.size, done: 0 };
  const { result } = await world.during(fetchLarge(world.context, { ...oneByte, bases: [base] }, progress, never));
  expect(result.type).toBe("staged");
  expect(Buffer.compare(world.staged.get(oneByte.contentId) as Uint8Array, oneByte.bytes)).toBe(0);
  expect(link.servedBytes).toBeGreaterThan(0);
});

test("what repeats in a file comes once", async () => {
  const next = fakeFile("zeros.bin", new Uint8Array(4 * MIB));
  const world = new FakeWorld();
  world.add(next);
  const link = world.link("peer", 10_000);
  const { result } = await world.during(
    fetchLarge(world.context, { ...next, bases: [] }, { total: next.size, done: 0 }, never),
  );
  expect(result.type).toBe("staged");
  expect(link.servedBytes).toBeLessThan(300_000);
});
