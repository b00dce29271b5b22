import { describe, expect, test } from "vitest";
import type { Head } from "../../../src/shared/file-info.ts";
import { listConflicts, reconcileConflicts, showConflict } from "../../../src/sync/conflicts/list.ts";
import { OpenConflicts } from "../../../src/sync/conflicts/open-conflicts.ts";
import { type Keep, resolveConflict } from "../../../src/sync/conflicts/resolve.ts";
import { undoConflict } from "../../../src/sync/conflicts/undo.ts";
import { conflictName } from "../../../src/sync/core/conflict-name.ts";
import { listTrash } from "../../../src/sync/versions/trash.ts";
import { link, type TreeSpec } from "../../support/tree.ts";
import { failure, KeepBench, PEER, path, SELF } from "../versions/keep-bench.ts";

interface Met {
  readonly bench: KeepBench;
  readonly id: number;
  /** Name of the copy of what was here. */
  readonly copy: string;
}

/** "mine" was written here, then "theirs" by a peer that had not seen it: theirs is newer and wins. */
async function conflict(at = "a.txt", act?: (bench: KeepBench) => Promise<Head>): Promise<Met> {
  const bench = await KeepBench.of({ "other.txt": "x" });
  await bench.edit((user) => user.write(at, "mine"));
  const loser = bench.head(at);
  bench.later();
  await (act?.(bench) ?? bench.peer.write(at, "theirs", { seen: [] }));
  await bench.pull();
  const [open] = listConflicts(bench.context, { all: false });
  expect(openCount(bench)).toBe(open === undefined ? 0 : 1);
  return { bench, id: open?.id ?? 0, copy: conflictName(path(at), loser) };
}

const counters = new WeakMap<KeepBench, OpenConflicts>();

/** As a counter tells it that was asked before, too. */
function openCount(bench: KeepBench): number {
  const counter = counters.get(bench) ?? new OpenConflicts(bench.context);
  counters.set(bench, counter);
  return counter.count;
}

/** What is told of the conflict to the peer: the version that the path now has, and the copy's. */
function told({ bench, copy }: Met): readonly (readonly string[])[] {
  return ["a.txt", copy].map((at) =>
    (bench.row(at)?.heads ?? []).map((head) => (head.deleted ? "deleted" : `${head.size}`)),
  );
}

describe("conflicts", () => {
  test("are listed with both sides", async () => {
    const { bench, id, copy } = await conflict();
    expect(listConflicts(bench.context, { all: false })).toMatchObject([
      {
        id,
        path: "a.txt",
        copies: [
          { path: "a.txt", device: PEER, size: 6 },
          { path: copy, device: SELF, size: 4 },
        ],
        state: "open",
        kept: null,
        canUndo: false,
      },
    ]);
    expect(openCount(bench)).toBe(1);
    expect(showConflict(bench.context, id).path).toBe("a.txt");
    expect(await failure(() => showConflict(bench.context, 99))).toBe("E_CONFLICT_NOT_FOUND");
  });

  test("are dealt with when the copy is edited: who edits it has seen what lost", async () => {
    const { bench, copy } = await conflict();
    await bench.edit((user) => user.write(copy, "mine, edited"));
    expect(listConflicts(bench.context, { all: false })).toEqual([]);
    expect(bench.tree).toMatchObject({ "a.txt": "theirs", [copy]: "mine, edited" });
  });
});

const KEEPS: readonly {
  readonly keep: Keep;
  readonly tree: (copy: string) => TreeSpec;
  readonly heads: readonly (readonly string[])[];
}[] = [
  { keep: "current", tree: () => ({ "a.txt": "theirs" }), heads: [["6"], ["deleted"]] },
  { keep: "copy", tree: () => ({ "a.txt": "mine" }), heads: [["4"], ["deleted"]] },
  { keep: "both", tree: (copy) => ({ "a.txt": "theirs", [copy]: "mine" }), heads: [["6"], ["4"]] },
];

describe("settling a conflict", () => {
  test.each(KEEPS)("keeps $keep", async ({ keep, tree, heads }) => {
    const met = await conflict();
    const { bench, id, copy } = met;
    const view = await resolveConflict(bench.context, id, keep);
    expect(view).toMatchObject({ id, state: "resolved", kept: keep, canUndo: true });
    expect(bench.tree).toEqual({ ...tree(copy), "other.txt": "x" });
    expect(told(met)).toEqual(heads);
    expect(bench.head("a.txt").author).toBe(SELF);
    expect(listConflicts(bench.context, { all: false })).toEqual([]);
    expect(listConflicts(bench.context, { all: true })).toMatchObject([{ id, kept: keep }]);
    expect(await bench.look()).toEqual([]);
    expect(await bench.pull()).toEqual([]);
    expect(bench.tree).toEqual({ ...tree(copy), "other.txt": "x" });
  });

  test.each(KEEPS)("is told to peers, above both sides, when $keep is kept", async ({ keep }) => {
    const { bench, id, copy } = await conflict();
    const before = bench.index.read.folder(bench.context.folder)?.sequence ?? 0;
    await resolveConflict(bench.context, id, keep);
    const told = bench.index.read.localSince(bench.context.folder, before, 10).map((row) => row.path);
    expect(told.toSorted()).toEqual(keep === "both" ? ["a.txt"] : ["a.txt", copy].toSorted());
  });

  test.each(KEEPS)("by keeping $keep twice changes nothing more", async ({ keep }) => {
    const { bench, id } = await conflict();
    await resolveConflict(bench.context, id, keep);
    const row = bench.row("a.txt");
    expect(await resolveConflict(bench.context, id, keep)).toMatchObject({ kept: keep });
    expect(bench.row("a.txt")).toEqual(row);
    for (const other of KEEPS.filter((one) => one.keep !== keep))
      expect(await failure(resolveConflict(bench.context, id, other.keep))).toBe("E_CONFLICT_SETTLED");
  });

  test.each(KEEPS)("and taking it back brings all back that was there ($keep)", async ({ keep }) => {
    const { bench, id, copy } = await conflict();
    const before = bench.tree;
    await resolveConflict(bench.context, id, keep);
    bench.later();
    expect(await undoConflict(bench.context, id)).toMatchObject({ id, state: "open", kept: null, canUndo: false });
    expect(bench.tree).toEqual(before);
    expect(await bench.look()).toEqual([]);
    expect(openCount(bench)).toBe(1);
    expect(await reconcileConflicts(bench.context)).toBe(0);
    expect(await failure(undoConflict(bench.context, id))).toBe("E_CONFLICT_SETTLED");
    bench.later();
    expect(await resolveConflict(bench.context, id, "copy")).toMatchObject({ kept: "copy" });
    expect(bench.tree).toEqual({ "a.txt": "mine", "other.txt": "x" });
    bench.later();
    await undoConflict(bench.context, id);
    expect(bench.user.read(copy)).toBe("mine");
  });

  test("puts the copy that is not kept into the trash", async () => {
    const { bench, id, copy } = await conflict();
    await resolveConflict(bench.context, id, "current");
    expect([...listTrash(bench.context, "")].map((row) => row.path)).toEqual([copy]);
  });

  test("makes a version of what gave way to the copy", async () => {
    const { bench, id } = await conflict();
    await resolveConflict(bench.context, id, "copy");
    expect(bench.versions("a.txt").map(({ origin, head }) => [origin, head.size])).toEqual([["conflict", 6]]);
  });

  test("is refused once the copy was edited, and both stay", async () => {
    const { bench, id, copy } = await conflict();
    await bench.edit((user) => user.write(copy, "mine, edited"));
    await expect(resolveConflict(bench.context, id, "copy")).rejects.toMatchObject({ code: "E_CONFLICT_SETTLED" });
    expect(bench.tree).toMatchObject({ "a.txt": "theirs", [copy]: "mine, edited" });
  });

  test("works for symlinks", async () => {
    const bench = await KeepBench.of({});
    await bench.edit((user) => user.symlink("mine", "l"));
    const loser = bench.head("l");
    bench.later();
    await bench.peer.write("l", "theirs", { seen: [] });
    await bench.pull();
    const [open] = listConflicts(bench.context, { all: false });
    expect(bench.tree).toEqual({ l: "theirs", [conflictName(path("l"), loser)]: link("mine") });
    await resolveConflict(bench.context, open?.id ?? 0, "copy");
    expect(bench.tree).toEqual({ l: link("mine") });
    bench.later();
    await undoConflict(bench.context, open?.id ?? 0);
    expect(bench.user.read("l")).toBe("theirs");
  });

  test("works for names of 255 bytes", async () => {
    const name = `${"ü".repeat(125)}.text`;
    const { bench, id, copy } = await conflict(name);
    expect(bench.user.read(copy)).toBe("mine");
    await resolveConflict(bench.context, id, "copy");
    expect(bench.tree).toEqual({ [name]: "mine", "other.txt": "x" });
    bench.later();
    await undoConflict(bench.context, id);
    expect(bench.user.read(name)).toBe("theirs");
  });

  test("does not overrule a version that nobody here has seen", async () => {
    const { bench, id } = await conflict();
    bench.later();
    await bench.peer.write("a.txt", "theirs, newer");
    await resolveConflict(bench.context, id, "current");
    await bench.pull();
    expect(bench.user.read("a.txt")).toBe("theirs, newer");
  });
});

describe("a conflict with a directory", () => {
  test.each([
    { name: "that a peer made", isTold: true },
    { name: "that only exists because of what is in it", isTold: false },
  ])("$name stays open until a person settles it", async ({ isTold }) => {
    const { bench, id, copy } = await conflict("x", async (peerOf) => {
      if (isTold) await peerOf.peer.mkdir("x", { seen: [] });
      return peerOf.peer.write("x/in.txt", "inside");
    });
    expect(listConflicts(bench.context, { all: false })).toMatchObject([
      { id, path: "x", copies: [{ path: "x" }, { path: copy }] },
    ]);
    expect(await reconcileConflicts(bench.context)).toBe(0);
    expect(await failure(resolveConflict(bench.context, id, "copy"))).toBe("E_EXISTS");
    expect(bench.tree).toEqual({ x: { "in.txt": "inside" }, [copy]: "mine", "other.txt": "x" });
    await resolveConflict(bench.context, id, "current");
    expect(bench.tree).toEqual({ x: { "in.txt": "inside" }, "other.txt": "x" });
    bench.later();
    await undoConflict(bench.context, id);
    expect(bench.user.read(copy)).toBe("mine");
    expect(await bench.look()).toEqual([]);
  });
});

describe("settling is refused", () => {
  test("when a file was changed this very moment, and nothing is settled", async () => {
    const { bench, id, copy } = await conflict();
    bench.user.write(copy, "just now");
    expect(await failure(resolveConflict(bench.context, id, "current"))).toBe("E_CHANGING");
    bench.user.write("a.txt", "just now");
    expect(await failure(resolveConflict(bench.context, id, "copy"))).toBe("E_CHANGING");
    expect(bench.tree).toEqual({ "a.txt": "just now", [copy]: "just now", "other.txt": "x" });
    expect(bench.lookedAgain).toEqual([copy, copy]);
    expect(openCount(bench)).toBe(1);
  });

  test("in a folder that only receives", async () => {
    const { bench, id } = await conflict();
    bench.mode = "receive-only";
    expect(await failure(resolveConflict(bench.context, id, "current"))).toBe("E_RECEIVE_ONLY");
  });

  test("for a conflict there is not", async () => {
    const { bench } = await conflict();
    expect(await failure(resolveConflict(bench.context, 99, "current"))).toBe("E_CONFLICT_NOT_FOUND");
    expect(await failure(undoConflict(bench.context, 99))).toBe("E_CONFLICT_NOT_FOUND");
  });
});

describe("taking back is refused", () => {
  test("for a conflict that is open", async () => {
    const { bench, id } = await conflict();
    expect(await failure(undoConflict(bench.context, id))).toBe("E_CONFLICT_SETTLED");
  });

  test.each([
    { name: "the path", at: () => "a.txt" },
    { name: "the copy's name", at: (copy: string) => copy },
  ])("when $name was used since", async ({ at }) => {
    const { bench, id, copy } = await conflict();
    await resolveConflict(bench.context, id, "copy");
    await bench.edit((user) => user.write(at(copy), "anew"));
    expect(showConflict(bench.context, id).canUndo).toBe(false);
    expect(await failure(undoConflict(bench.context, id))).toBe("E_CONFLICT_SETTLED");
    expect(bench.user.read(at(copy))).toBe("anew");
  });

  test("when the copy's name is taken by a file no scan has seen", async () => {
    const { bench, id, copy } = await conflict();
    await resolveConflict(bench.context, id, "copy");
    bench.user.write(copy, "anew");
    expect(await failure(undoConflict(bench.context, id))).toBe("E_EXISTS");
    expect(bench.tree).toEqual({ "a.txt": "mine", [copy]: "anew", "other.txt": "x" });
  });

  test("when the store no longer holds what gave way", async () => {
    const { bench, id } = await conflict();
    await resolveConflict(bench.context, id, "copy");
    const [version] = bench.versions("a.txt");
    await bench.index.write.updateVersions(bench.context.folder, [
      { path: path("a.txt"), version: version?.version ?? 0, storedAs: null },
    ]);
    expect(showConflict(bench.context, id).canUndo).toBe(false);
    expect(await failure(undoConflict(bench.context, id))).toBe("E_VERSION_NOT_FOUND");
    expect(bench.tree).toEqual({ "a.txt": "mine", "other.txt": "x" });
  });
});

describe("a conflict settles itself", () => {
  test.each<{ readonly name: string; readonly act: (met: Met) => Promise<unknown> }>([
    { name: "its copy is deleted", act: ({ bench, copy }) => bench.edit((user) => user.delete(copy)) },
    { name: "its path is edited", act: ({ bench }) => bench.edit((user) => user.write("a.txt", "merged by hand")) },
    { name: "its path is deleted", act: ({ bench }) => bench.edit((user) => user.delete("a.txt")) },
    {
      name: "somebody settles it elsewhere",
      act: async ({ bench }) => {
        await bench.peer.write("a.txt", "theirs", { mtimeNs: bench.head("a.txt").mtimeNs });
        await bench.pull();
      },
    },
  ])("when $name", async ({ act }) => {
    const met = await conflict();
    const { bench, id } = met;
    await act(met);
    expect(listConflicts(bench.context, { all: false })).toEqual([]);
    expect(openCount(bench)).toBe(0);
    expect(await failure(resolveConflict(bench.context, id, "current"))).toBe("E_CONFLICT_SETTLED");
    expect(await reconcileConflicts(bench.context)).toBe(1);
    expect(await reconcileConflicts(bench.context)).toBe(0);
    expect(showConflict(bench.context, id)).toMatchObject({ state: "resolved", kept: null, canUndo: false });
    expect(await failure(undoConflict(bench.context, id))).toBe("E_CONFLICT_SETTLED");
    expect(await failure(resolveConflict(bench.context, id, "current"))).toBe("E_CONFLICT_SETTLED");
  });

  test("not while its copy is still on its way", async () => {
    const { bench, id, copy } = await conflict();
    const row = bench.row(copy);
    await bench.index.write.forgetPaths(bench.context.folder, [path(copy)]);
    expect(row).toBeDefined();
    expect(openCount(bench)).toBe(1);
    expect(await failure(resolveConflict(bench.context, id, "copy"))).toBe("E_NOT_SYNCED_YET");
  });

  test("after it was opened again, when its path is edited", async () => {
    const { bench, id } = await conflict();
    await resolveConflict(bench.context, id, "current");
    bench.later();
    await undoConflict(bench.context, id);
    await bench.edit((user) => user.write("a.txt", "merged by hand"));
    expect(openCount(bench)).toBe(0);
  });
});
