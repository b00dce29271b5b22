import { expect, test } from "vitest";
import {
  ChunkAnswerReader,
  ChunkListAnswerReader,
  LIST_HEAD_BYTES,
  writeListHead,
} from "../../../src/peer/wire/answers.ts";
import {
  BYTES_FOLLOW,
  decodeFetchChunkList,
  decodeFetchChunks,
  encodeFetchChunkList,
  encodeFetchChunks,
  NOT_HERE,
  SPLICE_FOLLOWS,
} from "../../../src/peer/wire/fetch.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import type { ChunkRequest } from "../../../src/shared/messages.ts";
import { content, folder, path } from "./samples.ts";

const range = (fields: Partial<ChunkRequest> = {}): ChunkRequest => ({
  path: path("a"),
  contentId: content("a"),
  offset: 0,
  size: 3,
  ...fields,
});
const ranges: readonly ChunkRequest[] = [
  range(),
  range({ offset: 3, size: 2 }),
  range({ path: path("b"), contentId: content("b"), size: 4 }),
];
const fault = expect.objectContaining({ code: "E_PROTOCOL" });

test("requests come back as they were, a repeated file named once", () => {
  const body = encodeFetchChunks({ folder, ranges });
  expect(decodeFetchChunks(body)).toEqual({ folder, ranges });
  expect(body.length).toBeLessThan(2 * 40 + 30);
  const list = {
    folder,
    path: path("a"),
    contentId: content("a"),
    offset: 7,
    bases: [content("b")],
    query: Uint8Array.of(1, 2),
  };
  expect(decodeFetchChunkList(encodeFetchChunkList(list))).toEqual(list);
});

test.each<{ name: string; ranges: readonly ChunkRequest[] }>([
  {
    name: "as many ranges as may be",
    ranges: Array.from({ length: LIMITS.requestItems.value }, (_, i) => range({ offset: i })),
  },
  { name: "as many bytes as may be", ranges: [range({ size: LIMITS.requestBytes.value })] },
])("$name fit, and one more is refused", (row) => {
  expect(decodeFetchChunks(encodeFetchChunks({ folder, ranges: row.ranges })).ranges).toEqual(row.ranges);
  const more = [...row.ranges, range({ size: 1 })];
  expect(() => decodeFetchChunks(encodeFetchChunks({ folder, ranges: more }))).toThrow(fault);
});

test.each<{ name: string; ranges: readonly ChunkRequest[] }>([
  { name: "nothing", ranges: [] },
  { name: "no bytes", ranges: [range({ size: 0 })] },
  { name: "bytes behind every file", ranges: [range({ offset: LIMITS.fileBytes.value, size: 1 })] },
  { name: "a path outside", ranges: [range({ path: "../x" as never })] },
  { name: "a content id of the wrong length", ranges: [range({ contentId: "ab" as never })] },
])("a request for $name is refused", (row) => {
  expect(() => decodeFetchChunks(encodeFetchChunks({ folder, ranges: row.ranges }))).toThrow(fault);
});

const answer = Uint8Array.of(BYTES_FOLLOW, 1, 2, 3, NOT_HERE, BYTES_FOLLOW, 4, 5, 6, 7);

test("an answer cut anywhere says which ranges are here and where their bytes lie", () => {
  for (let at = 0; at <= answer.length; at++) {
    const reader = new ChunkAnswerReader(ranges);
    reader.take(answer.subarray(0, at));
    reader.take(answer.subarray(at));
    const { bytes, offsets } = reader.finish();
    expect(offsets).toEqual([0, -1, 3]);
    expect([...bytes.subarray(0, 7)]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  }
});

test.each([
  { name: "cut off", bytes: answer.subarray(0, -1) },
  { name: "empty", bytes: new Uint8Array() },
  { name: "longer than asked for", bytes: Uint8Array.of(...answer, 0) },
  { name: "of another status", bytes: Uint8Array.of(2) },
])("an answer that is $name is refused", ({ bytes }) => {
  const reader = new ChunkAnswerReader(ranges);
  expect(() => {
    reader.take(bytes);
    reader.finish();
  }).toThrow(fault);
});

function listAnswer(totalBytes: number, count: number): Uint8Array {
  const bytes = new Uint8Array(LIST_HEAD_BYTES + count).fill(3);
  writeListHead(bytes, totalBytes);
  return bytes;
}

test("a chunk list comes in pieces, or not at all", () => {
  const reader = new ChunkListAnswerReader(10);
  const bytes = listAnswer(12, 2);
  reader.take(bytes.subarray(0, 4));
  reader.take(bytes.subarray(4));
  expect(reader.finish()).toEqual({ totalBytes: 12, bytes: Uint8Array.of(3, 3), base: null, isRelation: false });
  const none = new ChunkListAnswerReader(0);
  none.take(Uint8Array.of(NOT_HERE));
  expect(none.finish()).toBeUndefined();
});

test("a chunk list may come as a splice of what the request named", () => {
  const reader = new ChunkListAnswerReader(0, 2);
  reader.take(Uint8Array.of(SPLICE_FOLLOWS));
  reader.take(Uint8Array.of(1, 6, 0));
  expect(reader.finish()).toEqual({ totalBytes: 2, bytes: Uint8Array.of(6, 0), base: 1, isRelation: false });
});

test.each([
  { name: "no base", bytes: Uint8Array.of(SPLICE_FOLLOWS) },
  { name: "a base that was not named", bytes: Uint8Array.of(SPLICE_FOLLOWS, 2, 6, 0) },
  { name: "no bytes", bytes: Uint8Array.of(SPLICE_FOLLOWS, 0) },
])("a splice with $name is refused", ({ bytes }) => {
  const reader = new ChunkListAnswerReader(0, 2);
  reader.take(bytes);
  expect(() => reader.finish()).toThrow(fault);
});

test("a splice that nobody asked for is refused", () => {
  const reader = new ChunkListAnswerReader(0);
  reader.take(Uint8Array.of(SPLICE_FOLLOWS, 0, 6, 0));
  expect(() => reader.finish()).toThrow(fault);
});

test.each([
  { name: "fewer bytes than it says", bytes: listAnswer(12, 1) },
  { name: "more bytes than it says", bytes: listAnswer(12, 3) },
  { name: "an impossible length", bytes: listAnswer(LIMITS.chunkListBytes.value + 1, LIMITS.requestBytes.value) },
  { name: "half a head", bytes: Uint8Array.of(BYTES_FOLLOW, 1) },
  { name: "no bytes", bytes: new Uint8Array() },
  { name: "nothing behind the offset", bytes: listAnswer(10, 0) },
])("a chunk list with $name is refused", ({ bytes }) => {
  const reader = new ChunkListAnswerReader(10);
  expect(() => {
    reader.take(bytes);
    reader.finish();
  }).toThrow(fault);
});
