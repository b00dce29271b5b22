import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type DuplicateDecision,
  decideDuplicate,
  numberedName,
  type SettledPolicy,
} from "../../src/shared/duplicates.ts";

describe("numbered names", () => {
  test.each([
    ["a.pdf", 1, "a_v2.pdf"],
    ["a.pdf", 2, "a_v3.pdf"],
    ["a_v2.pdf", 1, "a_v3.pdf"],
    ["a_v9.pdf", 1, "a_v10.pdf"],
    ["a_v1.pdf", 1, "a_v1_v2.pdf"],
    ["a.tar.gz", 1, "a_v2.tar.gz"],
    ["a.TAR.ZST", 1, "a_v2.TAR.ZST"],
    [".tar.gz", 1, ".tar_v2.gz"],
    [".bashrc", 1, ".bashrc_v2"],
    [".bashrc_v2", 1, ".bashrc_v3"],
    [".config.json", 1, ".config_v2.json"],
    ["README", 1, "README_v2"],
    ["ends.", 1, "ends_v2."],
    ["..hidden", 1, "..hidden_v2"],
    ["…", 1, "…_v2"],
    ["a b\n.txt", 1, "a b\n_v2.txt"],
    ["_v2", 1, "_v2_v2"],
  ])("%j, step %i → %j", (name, step, expected) => {
    expect(numberedName(name, step)).toBe(expected);
  });

  test("a name of 255 bytes is cut at a character, its extension stays", () => {
    const name = `${"ü".repeat(125)}x.jpg`;
    expect(Buffer.byteLength(name)).toBe(255);
    const numbered = numberedName(name, 1);
    expect(numbered).toBe(`${"ü".repeat(124)}_v2.jpg`);
    expect(numberedName(numbered, 1)).toBe(`${"ü".repeat(124)}_v3.jpg`);
  });

  test("names differ for each step, fit, and stay whole characters", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 90 }),
        fc.integer({ min: 1, max: 99 }),
        (name, step) => {
          const numbered = numberedName(name, step);
          expect(Buffer.byteLength(numbered)).toBeLessThanOrEqual(255);
          expect(numbered).not.toBe(name);
          expect(numberedName(name, step + 1)).not.toBe(numbered);
          if (name.isWellFormed()) expect(numbered.isWellFormed()).toBe(true);
        },
      ),
    );
  });
});

describe("duplicates", () => {
  const other = { isSameType: true, isSameContent: false };
  const equal = { isSameType: true, isSameContent: true };
  const directory = { isSameType: false, isSameContent: false };
  test.each<[SettledPolicy, typeof other | undefined, DuplicateDecision["type"]]>([
    ["version", undefined, "create"],
    ["fail", undefined, "create"],
    ["version", other, "replace"],
    ["version", equal, "unchanged"],
    ["overwrite", other, "replace"],
    ["overwrite", equal, "unchanged"],
    ["rename", other, "rename"],
    ["rename", equal, "rename"],
    ["rename", directory, "rename"],
    ["skip", equal, "skip"],
    ["fail", equal, "fail"],
    ["fail", directory, "fail"],
    ["version", directory, "in-the-way"],
    ["overwrite", directory, "in-the-way"],
  ])("%s, %j → %s", (policy, existing, expected) => {
    expect(decideDuplicate(policy, existing).type).toBe(expected);
  });
});
