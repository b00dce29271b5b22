import { expect, test } from "vitest";
import { parseRange } from "../../../src/daemon/dashboard/byte-range.ts";

test.each([
  [undefined, 100, undefined],
  ["bytes=0-9", 100, { start: 0, end: 10 }],
  ["bytes=10-", 100, { start: 10, end: 100 }],
  ["bytes=-30", 100, { start: 70, end: 100 }],
  ["bytes=-300", 100, { start: 0, end: 100 }],
  ["bytes=90-500", 100, { start: 90, end: 100 }],
  ["bytes=100-", 100, "unsatisfiable"],
  ["bytes=-0", 100, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=9-3", 100, undefined],
  ["bytes=-", 100, undefined],
  ["bytes=0-1,5-6", 100, undefined],
  ["lines=0-1", 100, undefined],
  ["bytes=99999999999999999-", 100, undefined],
] as const)("%s of %d bytes", (header, size, expected) => {
  expect(parseRange(header, size)).toEqual(expected);
});
