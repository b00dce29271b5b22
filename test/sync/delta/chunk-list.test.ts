import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SyncError } from "../../../src/shared/errors.ts";
import type { ChunkList } from "../../../src/shared/file-info.ts";
import { chunkSizesFault, decodeChunkList, encodeChunkList, hashAt } from "../../../src/sync/delta/chunk-list.ts";
import {
  decodeWireChunkList,
  encodeWireChunkList,
  isWireHash,
  toWireChunkList,
} from "../../../src/sync/delta/wire-chunk-list.ts";
import { randomBytes } from "./inputs.ts";

const KIB = 1024;

/** A list that some file of 32 KiB to a few MiB may have. */
const chunkList: fc.Arbitrary<ChunkList> = fc
  .record({
    firsts: fc.array(fc.integer({ min: 16 * KIB + 1, max: 128 * KIB }), { minLength: 2, maxLength: 30 }),
    last: fc.integer({ min: 1, max: 128 * KIB }),
    seed: fc.nat(),
  })
  .map(({ firsts, last, seed }) => ({
    sizes: Uint32Array.of(...firsts, last),
    hashes: randomBytes((firsts.length + 1) * 32, seed).slice(),
  }));

const sizeOf = (list: ChunkList): number => list.sizes.reduce((sum, size) => sum + size, 0);

const bytesOf = (entries: readonly (readonly [size: number, ...varint: number[]])[]): Uint8Array =>
  Uint8Array.from(entries.flatMap(([fill, ...varint]) => [...new Array<number>(16).fill(fill), ...varint]));

test("a list survives storage", () => {
  fc.assert(
    fc.property(chunkList, (list) => {
      const bytes = encodeChunkList(list);
      expect(bytes.length).toBe(36 * list.sizes.length);
      expect(decodeChunkList(bytes, sizeOf(list))).toEqual(list);
    }),
  );
});

test("a list survives the wire with half its hashes", () => {
  fc.assert(
    fc.property(chunkList, (list) => {
      const decoded = decodeWireChunkList(encodeWireChunkList(list), sizeOf(list));
      expect(decoded).toEqual(toWireChunkList(list));
      expect(Array.from(list.sizes, (_, i) => isWireHash(decoded, i, hashAt(list, i)))).not.toContain(false);
      expect(isWireHash(decoded, 0, hashAt(list, 1))).toBe(false);
    }),
  );
});

test("an empty file has an empty list in both forms", () => {
  const empty = { sizes: new Uint32Array(), hashes: new Uint8Array() };
  expect(decodeChunkList(encodeChunkList(empty), 0)).toEqual(empty);
  expect(decodeWireChunkList(encodeWireChunkList(empty), 0)).toEqual(empty);
});

test("wire bytes are the hash's first half, then the size, seven bits a byte, lowest first", () => {
  const list = { sizes: Uint32Array.of(20_000, 100), hashes: randomBytes(64) };
  const [first, second] = [hashAt(list, 0).subarray(0, 16), hashAt(list, 1).subarray(0, 16)];
  expect([...encodeWireChunkList(list)]).toEqual([...first, 0xa0, 0x9c, 0x01, ...second, 0x64]);
});

describe("sizes that no file has", () => {
  test.each([
    { name: "none for a file of one byte", sizes: [], size: 1, fault: "adds up to 0 bytes" },
    { name: "one for an empty file", sizes: [1], size: 0, fault: "has 1 chunks, more than fit" },
    {
      name: "an empty last chunk",
      sizes: [131_072, 0],
      size: 131_072,
      fault: "has chunk 1 of 0 bytes, outside its bounds",
    },
    { name: "two for a small file", sizes: [16_000, 16_000], size: 32_000, fault: "has 2 chunks, more than fit" },
    {
      name: "a first chunk of min",
      sizes: [16_384, 30_000],
      size: 46_384,
      fault: "has chunk 0 of 16384 bytes, outside its bounds",
    },
    {
      name: "a chunk over max",
      sizes: [131_073, 1],
      size: 131_074,
      fault: "has chunk 0 of 131073 bytes, outside its bounds",
    },
    {
      name: "a last chunk over max",
      sizes: [131_073],
      size: 131_073,
      fault: "has chunk 0 of 131073 bytes, outside its bounds",
    },
    { name: "a sum below", sizes: [20_000, 20_000], size: 40_001, fault: "adds up to 40000 bytes" },
    { name: "a sum above", sizes: [20_000, 20_000], size: 39_999, fault: "adds up to 40000 bytes" },
    {
      name: "sizes of a finer row",
      sizes: [2 ** 17, 2 ** 30 - 2 ** 17 + 1],
      size: 2 ** 30 + 1,
      fault: "has chunk 1 of 1073610753 bytes, outside its bounds",
    },
  ])("$name: $fault", ({ sizes, size, fault }) => {
    expect(chunkSizesFault(Uint32Array.from(sizes), size)).toBe(fault);
  });

  test.each([
    { name: "one chunk of a small file", sizes: [32_768], size: 32_768 },
    { name: "a first chunk just over min", sizes: [16_385, 16_385], size: 32_770 },
    { name: "a last chunk of one byte", sizes: [40_000, 1], size: 40_001 },
    { name: "chunks of max", sizes: [131_072, 131_072], size: 262_144 },
  ])("while $name is a file", ({ sizes, size }) => {
    expect(chunkSizesFault(Uint32Array.from(sizes), size)).toBeUndefined();
  });
});

describe("hostile wire lists", () => {
  test.each([
    { name: "nothing for a file with content", bytes: new Uint8Array(), size: 40_000 },
    { name: "half a hash", bytes: new Uint8Array(7), size: 40_000 },
    { name: "a hash without a size", bytes: new Uint8Array(16), size: 40_000 },
    { name: "a size cut off", bytes: bytesOf([[1, 0xc0, 0xb8]]), size: 40_000 },
    { name: "a size in a longer form than needed", bytes: bytesOf([[1, 0xe4, 0x00]]), size: 100 },
    { name: "a size of five bytes", bytes: bytesOf([[1, 0xff, 0xff, 0xff, 0xff, 0x01]]), size: 40_000 },
    { name: "bytes behind the last chunk", bytes: bytesOf([[1, 0xc0, 0xb8, 0x02], [2]]), size: 40_000 },
    { name: "a list for an empty file", bytes: bytesOf([[1, 0x01]]), size: 0 },
    {
      name: "more chunks than fit",
      bytes: bytesOf([
        [1, 0x80, 0x7d],
        [2, 0x80, 0x7d],
        [3, 0x80, 0x7d],
      ]),
      size: 48_000,
    },
  ])("$name → E_PROTOCOL", ({ bytes, size }) => {
    expect(() => decodeWireChunkList(bytes, size)).toThrow(expect.objectContaining({ code: "E_PROTOCOL" }));
  });

  test("whatever the bytes, the answer is a list of that file or E_PROTOCOL", () => {
    fc.assert(
      fc.property(
        chunkList,
        fc.array(fc.record({ at: fc.nat(2000), byte: fc.nat(255) }), { maxLength: 3 }),
        fc.nat(2),
        (list, edits, cutOff) => {
          const bytes = encodeWireChunkList(list).slice();
          for (const { at, byte } of edits) bytes[at % bytes.length] = byte;
          const size = sizeOf(list);
          try {
            const decoded = decodeWireChunkList(bytes.subarray(0, bytes.length - cutOff), size);
            expect(chunkSizesFault(decoded.sizes, size)).toBeUndefined();
            expect(decoded.hashes.length).toBe(16 * decoded.sizes.length);
          } catch (error) {
            expect(error).toBeInstanceOf(SyncError);
            expect(error).toHaveProperty("code", "E_PROTOCOL");
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a claimed size of eight tebibytes allocates nothing", () => {
    expect(() => decodeWireChunkList(bytesOf([[1, 0xc0, 0xb8, 0x02]]), 2 ** 43)).toThrow("adds up to 40000 bytes");
  });
});

test.each([35, 36])("a stored list of %i bytes for a file of 40,000 → E_INDEX_BROKEN", (length) => {
  expect(() => decodeChunkList(new Uint8Array(length), 40_000)).toThrow(
    expect.objectContaining({ code: "E_INDEX_BROKEN" }),
  );
});
