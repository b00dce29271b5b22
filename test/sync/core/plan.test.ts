import { describe, expect, test } from "vitest";
import type { DiskStamp, Head } from "../../../src/shared/file-info.ts";
import type { ContentId, RelPath, ShortId } from "../../../src/shared/ids.ts";
import { joinHeads } from "../../../src/sync/core/heads.ts";
import {
  conflictCopyHead,
  keepDirectory,
  type PathKnowledge,
  planPath,
  tellsOfCopy,
} from "../../../src/sync/core/plan.ts";

const A = "AAAAAAAAAAAA" as ShortId;
const B = "BBBBBBBBBBBB" as ShortId;
const STAMP: DiskStamp = { dev: 1n, ino: 1n, size: 1, mtimeNs: 1n, ctimeNs: 1n, mode: 0o100644 };

type Counters = { readonly [K in "A" | "B"]?: number };

function head(counters: Counters, text: string, changes: Partial<Head> = {}): Head {
  const version = Object.entries(counters).map(([name, counter]) => [name === "A" ? A : B, counter] as const);
  return {
    version,
    author: counters.B === undefined ? A : B,
    type: "file",
    deleted: false,
    size: text.length,
    mtimeNs: BigInt(text.length),
    mode: 0o644,
    contentId: text.padEnd(64, "0") as ContentId,
    target: "",
    previous: null,
    owner: A,
    ...changes,
  };
}

const tombstone = (counters: Counters): Head => head(counters, "", { deleted: true, contentId: null, size: 0 });
const directory = (counters: Counters): Head =>
  head(counters, "", { type: "directory", contentId: null, size: 0, mtimeNs: 0n, mode: 0o755 });

interface Case {
  readonly name: string;
  /** What the disk shows here; null: the row is there and the disk empty; undefined: no row. */
  readonly local: Head | undefined;
  readonly isOnDisk?: boolean;
  readonly remote: Head;
  readonly hasLiveChildren?: boolean;
  readonly expected: string;
}

function plan({ local, isOnDisk = true, remote, hasLiveChildren = false }: Case): ReturnType<typeof planPath> {
  const isShown = local !== undefined && !local.deleted && isOnDisk;
  const known: PathKnowledge = {
    path: "a.txt" as RelPath,
    local: local === undefined ? undefined : { heads: [local], stamp: isShown ? STAMP : null },
    remotes: [[remote]],
    hasLiveChildren,
  };
  return planPath(known);
}

describe("planning one path", () => {
  test.each<Case>([
    { name: "unknown here, live there", local: undefined, remote: head({ B: 1 }, "x"), expected: "install" },
    { name: "unknown here, deleted there", local: undefined, remote: tombstone({ B: 1 }), expected: "adopt" },
    { name: "the same on both", local: head({ A: 1 }, "x"), remote: head({ A: 1 }, "x"), expected: "nothing" },
    { name: "the peer is behind", local: head({ A: 2 }, "xy"), remote: head({ A: 1 }, "x"), expected: "nothing" },
    { name: "the peer is ahead", local: head({ A: 1 }, "x"), remote: head({ A: 1, B: 1 }, "xy"), expected: "install" },
    {
      name: "the peer changed only the mode",
      local: head({ A: 1 }, "x"),
      remote: head({ A: 1, B: 1 }, "x", { mode: 0o755 }),
      expected: "touch",
    },
    {
      name: "the peer wrote the same again",
      local: head({ A: 1 }, "x"),
      remote: head({ A: 1, B: 1 }, "x"),
      expected: "adopt",
    },
    { name: "equal content written apart", local: head({ A: 1 }, "x"), remote: head({ B: 1 }, "x"), expected: "adopt" },
    {
      name: "deleted there after being seen",
      local: head({ A: 1 }, "x"),
      remote: tombstone({ A: 1, B: 1 }),
      expected: "delete",
    },
    {
      name: "deleted there without being seen",
      local: head({ A: 2 }, "xy"),
      remote: tombstone({ A: 1, B: 1 }),
      expected: "adopt",
    },
    {
      name: "changed here and there, theirs newer",
      local: head({ A: 1 }, "x"),
      remote: head({ B: 1 }, "xyz"),
      expected: "install",
    },
    {
      name: "changed here and there, ours newer",
      local: head({ A: 1 }, "xyz"),
      remote: head({ B: 1 }, "x"),
      expected: "adopt",
    },
    {
      name: "wanted again",
      local: head({ A: 1 }, "x"),
      isOnDisk: false,
      remote: head({ A: 1 }, "x"),
      expected: "install",
    },
    {
      name: "an empty directory becomes a file",
      local: directory({ A: 1 }),
      remote: head({ A: 1, B: 1 }, "x"),
      expected: "replace-directory",
    },
    {
      name: "a directory with live children becomes a file",
      local: directory({ A: 1 }),
      remote: head({ A: 1, B: 1 }, "x"),
      hasLiveChildren: true,
      expected: "keep-directory",
    },
    {
      name: "an empty directory is deleted there",
      local: directory({ A: 1 }),
      remote: tombstone({ A: 1, B: 1 }),
      expected: "delete-directory",
    },
    {
      name: "a directory with live children is deleted there",
      local: directory({ A: 1 }),
      remote: tombstone({ A: 1, B: 1 }),
      hasLiveChildren: true,
      expected: "keep-directory",
    },
    {
      name: "a file against a directory made apart",
      local: head({ A: 1 }, "xyz"),
      remote: directory({ B: 1 }),
      expected: "install",
    },
  ])("$name → $expected", (row) => {
    expect(plan(row).type).toBe(row.expected);
  });

  test("content that was seen goes to the store, content that was not to a conflict copy (invariant 1)", () => {
    const seen = plan({ name: "", local: head({ A: 1 }, "x"), remote: head({ A: 1, B: 1 }, "xy"), expected: "" });
    const unseen = plan({ name: "", local: head({ A: 1 }, "x"), remote: head({ B: 1 }, "xyz"), expected: "" });
    expect(seen).toMatchObject({ displaced: { to: "store" } });
    expect(unseen).toMatchObject({
      displaced: { to: "conflict", paths: [expect.stringMatching(/^a\.sync-conflict-/), expect.any(String)] },
    });
  });

  test("both sides of a conflict commit the same heads (invariant 2)", () => {
    const [ours, theirs] = [head({ A: 1 }, "x"), head({ B: 1 }, "xyz")];
    const here = plan({ name: "", local: ours, remote: theirs, expected: "" });
    const there = plan({ name: "", local: theirs, remote: ours, expected: "" });
    expect(here).toMatchObject({ heads: joinHeads([ours], [theirs]) });
    expect(there).toMatchObject({ heads: joinHeads([ours], [theirs]) });
  });

  test("a kept directory is written above what removed it and beside the file that would replace it (invariant 4)", () => {
    const [gone, file] = [tombstone({ A: 1 }), head({ B: 1 }, "x")];
    const known: PathKnowledge = {
      path: "d" as RelPath,
      local: undefined,
      remotes: [[gone], [file]],
      hasLiveChildren: true,
    };
    expect(keepDirectory(known)).toMatchObject({
      type: "keep-directory",
      above: [gone],
      beside: [file],
      displaced: undefined,
    });
  });
});

describe("what a copy's record tells of a loser", () => {
  const loser = head({ A: 5 }, "lost");
  const replaced = loser.contentId;

  test.each<{ name: string; copy: Head; tells: boolean }>([
    { name: "the copy itself", copy: conflictCopyHead(loser), tells: true },
    { name: "its content under another version", copy: head({ B: 9 }, "lost"), tells: true },
    { name: "the copy, edited", copy: head({ A: 5, B: 9 }, "edited", { previous: replaced }), tells: true },
    { name: "the copy, removed", copy: tombstone({ A: 5, B: 9 }), tells: true },
    { name: "an edit that had not seen it", copy: head({ B: 9 }, "edited", { previous: replaced }), tells: false },
    {
      name: "the untouched copy of another loser, its vector greater by chance",
      copy: head({ A: 5, B: 4 }, "another"),
      tells: false,
    },
    { name: "equal vectors, other content", copy: head({ A: 5 }, "another", { previous: replaced }), tells: false },
  ])("$name → $tells", ({ copy, tells }) => {
    expect(tellsOfCopy([copy], loser)).toBe(tells);
  });
});
