import { expect, test } from "vitest";
import { rowOf } from "../../src/cli/program.ts";
import { splitShortFlags } from "../../src/cli/short-flags.ts";

test.each([
  { argv: ["rm", "-rn", "x"], expected: ["rm", "-r", "-n", "x"] },
  { argv: ["-qv", "rm", "x"], expected: ["-q", "-v", "rm", "x"] },
  { argv: ["list", "-lRq", "x"], expected: ["list", "-l", "-R", "-q", "x"] },
  { argv: ["rm", "-rz", "x"], expected: ["rm", "-rz", "x"] },
  { argv: ["rm", "--", "-rn"], expected: ["rm", "--", "-rn"] },
  { argv: ["get", "-o", "-qv", "x"], expected: ["get", "-o", "-qv", "x"] },
  { argv: ["get", "-oqv", "x"], expected: ["get", "-oqv", "x"] },
  { argv: ["rm", "-n"], expected: ["rm", "-n"] },
])("$argv becomes $expected", ({ argv, expected }) => {
  expect(splitShortFlags(argv, rowOf(argv))).toEqual(expected);
});
