/**
 * The cut rule, in plain JavaScript.
 *
 * Two tests on the bytes before an offset, a cheap one that 1 in 256 offsets
 * pass and a strong one:
 *
 * 1. a gear hash of 8 bits, `h = 2 h + T[byte] mod 256`, equals {@link TARGET}.
 *    As every step doubles, only the last 8 bytes count, which is what lets
 *    the SIMD twin (wasm/cut.as.ts) compute 32 offsets at once;
 * 2. a 64-bit hash of the last 32 bytes has no bit in common with the mask.
 *
 * TARGET differs from `-T[b] mod 256` for every b. A run of one byte gives that
 * value, so long runs never reach the second test.
 *
 * Everything here is part of a file's identity: changing it changes content ids.
 */

import type { CutKernel, CutSearch } from "./cut-kernel.ts";
import { CUT_WINDOW_BYTES } from "./cut-kernel.ts";

const TARGET = 0x5b;
const PREFILTER_BYTES = 8;

const LOW_NIBBLE: readonly number[] = [
  0x22, 0xce, 0x4a, 0x23, 0x81, 0xe8, 0x3b, 0xa7, 0x48, 0xf1, 0x9c, 0xc4, 0xf1, 0x87, 0xad, 0x03,
];
const HIGH_NIBBLE: readonly number[] = [
  0x9c, 0x1c, 0xc9, 0x49, 0x6a, 0x71, 0xbc, 0xa1, 0x7a, 0xab, 0x09, 0xfb, 0x1b, 0xc7, 0x90, 0x62,
];
/** What each byte adds to the gear hash. */
const GEAR: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => (LOW_NIBBLE[byte & 15] ?? 0) ^ (HIGH_NIBBLE[byte >> 4] ?? 0),
);

/** Makes the kernel that needs no WebAssembly. About a sixth as fast as the SIMD one. */
export function createScalarKernel(memoryBytes: number): CutKernel {
  const memory = new Uint8Array(memoryBytes);
  const words = new DataView(memory.buffer);
  return { memory, findCut: (search) => findCut(memory, words, search) };
}

function findCut(bytes: Uint8Array, words: DataView, search: CutSearch): number {
  const { from, end, normalEnd, strictMask, looseMask } = search;
  let gear = 0;
  for (let i = from - PREFILTER_BYTES; i < from; i++) gear = (gear * 2 + (GEAR[bytes[i] as number] as number)) & 0xff;
  for (let i = from; i < end; i++) {
    gear = (gear * 2 + (GEAR[bytes[i] as number] as number)) & 0xff;
    if (gear !== TARGET) continue;
    const cut = i + 1;
    if ((mixWindow(words, cut - CUT_WINDOW_BYTES) & (cut <= normalEnd ? strictMask : looseMask)) === 0) return cut;
  }
  return 0;
}

/**
 * The low 32 bits of the strong hash of the 32 bytes at `start`. In 64-bit
 * arithmetic, with the window read as little-endian words a, b, c, d:
 *
 *     h = a P1;  h = rotl(h, 29) ^ b P2;  h = h P3
 *                h = rotl(h, 31) ^ c P1;  h = h P2
 *                h = rotl(h, 27) ^ d P3;  h = h P1;  h = h ^ (h >> 32)
 *
 * Done in halves here, because BigInt would make it twenty times slower.
 */
function mixWindow(words: DataView, start: number): number {
  let low = words.getUint32(start, true);
  let high = words.getUint32(start + 4, true);
  let product = timesHigh(low, high, P1_LOW, P1_HIGH);
  low = Math.imul(low, P1_LOW);
  high = product;

  let wordLow = words.getUint32(start + 8, true);
  let wordHigh = words.getUint32(start + 12, true);
  let turnedLow = (low << 29) | (high >>> 3);
  let turnedHigh = (high << 29) | (low >>> 3);
  low = turnedLow ^ Math.imul(wordLow, P2_LOW);
  high = turnedHigh ^ timesHigh(wordLow, wordHigh, P2_LOW, P2_HIGH);
  product = timesHigh(low, high, P3_LOW, P3_HIGH);
  low = Math.imul(low, P3_LOW);
  high = product;

  wordLow = words.getUint32(start + 16, true);
  wordHigh = words.getUint32(start + 20, true);
  turnedLow = (low << 31) | (high >>> 1);
  turnedHigh = (high << 31) | (low >>> 1);
  low = turnedLow ^ Math.imul(wordLow, P1_LOW);
  high = turnedHigh ^ timesHigh(wordLow, wordHigh, P1_LOW, P1_HIGH);
  product = timesHigh(low, high, P2_LOW, P2_HIGH);
  low = Math.imul(low, P2_LOW);
  high = product;

  wordLow = words.getUint32(start + 24, true);
  wordHigh = words.getUint32(start + 28, true);
  turnedLow = (low << 27) | (high >>> 5);
  turnedHigh = (high << 27) | (low >>> 5);
  low = turnedLow ^ Math.imul(wordLow, P3_LOW);
  high = turnedHigh ^ timesHigh(wordLow, wordHigh, P3_LOW, P3_HIGH);
  return Math.imul(low, P1_LOW) ^ timesHigh(low, high, P1_LOW, P1_HIGH);
}

// The primes of xxHash64. Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
const P1_HIGH = 0x9e3779b1;
const P1_LOW = 0x85ebca87;
const P2_HIGH = 0xc2b2ae3d;
const P2_LOW = 0x27d4eb4f;
const P3_HIGH = 0x165667b1;
const P3_LOW = 0x9e3779f9;

/** The high half of a 64-bit product modulo 2^64, its factors given in halves. */
function timesHigh(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const carried = a0 * b1 + (middle & 0xffff);
  const top = a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(carried / 0x10000);
  return (top + Math.imul(aLow, bHigh) + Math.imul(aHigh, bLow)) | 0;
}
