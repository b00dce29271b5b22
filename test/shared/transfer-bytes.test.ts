import { expect, test } from "vitest";
import { chargedTo } from "../../src/shared/transfer-bytes.ts";

test.each([
  ["what was here already", { delta: 0, reuse: 900, compression: 0 }, { delta: 0, reuse: 800, compression: 0 }],
  ["the old version", { delta: 900, reuse: 10, compression: -5 }, { delta: 800, reuse: 10, compression: -5 }],
  ["what was compressed", { delta: 0, reuse: 0, compression: 300 }, { delta: 0, reuse: 0, compression: 200 }],
  ["nothing", { delta: 0, reuse: 0, compression: -5 }, { delta: 0, reuse: 0, compression: -105 }],
] as const)("what asking took lessens what was spared by %s, and the parts still add up", (_, saved, expected) => {
  expect(chargedTo(saved, 100)).toEqual(expected);
});
