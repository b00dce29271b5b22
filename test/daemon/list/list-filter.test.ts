import { describe, expect, test } from "vitest";
import { isRecursive, ListFilter, type ListFilterRequest } from "../../../src/daemon/list/list-filter.ts";
import type { LocalRow } from "../../../src/sync/index/index-port.ts";
import { listRow } from "./list-row.ts";

const NEVER = new AbortController().signal;

const ROWS: readonly LocalRow[] = [
  listRow("inv_2024.pdf", { at: "2026-06-30T23:59:59.999Z" }),
  listRow("inv_2025.pdf", { at: "2026-07-01T00:00:00Z" }),
  listRow("notes.txt", { at: "2026-07-31T18:00:00Z" }),
  listRow("old.txt", { deleted: true, at: "2026-07-15T00:00:00Z" }),
  listRow("sub", { type: "directory", mtimeNs: 0n }),
  listRow("sub/inv_1.pdf"),
  listRow("sub/deep/a.PDF"),
];

async function shown(request: Partial<ListFilterRequest>): Promise<readonly string[]> {
  await using filter = new ListFilter({ path: "", deleted: false, recursive: true, ...request });
  return (await filter.apply(ROWS, NEVER)).map(({ path }) => path);
}

function threads(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "MessagePort" || name === "Worker").length;
}

const ALL = ["inv_2024.pdf", "inv_2025.pdf", "notes.txt", "sub", "sub/inv_1.pdf", "sub/deep/a.PDF"];

test.each([
  { name: "nothing asked", request: {}, expected: ALL },
  { name: "words somewhere in the path", request: { contains: "B/INV" }, expected: ["sub/inv_1.pdf"] },
  { name: "words below what is listed", request: { path: "sub", contains: "sub" }, expected: [] },
  { name: "deleted, too", request: { deleted: true, regex: "^old" }, expected: ["old.txt"] },
  {
    name: "since is inclusive, until exclusive",
    request: { since: "2026-07-01T00:00:00.000Z", until: "2026-07-31T18:00:00.000Z" },
    expected: ["inv_2025.pdf", "sub/inv_1.pdf", "sub/deep/a.PDF"],
  },
  { name: "a glob of names", request: { glob: "*.pdf" }, expected: ["inv_2024.pdf", "inv_2025.pdf", "sub/inv_1.pdf"] },
  { name: "a glob of paths", request: { glob: "sub/**/*.pdf" }, expected: ["sub/inv_1.pdf"] },
  { name: "a glob below what is listed", request: { path: "sub", glob: "deep/*" }, expected: ["sub/deep/a.PDF"] },
  {
    name: "a regex of base names",
    request: { regex: String.raw`^inv_\d{4}` },
    expected: ["inv_2024.pdf", "inv_2025.pdf"],
  },
  { name: "a regex finds no directory in a name", request: { regex: "sub/" }, expected: [] },
  { name: "a regex of paths", request: { pathRegex: "^sub/.*pdf$" }, expected: ["sub/inv_1.pdf"] },
  { name: "both", request: { regex: "^inv", pathRegex: "5" }, expected: ["inv_2025.pdf"] },
])("$name → $expected", async ({ request, expected }) => {
  expect(await shown(request)).toEqual(expected);
});

test.each([
  [{ recursive: false }, false],
  [{ recursive: false, glob: "*.pdf" }, false],
  [{ recursive: false, glob: "**/*.pdf" }, true],
  [{ recursive: false, regex: "x" }, false],
  [{ recursive: false, pathRegex: "x" }, true],
] as const)("%j looks at all below: %s", (request, expected) => {
  expect(isRecursive({ path: "", deleted: false, ...request })).toBe(expected);
});

describe("a pattern that is none", () => {
  test("is refused, with its place", async () => {
    await expect(shown({ regex: "(abc" })).rejects.toMatchObject({ code: "E_USAGE", facts: { index: 4 } });
    await expect(shown({ glob: "a//b" })).rejects.toMatchObject({ code: "E_USAGE" });
  });

  test("leaves no thread of the other one behind", async () => {
    const before = threads();
    await expect(shown({ regex: "a", pathRegex: "(" })).rejects.toMatchObject({ code: "E_USAGE" });
    expect(threads()).toBe(before);
  });

  test("or never comes back is ended", async () => {
    const request = { path: "", deleted: false, recursive: true, regex: "^(a+)+$" };
    await using filter = new ListFilter(request);
    await expect(filter.apply([listRow(`${"a".repeat(60)}!`)], NEVER)).rejects.toMatchObject({
      code: "E_REGEX_SLOW",
      exit: 2,
    });
  });
});
