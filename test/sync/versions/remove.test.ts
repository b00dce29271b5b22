import { describe, expect, test } from "vitest";
import { SyncError } from "../../../src/shared/errors.ts";
import type { Asker } from "../../../src/sync/versions/change-item.ts";
import { type RemoveItem, type RemoveRequest, remove } from "../../../src/sync/versions/remove.ts";
import { listTrash } from "../../../src/sync/versions/trash.ts";
import { all, failure, KeepBench, NEVER, PEER, path, SELF } from "./keep-bench.ts";

const ADMIN: Asker = { by: SELF, assertMayRemove: () => {} };

/** Owns what this device brought. */
const USER: Asker = {
  by: "ann@AAAAAAAAAAAA",
  assertMayRemove: (found) => {
    const foreign = found.find(({ owner }) => owner !== SELF);
    if (foreign !== undefined) throw new SyncError("E_NOT_ALLOWED", `${foreign.path} belongs to somebody else`);
  },
};

function removed(
  bench: KeepBench,
  at: string,
  more: Partial<RemoveRequest> = {},
  asker: Asker = ADMIN,
): Promise<RemoveItem[]> {
  const request = { path: path(at), recursive: false, permanent: false, dryRun: false, signal: NEVER, ...more };
  return all(remove(bench.context, request, asker));
}

function trash(bench: KeepBench): readonly string[] {
  return [...listTrash(bench.context, "")].map((row) => `${row.path} by ${row.by}`);
}

async function planted(): Promise<KeepBench> {
  return await KeepBench.of({ "a.txt": "one", d: { "b.txt": "two", e: { "c.txt": "three" } }, "keep.txt": "four" });
}

describe("removing", () => {
  test("a file goes to the trash, in the name of who asked", async () => {
    const bench = await planted();
    expect(await removed(bench, "a.txt", {}, USER)).toEqual([
      { type: "deleted", path: "a.txt", fileType: "file", size: 3 },
    ]);
    expect(bench.tree).not.toHaveProperty("a.txt");
    expect(bench.head("a.txt")).toMatchObject({ deleted: true, author: SELF });
    expect(trash(bench)).toEqual(["a.txt by ann@AAAAAAAAAAAA"]);
    expect(bench.events.at(-1)).toMatchObject({ type: "file.deleted", device: SELF, user: "ann" });
  });

  test("a directory goes with all below it, files first, only when it is asked for", async () => {
    const bench = await planted();
    expect(await failure(removed(bench, "d"))).toBe("E_USAGE");
    const items = await removed(bench, "d", { recursive: true });
    expect(items.map((item) => item.path)).toEqual(["d/b.txt", "d/e/c.txt", "d/e", "d"]);
    expect(bench.tree).toEqual({ "a.txt": "one", "keep.txt": "four" });
    expect(trash(bench)).toHaveLength(2);
  });

  test("a dry run names the same and changes nothing", async () => {
    const bench = await planted();
    const before = bench.tree;
    const foreseen = await removed(bench, "d", { recursive: true, dryRun: true });
    expect(bench.tree).toEqual(before);
    expect(await removed(bench, "d", { recursive: true })).toEqual(foreseen);
  });

  test("nothing of a directory goes that holds one file of somebody else", async () => {
    const bench = await planted();
    await bench.peer.write("d/e/theirs.txt", "theirs");
    await bench.pull();
    const before = bench.tree;
    expect(await failure(removed(bench, "d", { recursive: true }, USER))).toBe("E_NOT_ALLOWED");
    expect(await failure(removed(bench, "d/e/theirs.txt", {}, USER))).toBe("E_NOT_ALLOWED");
    expect(bench.tree).toEqual(before);
  });

  test("what comes from somebody else while it is removed stays", async () => {
    const bench = await planted();
    let looks = 0;
    const late: Asker = {
      ...USER,
      assertMayRemove: (found) => {
        if (++looks > 2 && found[0]?.path === "d/b.txt") throw new SyncError("E_NOT_ALLOWED", "is theirs now");
      },
    };
    const items = await removed(bench, "d", { recursive: true }, late);
    expect(items.filter(({ type }) => type === "skipped")).toMatchObject([
      { path: "d/b.txt", code: "E_NOT_ALLOWED" },
      { path: "d", code: "E_DIR_NOT_EMPTY" },
    ]);
    expect(bench.tree).toMatchObject({ d: { "b.txt": "two" } });
  });

  test("for good: neither trash nor versions keep anything", async () => {
    const bench = await planted();
    await bench.peer.write("a.txt", "two");
    await bench.pull();
    expect(bench.versions("a.txt")).toHaveLength(1);
    await removed(bench, "a.txt", { permanent: true });
    expect(bench.versions("a.txt").map(({ storedAs }) => storedAs)).toEqual([null, null]);
    expect(trash(bench)).toEqual([]);
    expect(bench.fs.list(".syncline/store" as never)).toEqual([]);
  });

  test("a file that is changed at that very moment stays", async () => {
    const bench = await planted();
    bench.later();
    bench.user.write("a.txt", "just saved");
    expect(await failure(removed(bench, "a.txt"))).toBe("E_CHANGING");
    expect(bench.tree).toMatchObject({ "a.txt": "just saved" });
    expect(bench.lookedAgain).toContain("a.txt");
  });

  test("a directory that holds ignored files stays, and says why", async () => {
    const bench = await planted();
    bench.ignoreText = "*.tmp";
    await bench.edit((user) => user.write("d/x.tmp", "mine"));
    const items = await removed(bench, "d", { recursive: true });
    expect(items.at(-1)).toMatchObject({ type: "skipped", path: "d", code: "E_DIR_NOT_EMPTY" });
    expect(bench.tree).toMatchObject({ d: { "x.tmp": "mine" } });
  });

  test("what is not here yet is deleted by its record", async () => {
    const bench = await planted();
    await bench.peer.write("far.txt", "far");
    bench.disconnect();
    await bench.pull();
    expect(await failure(removed(bench, "nowhere"))).toBe("E_PATH_NOT_FOUND");
    bench.mode = "receive-only";
    expect(await failure(removed(bench, "a.txt"))).toBe("E_RECEIVE_ONLY");
  });

  test("whoever deleted it before is told where it is", async () => {
    const bench = await planted();
    await bench.peer.delete("a.txt");
    await bench.pull();
    expect(trash(bench)).toEqual([`a.txt by ${PEER}`]);
    const error = await removed(bench, "a.txt").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "E_PATH_NOT_FOUND", hint: "see `syncline trash list`" });
  });
});
