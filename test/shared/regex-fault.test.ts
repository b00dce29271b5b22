import { expect, test } from "vitest";
import { regexFlags } from "../../src/shared/regex-fault.ts";

test.each([
  { pattern: String.raw`^inv_\d{4}`, flags: "u" },
  { pattern: "ü.$", flags: "u" },
  { pattern: String.raw`a\-b`, flags: "" },
  { pattern: "a{", flags: "" },
])("$pattern is valid with flags '$flags'", ({ pattern, flags }) => {
  expect(regexFlags(pattern)).toEqual({ flags });
  expect(() => new RegExp(pattern, flags)).not.toThrow();
});

test.each([
  { pattern: "(abc", index: 4, message: "Unterminated group" },
  { pattern: "abc)", index: 3, message: "Unmatched ')'" },
  { pattern: "a**", index: 3, message: "Nothing to repeat" },
  { pattern: "[b-a]", index: 4, message: "Range out of order in character class" },
  { pattern: "x{2,1}", index: 6, message: "numbers out of order in {} quantifier" },
  { pattern: "\\", index: 0, message: "\\ at end of pattern" },
])("$pattern fails at $index", ({ pattern, index, message }) => {
  expect(regexFlags(pattern)).toEqual({ fault: { index, message } });
  expect(() => new RegExp(pattern)).toThrow();
});
