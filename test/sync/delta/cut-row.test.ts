import { expect, test } from "vitest";
import { CHUNK_BYTES_MAX, chunkCountMax, chunkRow } from "../../../src/sync/delta/cut-row.ts";

const KIB = 1024;
const GIB = 1024 ** 3;

test.each([
  { size: 0, min: 32, normal: 32, max: 32, strictMask: 0, looseMask: 0 },
  { size: 32 * KIB, min: 32, normal: 32, max: 32, strictMask: 0, looseMask: 0 },
  { size: 32 * KIB + 1, min: 16, normal: 32, max: 128, strictMask: 0x7f, looseMask: 0x1f },
  { size: GIB, min: 16, normal: 32, max: 128, strictMask: 0x7f, looseMask: 0x1f },
  { size: GIB + 1, min: 32, normal: 64, max: 256, strictMask: 0xff, looseMask: 0x3f },
  { size: 16 * GIB, min: 32, normal: 64, max: 256, strictMask: 0xff, looseMask: 0x3f },
  { size: 16 * GIB + 1, min: 128, normal: 256, max: 1024, strictMask: 0x3ff, looseMask: 0xff },
  { size: 256 * GIB, min: 128, normal: 256, max: 1024, strictMask: 0x3ff, looseMask: 0xff },
  { size: 256 * GIB + 1, min: 512, normal: 1024, max: 4096, strictMask: 0xfff, looseMask: 0x3ff },
  { size: 2 ** 43, min: 512, normal: 1024, max: 4096, strictMask: 0xfff, looseMask: 0x3ff },
])("a file of $size bytes is cut at $min/$normal/$max KiB", ({ size, min, normal, max, ...masks }) => {
  expect(chunkRow(size)).toEqual({ min: min * KIB, normal: normal * KIB, max: max * KIB, ...masks });
  expect(chunkRow(size).max).toBeLessThanOrEqual(CHUNK_BYTES_MAX);
});

test.each([
  { size: 0, count: 0 },
  { size: 1, count: 1 },
  { size: 32 * KIB, count: 1 },
  { size: 32 * KIB + 1, count: 2 },
  { size: 3 * (16 * KIB + 1), count: 3 },
  { size: 3 * (16 * KIB + 1) + 1, count: 4 },
  { size: GIB, count: 65_533 },
])("a file of $size bytes has at most $count chunks", ({ size, count }) => {
  expect(chunkCountMax(size)).toBe(count);
});
