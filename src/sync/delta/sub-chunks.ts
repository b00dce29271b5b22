/**
 * Cuts a region into sub-chunks of about 48 bytes and hashes each to 32 bits:
 * the elements of its sketch.
 *
 * As with chunks, a cut depends on the bytes before it alone, so that both
 * sides cut alike up to an edit and again soon behind it. Part of the
 * protocol: both sides must come to the same elements.
 */

/** No sub-chunk but the last has this many bytes or fewer. At least the window. */
const MIN_BYTES = 16;
/** No sub-chunk has more. */
const MAX_BYTES = 256;
/** What random data averages: min, and 2^5 tries. */
export const SUB_CHUNK_BYTES_AVERAGE = 48;
/** One in 32 places is a cut: the top five bits of the gear hash are 0. */
const CUT_MASK: number = 0xf8000000 | 0;
const WINDOW_BYTES = 8;

/** What each byte adds to the gear hash: the first 256 numbers of splitmix32 from state 0. */
export const GEAR: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let z = Math.imul(byte + 1, 0x9e3779b9);
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
});

/** The sub-chunks of a region, in order. */
export interface SubChunks {
  /** The offset at which each ends. */
  readonly ends: Uint32Array;
  /** The hash of each, never 0. Equal sub-chunks have equal hashes. */
  readonly hashes: Uint32Array;
}

/** The most sub-chunks that `size` bytes can have. */
export function subChunkCountMax(size: number): number {
  return Math.ceil(size / (MIN_BYTES + 1));
}

/**
 * Cuts and hashes all of `bytes`.
 *
 * A sub-chunk ends behind the first byte beyond its min where the gear hash
 * over the last 8 bytes, `h = 16 h + GEAR[byte] mod 2^32`, has its five top bits
 * clear; else at its max, or with the region.
 */
export function subChunksScalar(bytes: Uint8Array): SubChunks {
  const ends = new Uint32Array(subChunkCountMax(bytes.length));
  const hashes = new Uint32Array(ends.length);
  let count = 0;
  for (let start = 0; start < bytes.length; count++) {
    const end = subChunkEnd(bytes, start);
    ends[count] = end;
    hashes[count] = murmur3(bytes, start, end) || 1;
    start = end;
  }
  return { ends: ends.subarray(0, count), hashes: hashes.subarray(0, count) };
}

function subChunkEnd(bytes: Uint8Array, start: number): number {
  const last = Math.min(start + MAX_BYTES, bytes.length);
  const from = start + MIN_BYTES;
  let gear = 0;
  for (let at = from - WINDOW_BYTES; at < last; at++) {
    gear = ((gear << 4) + (GEAR[bytes[at] as number] as number)) | 0;
    if (at >= from && (gear & CUT_MASK) === 0) return at + 1;
  }
  return last;
}

/**
 * MurmurHash3_x86_32 of `bytes[start..end)` with seed 0: fast without 64-bit
 * arithmetic, and known in every language. Not secure, and need not be: what
 * is rebuilt is checked by BLAKE3.
 * Source: https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 */
export function murmur3(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash ^= scramble(
      (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24),
    );
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = end - 1; i >= at; i--) tail = (tail << 8) | (bytes[i] as number);
  hash ^= scramble(tail) ^ (end - start);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}
