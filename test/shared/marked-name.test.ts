import { expect, test } from "vitest";
import { versionName } from "../../src/shared/marked-name.ts";

test.each([
  ["a.pdf", 3, "a.v3.pdf"],
  ["a.tar.gz", 3, "a.v3.tar.gz"],
  [".bashrc", 1, ".bashrc.v1"],
  ["README", 12, "README.v12"],
])("version %j, %i is called %j", (name, version, expected) => {
  expect(versionName(name, version)).toBe(expected);
});

test("a name of 255 bytes is cut at a character, its extension stays", () => {
  expect(versionName(`${"ü".repeat(125)}x.jpg`, 2)).toBe(`${"ü".repeat(124)}.v2.jpg`);
});
