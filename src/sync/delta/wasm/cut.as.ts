// AssemblyScript, not TypeScript: the vectorised twin of ../cut-scalar.ts, whose
// docblock explains the cut rule. `node scripts/build-wasm.ts` compiles it into
// cut-wasm.ts, which is checked in.

// Two 16-byte tables instead of one of 256 entries, because a swizzle looks up 16 at a time.
// @ts-ignore: decorator
@inline function contributions(bytes: v128): v128 {
  const low = i8x16.swizzle(
    i8x16(0x22, <i8>0xce, 0x4a, 0x23, <i8>0x81, <i8>0xe8, 0x3b, <i8>0xa7, 0x48, <i8>0xf1, <i8>0x9c, <i8>0xc4, <i8>0xf1, <i8>0x87, <i8>0xad, 0x03),
    v128.and(bytes, i8x16.splat(15)),
  );
  const high = i8x16.swizzle(
    i8x16(<i8>0x9c, 0x1c, <i8>0xc9, 0x49, 0x6a, 0x71, <i8>0xbc, <i8>0xa1, 0x7a, <i8>0xab, 0x09, <i8>0xfb, 0x1b, <i8>0xc7, <i8>0x90, 0x62),
    v128.and(i16x8.shr_u(bytes, 4), i8x16.splat(15)),
  );
  return v128.xor(low, high);
}

// The shifts below move whole lanes up by 1, 2 and 4 positions, filling from the vector before.
// @ts-ignore: decorator
@inline function up1(before: v128, v: v128): v128 {
  return i8x16.shuffle(before, v, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
}
// @ts-ignore: decorator
@inline function up2(before: v128, v: v128): v128 {
  return i8x16.shuffle(before, v, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
}
// @ts-ignore: decorator
@inline function up4(before: v128, v: v128): v128 {
  return i8x16.shuffle(before, v, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27);
}
// There is no cheap 8-bit lane shift, so doubling is addition.
// @ts-ignore: decorator
@inline function times2(v: v128): v128 {
  return i8x16.add(v, v);
}
// @ts-ignore: decorator
@inline function times4(v: v128): v128 {
  return times2(times2(v));
}
// @ts-ignore: decorator
@inline function times16(v: v128): v128 {
  return v128.and(i16x8.shl(v, 4), i8x16.splat(<i8>0xf0));
}

// @ts-ignore: decorator
@inline function mix(end: usize): u64 {
  let h: u64 = load<u64>(end - 32) * 0x9E3779B185EBCA87;
  h = rotl<u64>(h, 29) ^ (load<u64>(end - 24) * 0xC2B2AE3D27D4EB4F);
  h *= 0x165667B19E3779F9;
  h = rotl<u64>(h, 31) ^ (load<u64>(end - 16) * 0x9E3779B185EBCA87);
  h *= 0xC2B2AE3D27D4EB4F;
  h = rotl<u64>(h, 27) ^ (load<u64>(end - 8) * 0x165667B19E3779F9);
  h *= 0x9E3779B185EBCA87;
  return h ^ (h >> 32);
}

/**
 * The first cut `e` with from < e <= end, or 0. At least 32 bytes of the file
 * must lie before `from`; up to 31 bytes behind `end` are loaded, not used.
 */
export function findCut(from: usize, end: usize, normalEnd: usize, strictMask: u32, looseMask: u32): usize {
  const target = i8x16.splat(0x5b);
  // Sums over 1, 2 and 4 bytes ending at each lane of the 16 bytes before `from`.
  // Their first lanes lack history, but only the last 8 are ever used.
  let sum1 = contributions(v128.load(from - 16));
  let sum2 = i8x16.add(sum1, times2(up1(sum1, sum1)));
  let sum4 = i8x16.add(sum2, times4(up2(sum2, sum2)));
  let at = from;
  while (at < end) {
    const a1 = contributions(v128.load(at));
    const b1 = contributions(v128.load(at, 16));
    const a2 = i8x16.add(a1, times2(up1(sum1, a1)));
    const b2 = i8x16.add(b1, times2(up1(a1, b1)));
    const a4 = i8x16.add(a2, times4(up2(sum2, a2)));
    const b4 = i8x16.add(b2, times4(up2(a2, b2)));
    const a8 = i8x16.add(a4, times16(up4(sum4, a4)));
    const b8 = i8x16.add(b4, times16(up4(a4, b4)));
    sum1 = b1;
    sum2 = b2;
    sum4 = b4;
    const aHits = i8x16.eq(a8, target);
    const bHits = i8x16.eq(b8, target);
    if (v128.any_true(v128.or(aHits, bHits))) {
      let hits = <u32>i8x16.bitmask(aHits) | (<u32>i8x16.bitmask(bHits) << 16);
      while (hits != 0) {
        const cut = at + <usize>ctz(hits) + 1;
        if (cut > end) return 0;
        hits &= hits - 1;
        if ((<u32>mix(cut) & (cut <= normalEnd ? strictMask : looseMask)) == 0) return cut;
      }
    }
    at += 32;
  }
  return 0;
}
