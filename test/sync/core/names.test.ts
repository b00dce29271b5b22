import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RelPath } from "../../../src/shared/ids.ts";
import { foldKey, isOsJunk, nameRulesFor, unholdableReason } from "../../../src/sync/core/names.ts";

describe("twins have one key", () => {
  test.each([
    { name: "case", a: "Foo/BAR.txt", b: "foo/bar.TXT" },
    { name: "case beyond ASCII", a: "Ä", b: "ä" },
    { name: "composed and decomposed", a: "é".normalize("NFC"), b: "é".normalize("NFD") },
    { name: "both", a: "É".normalize("NFD"), b: "é".normalize("NFC") },
    { name: "sharp s (CVE-2026-23950)", a: "straße", b: "STRASSE" },
    { name: "capital sharp s", a: "STRAẞE", b: "strasse" },
    { name: "a ligature", a: "ﬁle", b: "FILE" },
    { name: "the Kelvin sign", a: "\u212A", b: "k" },
    { name: "the long s", a: "ſ", b: "S" },
    { name: "final sigma", a: "ΟΔΟΣ", b: "οδος" },
    { name: "final and middle sigma", a: "ς", b: "σ" },
    { name: "Turkish capital dotted i, decomposed", a: "\u0130", b: "I\u0307" },
    { name: "iota below", a: "\u1FB3", b: "\u0391\u0345" },
  ])("$name: $a and $b", ({ a, b }) => {
    expect(foldKey(a)).toBe(foldKey(b));
  });
});

test.each([
  ["a", "b"],
  ["a", "á"],
  ["foo", "foo "],
  ["ss", "s"],
  ["\u0131", "j"],
])("%s and %s are different names", (a, b) => {
  expect(foldKey(a)).not.toBe(foldKey(b));
});

test("a key does not change when it is folded again, and no case or form of a name changes it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 12 }), (text) => {
      const key = foldKey(text);
      expect(foldKey(key)).toBe(key);
      for (const form of ["NFC", "NFD"] as const) expect(foldKey(text.normalize(form))).toBe(key);
      expect(foldKey(text.toUpperCase())).toBe(key);
    }),
    { numRuns: 2000 },
  );
});

test("every single character keeps its key through case and form", () => {
  const unstable: string[] = [];
  for (let point = 1; point < 0x30000; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const text = String.fromCodePoint(point);
    const key = foldKey(text);
    const forms = [key, text.toUpperCase(), text.toLowerCase(), text.normalize("NFC"), text.normalize("NFD")];
    if (forms.some((form) => foldKey(form) !== key)) unstable.push(`U+${point.toString(16)}`);
  }
  expect(unstable).toEqual([]);
});

describe("names that Windows cannot hold", () => {
  test.each([
    "CON",
    "con.txt",
    "dir/Prn",
    "aux.tar.gz",
    "NUL ",
    "com1",
    "LPT9.x",
    "COM¹",
    "lpt³.log",
    "con .txt",
    "CONIN$",
    "conout$",
    "a:b",
    "a<b",
    'a"b',
    "a|b",
    "a?",
    "a*",
    "a\\b",
    "x.",
    "x ",
    "dir./x",
    "a\nb",
    "a\x1fb",
  ])("%j", (path) => {
    expect(unholdableReason(path as RelPath, "windows")).toBeDefined();
    expect(unholdableReason(path as RelPath, "posix")).toBeUndefined();
  });

  test.each([
    "context",
    "com",
    "com0",
    "COM10",
    "nullable.txt",
    "a.con",
    "aux-file",
    ".hidden",
    "ä b",
    "a\x7fb",
    "lpt",
  ])("but %j is fine", (path) => {
    expect(unholdableReason(path as RelPath, "windows")).toBeUndefined();
  });

  test("the part at fault is named", () => {
    expect(unholdableReason("good/a:b/c" as RelPath, "windows")).toBe('"a:b" has the character ":"');
  });
});

test.each([
  { platform: "win32", caseSensitive: false, symlinks: true, rules: "windows" },
  { platform: "linux", caseSensitive: true, symlinks: true, rules: "posix" },
  { platform: "linux", caseSensitive: false, symlinks: false, rules: "windows" },
  { platform: "darwin", caseSensitive: false, symlinks: true, rules: "posix" },
])(
  "$platform, case-sensitive $caseSensitive, symlinks $symlinks → $rules rules",
  ({ platform, rules, ...capabilities }) => {
    expect(nameRulesFor(platform, capabilities)).toBe(rules);
  },
);

test("litter of systems is told from hidden files of people", () => {
  expect([".DS_Store", "Thumbs.db", "desktop.ini"].every(isOsJunk)).toBe(true);
  expect([".bashrc", "._notes", "thumbs", "~$report.docx"].some(isOsJunk)).toBe(false);
});
