/** The stored form of a local row: its heads, and behind them the disk stamp when there is one. */
import type { DiskStamp, Head } from "../../shared/file-info.ts";
import { winnerOf } from "../core/heads.ts";
import { ByteReader, brokenRecord } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readHeads, writeHeads } from "./head-codec.ts";
import { readTime, timeForm, writeTime } from "./time-codec.ts";

/** Heads as this device has them, and what the disk held when they were written. */
export interface StoredRecord {
  readonly heads: readonly Head[];
  readonly stamp: DiskStamp | null;
}

const SAME_SIZE = 1;
const SAME_MTIME = 2;
const WIDE_NUMBERS = 4;
const MTIME_SHIFT = 3;
const CTIME_SHIFT = 5;
const TIME_BITS = 0b11;

const scratch = new ByteWriter();

/** Encodes heads and stamp. */
export function encodeRecord(heads: readonly Head[], stamp: DiskStamp | null): Uint8Array {
  scratch.reset();
  writeHeads(scratch, heads);
  if (stamp !== null) writeStamp(scratch, stamp, winnerOf(heads));
  return scratch.copy();
}

/** Decodes what {@link encodeRecord} wrote. Throws E_INDEX_BROKEN for anything else. */
export function decodeRecord(bytes: Uint8Array): StoredRecord {
  const from = new ByteReader(bytes);
  const heads = readHeads(from);
  const stamp = from.left === 0 ? null : readStamp(from, winnerOf(heads));
  if (from.left > 0) throw brokenRecord("goes on behind its end");
  return { heads, stamp };
}

/** What the stamp shares with the winner, as it does after every clean scan, is not written again. */
function writeStamp(to: ByteWriter, stamp: DiskStamp, winner: Head): void {
  const isSameSize = stamp.size === winner.size;
  const isSameMtime = stamp.mtimeNs === winner.mtimeNs;
  const isWide = !isNumber(stamp.dev) || !isNumber(stamp.ino);
  const mtime = isSameMtime ? 0 : timeForm(stamp.mtimeNs);
  const ctime = timeForm(stamp.ctimeNs);
  to.byte(
    (isSameSize ? SAME_SIZE : 0) |
      (isSameMtime ? SAME_MTIME : 0) |
      (isWide ? WIDE_NUMBERS : 0) |
      (mtime << MTIME_SHIFT) |
      (ctime << CTIME_SHIFT),
  );
  writeNumber(to, isWide, stamp.dev);
  writeNumber(to, isWide, stamp.ino);
  to.varint(stamp.mode);
  if (!isSameSize) to.varint(stamp.size);
  writeTime(to, mtime, stamp.mtimeNs);
  writeTime(to, ctime, stamp.ctimeNs);
}

function readStamp(from: ByteReader, winner: Head): DiskStamp {
  const flags = from.byte();
  const isWide = (flags & WIDE_NUMBERS) !== 0;
  const dev = readNumber(from, isWide);
  const ino = readNumber(from, isWide);
  const mode = from.varint();
  const size = (flags & SAME_SIZE) === 0 ? from.varint() : winner.size;
  const mtimeNs = readTime(from, (flags >> MTIME_SHIFT) & TIME_BITS);
  const ctimeNs = readTime(from, (flags >> CTIME_SHIFT) & TIME_BITS);
  return { dev, ino, size, mtimeNs: (flags & SAME_MTIME) === 0 ? mtimeNs : winner.mtimeNs, ctimeNs, mode };
}

function isNumber(value: bigint): boolean {
  return value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

/** Device and inode numbers are small on most file systems, and up to 64 bits on some. */
function writeNumber(to: ByteWriter, isWide: boolean, value: bigint): void {
  if (isWide) to.int64(value);
  else to.varint(Number(value));
}

function readNumber(from: ByteReader, isWide: boolean): bigint {
  return isWide ? BigInt.asUintN(64, from.int64()) : BigInt(from.varint());
}
