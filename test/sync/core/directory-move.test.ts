import { expect, test } from "vitest";
import type { Head } from "../../../src/shared/file-info.ts";
import type { ContentId, RelPath, ShortId } from "../../../src/shared/ids.ts";
import { compare } from "../../../src/shared/version-vector.ts";
import {
  digestLine,
  isMovable,
  isNested,
  type MoveRule,
  movedPath,
  moveRecord,
} from "../../../src/sync/core/directory-move.ts";
import { file, tombstone } from "../index/rows.ts";

const path = (text: string): RelPath => text as RelPath;
const A = "AAAAAAAAAAAA" as ShortId;
const B = "BBBBBBBBBBBB" as ShortId;
const rule: MoveRule = { from: path("old"), to: path("new/place"), author: B, counter: 100 };
const head: Head = file({ A: 5, B: 7 }, "one", { previous: "c".repeat(64) as ContentId });

test("a moved file keeps what it is; only its author and history say that it moved", () => {
  const moved = moveRecord(rule, head, []);
  const version = [
    [A, 5],
    [B, 100],
  ];
  expect(moved?.arrived).toEqual({ ...head, version, author: B, previous: null });
  expect(moved?.gone).toEqual({
    ...head,
    version,
    author: B,
    deleted: true,
    size: 0,
    contentId: null,
    previous: head.contentId,
    mtimeNs: 100_000_000_000n,
  });
});

test("new versions stand above every head of their path, also of what was deleted at the destination", () => {
  const there = [tombstone({ A: 9 }), tombstone({ B: 50 })];
  const moved = moveRecord(rule, head, there);
  for (const { version } of [head, ...there]) expect(compare(version, moved?.arrived.version ?? [])).toBe("before");
  expect(compare(head.version, moved?.gone.version ?? [])).toBe("before");
  expect(moved?.gone.version).not.toEqual(moved?.arrived.version);
});

test.each([
  { name: "at the old place", rule: { ...rule, counter: 7 }, there: [] },
  { name: "at the new place", rule, there: [tombstone({ B: 100 })] },
])("a counter that does not rise above what was $name moves nothing", ({ rule: given, there }) => {
  expect(moveRecord(given, head, there)).toBeUndefined();
});

test("paths below the directory go below the new one; one that cannot be goes nowhere", () => {
  expect(movedPath(rule, path("old"))).toBe("new/place");
  expect(movedPath(rule, path("old/x/y.txt"))).toBe("new/place/x/y.txt");
  expect(movedPath(rule, path(`old/${`${"y".repeat(200)}/`.repeat(20)}${"z".repeat(70)}`))).toBeUndefined();
  expect(movedPath({ ...rule, to: path(".syncline") }, path("old/x"))).toBeUndefined();
});

test.each([
  { from: "a", to: "a", nested: true },
  { from: "a", to: "a/b", nested: true },
  { from: "a/b", to: "a", nested: true },
  { from: "a", to: "ab", nested: false },
  { from: "a", to: "A", nested: false },
])("moving $from to $to is a move into itself: $nested", ({ from, to, nested }) => {
  expect(isNested({ from: path(from), to: path(to) })).toBe(nested);
});

test("what is deleted or in conflict does not move", () => {
  expect(isMovable([head])).toBe(true);
  expect(isMovable([tombstone({ A: 1 })])).toBe(false);
  expect(isMovable([head, file({ A: 6 })])).toBe(false);
});

test("the line for the digest is the one that was written down", () => {
  const moved = moveRecord(rule, head, []);
  if (moved === undefined) throw new Error("not moved");
  expect(digestLine(path("new/place/ä.txt"), moved)).toBe(
    `["new/place/ä.txt",[["${A}",5],["${B}",100]],[["${A}",5],["${B}",100]],"file",10,"1700000000000000000",420,"${head.contentId}","",null,"${A}"]\n`,
  );
});
