/**
 * The cut rule once more, written from docs/delta.md alone: whole file in
 * memory, BigInt, nothing shared with the code under test.
 */
import type { CutRow } from "../../../src/sync/delta/cut-row.ts";

const T0 = [0x22, 0xce, 0x4a, 0x23, 0x81, 0xe8, 0x3b, 0xa7, 0x48, 0xf1, 0x9c, 0xc4, 0xf1, 0x87, 0xad, 0x03];
const T1 = [0x9c, 0x1c, 0xc9, 0x49, 0x6a, 0x71, 0xbc, 0xa1, 0x7a, 0xab, 0x09, 0xfb, 0x1b, 0xc7, 0x90, 0x62];
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;

const wrap = (x: bigint): bigint => BigInt.asUintN(64, x);
const rotl = (x: bigint, bits: bigint): bigint => wrap(x << bits) | (x >> (64n - bits));

function mix(view: DataView, start: number): bigint {
  const [a, b, c, d] = [0, 8, 16, 24].map((at) => view.getBigUint64(start + at, true)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  let h = wrap(a * P1);
  h = wrap((rotl(h, 29n) ^ wrap(b * P2)) * P3);
  h = wrap((rotl(h, 31n) ^ wrap(c * P1)) * P2);
  h = wrap((rotl(h, 27n) ^ wrap(d * P3)) * P1);
  return h ^ (h >> 32n);
}

/** The offset at which each chunk ends. */
export function oracleCuts(bytes: Uint8Array, row: CutRow): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const cuts: number[] = [];
  let start = 0;
  while (start < bytes.length) {
    start = oracleEnd(bytes, view, row, start);
    cuts.push(start);
  }
  return cuts;
}

function oracleEnd(bytes: Uint8Array, view: DataView, row: CutRow, start: number): number {
  const last = Math.min(start + row.max, bytes.length);
  for (let cut = start + row.min + 1; cut <= last; cut++) {
    let h = 0;
    for (const byte of bytes.subarray(cut - 8, cut)) h = (2 * h + ((T0[byte & 15] ?? 0) ^ (T1[byte >> 4] ?? 0))) & 255;
    if (h !== 0x5b) continue;
    const mask = cut - start <= row.normal ? row.strictMask : row.looseMask;
    if ((mix(view, cut - 32) & BigInt(mask)) === 0n) return cut;
  }
  return last;
}
