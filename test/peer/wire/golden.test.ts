/**
 * Bytes that were written once and must be read for ever: other versions of
 * this program, and other programs, rest on them. UPDATE_GOLDEN=1 writes new
 * ones; a changed file is a changed protocol.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  ChunkAnswerReader,
  ChunkListAnswerReader,
  LIST_HEAD_BYTES,
  writeListHead,
} from "../../../src/peer/wire/answers.ts";
import { decodeFolderMessage, encodeFolderMessage } from "../../../src/peer/wire/codec.ts";
import {
  decodeCommand,
  decodeCommandCredit,
  encodeCommand,
  encodeCommandCredit,
} from "../../../src/peer/wire/command.ts";
import { NEEDED_FEATURES, WIRE_REVISION } from "../../../src/peer/wire/features.ts";
import {
  decodeFetchChunkList,
  decodeFetchChunks,
  encodeFetchChunkList,
  encodeFetchChunks,
  RELATION_FOLLOWS,
} from "../../../src/peer/wire/fetch.ts";
import {
  decodeFetchRegions,
  encodeFetchRegions,
  encodeRegionPart,
  RegionsAnswerReader,
} from "../../../src/peer/wire/fetch-regions.ts";
import { FRAMES } from "../../../src/peer/wire/frame-types.ts";
import { encodeFrame, FrameDecoder } from "../../../src/peer/wire/frames.ts";
import * as greetings from "../../../src/peer/wire/greetings.ts";
import { FEATURES } from "../../../src/shared/features.ts";
import { canonical, content, deviceA, deviceB, folder, messages, path } from "./samples.ts";

const ROOT = join(import.meta.dirname, "../../..");
const FIXTURES = join(ROOT, "test/fixtures/wire");

/** Compares with the kept bytes, and returns them. */
function golden(name: string, bytes: Uint8Array): Uint8Array {
  const file = join(FIXTURES, `${name}.hex`);
  const text = `${(
    Buffer.from(bytes)
      .toString("hex")
      .match(/.{1,96}/g) ?? []
  ).join("\n")}\n`;
  if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
  return Buffer.from(readFileSync(file, "utf8").replaceAll("\n", ""), "hex");
}

test.each(Object.entries(messages))("%s keeps its bytes", (name, message) => {
  const [frame] = encodeFolderMessage(message);
  if (frame === undefined) throw new Error("no frame");
  expect(decodeFolderMessage(frame.type, golden(name, frame.body), canonical)).toEqual(message);
});

const hello: greetings.Hello = { features: ["index/1", "fetch/1"], run: 0x0102030405060708n };
const introduction: greetings.Introduction = {
  name: "Schreibtisch",
  program: "syncline/0.1.0",
  nowMs: 1_790_000_000_000,
  addresses: ["192.0.2.7:4777", "[2001:db8::7]:4777"],
  folders: [{ id: folder, label: "Shared" }],
  removed: [deviceB],
};
const ranges = [
  { path: path("a.bin"), contentId: content("a"), offset: 0, size: 65_536 },
  { path: path("a.bin"), contentId: content("a"), offset: 65_536, size: 7 },
  { path: path("b.bin"), contentId: content("b"), offset: 2 ** 42, size: 1 },
];
const list = {
  folder,
  path: path("a.bin"),
  contentId: content("a"),
  offset: 4_194_304,
  bases: [],
  query: new Uint8Array(),
};
const regions = {
  folder,
  path: path("a.bin"),
  contentId: content("a"),
  regions: [
    { offset: 300, size: 40_000, query: Uint8Array.of(1, 2, 3) },
    { offset: 2 ** 42, size: 7, query: Uint8Array.of(0) },
  ],
};

test.each([
  { name: "hello", value: hello, encode: greetings.encodeHello, decode: greetings.decodeHello },
  {
    name: "introduction",
    value: introduction,
    encode: greetings.encodeIntroduction,
    decode: greetings.decodeIntroduction,
  },
  {
    name: "goodbye",
    value: { code: "E_PAUSED", message: "paused by its owner" },
    encode: greetings.encodeGoodbye,
    decode: greetings.decodeGoodbye,
  },
  {
    name: "device-removed",
    value: deviceA,
    encode: greetings.encodeDeviceRemoved,
    decode: greetings.decodeDeviceRemoved,
  },
  {
    name: "probe-me",
    value: { id: 3, address: "192.0.2.7:4777" },
    encode: greetings.encodeProbeMe,
    decode: greetings.decodeProbeMe,
  },
  {
    name: "probe-reply",
    value: { id: 3, isReachable: true, detail: "connected" },
    encode: greetings.encodeProbeReply,
    decode: greetings.decodeProbeReply,
  },
  { name: "fetch-chunks", value: { folder, ranges }, encode: encodeFetchChunks, decode: decodeFetchChunks },
  {
    name: "command",
    value: { route: "list", input: '{"folder":"docs","path":"ä/\\n"}', isLimited: true, session: "" },
    encode: encodeCommand,
    decode: decodeCommand,
  },
  { name: "command-credit", value: 262_144, encode: encodeCommandCredit, decode: decodeCommandCredit },
  {
    name: "fetch-chunk-list-bases",
    value: { ...list, offset: 0, bases: [content("b"), content("c")] },
    encode: encodeFetchChunkList,
    decode: decodeFetchChunkList,
  },
  {
    name: "fetch-chunk-list-query",
    value: { ...list, offset: 0, query: Uint8Array.of(1, 5, 9, 9, 9, 9) },
    encode: encodeFetchChunkList,
    decode: decodeFetchChunkList,
  },
  { name: "fetch-chunk-list", value: list, encode: encodeFetchChunkList, decode: decodeFetchChunkList },
  { name: "fetch-regions", value: regions, encode: encodeFetchRegions, decode: decodeFetchRegions },
] as {
  name: string;
  value: unknown;
  encode: (value: unknown) => Uint8Array;
  decode: (bytes: Uint8Array) => unknown;
}[])("$name keeps its bytes", ({ name, value, encode, decode }) => {
  expect(decode(golden(name, encode(value)))).toEqual(value);
});

test("answers keep their bytes", () => {
  const chunks = golden("chunks", Uint8Array.of(0, 1, 2, 3, 1, 0, 9));
  const reader = new ChunkAnswerReader([
    { ...ranges[0], size: 3 },
    { ...ranges[1], size: 4 },
    { ...ranges[2], size: 1 },
  ] as typeof ranges);
  reader.take(chunks);
  expect(reader.finish().offsets).toEqual([0, -1, 3]);
  const head = new Uint8Array(LIST_HEAD_BYTES + 2);
  writeListHead(head, 2);
  const listReader = new ChunkListAnswerReader(0);
  listReader.take(golden("chunk-list", head));
  expect(listReader.finish()).toEqual({ totalBytes: 2, bytes: new Uint8Array(2), base: null, isRelation: false });
  const spliceReader = new ChunkListAnswerReader(0, 2);
  spliceReader.take(golden("chunk-list-splice", Uint8Array.of(2, 1, 6, 0)));
  expect(spliceReader.finish()).toEqual({ totalBytes: 2, bytes: Uint8Array.of(6, 0), base: 1, isRelation: false });
  const relation = new Uint8Array(LIST_HEAD_BYTES + 1);
  writeListHead(relation, 311_000, RELATION_FOLLOWS);
  const relationReader = new ChunkListAnswerReader(0, 0, true);
  relationReader.take(golden("chunk-list-relation", relation));
  expect(relationReader.finish()).toEqual({
    totalBytes: 311_000,
    bytes: Uint8Array.of(0),
    base: null,
    isRelation: true,
  });
});

test("an answer about regions keeps its bytes", () => {
  const parts = [encodeRegionPart(Uint8Array.of(0, 1, 2)), encodeRegionPart(undefined)];
  const reader = new RegionsAnswerReader(regions.regions);
  reader.take(golden("regions", Buffer.concat(parts)));
  expect(reader.finish()).toEqual({ answers: [Uint8Array.of(0, 1, 2), undefined] });
});

test("a conversation's frames keep their bytes", () => {
  const bytes = golden(
    "frames",
    Buffer.concat([
      encodeFrame("hello", greetings.encodeHello(hello)),
      encodeFrame("introduction", greetings.encodeIntroduction(introduction)),
      encodeFrame("ping"),
      encodeFrame("pong"),
      encodeFrame("fetchChunks", encodeFetchChunks({ folder, ranges }), 1),
      encodeFrame("cancel", undefined, 1),
      encodeFrame("chunks", Uint8Array.of(1, 1, 1), 1),
      encodeFrame("goodbye", greetings.encodeGoodbye({ code: "stopping", message: "" })),
    ]),
  );
  const { items, fault } = new FrameDecoder().push(bytes);
  expect(fault).toBeUndefined();
  expect(items.map(({ header }) => header.type)).toEqual([
    "hello",
    "introduction",
    "ping",
    "pong",
    "fetchChunks",
    "cancel",
    "chunks",
    "goodbye",
  ]);
});

test("whoever changes the wire says so", () => {
  const schema = readFileSync(join(ROOT, "src/peer/wire/messages.proto"), "utf8")
    .replaceAll(/\/\/.*$/gm, "")
    .replaceAll(/\s+/g, " ");
  const hash = createHash("sha256")
    .update(JSON.stringify([schema, FRAMES, FEATURES, NEEDED_FEATURES]))
    .digest("hex");
  const file = join(FIXTURES, "revision.json");
  if (process.env["UPDATE_GOLDEN"] !== undefined) {
    writeFileSync(file, `${JSON.stringify({ revision: WIRE_REVISION, sha256: hash }, null, 2)}\n`);
  }
  const advice =
    "the schema, the frames or the features changed: keep old peers working (new fields, new feature names), raise WIRE_REVISION, then run with UPDATE_GOLDEN=1";
  expect({ revision: WIRE_REVISION, sha256: hash }, advice).toEqual(JSON.parse(readFileSync(file, "utf8")));
});

test("the checked-in code is what the schema generates", () => {
  const out = mkdtempSync(join(tmpdir(), "syncline-buf-"));
  try {
    const bin = join(ROOT, "node_modules/.bin");
    const env = { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` };
    const { status, stderr } = spawnSync(join(bin, "buf"), ["generate", "-o", out], {
      cwd: ROOT,
      encoding: "utf8",
      env,
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const generated = readFileSync(join(out, "src/peer/wire/messages_pb.ts"), "utf8");
    expect(readFileSync(join(ROOT, "src/peer/wire/messages_pb.ts"), "utf8"), "run: npx buf generate").toBe(generated);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}, 30_000);
