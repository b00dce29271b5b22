/**
 * A ZIP archive as it is made: nothing is compressed and nothing is gathered,
 * so that a directory of any size can be sent. Sizes are known beforehand, a
 * large file's checksum only behind it (APPNOTE 6.3.10, §4.3.9); ZIP64 where
 * a number needs it.
 */
import { crc32 } from "node:zlib";

export interface ZipEntry {
  /** With slashes; a directory's ends with one. */
  readonly name: string;
  readonly type: "file" | "directory" | "symlink";
  readonly mode: number;
  readonly mtimeMs: number;
  readonly size: number;
  /** Small content at once, large content piece by piece. */
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
}

interface Written {
  readonly entry: ZipEntry;
  readonly name: Uint8Array;
  readonly offset: number;
  readonly flags: number;
  readonly crc: number;
}

const LOCAL = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;
const IS_UTF8 = 1 << 11;
const HAS_DESCRIPTOR = 1 << 3;
const PLAIN_VERSION = 20;
const ZIP64_VERSION = 45;
const MADE_BY_UNIX = 3 << 8;
const UNIX_TYPES = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;
const IS_MSDOS_DIRECTORY = 0x10;

/** Gives the bytes of an archive of `entries`, in their order. Each piece is the taker's own: it is not looked at again. */
export async function* zipStream(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Uint8Array> {
  const all: Written[] = [];
  let at = 0;
  for await (const entry of entries) {
    const name = new TextEncoder().encode(entry.name);
    const { content } = entry;
    const isAtOnce = content instanceof Uint8Array;
    const flags = IS_UTF8 | (isAtOnce ? 0 : HAS_DESCRIPTOR);
    let crc = isAtOnce ? crc32(content) : 0;
    const head = localHeader(entry, name, flags, crc);
    const offset = at;
    at += head.length + entry.size;
    yield head;
    if (isAtOnce) yield content;
    else {
      for await (const bytes of content) {
        crc = crc32(bytes, crc);
        yield bytes;
      }
    }
    const tail = isAtOnce ? new Uint8Array(0) : descriptor(entry, crc);
    at += tail.length;
    yield tail;
    all.push({ entry, name, offset, flags, crc });
  }
  const start = at;
  for (const written of all) {
    const record = centralRecord(written);
    at += record.length;
    yield record;
  }
  yield endOf(all.length, start, at - start);
}

function localHeader(entry: ZipEntry, name: Uint8Array, flags: number, crc: number): Uint8Array {
  const isLate = (flags & HAS_DESCRIPTOR) !== 0;
  const is64 = entry.size >= MAX_32;
  const size = isLate ? 0 : entry.size;
  const extra = Buffer.concat([timeExtra(entry), is64 ? extra64([size, size]) : Buffer.alloc(0)]);
  const head = Buffer.alloc(30);
  head.writeUInt32LE(LOCAL, 0);
  head.writeUInt16LE(is64 ? ZIP64_VERSION : PLAIN_VERSION, 4);
  head.writeUInt16LE(flags, 6);
  head.writeUInt32LE(dosTime(entry.mtimeMs), 10);
  head.writeUInt32LE(crc, 14);
  head.writeUInt32LE(is64 ? MAX_32 : size, 18);
  head.writeUInt32LE(is64 ? MAX_32 : size, 22);
  head.writeUInt16LE(name.length, 26);
  head.writeUInt16LE(extra.length, 28);
  return Buffer.concat([head, name, extra]);
}

/** Sizes take eight bytes where the header has said ZIP64. */
function descriptor({ size }: ZipEntry, crc: number): Uint8Array {
  const is64 = size >= MAX_32;
  const bytes = Buffer.alloc(is64 ? 24 : 16);
  bytes.writeUInt32LE(DESCRIPTOR, 0);
  bytes.writeUInt32LE(crc, 4);
  if (is64) {
    bytes.writeBigUInt64LE(BigInt(size), 8);
    bytes.writeBigUInt64LE(BigInt(size), 16);
  } else {
    bytes.writeUInt32LE(size, 8);
    bytes.writeUInt32LE(size, 12);
  }
  return bytes;
}

function centralRecord({ entry, name, offset, flags, crc }: Written): Uint8Array {
  const big = [...(entry.size >= MAX_32 ? [entry.size, entry.size] : []), ...(offset >= MAX_32 ? [offset] : [])];
  const extra = Buffer.concat([timeExtra(entry), big.length === 0 ? Buffer.alloc(0) : extra64(big)]);
  const head = Buffer.alloc(46);
  const version = big.length > 0 ? ZIP64_VERSION : PLAIN_VERSION;
  head.writeUInt32LE(CENTRAL, 0);
  head.writeUInt16LE(MADE_BY_UNIX | version, 4);
  head.writeUInt16LE(version, 6);
  head.writeUInt16LE(flags, 8);
  head.writeUInt32LE(dosTime(entry.mtimeMs), 12);
  head.writeUInt32LE(crc, 16);
  head.writeUInt32LE(Math.min(entry.size, MAX_32), 20);
  head.writeUInt32LE(Math.min(entry.size, MAX_32), 24);
  head.writeUInt16LE(name.length, 28);
  head.writeUInt16LE(extra.length, 30);
  const unix = UNIX_TYPES[entry.type] | (entry.mode & 0o777);
  head.writeUInt32LE(unix * 0x10000 + (entry.type === "directory" ? IS_MSDOS_DIRECTORY : 0), 38);
  head.writeUInt32LE(Math.min(offset, MAX_32), 42);
  return Buffer.concat([head, name, extra]);
}

function endOf(count: number, start: number, size: number): Uint8Array {
  const is64 = count >= MAX_16 || start >= MAX_32 || size >= MAX_32;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(Math.min(count, MAX_16), 8);
  end.writeUInt16LE(Math.min(count, MAX_16), 10);
  end.writeUInt32LE(Math.min(size, MAX_32), 12);
  end.writeUInt32LE(Math.min(start, MAX_32), 16);
  if (!is64) return end;
  const record = Buffer.alloc(56);
  record.writeUInt32LE(END_64, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(MADE_BY_UNIX | ZIP64_VERSION, 12);
  record.writeUInt16LE(ZIP64_VERSION, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(LOCATOR_64, 0);
  locator.writeBigUInt64LE(BigInt(start + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, end]);
}

function extra64(numbers: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + numbers.length * 8);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(numbers.length * 8, 2);
  for (const [i, value] of numbers.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + i * 8);
  return extra;
}

/** The time in UTC; the field beside it has none of a zone, and counts in steps of two seconds. */
function timeExtra({ mtimeMs }: ZipEntry): Buffer {
  const extra = Buffer.alloc(9);
  extra.writeUInt16LE(0x5455, 0);
  extra.writeUInt16LE(5, 2);
  extra.writeUInt8(1, 4);
  extra.writeInt32LE(Math.max(0, Math.min(0x7fffffff, Math.floor(mtimeMs / 1000))), 5);
  return extra;
}

function dosTime(ms: number): number {
  const time = new Date(ms);
  const year = Math.max(1980, Math.min(2107, time.getUTCFullYear()));
  const date = ((year - 1980) << 9) | ((time.getUTCMonth() + 1) << 5) | time.getUTCDate();
  const clock = (time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | (time.getUTCSeconds() >> 1);
  return date * 0x10000 + clock;
}
