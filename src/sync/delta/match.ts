/**
 * Finds the blocks of a signature in other bytes, at any offset.
 *
 * The weak sum rolls over every offset; where a table knows it, the strong sum
 * of the same bytes decides. Time is linear whatever the signature says, and it
 * comes from a peer:
 *
 * 1. a bucket of the table holds at most {@link BUCKET_BLOCKS} blocks; more are left
 *    out, which costs matches and nothing else;
 * 2. a bucket whose weak sums came true {@link MISSES_MAX} times without the strong
 *    one is emptied, so at most that many strong sums per block are in vain;
 * 3. a match moves on by a whole block.
 */

import type { Signature } from "./signature.ts";
import { WEAK_MULTIPLIER, weakPower, weakSum } from "./signature.ts";
import { murmur3 } from "./sub-chunks.ts";

/** Blocks with one place in the table. Honest sums put more than three there one time in a thousand. */
const BUCKET_BLOCKS = 8;
/** An honest weak sum is wrong once in 2^32 offsets. */
const MISSES_MAX = 8;
/** Spreads weak sums, whose low bits are poor, over the table. */
const SPREAD = 0x9e3779b1;

/**
 * Pairs of offset and block: the bytes of `next` at the offset are those of the
 * block, as far as sums tell. In order, without overlap. A short last block
 * appears only as the end of `next`.
 */
export function matchScalar(next: Uint8Array, signature: Signature): Uint32Array {
  const { size, blockBytes } = signature;
  const matches: number[] = [];
  const tailBytes = size % blockBytes;
  const wholeCount = Math.floor(size / blockBytes);
  const hasTail = signature.weak.length > wholeCount && endsWithTail(next, signature);
  const end = hasTail ? next.length - tailBytes : next.length;
  matchWhole(next, end, signature, wholeCount, matches);
  if (hasTail) matches.push(end, wholeCount);
  return Uint32Array.from(matches);
}

function endsWithTail(next: Uint8Array, { weak, strong, blockBytes, strongBits }: Signature): boolean {
  const start = next.length - blockBytes;
  const last = weak.length - 1;
  if (start < 0 || weakSum(next, start, next.length) !== weak[last]) return false;
  return isStrong(murmur3(next, start, next.length), strong[last] as number, strongBits);
}

function isStrong(sum: number, expected: number, bits: number): boolean {
  return (sum ^ expected) << (32 - bits) === 0;
}

function matchWhole(next: Uint8Array, end: number, signature: Signature, count: number, matches: number[]): void {
  const { weak, strong, blockBytes, strongBits } = signature;
  if (count === 0 || end < blockBytes) return;
  const table = new BlockTable(signature, count);
  const leaving = weakPower(blockBytes);
  let expected = -1;
  let sum = weakSum(next, 0, blockBytes);
  for (let at = 0; ; ) {
    let block = -1;
    const isExpected = expected >= 0 && expected < count && weak[expected] === sum;
    if (isExpected || table.has(sum)) {
      const strongSum = murmur3(next, at, at + blockBytes);
      block =
        isExpected && isStrong(strongSum, strong[expected] as number, strongBits)
          ? expected
          : table.find(sum, strongSum);
    }
    if (block >= 0) {
      matches.push(at, block);
      expected = block + 1;
      at += blockBytes;
      if (at + blockBytes > end) return;
      sum = weakSum(next, at, at + blockBytes);
    } else {
      expected = -1;
      if (at + blockBytes >= end) return;
      sum =
        Math.imul(sum, WEAK_MULTIPLIER) - Math.imul(next[at] as number, leaving) + (next[at + blockBytes] as number);
      sum >>>= 0;
      at++;
    }
  }
}

/** Blocks by weak sum. */
class BlockTable {
  readonly #signature: Signature;
  readonly #shift: number;
  /** The first block of each bucket plus 1, or 0. */
  readonly #heads: Uint16Array | Uint32Array;
  /** The block behind each in its bucket plus 1, or 0. */
  readonly #following: Uint32Array;
  readonly #misses: Uint8Array;

  constructor(signature: Signature, count: number) {
    this.#signature = signature;
    this.#shift = tableShift(count);
    this.#heads = new Uint32Array(2 ** (32 - this.#shift));
    this.#following = new Uint32Array(count);
    this.#misses = new Uint8Array(this.#heads.length);
    for (let block = 0; block < count; block++) this.#add(block);
  }

  /** Whether a block with this weak sum is there. */
  has(sum: number): boolean {
    const { weak } = this.#signature;
    for (let link = this.#heads[this.#bucketOf(sum)] as number; link !== 0; link = this.#following[link - 1] as number)
      if (weak[link - 1] === sum) return true;
    return false;
  }

  /** The first block with both sums, or -1. */
  find(sum: number, strongSum: number): number {
    const { weak, strong, strongBits } = this.#signature;
    const bucket = this.#bucketOf(sum);
    for (let link = this.#heads[bucket] as number; link !== 0; link = this.#following[link - 1] as number) {
      if (weak[link - 1] === sum && isStrong(strongSum, strong[link - 1] as number, strongBits)) return link - 1;
    }
    const misses = (this.#misses[bucket] as number) + 1;
    this.#misses[bucket] = misses;
    if (misses === MISSES_MAX) this.#heads[bucket] = 0;
    return -1;
  }

  #bucketOf(sum: number): number {
    return Math.imul(sum, SPREAD) >>> this.#shift;
  }

  #add(block: number): void {
    const { weak, strong } = this.#signature;
    const bucket = this.#bucketOf(weak[block] as number);
    let last = -1;
    let length = 0;
    for (let link = this.#heads[bucket] as number; link !== 0; link = this.#following[link - 1] as number) {
      last = link - 1;
      if (weak[last] === weak[block] && strong[last] === strong[block]) return;
      length++;
    }
    if (length === BUCKET_BLOCKS) return;
    if (last < 0) this.#heads[bucket] = block + 1;
    else this.#following[last] = block + 1;
  }
}

/** 32 minus the bits of a table with at least four places for each block. */
export function tableShift(count: number): number {
  return Math.clz32(Math.max(4 * count - 1, 15));
}
