import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { type ZipEntry, zipStream } from "../../../src/daemon/dashboard/zip-stream.ts";

const MTIME_MS = Date.UTC(2026, 6, 1, 16, 30, 58);

async function archive(entries: readonly ZipEntry[]): Promise<Buffer> {
  const source = async function* (): AsyncGenerator<ZipEntry> {
    yield* entries;
  };
  const pieces: Uint8Array[] = [];
  for await (const bytes of zipStream(source())) pieces.push(bytes);
  return Buffer.concat(pieces);
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

/** What a reader finds that goes by the central directory, as unzip does. */
function read(zip: Buffer): readonly { name: string; mode: string; content: string; crcIsRight: boolean }[] {
  const end = zip.length - 22;
  expect(zip.readUInt32LE(end)).toBe(0x06054b50);
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  expect(at + zip.readUInt32LE(end + 12)).toBe(end);
  return Array.from({ length: count }, () => {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50);
    const [crc, size, nameLength, extraLength] = [
      zip.readUInt32LE(at + 16),
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30),
    ];
    const mode = (zip.readUInt32LE(at + 38) >>> 16).toString(8);
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    const local = zip.readUInt32LE(at + 42);
    expect(zip.readUInt32LE(local)).toBe(0x04034b50);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const content = zip.subarray(start, start + size);
    at += 46 + nameLength + extraLength;
    return { name, mode, content: content.toString(), crcIsRight: crc === crc32(content) };
  });
}

test("files, directories and links come out as they went in", async () => {
  const facts = { mode: 0o644, mtimeMs: MTIME_MS };
  const zip = await archive([
    { ...facts, name: "a/", type: "directory", mode: 0o755, size: 0, content: new Uint8Array(0) },
    { ...facts, name: "a/ä <b>.txt", type: "file", size: 5, content: Buffer.from("hello") },
    { ...facts, name: "a/large", type: "file", mode: 0o755, size: 6, content: pieces("abc", "def") },
    { ...facts, name: "a/link", type: "symlink", mode: 0o777, size: 2, content: Buffer.from("..") },
  ]);
  expect(read(zip)).toEqual([
    { name: "a/", mode: "40755", content: "", crcIsRight: true },
    { name: "a/ä <b>.txt", mode: "100644", content: "hello", crcIsRight: true },
    { name: "a/large", mode: "100755", content: "abcdef", crcIsRight: true },
    { name: "a/link", mode: "120777", content: "..", crcIsRight: true },
  ]);
});

test("a large size is told in 64 bits, in the header and behind the content", async () => {
  const size = 5 * 2 ** 30;
  const facts = { mode: 0o644, mtimeMs: MTIME_MS, type: "file" } as const;
  const zip = await archive([
    // Its content is not looked at: only what is written about it.
    { ...facts, name: "big", size, content: pieces("x") },
    { ...facts, name: "behind", size: 1, content: Buffer.from("y") },
  ]);
  expect(zip.readUInt16LE(4)).toBe(45);
  expect(zip.readUInt32LE(18)).toBe(0xffffffff);
  const descriptor = zip.indexOf(Buffer.from([0x50, 0x4b, 0x07, 0x08]));
  expect(zip.readBigUInt64LE(descriptor + 8)).toBe(BigInt(size));
  const behind = zip.lastIndexOf("behind");
  const central = behind - 46;
  expect(zip.readUInt32LE(central + 42)).toBe(0xffffffff);
  const extra = zip.subarray(behind + "behind".length);
  expect(extra.readUInt16LE(9)).toBe(1);
  expect(Number(extra.readBigUInt64LE(13))).toBeGreaterThan(size);
  expect(zip.includes(Buffer.from([0x50, 0x4b, 0x06, 0x06]))).toBe(true);
});

test("an empty archive is one", async () => {
  expect(read(await archive([]))).toEqual([]);
});
