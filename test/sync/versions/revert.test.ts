import { describe, expect, test } from "vitest";
import type { RelPath } from "../../../src/shared/ids.ts";
import { revertOwnChanges } from "../../../src/sync/versions/revert.ts";
import { listTrash } from "../../../src/sync/versions/trash.ts";
import type { SimUser } from "../../support/sim-user.ts";
import { link, type TreeSpec } from "../../support/tree.ts";
import { KeepBench, NEVER, path, SELF } from "./keep-bench.ts";

const BEFORE: TreeSpec = { "a.txt": "one", d: { "b.txt": "two" }, l: link("there") };

/** A folder that only receives, whose content a peer holds, too. */
async function receiving(): Promise<KeepBench> {
  const bench = await KeepBench.of(BEFORE);
  for (const at of ["a.txt", "d", "d/b.txt", "l"]) await bench.peer.announce(at, bench.head(at));
  for (const text of ["one", "two"]) bench.peer.hold(text);
  bench.mode = "receive-only";
  return bench;
}

/** Lets a person act; gives the paths that a folder would list as changed here. */
async function own(bench: KeepBench, act: (user: SimUser) => void): Promise<readonly RelPath[]> {
  bench.later();
  act(bench.user);
  return (await bench.look()).map((seen) => seen.path);
}

const CASES: readonly {
  readonly name: string;
  readonly act: (user: SimUser) => void;
  readonly kept: Readonly<Record<string, number>>;
}[] = [
  { name: "an edit", act: (user) => user.write("a.txt", "mine!"), kept: { "a.txt": 5 } },
  { name: "a new file", act: (user) => user.write("new.txt", "mine"), kept: { "new.txt": 4 } },
  { name: "a new tree", act: (user) => user.plant({ n: { m: { "x.txt": "mine" } } }), kept: { "n/m/x.txt": 4 } },
  { name: "a deletion", act: (user) => user.delete("a.txt"), kept: {} },
  { name: "a deleted directory", act: (user) => user.delete("d"), kept: {} },
  { name: "a rename", act: (user) => user.move("a.txt", "z.txt"), kept: { "z.txt": 3 } },
  { name: "other permissions", act: (user) => user.chmod("d", 0o700), kept: {} },
  {
    name: "a file in a directory's place",
    act: (user) => {
      user.delete("d");
      user.write("d", "mine");
    },
    kept: { d: 4 },
  },
  {
    name: "a directory in a file's place",
    act: (user) => {
      user.delete("a.txt");
      user.plant({ "a.txt": { "x.txt": "mine" } });
    },
    kept: { "a.txt/x.txt": 4 },
  },
  {
    name: "another symlink",
    act: (user) => {
      user.delete("l");
      user.symlink("elsewhere", "l");
    },
    kept: { l: 0 },
  },
];

describe("reverting a receive-only folder", () => {
  test.each(CASES)("takes back $name, and keeps what was there", async ({ act, kept }) => {
    const bench = await receiving();
    const sequence = bench.index.read.folder(bench.context.folder)?.sequence;
    const paths = await own(bench, act);
    const reverted = await revertOwnChanges(bench.context, { paths, dryRun: false, signal: NEVER });
    expect(reverted.skipped).toEqual([]);
    expect(reverted.paths.toSorted()).toEqual(paths.toSorted());
    expect(bench.index.read.folder(bench.context.folder)?.sequence).toBe(sequence);
    expect(await bench.pull()).toEqual([]);
    expect(bench.tree).toEqual(BEFORE);
    expect(await bench.look()).toEqual([]);
    for (const [at, size] of Object.entries(kept)) {
      expect(bench.versions(at).map(({ origin, by, head }) => [origin, by, head.size])).toEqual([
        ["revert", SELF, size],
      ]);
    }
  });

  test("puts files that nobody else knew into the trash", async () => {
    const bench = await receiving();
    const paths = await own(bench, (user) => user.write("new.txt", "mine"));
    await revertOwnChanges(bench.context, { paths, dryRun: false, signal: NEVER });
    expect([...listTrash(bench.context, "")].map((row) => row.path)).toEqual(["new.txt"]);
  });

  test("only says which paths in a dry run", async () => {
    const bench = await receiving();
    const paths = await own(bench, (user) => user.write("new.txt", "mine"));
    expect(await revertOwnChanges(bench.context, { paths, dryRun: true, signal: NEVER })).toEqual({
      paths: ["new.txt"],
      skipped: [],
    });
    expect(bench.user.read("new.txt")).toBe("mine");
  });

  test("looks again first, so that a later edit is what is kept", async () => {
    const bench = await receiving();
    const paths = await own(bench, (user) => user.write("a.txt", "mine"));
    bench.later();
    bench.user.write("a.txt", "mine, later");
    bench.later();
    await revertOwnChanges(bench.context, { paths, dryRun: false, signal: NEVER });
    expect(bench.versions("a.txt").map(({ head }) => head.size)).toEqual([11]);
  });

  test("leaves alone what it was not told of", async () => {
    const bench = await receiving();
    await own(bench, (user) => user.plant({ "x.txt": "mine", "y.txt": "mine" }));
    await revertOwnChanges(bench.context, { paths: [path("x.txt")], dryRun: false, signal: NEVER });
    expect(bench.tree).toEqual({ ...BEFORE, "y.txt": "mine" });
  });

  test("does nothing for a path that is as it should be again", async () => {
    const bench = await receiving();
    const before = bench.row("a.txt");
    expect(await revertOwnChanges(bench.context, { paths: [path("a.txt")], dryRun: false, signal: NEVER })).toEqual({
      paths: [],
      skipped: [],
    });
    expect(bench.row("a.txt")).toEqual(before);
  });

  test("leaves a directory with ignored files in it", async () => {
    const bench = await receiving();
    bench.ignoreText = "*.log\n";
    const paths = await own(bench, (user) => user.plant({ n: { "x.txt": "mine", "x.log": "ignored" } }));
    const reverted = await revertOwnChanges(bench.context, { paths, dryRun: false, signal: NEVER });
    expect(reverted.skipped).toMatchObject([{ path: "n", code: "E_DIR_NOT_EMPTY" }]);
    expect(bench.tree).toEqual({ ...BEFORE, n: { "x.log": "ignored" } });
  });
});
