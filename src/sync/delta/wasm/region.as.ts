// AssemblyScript, not TypeScript: the loops of the region codec. Their twins,
// and the words that explain them, are in ../sub-chunks.ts, ../sketch.ts,
// ../signature.ts and ../match.ts. `node scripts/build-wasm.ts` compiles this
// into region-wasm.ts, which is checked in. All addresses come from the caller,
// who keeps what lies at them apart.

const MIN_BYTES: usize = 16;
const MAX_BYTES: usize = 256;
const WINDOW_BYTES: usize = 8;
const CUT_MASK: u32 = 0xf8000000;
const WEAK_MULTIPLIER: u32 = 0x08104225;
const SPREAD: u32 = 0x9e3779b1;
const BUCKET_BLOCKS: u32 = 8;
const MISSES_MAX: u32 = 8;
const NOTHING: u32 = 0xffffffff;

// @ts-ignore: decorator
@inline function word(array: usize, index: u32): u32 {
  return load<u32>(array + (<usize>index << 2));
}
// @ts-ignore: decorator
@inline function setWord(array: usize, index: u32, value: u32): void {
  store<u32>(array + (<usize>index << 2), value);
}

// ---- sub-chunks

// @ts-ignore: decorator
@inline function scramble(value: u32): u32 {
  return rotl<u32>(value * 0xcc9e2d51, 15) * 0x1b873593;
}

function murmur3(start: usize, end: usize): u32 {
  let hash: u32 = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) hash = rotl<u32>(hash ^ scramble(load<u32>(at)), 13) * 5 + 0xe6546b64;
  let tail: u32 = 0;
  for (let i = end; i > at; i--) tail = (tail << 8) | <u32>load<u8>(i - 1);
  hash ^= scramble(tail) ^ <u32>(end - start);
  hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
  return hash ^ (hash >> 16);
}

/** `gear`: the 256 words of the gear table. Writes an end and a hash for each sub-chunk; returns how many. */
export function subChunks(bytes: usize, size: usize, gear: usize, ends: usize, hashes: usize): u32 {
  let count: u32 = 0;
  const stop = bytes + size;
  let start = bytes;
  while (start < stop) {
    let end = min(start + MAX_BYTES, stop);
    const from = start + MIN_BYTES;
    if (from < end) {
      let hash: u32 = 0;
      for (let at = from - WINDOW_BYTES; at < from; at++) hash = (hash << 4) + word(gear, load<u8>(at));
      for (let at = from; at < end; at++) {
        hash = (hash << 4) + word(gear, load<u8>(at));
        if ((hash & CUT_MASK) == 0) end = at + 1;
      }
    }
    const sum = murmur3(start, end);
    setWord(ends, count, <u32>(end - bytes));
    setWord(hashes, count, sum == 0 ? 1 : sum);
    count++;
    start = end;
  }
  return count;
}

// ---- sketch

// A carry-less product by integer multiplication: bits three apart leave room for
// what would carry. Source: BearSSL, https://www.bearssl.org/constanttime.html#ghash-for-gcm
// @ts-ignore: decorator
@inline function multiply(a: u32, b: u32): u32 {
  const a0 = <u64>(a & 0x11111111);
  const a1 = <u64>(a & 0x22222222);
  const a2 = <u64>(a & 0x44444444);
  const a3 = <u64>(a & 0x88888888);
  const b0 = <u64>(b & 0x11111111);
  const b1 = <u64>(b & 0x22222222);
  const b2 = <u64>(b & 0x44444444);
  const b3 = <u64>(b & 0x88888888);
  const p0 = (a0 * b0) ^ (a1 * b3) ^ (a2 * b2) ^ (a3 * b1);
  const p1 = (a0 * b1) ^ (a1 * b0) ^ (a2 * b3) ^ (a3 * b2);
  const p2 = (a0 * b2) ^ (a1 * b1) ^ (a2 * b0) ^ (a3 * b3);
  const p3 = (a0 * b3) ^ (a1 * b2) ^ (a2 * b1) ^ (a3 * b0);
  return reduce(
    (p0 & 0x1111111111111111) | (p1 & 0x2222222222222222) | (p2 & 0x4444444444444444) | (p3 & 0x8888888888888888),
  );
}

/** Modulo x^32 + x^7 + x^3 + x^2 + 1: what sticks out is folded in twice, as the first fold sticks out by 7 bits. */
// @ts-ignore: decorator
@inline function reduce(product: u64): u32 {
  const folded = (product & 0xffffffff) ^ timesRest(product >> 32);
  return <u32>(folded ^ timesRest(folded >> 32));
}
// @ts-ignore: decorator
@inline function timesRest(high: u64): u64 {
  return high ^ (high << 2) ^ (high << 3) ^ (high << 7);
}

/** Adds the odd powers of each element to the `capacity` words at `sums`. */
export function syndromes(elements: usize, count: u32, sums: usize, capacity: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    let power = word(elements, i);
    const square = multiply(power, power);
    for (let k: u32 = 0; k < capacity; k++) {
      setWord(sums, k, word(sums, k) ^ power);
      power = multiply(power, square);
    }
  }
}

/** Writes for each element a byte: 1 when it is a root of the monic polynomial, else 0. */
export function roots(polynomial: usize, degree: u32, elements: usize, count: u32, flags: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const element = word(elements, i);
    let value: u32 = 1;
    for (let k = degree; k > 0; k--) value = multiply(value, element) ^ word(polynomial, k - 1);
    store<u8>(flags + i, value == 0 ? 1 : 0);
  }
}

// ---- signature

function power(exponent: u32): u32 {
  let product: u32 = 1;
  for (let i: u32 = 0; i < exponent; i++) product *= WEAK_MULTIPLIER;
  return product;
}

/**
 * Sixteen bytes a step: each lane carries a sum of every fourth byte, weighed as
 * if the block ended with the step. The constants are the multiplier's powers 15 to 0, and 16.
 */
function weakSum(start: usize, end: usize): u32 {
  const w0 = i32x4(<i32>0xf9f2606d, <i32>0x8c5efea9, 0x49960935, 0x1a6715d1);
  const w1 = i32x4(0x035e173d, <i32>0x9696d939, <i32>0x8f03cc85, 0x7c71e2e1);
  const w2 = i32x4(0x64e03b0d, 0x21cb5cc9, 0x5120c4d5, <i32>0xf9c080f1);
  const w3 = i32x4(<i32>0x858f9bdd, <i32>0xa5b71959, 0x08104225, 0x00000001);
  const step = i32x4.splat(0x0bb409c1);
  let lanes = i32x4.splat(0);
  let at = start;
  for (; at + 16 <= end; at += 16) {
    const bytes = v128.load(at);
    const low = i16x8.extend_low_i8x16_u(bytes);
    const high = i16x8.extend_high_i8x16_u(bytes);
    const a = i32x4.mul(i32x4.extend_low_i16x8_u(low), w0);
    const b = i32x4.mul(i32x4.extend_high_i16x8_u(low), w1);
    const c = i32x4.mul(i32x4.extend_low_i16x8_u(high), w2);
    const d = i32x4.mul(i32x4.extend_high_i16x8_u(high), w3);
    lanes = i32x4.add(i32x4.mul(lanes, step), i32x4.add(i32x4.add(a, b), i32x4.add(c, d)));
  }
  let sum: u32 = i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1);
  sum += i32x4.extract_lane(lanes, 2) + i32x4.extract_lane(lanes, 3);
  for (; at < end; at++) sum = sum * WEAK_MULTIPLIER + <u32>load<u8>(at);
  return sum;
}

/** Writes the sums of `count` blocks, the last over the bytes that end with the region. */
export function blockSums(bytes: usize, size: usize, blockBytes: usize, count: u32, weak: usize, strong: usize): void {
  for (let block: u32 = 0; block < count; block++) {
    const end = bytes + min((<usize>block + 1) * blockBytes, size);
    setWord(weak, block, weakSum(end - blockBytes, end));
    setWord(strong, block, murmur3(end - blockBytes, end));
  }
}

// ---- match

let weakSums: usize = 0;
let strongSums: usize = 0;
let strongBits: u32 = 0;
let shift: u32 = 0;
let heads: usize = 0;
let following: usize = 0;
let misses: usize = 0;
let filter: usize = 0;
let filterShift: u32 = 0;

// @ts-ignore: decorator
@inline function bucketOf(sum: u32): u32 {
  return (sum * SPREAD) >> shift;
}
// @ts-ignore: decorator
@inline function isStrong(sum: u32, expected: u32): bool {
  return (sum ^ expected) << (32 - strongBits) == 0;
}

function addBlock(block: u32): void {
  const sum = word(weakSums, block);
  const bucket = bucketOf(sum);
  let last: u32 = 0;
  let length: u32 = 0;
  for (let link = word(heads, bucket); link != 0; link = word(following, link - 1)) {
    last = link;
    if (word(weakSums, link - 1) == sum && word(strongSums, link - 1) == word(strongSums, block)) return;
    length++;
  }
  if (length == BUCKET_BLOCKS) return;
  if (last == 0) setWord(heads, bucket, block + 1);
  else setWord(following, last - 1, block + 1);
  const bit = (sum * SPREAD) >> filterShift;
  const at = filter + (bit >> 3);
  store<u8>(at, load<u8>(at) | (1 << <u8>(bit & 7)));
}

function knows(sum: u32): bool {
  for (let link = word(heads, bucketOf(sum)); link != 0; link = word(following, link - 1))
    if (word(weakSums, link - 1) == sum) return true;
  return false;
}

function find(sum: u32, strongSum: u32): u32 {
  const bucket = bucketOf(sum);
  for (let link = word(heads, bucket); link != 0; link = word(following, link - 1))
    if (word(weakSums, link - 1) == sum && isStrong(strongSum, word(strongSums, link - 1))) return link - 1;
  const count = <u32>load<u8>(misses + bucket) + 1;
  store<u8>(misses + bucket, <u8>count);
  if (count == MISSES_MAX) setWord(heads, bucket, 0);
  return NOTHING;
}

/**
 * Hands over the sums of a signature's blocks, and cleared memory for a table of
 * 2^(32 - tableShift) words and as many bytes, `count` words and a filter of
 * 2^(32 - bitShift) bits.
 */
export function setSignature(
  weak: usize,
  strong: usize,
  count: u32,
  bits: u32,
  tableShift: u32,
  headWords: usize,
  missBytes: usize,
  followingWords: usize,
  bitShift: u32,
  filterBits: usize,
): void {
  weakSums = weak;
  strongSums = strong;
  strongBits = bits;
  shift = tableShift;
  heads = headWords;
  misses = missBytes;
  following = followingWords;
  filterShift = bitShift;
  filter = filterBits;
  for (let block: u32 = 0; block < count; block++) addBlock(block);
}

/** Whether the bytes that end at `end` are, by their sums, what `block` stands for. */
export function isBlock(end: usize, blockBytes: usize, block: u32): bool {
  const start = end - blockBytes;
  return weakSum(start, end) == word(weakSums, block) && isStrong(murmur3(start, end), word(strongSums, block));
}

/** Writes pairs of offset and block; returns how many words. `count` blocks are whole. */
export function match(next: usize, size: usize, blockBytes: usize, count: u32, pairs: usize): u32 {
  let written: u32 = 0;
  if (count == 0 || size < blockBytes) return 0;
  const end = next + size;
  const leaving = power(<u32>blockBytes);
  const last = end - blockBytes;
  const bits = filter;
  const bitShift = filterShift;
  let expected = NOTHING;
  let at = next;
  let sum = weakSum(at, at + blockBytes);
  while (true) {
    let block = NOTHING;
    const isExpected = expected < count && word(weakSums, expected) == sum;
    if (isExpected || knows(sum)) {
      const strongSum = murmur3(at, at + blockBytes);
      block = isExpected && isStrong(strongSum, word(strongSums, expected)) ? expected : find(sum, strongSum);
    }
    if (block != NOTHING) {
      setWord(pairs, written, <u32>(at - next));
      setWord(pairs, written + 1, block);
      written += 2;
      expected = block + 1;
      at += blockBytes;
      if (at > last) return written;
      sum = weakSum(at, at + blockBytes);
      continue;
    }
    expected = NOTHING;
    // Most sums are in no block: the filter says so without leaving the first-level cache.
    while (true) {
      if (at >= last) return written;
      sum = sum * WEAK_MULTIPLIER - <u32>load<u8>(at) * leaving + <u32>load<u8>(at + blockBytes);
      at++;
      const bit = (sum * SPREAD) >> bitShift;
      if (((load<u8>(bits + (bit >> 3)) >> <u8>(bit & 7)) & 1) != 0) break;
    }
  }
}
