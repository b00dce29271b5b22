import { describe, expect, test } from "vitest";
import { SyncError } from "../../../src/shared/errors.ts";
import type { Asker, MovedItem } from "../../../src/sync/versions/change-item.ts";
import type { MoveRequest } from "../../../src/sync/versions/movable.ts";
import { move } from "../../../src/sync/versions/move.ts";
import { failure, KeepBench, NEVER, PEER, path, SELF } from "./keep-bench.ts";

const ADMIN: Asker = { by: SELF, assertMayRemove: () => {} };
const NOBODY: Asker = {
  by: PEER,
  assertMayRemove: () => {
    throw new SyncError("E_NOT_ALLOWED", "belongs to somebody else");
  },
};

function moved(
  bench: KeepBench,
  from: string,
  to: string,
  more: Partial<MoveRequest> = {},
  asker: Asker = ADMIN,
): Promise<MovedItem> {
  const request = {
    path: path(from),
    to: to === "" ? "" : path(to),
    into: false,
    dryRun: false,
    signal: NEVER,
  } as const;
  return move(bench.context, { ...request, ...more }, asker);
}

async function planted(): Promise<KeepBench> {
  return await KeepBench.of({ "a.txt": "one", d: { "b.txt": "two", e: { "c.txt": "three" } }, x: {} });
}

describe("moving a file", () => {
  test("keeps its inode, owner, mtime and versions", async () => {
    const bench = await planted();
    await bench.peer.write("theirs.txt", "first");
    await bench.pull();
    await bench.edit((user) => user.write("theirs.txt", "second"));
    await bench.peer.write("theirs.txt", "third");
    await bench.pull();
    const before = bench.head("theirs.txt");
    const kept = bench.versions("theirs.txt").map(({ version, storedAs }) => [version, storedAs]);
    expect(kept.length).toBeGreaterThan(0);
    const inode = bench.row("theirs.txt")?.stamp?.ino;
    expect(await moved(bench, "theirs.txt", "x")).toMatchObject({ storedAs: "x/theirs.txt", size: 5 });
    expect(bench.tree).toMatchObject({ x: { "theirs.txt": "third" } });
    expect(bench.tree).not.toHaveProperty("theirs.txt");
    expect(bench.head("x/theirs.txt")).toMatchObject({
      owner: PEER,
      author: SELF,
      mtimeNs: before.mtimeNs,
      contentId: before.contentId,
    });
    expect(bench.head("theirs.txt").deleted).toBe(true);
    expect(bench.row("x/theirs.txt")?.stamp?.ino).toBe(inode);
    expect(bench.versions("x/theirs.txt").map(({ version, storedAs }) => [version, storedAs])).toEqual(kept);
    expect(bench.versions("theirs.txt")).toEqual([]);
    expect((await bench.look()).filter(({ type }) => type === "present")).toEqual([]);
  });

  test("where the new path has versions of its own, they stay first", async () => {
    const bench = await planted();
    for (const at of ["a.txt", "d/b.txt"]) {
      await bench.peer.write(at, `new ${at}`);
      await bench.pull();
    }
    await bench.peer.delete("d/b.txt");
    await bench.pull();
    const own = bench.versions("d/b.txt").map(({ storedAs }) => storedAs);
    const brought = bench.versions("a.txt").map(({ storedAs }) => storedAs);
    await moved(bench, "a.txt", "d/b.txt");
    const versions = bench.versions("d/b.txt");
    expect(versions.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(versions.map(({ storedAs }) => storedAs)).toEqual([...own, ...brought]);
  });

  test.each([
    { to: "d/b.txt", more: {}, code: "E_EXISTS" },
    { to: "a.txt", more: {}, code: "E_EXISTS" },
    { to: "d/b.txt/c", more: {}, code: "E_EXISTS" },
    { to: "d/b.txt", more: { into: true }, code: "E_NOT_A_DIRECTORY" },
    { to: "x/ignored.tmp", more: {}, code: "E_NOT_ALLOWED" },
  ])("to $to is refused with $code, and nothing changes", async ({ to, more, code }) => {
    const bench = await planted();
    bench.ignoreText = "*.tmp";
    const before = bench.tree;
    expect(await failure(moved(bench, "a.txt", to, more))).toBe(code);
    expect(bench.tree).toEqual(before);
  });

  test("over something that was not looked at yet is refused, too", async () => {
    const bench = await planted();
    bench.user.write("x/a.txt", "unseen");
    expect(await failure(moved(bench, "a.txt", "x"))).toBe("E_CHANGING");
    expect(bench.tree).toMatchObject({ "a.txt": "one", x: { "a.txt": "unseen" } });
  });

  test("makes the directories that are missing", async () => {
    const bench = await planted();
    expect((await moved(bench, "a.txt", "new/deep", { into: true }, { ...ADMIN, by: PEER })).storedAs).toBe(
      "new/deep/a.txt",
    );
    expect(bench.tree).toMatchObject({ new: { deep: { "a.txt": "one" } } });
    expect(bench.head("new/deep").owner).toBe(PEER);
  });

  test("a dry run says where it goes and leaves it", async () => {
    const bench = await planted();
    expect(await moved(bench, "a.txt", "b.txt", { dryRun: true })).toMatchObject({ storedAs: "b.txt" });
    expect(bench.tree).toMatchObject({ "a.txt": "one" });
  });

  test("that belongs to somebody else is refused", async () => {
    const bench = await planted();
    expect(await failure(moved(bench, "a.txt", "b.txt", {}, NOBODY))).toBe("E_NOT_ALLOWED");
    expect(bench.tree).toMatchObject({ "a.txt": "one" });
  });

  test("that is in conflict, or not here yet, is refused", async () => {
    const bench = await planted();
    await bench.peer.write("a.txt", "theirs", { seen: [] });
    await bench.pull();
    expect(bench.row("a.txt")?.heads).toHaveLength(2);
    expect(await failure(moved(bench, "a.txt", "b.txt"))).toBe("E_NOT_SYNCED_YET");
  });
});

describe("moving a directory", () => {
  test("takes all below it, with versions, by one rename", async () => {
    const bench = await planted();
    await bench.peer.write("d/e/c.txt", "changed");
    await bench.pull();
    bench.user.write("d/unseen.txt", "unseen");
    const inode = bench.row("d/e/c.txt")?.stamp?.ino;
    expect(await moved(bench, "d", "x")).toMatchObject({ storedAs: "x/d", fileType: "directory" });
    expect(bench.tree).toMatchObject({
      x: { d: { "b.txt": "two", e: { "c.txt": "changed" }, "unseen.txt": "unseen" } },
    });
    expect(bench.row("x/d/e/c.txt")?.stamp?.ino).toBe(inode);
    expect(bench.versions("x/d/e/c.txt")).toHaveLength(1);
    expect(bench.versions("d/e/c.txt")).toEqual([]);
    expect(bench.head("d/b.txt").deleted).toBe(true);
    expect(bench.head("x/d/b.txt").owner).toBe(SELF);
    expect(bench.lookedAgain).toContain("x/d");
  });

  test.each([
    { to: "d/e", code: "E_USAGE" },
    { to: "d", code: "E_USAGE" },
    { to: "a.txt", code: "E_EXISTS" },
  ])("to $to is refused with $code", async ({ to, code }) => {
    const bench = await planted();
    const before = bench.tree;
    expect(await failure(moved(bench, "d", to))).toBe(code);
    expect(bench.tree).toEqual(before);
  });

  test("is undone on the disk when the index refuses it", async () => {
    const bench = await planted();
    const { write } = bench.context.index;
    const refusing = Object.create(write, {
      moveDirectory: { value: async () => ({ type: "refused" }) },
    }) as typeof write;
    const context = { ...bench.context, index: { read: bench.context.index.read, write: refusing } };
    const request = { path: path("d"), to: path("y"), into: false, dryRun: false, signal: NEVER };
    expect(await failure(move(context, request, ADMIN))).toBe("E_CHANGING");
    expect(bench.tree).toMatchObject({ d: { "b.txt": "two" } });
    expect(bench.tree).not.toHaveProperty("y");
  });
});
