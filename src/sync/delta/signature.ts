/**
 * The signature of a region: two sums of each of its blocks, from which another
 * side that holds similar bytes finds out which of the blocks it has, at any
 * offset, without seeing them.
 *
 * Source of the method: Tridgell, Mackerras, "The rsync algorithm",
 * https://rsync.samba.org/tech_report/. Sums differ from rsync's; docs/delta.md
 * says why.
 */
import { murmur3 } from "./sub-chunks.ts";

export interface BlockSums {
  /** For each block the rolling sum. */
  readonly weak: Uint32Array;
  /** For each block the strong sum, which confirms the other. */
  readonly strong: Uint32Array;
}

/** What the other side needs to know of a region that is cut into blocks. */
export interface Signature extends BlockSums {
  /** Bytes of the region. */
  readonly size: number;
  readonly blockBytes: number;
  /** How many of a strong sum's bits count: the lowest. */
  readonly strongBits: number;
}

/** Source: librsync, https://github.com/librsync/librsync/blob/master/src/rabinkarp.h. It is 5 modulo 8, so its powers repeat late. */
export const WEAK_MULTIPLIER = 0x08104225;

/** Blocks of a region: the last may be shorter. None when it has not the bytes of one. */
export function blockCount(size: number, blockBytes: number): number {
  return size < blockBytes ? 0 : Math.ceil(size / blockBytes);
}

/**
 * Sums each block of `bytes`. A last block that is shorter is stood for by the
 * `blockBytes` bytes that end with it, so that all sums are over equally many.
 */
export function blockSumsScalar(bytes: Uint8Array, blockBytes: number): BlockSums {
  const count = blockCount(bytes.length, blockBytes);
  const weak = new Uint32Array(count);
  const strong = new Uint32Array(count);
  for (let block = 0; block < count; block++) {
    const end = Math.min((block + 1) * blockBytes, bytes.length);
    weak[block] = weakSum(bytes, end - blockBytes, end);
    strong[block] = murmur3(bytes, end - blockBytes, end);
  }
  return { weak, strong };
}

/** The sum of byte times multiplier^(distance from the end), modulo 2^32. */
export function weakSum(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum = (Math.imul(sum, WEAK_MULTIPLIER) + (bytes[at] as number)) | 0;
  return sum >>> 0;
}

/** The multiplier's power `exponent`: what a byte weighs when it leaves a window of so many bytes. */
export function weakPower(exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent; i++) power = Math.imul(power, WEAK_MULTIPLIER);
  return power;
}
