import fc from "fast-check";
import ignoreLibrary from "ignore";
import { describe, expect, test } from "vitest";
import type { RelPath } from "../../../src/shared/ids.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import type { IgnoreRules } from "../../../src/sync/core/ignore.ts";
import { compileIgnore } from "../../../src/sync/core/ignore.ts";

function rules(folderText = "", devicePatterns: readonly string[] = []): IgnoreRules {
  return compileIgnore({ folderText, devicePatterns });
}

/** A path with a final slash is a directory. */
function isIgnored(ignore: IgnoreRules, path: string): boolean {
  return path.endsWith("/")
    ? ignore.isIgnored(path.slice(0, -1) as RelPath, true)
    : ignore.isIgnored(path as RelPath, false);
}

describe("gitignore syntax", () => {
  test.each<{ patterns: string; ignored: readonly string[]; kept: readonly string[] }>([
    { patterns: "a.log", ignored: ["a.log", "x/y/a.log", "a.log/"], kept: ["b.log", "a.logs"] },
    { patterns: "*.log", ignored: ["a.log", "x/.log"], kept: ["a.log.txt", "log"] },
    { patterns: "/a", ignored: ["a", "a/b/c"], kept: ["x/a"] },
    { patterns: "build/", ignored: ["build/", "x/build/", "build/a/b"], kept: ["build", "x/build"] },
    { patterns: "a/b", ignored: ["a/b", "a/b/c"], kept: ["x/a/b", "a", "b"] },
    { patterns: "a/*", ignored: ["a/b", "a/c/d"], kept: ["a/", "b/a"] },
    { patterns: "a/**", ignored: ["a/b", "a/b/c"], kept: ["a/", "a"] },
    { patterns: "**/a", ignored: ["a", "x/a", "x/y/a"], kept: ["ab", "x/ab"] },
    { patterns: "a/**/b", ignored: ["a/b", "a/x/b", "a/x/y/b"], kept: ["x/a/b", "ab", "a/xb"] },
    { patterns: "a**b", ignored: ["ab", "axxb", "x/ab"], kept: ["a/b"] },
    { patterns: "a?c", ignored: ["abc", "a😀c"], kept: ["ac", "abbc", "a/c"] },
    { patterns: "[ab]x", ignored: ["ax", "bx"], kept: ["cx", "[ab]x"] },
    { patterns: "[!a]x", ignored: ["bx"], kept: ["ax", "x"] },
    { patterns: "[a-c]", ignored: ["b"], kept: ["d", "-"] },
    { patterns: "[]a]", ignored: ["]", "a"], kept: ["[]a]"] },
    { patterns: "[[:digit:]x]", ignored: ["7", "x"], kept: ["y", ":"] },
    { patterns: "\\#a\n\\!b", ignored: ["#a", "!b"], kept: ["a", "b"] },
    { patterns: "# comment\n\n   \nx", ignored: ["x"], kept: ["# comment", "comment"] },
    { patterns: "a  \nb\\ \nc \\  ", ignored: ["a", "b ", "c  "], kept: ["a  ", "b"] },
    { patterns: " a", ignored: [" a"], kept: ["a"] },
    { patterns: "a\r\nb\r\n", ignored: ["a", "b"], kept: ["a\r"] },
    { patterns: "\uFEFFa", ignored: ["a"], kept: [] },
    { patterns: "\\*", ignored: ["*"], kept: ["a"] },
    { patterns: "*.txt\n!keep.txt", ignored: ["a.txt"], kept: ["keep.txt", "x/keep.txt"] },
    { patterns: "!keep.txt\n*.txt", ignored: ["keep.txt"], kept: [] },
    { patterns: "dir/\n!dir/keep", ignored: ["dir/", "dir/keep"], kept: [] },
    { patterns: "dir/*\n!dir/keep", ignored: ["dir/a"], kept: ["dir/", "dir/keep"] },
    { patterns: "Foo", ignored: ["Foo"], kept: ["foo"] },
    { patterns: "*", ignored: ["a", "a/b"], kept: [".synclineignore"] },
  ])("$patterns", ({ patterns, ignored, kept }) => {
    const ignore = rules(patterns);
    expect(ignored.filter((path) => !isIgnored(ignore, path))).toEqual([]);
    expect(kept.filter((path) => isIgnored(ignore, path))).toEqual([]);
  });
});

test("what is built in is ignored unless it is taken back", () => {
  const junk = [
    ".DS_Store",
    "x/._a",
    "Thumbs.db",
    "desktop.ini",
    "$RECYCLE.BIN/",
    ".Trash-1000/",
    ".fseventsd/",
    ".Spotlight-V100/",
    ".nfs0001",
    ".fuse_hidden1",
    ".~lock.a.odt#",
    "~$a.docx",
    ".a.txt.swp",
    ".a.swo",
  ];
  expect(junk.filter((path) => !isIgnored(rules(), path))).toEqual([]);
  expect(isIgnored(rules("!Thumbs.db"), "x/Thumbs.db")).toBe(false);
  expect(
    ["a.swp", "lock", ".git/", "node_modules/", "$RECYCLE.BIN"].filter((path) => isIgnored(rules(), path)),
  ).toEqual([]);
});

test("this device's patterns decide over the folder's", () => {
  const ignore = rules("*.iso\n*.tmp", ["!a.iso", "mine/"]);
  expect(["b.iso", "a.tmp", "mine/x"].filter((path) => !isIgnored(ignore, path))).toEqual([]);
  expect(isIgnored(ignore, "a.iso")).toBe(false);
});

test.each([
  { pattern: "[a", reason: "can match nothing" },
  { pattern: "a//b", reason: "can match nothing" },
  { pattern: "a\\", reason: "can match nothing" },
  { pattern: "/", reason: "can match nothing" },
  { pattern: "[[:nope:]]", reason: "can match nothing" },
  { pattern: "x".repeat(LIMITS.ignorePatternChars.value + 1), reason: "is longer than 1024 characters" },
])("a pattern that cannot be used is named: $reason", ({ pattern, reason }) => {
  const ignore = rules(`${pattern}\nb`);
  expect(ignore.faults.map((fault) => fault.reason)).toEqual([reason]);
  expect(isIgnored(ignore, "b")).toBe(true);
});

test("patterns past the limit do nothing and one fault says so", () => {
  const ignore = rules(Array.from({ length: LIMITS.ignorePatterns.value + 50 }, (_, i) => `name-${i}`).join("\n"));
  expect(ignore.faults).toHaveLength(1);
  expect(isIgnored(ignore, "name-0")).toBe(true);
  expect(isIgnored(ignore, `name-${LIMITS.ignorePatterns.value}`)).toBe(false);
});

test.each([
  { name: "stars among characters", pattern: `${"*a".repeat(200)}*b`, path: "a".repeat(255) },
  { name: "double stars among parts", pattern: `${"**/a/".repeat(200)}b`, path: `${"a/".repeat(2000)}c` },
  { name: "question marks and stars", pattern: `${"?*".repeat(200)}b`, path: "a".repeat(255) },
])("no pattern is slow: $name", ({ pattern, path }) => {
  const ignore = rules(pattern);
  const start = performance.now();
  expect(isIgnored(ignore, path)).toBe(false);
  expect(performance.now() - start).toBeLessThan(2000);
});

const patternPart = fc.string({
  unit: fc.constantFrom("a", "b", "*", "**", "?", "[ab]", "[!a]", ".", "\\*"),
  minLength: 1,
  maxLength: 3,
});
const patternLine = fc
  .record({
    negated: fc.boolean(),
    anchored: fc.boolean(),
    parts: fc.array(fc.oneof(patternPart, fc.constant("**")), { minLength: 1, maxLength: 3 }),
    directory: fc.boolean(),
  })
  .map(
    ({ negated, anchored, parts, directory }) =>
      (negated ? "!" : "") + (anchored ? "/" : "") + parts.join("/") + (directory ? "/" : ""),
  );
const somePath = fc
  .array(fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
  })
  .filter((parts) => parts.every((part) => !/^\.+$/.test(part)))
  .map((parts) => parts.join("/"));

test("decides as the library that most Node tools use does", () => {
  fc.assert(
    fc.property(fc.array(patternLine, { maxLength: 4 }), somePath, fc.boolean(), (lines, path, isDirectory) => {
      const oracle = ignoreLibrary({ ignorecase: false }).add(lines.join("\n"));
      expect(rules(lines.join("\n")).isIgnored(path as RelPath, isDirectory)).toBe(
        oracle.ignores(isDirectory ? `${path}/` : path),
      );
    }),
    { numRuns: 5000 },
  );
});

test("memory of directories is bounded and forgetting changes no answer", () => {
  const ignore = rules("odd*/");
  for (let i = 0; i < 20_000; i++)
    expect(ignore.isIgnored(`${i % 2 ? "odd" : "even"}${i}/x` as RelPath, false)).toBe(i % 2 === 1);
});
