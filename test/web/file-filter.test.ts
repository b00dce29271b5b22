import { expect, test } from "vitest";
import { type FilterKind, fileTest } from "../../src/web/text/file-filter.ts";

const PATHS = ["a.pdf", "docs/b.PDF", "docs/inv_2026.pdf", "docs/x/[1].txt", "docs/x/a+b.txt"];

function found(kind: FilterKind, text: string): readonly string[] {
  const isMeant = fileTest({ kind, text, fromMs: null, toMs: null });
  if (typeof isMeant !== "function") throw new Error(isMeant.fault);
  return PATHS.filter((path) => isMeant({ path, mtime: null }));
}

test.each<[FilterKind, string, readonly string[]]>([
  ["contains", "", PATHS],
  ["contains", ".pdf", ["a.pdf", "docs/b.PDF", "docs/inv_2026.pdf"]],
  ["glob", "*.pdf", ["a.pdf", "docs/inv_2026.pdf"]],
  ["glob", "**/*.pdf", ["a.pdf", "docs/inv_2026.pdf"]],
  ["glob", "docs/*", ["docs/b.PDF", "docs/inv_2026.pdf"]],
  ["glob", "docs/**", PATHS.slice(1)],
  ["glob", "?.{pdf,PDF}", ["a.pdf", "docs/b.PDF"]],
  ["glob", "[!b].pdf", ["a.pdf"]],
  ["glob", "a+b.txt", ["docs/x/a+b.txt"]],
  ["glob", "[", []],
  ["regex", "^inv_\\d{4}", ["docs/inv_2026.pdf"]],
  ["regex", "^docs", []],
])("%s %j", (kind, text, expected) => {
  expect(found(kind, text)).toEqual(expected);
});

test("a bad regular expression says why", () => {
  expect(fileTest({ kind: "regex", text: "(", fromMs: null, toMs: null })).toHaveProperty("fault");
});

test("times: the first counts, the last does not, and what has none is left out", () => {
  const isMeant = fileTest({ kind: "contains", text: "", fromMs: 1000, toMs: 2000 });
  const at = (ms: number | null): boolean =>
    typeof isMeant === "function" && isMeant({ path: "a", mtime: ms === null ? null : new Date(ms).toISOString() });
  expect([999, 1000, 1999, 2000, null].map(at)).toEqual([false, true, true, false, false]);
});
