import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeIndexUpdate, encodeIndexUpdate } from "../../../src/peer/wire/index-update.ts";
import { IndexUpdateSchema } from "../../../src/peer/wire/messages_pb.ts";
import { ProtoWriter } from "../../../src/peer/wire/proto-writer.ts";
import { SyncError } from "../../../src/shared/errors.ts";
import type { Head } from "../../../src/shared/file-info.ts";
import type { ShortId } from "../../../src/shared/ids.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import type { DirectoryMove, IndexUpdate } from "../../../src/shared/messages.ts";
import { A, arbitraryUpdate, B, canonical, content, folder, head, messages, path } from "./samples.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const sample = messages["index-update"] as IndexUpdate;

function roundTrip(update: IndexUpdate): IndexUpdate {
  const [body, ...rest] = encodeIndexUpdate(update);
  expect(rest).toEqual([]);
  return decodeIndexUpdate(body as Uint8Array, canonical);
}

function oneHead(fields: Partial<Head>): IndexUpdate {
  return {
    ...sample,
    moves: [],
    records: [{ sequence: 8, info: { path: path("x"), heads: [head(fields)] }, chunkList: new Uint8Array() }],
  };
}

test(`every update comes back as it was (seed ${seed})`, () => {
  fc.assert(
    fc.property(arbitraryUpdate, (update) => void expect(roundTrip(update)).toEqual(update)),
    { seed, numRuns: 300 },
  );
});

test("the schema's own decoder reads the same values", () => {
  const message = fromBinary(IndexUpdateSchema, encodeIndexUpdate(sample)[0] as Uint8Array);
  expect(message.$unknown).toBeUndefined();
  expect(message.devices).toEqual([A, B]);
  expect(message.records.map(({ path: at }) => at)).toEqual(sample.records.map(({ info }) => info.path));
  const heads = message.records[1]?.heads;
  expect(heads?.[0]).toMatchObject({
    version: [0n, 5n, 1n, 2n ** 52n - 1n],
    size: 2n ** 43n,
    mtimeNs: -1n,
    mode: 0o777,
    owner: "bob",
  });
  expect(heads?.[1]).toMatchObject({ version: [0n, 6n], deleted: true, mtimeNs: 1n });
  expect(message.moves[0]).toMatchObject({ sequence: 20n, from: "old", to: "new/place", author: 1, counter: 99n });
});

test("unknown fields of a newer device are passed over", () => {
  const writer = new ProtoWriter();
  writer.uint(90, 5);
  writer.string(91, "later");
  const body = Buffer.concat([
    encodeIndexUpdate(sample)[0] as Uint8Array,
    writer.finish(),
    Uint8Array.of(92 * 8 + 1 - 608, 0),
  ]);
  expect(decodeIndexUpdate(body.subarray(0, -2), canonical)).toEqual(sample);
});

test("heads come out in canonical order and without what is dominated, whatever the order sent", () => {
  const [old, edit, other] = [
    head({ version: [[A, 1]] }),
    head({ version: [[A, 2]] }),
    head({ version: [[B, 1]], author: B, mtimeNs: 1n }),
  ];
  const update = {
    ...oneHead({}),
    records: [{ sequence: 8, info: { path: path("x"), heads: [other, old, edit] }, chunkList: new Uint8Array() }],
  };
  expect(roundTrip(update).records[0]?.info.heads).toEqual([edit, other]);
});

test("what a peer may say too much is cut to its meaning", () => {
  expect(roundTrip(oneHead({ mode: 0o7777 })).records[0]?.info.heads[0]?.mode).toBe(0o777);
  const directory = { type: "directory", size: 0, contentId: null, mtimeNs: 5n } as const;
  expect(roundTrip(oneHead(directory)).records[0]?.info.heads[0]?.mtimeNs).toBe(0n);
});

const vector = (count: number): Head["version"] =>
  Array.from(
    { length: count },
    (_, i) =>
      [
        `A${i
          .toString(4)
          .padStart(11, "0")
          .replaceAll(/\d/g, (digit) => "BCDE".charAt(Number(digit)))}` as ShortId,
        1,
      ] as const,
  );

test.each<{ name: string; fields: Partial<Head> }>([
  { name: "a version of as many devices as may be", fields: { version: vector(LIMITS.devicesPerVector.value) } },
  { name: "the largest counter", fields: { version: [[A, 2 ** 52 - 1]] } },
  { name: "the largest file", fields: { size: LIMITS.fileBytes.value } },
  { name: "the longest link", fields: { type: "symlink", size: 0, target: "t".repeat(LIMITS.symlinkBytes.value) } },
  { name: "the latest time", fields: { mtimeNs: 2n ** 63n - 1n } },
])("$name passes", ({ fields }) => {
  expect(roundTrip(oneHead(fields)).records[0]?.info.heads).toEqual([head(fields)]);
});

test.each<{ name: string; fields: Partial<Head> }>([
  { name: "a version of one device too many", fields: { version: vector(LIMITS.devicesPerVector.value + 1) } },
  { name: "an empty version", fields: { version: [] } },
  {
    name: "a version that names a device twice",
    fields: {
      version: [
        [A, 1],
        [A, 2],
      ],
    },
  },
  { name: "counter 0", fields: { version: [[A, 0]] } },
  { name: "counter 2^52", fields: { version: [[A, 2 ** 52]] } },
  { name: "a file that is too large", fields: { size: LIMITS.fileBytes.value + 1 } },
  { name: "a file without content", fields: { contentId: null } },
  { name: "a directory with content", fields: { type: "directory", size: 0 } },
  { name: "a directory with a size", fields: { type: "directory", contentId: null } },
  { name: "a tombstone with content", fields: { deleted: true } },
  { name: "a file with a link target", fields: { target: "x" } },
  { name: "a symlink without a target", fields: { type: "symlink", size: 0 } },
  {
    name: "a link target that is too long",
    fields: { type: "symlink", size: 0, target: "t".repeat(LIMITS.symlinkBytes.value + 1) },
  },
  { name: "a link target with a NUL", fields: { type: "symlink", size: 0, target: "a\0b" } },
  { name: "a short content id", fields: { contentId: "abcd" as Head["contentId"] } },
  { name: "a long previous id", fields: { previous: `${content("a")}aa` as Head["previous"] } },
  { name: "an endless owner", fields: { owner: "o".repeat(257) } },
  { name: "an author outside the table", fields: { author: "lower" as ShortId } },
])("$name is refused", ({ fields }) => {
  refused(oneHead(fields));
});

function refused(update: IndexUpdate): void {
  for (const body of encodeIndexUpdate(update)) {
    expect(() => decodeIndexUpdate(body, canonical)).toThrow(expect.objectContaining({ code: "E_PROTOCOL" }));
  }
}

test.each([
  "",
  "/a",
  "a/",
  "a//b",
  "a/../b",
  "a/./b",
  "..",
  ".",
  "a\0b",
  "x".repeat(256),
  `${"x/".repeat(2048)}y`,
  ".syncline/x",
  ".SYNCLINE",
])("the path %j is refused", (at) => {
  refused({
    ...sample,
    moves: [],
    records: [{ ...(sample.records[0] as IndexUpdate["records"][0]), info: { path: at as never, heads: [head()] } }],
  });
  refused({ ...sample, records: [], moves: [{ ...(sample.moves[0] as IndexUpdate["moves"][0]), to: at as never }] });
});

const record = sample.records[0] as IndexUpdate["records"][0];
test.each<{ name: string; update: IndexUpdate }>([
  { name: "no heads", update: { ...sample, records: [{ ...record, info: { ...record.info, heads: [] } }] } },
  {
    name: "one head too many",
    update: {
      ...sample,
      records: [
        {
          ...record,
          info: { ...record.info, heads: Array.from({ length: LIMITS.headsPerRecord.value + 1 }, () => head()) },
        },
      ],
    },
  },
  {
    name: "sequences that fall",
    update: {
      ...sample,
      records: [
        { ...record, sequence: 9 },
        { ...record, sequence: 8 },
      ],
    },
  },
  { name: "a sequence twice", update: { ...sample, records: [record, record] } },
  { name: "a sequence before the update's range", update: { ...sample, records: [{ ...record, sequence: 7 }] } },
  { name: "a sequence behind the update's range", update: { ...sample, records: [{ ...record, sequence: 21 }] } },
  { name: "a range that runs backwards", update: { ...sample, records: [], moves: [], afterSequence: 21 } },
  { name: "a folder id that is none", update: { ...sample, folder: "Not An Id" as never } },
  { name: "no epoch", update: { ...sample, epoch: "" } },
  {
    name: "a directory moved into itself",
    update: { ...sample, moves: [{ ...(sample.moves[0] as DirectoryMove), from: path("a"), to: path("a/b") }] },
  },
  {
    name: "an inline list that is too long",
    update: { ...sample, records: [{ ...record, chunkList: new Uint8Array(4097) }] },
  },
])("an update with $name is refused", ({ update }) => {
  refused(update);
});

test("a megabyte of empty records is refused after the first, without making an object of each", () => {
  const body = new Uint8Array(2 ** 20);
  for (let at = 0; at < body.length; at += 2) body.set([6 * 8 + 2, 0], at);
  expect(() => decodeIndexUpdate(body, canonical)).toThrow(SyncError);
});

test("more records than one update may hold go out in several that continue each other", () => {
  const count = LIMITS.recordsPerUpdate.value * 2 + 1;
  const records = Array.from({ length: count }, (_, i) => ({
    sequence: 10 + i,
    info: { path: path(`f${i}`), heads: [head()] },
    chunkList: new Uint8Array(),
  }));
  const bodies = encodeIndexUpdate({ ...sample, afterSequence: 7, lastSequence: 10_000, records, moves: [] });
  const updates = bodies.map((body) => decodeIndexUpdate(body, canonical));
  expect(updates.flatMap((update) => update.records)).toEqual(records);
  expect(updates[0]?.afterSequence).toBe(7);
  expect(updates.at(-1)?.lastSequence).toBe(10_000);
  for (let i = 1; i < updates.length; i++) expect(updates[i]?.afterSequence).toBe(updates[i - 1]?.lastSequence);
});

test("an update above the frame limit is split by bytes, moves in their place", () => {
  const bodies = encodeIndexUpdate(sample, 300);
  expect(bodies.length).toBeGreaterThan(1);
  const updates = bodies.map((body) => decodeIndexUpdate(body, canonical));
  expect(updates.flatMap((update) => update.records)).toEqual(sample.records);
  expect(updates.flatMap((update) => update.moves)).toEqual(sample.moves);
  for (const body of bodies) expect(body.length).toBeLessThanOrEqual(300);
});

test(`mutated updates give an update or a typed fault (seed ${seed})`, () => {
  const body = encodeIndexUpdate(sample)[0] as Uint8Array;
  const mutation = fc.tuple(fc.nat(body.length - 1), fc.integer({ min: 0, max: 255 }));
  const property = fc.property(fc.array(mutation, { maxLength: 8 }), fc.nat(body.length), (mutations, length) => {
    const mutated = body.slice(0, length);
    for (const [at, value] of mutations) if (at < length) mutated[at] = value;
    try {
      decodeIndexUpdate(mutated, canonical);
    } catch (error) {
      expect(error).toMatchObject({ code: "E_PROTOCOL" });
    }
  });
  fc.assert(property, { seed, numRuns: 5000 });
});

test("the folder of the sample is the one that every test shares", () => {
  expect(roundTrip(sample).folder).toBe(folder);
});
