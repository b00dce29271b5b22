import { type ByteReader, brokenRecord } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

/**
 * How nanoseconds are stored: not at all for zero, in 8 bytes from 1677 to
 * 2262, else in 16 (file systems hold later dates, and peers send what they like).
 */
const ZERO = 0;
const NARROW = 1;
const WIDE = 2;
const HALF_BITS = 64;

/** The form, of two bits, in which a time is stored; the caller keeps it with its other flags. */
export function timeForm(timeNs: bigint): number {
  if (timeNs === 0n) return ZERO;
  return BigInt.asIntN(HALF_BITS, timeNs) === timeNs ? NARROW : WIDE;
}

export function writeTime(to: ByteWriter, form: number, timeNs: bigint): void {
  if (form === ZERO) return;
  to.int64(timeNs);
  if (form === NARROW) return;
  if (BigInt.asIntN(2 * HALF_BITS, timeNs) !== timeNs) throw new Error(`bug: a time of ${timeNs} ns`);
  to.int64(timeNs >> BigInt(HALF_BITS));
}

/** Reads a time. Throws E_INDEX_BROKEN for an unknown form. */
export function readTime(from: ByteReader, form: number): bigint {
  if (form === ZERO) return 0n;
  const low = from.int64();
  if (form === NARROW) return low;
  if (form !== WIDE) throw brokenRecord("has a time of unknown form");
  return BigInt.asUintN(HALF_BITS, low) | (from.int64() << BigInt(HALF_BITS));
}
