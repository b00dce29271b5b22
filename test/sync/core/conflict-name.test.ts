import fc from "fast-check";
import { expect, test } from "vitest";
import type { Head } from "../../../src/shared/file-info.ts";
import type { ContentId, RelPath, ShortId } from "../../../src/shared/ids.ts";
import { parseRelPath, relPathFault } from "../../../src/shared/ids.ts";
import {
  conflictName,
  distinctConflictName,
  isConflictName,
  originalOf,
} from "../../../src/sync/core/conflict-name.ts";

const NOON = Date.UTC(2026, 1, 28, 12, 34, 56, 789);
const MARK = ".sync-conflict-20260228-123456-ABCDEFG";

function loser(mtimeMs = NOON, fields: Partial<Head> = {}): Head {
  return {
    version: [["ABCDEFGHIJKL" as ShortId, 1]],
    author: "ABCDEFGHIJKL" as ShortId,
    type: "file",
    deleted: false,
    size: 1,
    mtimeNs: BigInt(mtimeMs) * 1_000_000n,
    mode: 0o644,
    contentId: "0123456789abcdef".repeat(4) as ContentId,
    target: "",
    previous: null,
    owner: "",
    ...fields,
  };
}

test.each([
  { name: "an extension stays at the end", path: "a/b.txt", expected: `a/b${MARK}.txt` },
  { name: "the last extension counts", path: "b.tar.gz", expected: `b.tar${MARK}.gz` },
  { name: "no extension", path: "Makefile", expected: `Makefile${MARK}` },
  { name: "a leading dot begins no extension", path: ".bashrc", expected: `.bashrc${MARK}` },
  { name: "a dotfile with an extension", path: ".config.json", expected: `.config${MARK}.json` },
  { name: "a trailing dot", path: "x.", expected: `x${MARK}.` },
  { name: "dots only", path: "...", expected: `..${MARK}.` },
  {
    name: "something too long to be an extension",
    path: `a.${"b".repeat(80)}`,
    expected: `a.${"b".repeat(80)}${MARK}`,
  },
  {
    name: "a copy in conflict gets a new mark",
    path: "b.sync-conflict-20200101-000000-ZZZZZZZ.txt",
    expected: `b${MARK}.txt`,
  },
  {
    name: "also one with content characters",
    path: "b.sync-conflict-20200101-000000-ZZZZZZZ-0a1b2c3d.txt",
    expected: `b${MARK}.txt`,
  },
  { name: "also one without extension", path: "d/b.sync-conflict-20200101-000000-ZZZZZZZ", expected: `d/b${MARK}` },
  {
    name: "the ignore file does not become a reserved name",
    path: ".synclineignore",
    expected: `_synclineignore${MARK}`,
  },
])("$name: $path", ({ path, expected }) => {
  expect(conflictName(parseRelPath(path), loser())).toBe(expected);
});

test("the time is the loser's mtime in UTC, on every day of 400 years", () => {
  for (let day = 0; day < 146_097; day += 13) {
    const time = day * 86_400_000 + (day % 86_400) * 1000;
    const text = new Date(time).toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15);
    expect(conflictName("a" as RelPath, loser(time))).toBe(`a.sync-conflict-${text}-ABCDEFG`);
  }
});

test.each([
  { name: "before 1970", mtimeNs: -5n, expected: "19700101-000000" },
  { name: "after 9999", mtimeNs: 2n ** 70n, expected: "99991231-235959" },
])("a time $name shows as $expected", ({ mtimeNs, expected }) => {
  expect(conflictName("a" as RelPath, loser(0, { mtimeNs }))).toBe(`a.sync-conflict-${expected}-ABCDEFG`);
});

test("contents that would share a name are told apart by their content", () => {
  const other = loser(NOON, { contentId: "fedcba9876543210".repeat(4) as ContentId });
  expect(conflictName("a.txt" as RelPath, other)).toBe(conflictName("a.txt" as RelPath, loser()));
  expect(distinctConflictName("a.txt" as RelPath, loser())).toBe(`a${MARK}-01234567.txt`);
  expect(distinctConflictName("a.txt" as RelPath, other)).toBe(`a${MARK}-fedcba98.txt`);
});

const part = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 255 }),
  fc.string({ unit: fc.constantFrom(".", "a", "é", "😀", "\n"), minLength: 1, maxLength: 255 }),
  fc.constant(`${"😀".repeat(60)}.sync-conflict-20200101-000000-ZZZZZZZ.txt`),
);
const anyPath = fc
  .array(part, { minLength: 1, maxLength: 20 })
  .map((parts) => parts.join("/"))
  .filter((path) => relPathFault(path) === undefined) as fc.Arbitrary<RelPath>;

test("whatever the path, the copy's path is a valid one, and names do not grow", () => {
  fc.assert(
    fc.property(anyPath, fc.bigInt(-(2n ** 70n), 2n ** 70n), (path, mtimeNs) => {
      const head = loser(0, { mtimeNs });
      for (const nameFor of [conflictName, distinctConflictName]) {
        const copy = nameFor(path, head);
        expect(relPathFault(copy)).toBeUndefined();
        expect(copy).not.toBe(path);
        expect(isConflictName(copy)).toBe(true);
        expect(nameFor(copy, head)).toBe(copy);
      }
    }),
    { numRuns: 500 },
  );
});

test("a path without room for the mark keeps its copy further up", () => {
  const path = parseRelPath(`${"d/".repeat(2046)}abc`);
  const copy = conflictName(path, loser());
  expect(relPathFault(copy)).toBeUndefined();
  expect(copy).toMatch(/\/a?b?c?\.sync-conflict-20260228-123456-ABCDEFG$/);
});

test("a copy tells which path it was made of", () => {
  expect(originalOf(conflictName("a/b.txt" as RelPath, loser()))).toBe("a/b.txt");
  expect(isConflictName("a.sync-conflict-x/b.txt" as RelPath)).toBe(false);
});
