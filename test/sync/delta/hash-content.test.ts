import { describe, expect, test } from "vitest";
import { toHex } from "../../../src/shared/hex.ts";
import { hashAt } from "../../../src/sync/delta/chunk-list.ts";
import { contentIdOfChunks, contentIdOfTarget } from "../../../src/sync/delta/content-id.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import type { ReadAt } from "../../../src/sync/delta/hash-content.ts";
import { hashFileContent } from "../../../src/sync/delta/hash-content.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { inputBytes, randomBytes } from "./inputs.ts";
import { KNOWN_ANSWERS } from "./known-answers.ts";

const hasher = createHasher();
const tools = { hasher, cutter: createCutter() };

/** Reads like a disk does, at most `atMost` bytes a call; counts calls. */
function reader(bytes: Uint8Array, atMost = Infinity): ReadAt & { calls: number } {
  const read = (buffer: Uint8Array, position: number): number => {
    read.calls++;
    const part = bytes.subarray(position, position + Math.min(buffer.length, atMost));
    buffer.set(part);
    return part.length;
  };
  read.calls = 0;
  return read;
}

test.each(KNOWN_ANSWERS.files)("$size bytes of $kind have the known content id", ({ kind, size, contentId, cuts }) => {
  const hashed = hashFileContent(reader(inputBytes(kind, size)), size, tools);
  expect(hashed.contentId).toBe(contentId);
  let end = 0;
  expect(Array.from(hashed.chunks?.sizes ?? [], (chunk) => (end += chunk))).toEqual(cuts);
});

test("each hash of the list is that of its chunk's bytes", () => {
  const bytes = randomBytes(600_000);
  const { chunks } = hashFileContent(reader(bytes), bytes.length, tools);
  if (chunks === null) throw new Error("the file did not change");
  let offset = 0;
  chunks.sizes.forEach((size, i) => {
    expect(toHex(hashAt(chunks, i))).toBe(toHex(hasher.chunk(bytes.subarray(offset, offset + size))));
    offset += size;
  });
  expect(contentIdOfChunks(chunks, bytes.length, hasher)).toBe(
    hashFileContent(reader(bytes, 1000), bytes.length, tools).contentId,
  );
});

describe("a file whose size is not the announced one has no content id", () => {
  test.each([
    { name: "shorter, small", actual: 10, announced: 11, read: 10 },
    { name: "longer, small", actual: 11, announced: 10, read: 11 },
    { name: "emptied", actual: 0, announced: 100_000, read: 0 },
    { name: "no longer empty", actual: 5, announced: 0, read: 5 },
    { name: "shorter, large", actual: 699_999, announced: 700_000, read: 699_999 },
    { name: "longer by one, at a block's edge", actual: 524_289, announced: 524_288, read: 524_289 },
    { name: "grown past the row of small files", actual: 40_000, announced: 20_000, read: 40_000 },
  ])("$name", ({ actual, announced, read }) => {
    expect(hashFileContent(reader(randomBytes(actual)), announced, tools)).toEqual({
      size: read,
      contentId: null,
      chunks: null,
    });
  });

  test("and reading stops early when it is far longer", () => {
    const { size } = hashFileContent(reader(randomBytes(3_000_000)), 600_000, tools);
    expect(size).toBeLessThan(1_200_000);
  });
});

test.each([
  { size: 0, calls: 1 },
  { size: 20_000, calls: 1 },
  { size: 524_288, calls: 2 },
  { size: 600_000, calls: 2 },
])("$size bytes take $calls reads", ({ size, calls }) => {
  const read = reader(randomBytes(size));
  hashFileContent(read, size, tools);
  expect(read.calls).toBe(calls);
});

test("a failing read passes through and leaves the tools usable", () => {
  const failing = (): number => {
    throw new Error("EIO");
  };
  expect(() => hashFileContent(failing, 100_000, tools)).toThrow("EIO");
  const known = KNOWN_ANSWERS.files.find(({ kind, size }) => kind === "text" && size === 300_000);
  expect(hashFileContent(reader(inputBytes("text", 300_000)), 300_000, tools).contentId).toBe(known?.contentId);
});

test("a symlink's content id is the hash of its target's UTF-8 bytes", () => {
  expect(contentIdOfTarget("../höher", hasher)).toBe(
    toHex(hasher.chunk(Uint8Array.from([46, 46, 47, 104, 0xc3, 0xb6, 104, 101, 114]))),
  );
  expect(contentIdOfTarget("", hasher)).toBe("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
});
