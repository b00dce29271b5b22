import { describe, expect, test } from "vitest";
import type { RestoreItem } from "../../../src/sync/versions/restore-item.ts";
import {
  type EmptyTrashRequest,
  emptyTrash,
  listTrash,
  restoreTrash,
  type TrashRestoreRequest,
} from "../../../src/sync/versions/trash.ts";
import { all, failure, KeepBench, NEVER, PEER, path } from "./keep-bench.ts";

function restored(bench: KeepBench, at: string, more: Partial<TrashRestoreRequest> = {}): Promise<RestoreItem[]> {
  return all(restoreTrash(bench.context, { path: path(at), dryRun: false, signal: NEVER, ...more }));
}

function emptied(bench: KeepBench, more: Partial<EmptyTrashRequest> = {}) {
  return emptyTrash(bench.context, { dryRun: false, signal: NEVER, ...more });
}

function trash(bench: KeepBench, below = ""): readonly string[] {
  return [...listTrash(bench.context, below === "" ? "" : path(below))].map(
    ({ path: at, version }) => `${at}@${version}`,
  );
}

/** A peer deleted "a.txt" and the directory "d" with two files. */
async function deleted(): Promise<KeepBench> {
  const bench = await KeepBench.of({
    "a.txt": "one",
    d: { "b.txt": "two", e: { "c.txt": "three" } },
    "keep.txt": "four",
  });
  for (const at of ["a.txt", "d/e/c.txt", "d/e", "d/b.txt", "d"]) {
    await bench.peer.delete(at);
    await bench.pull();
  }
  return bench;
}

describe("the trash", () => {
  test("lists deleted files, the latest deletion first", async () => {
    const bench = await deleted();
    expect(trash(bench)).toEqual(["d/b.txt@1", "d/e/c.txt@1", "a.txt@1"]);
    expect(trash(bench, "d")).toEqual(["d/b.txt@1", "d/e/c.txt@1"]);
    expect(trash(bench, "d/b.txt")).toEqual(["d/b.txt@1"]);
    const [latest] = listTrash(bench.context, "");
    expect(latest).toMatchObject({ by: PEER, head: { size: 3 }, origin: "deleted" });
    expect(latest?.storedAtMs).toBeGreaterThan(0);
  });

  test("does not list what is there again", async () => {
    const bench = await deleted();
    await bench.edit((user) => user.write("a.txt", "anew"));
    expect(trash(bench, "a.txt")).toEqual([]);
  });

  test("lists a path deleted twice once", async () => {
    const bench = await deleted();
    await bench.peer.write("a.txt", "anew");
    await bench.pull();
    await bench.peer.delete("a.txt");
    await bench.pull();
    expect(trash(bench, "a.txt")).toEqual(["a.txt@2"]);
  });

  test("reads page by page", async () => {
    const names = Array.from({ length: 300 }, (_, number) => `f${number}`);
    const bench = await KeepBench.of(Object.fromEntries(names.map((name) => [name, name])));
    for (const name of names) await bench.peer.delete(name);
    await bench.pull();
    expect(trash(bench).length).toBe(300);
    expect((await restored(bench, "f7")).at(-1)).toMatchObject({ restored: 1 });
    expect(await emptied(bench)).toMatchObject({ items: 299, stayed: [] });
    expect(trash(bench)).toEqual([]);
    expect(bench.tree).toEqual({ f7: "f7" });
  });
});

describe("restoring from the trash", () => {
  test.each([{ dryRun: true }, { dryRun: false }])("brings a file back (dry run: $dryRun)", async ({ dryRun }) => {
    const bench = await deleted();
    expect(await restored(bench, "a.txt", { dryRun })).toEqual([
      { type: "restored", path: "a.txt", storedAs: "a.txt", version: 1, size: 3 },
      { type: "summary", restored: 1, bytes: 3, removed: 0, skipped: 0, dryRun },
    ]);
    expect(bench.tree).toEqual(dryRun ? { "keep.txt": "four" } : { "a.txt": "one", "keep.txt": "four" });
    expect(trash(bench, "a.txt")).toEqual(dryRun ? ["a.txt@1"] : []);
  });

  test("brings a directory back with what was in it", async () => {
    const bench = await deleted();
    expect((await restored(bench, "d")).at(-1)).toMatchObject({ restored: 2, skipped: 0 });
    expect(bench.tree).toEqual({ d: { "b.txt": "two", e: { "c.txt": "three" } }, "keep.txt": "four" });
    expect(await bench.look()).toEqual([]);
  });

  test("puts it under another name", async () => {
    const bench = await deleted();
    await restored(bench, "a.txt", { as: path("b.txt") });
    await restored(bench, "d", { as: path("old") });
    expect(bench.tree).toEqual({
      "b.txt": "one",
      old: { "b.txt": "two", e: { "c.txt": "three" } },
      "keep.txt": "four",
    });
  });

  test("keeps the version in the store, so that it can be done again", async () => {
    const bench = await deleted();
    await restored(bench, "a.txt", { as: path("b.txt") });
    await restored(bench, "a.txt");
    expect(bench.tree).toMatchObject({ "a.txt": "one", "b.txt": "one" });
  });

  test.each([
    { name: "of which the trash has nothing", at: "no.txt", more: {}, code: "E_PATH_NOT_FOUND" },
    { name: "that is live", at: "keep.txt", more: {}, code: "E_PATH_NOT_FOUND" },
    { name: "to a name that is taken", at: "a.txt", more: { as: path("keep.txt") }, code: "E_EXISTS" },
    { name: "to a place below a file", at: "a.txt", more: { as: path("keep.txt/a.txt") }, code: "E_EXISTS" },
  ])("refuses a path $name", async ({ at, more, code }) => {
    const bench = await deleted();
    expect(await failure(restored(bench, at, more))).toBe(code);
    expect(bench.tree).toEqual({ "keep.txt": "four" });
  });

  test("never overwrites what stands there again", async () => {
    const bench = await deleted();
    await bench.edit((user) => user.write("a.txt", "anew"));
    expect(await failure(restored(bench, "a.txt"))).toBe("E_EXISTS");
    await restored(bench, "d").catch(() => undefined);
    expect(bench.tree).toMatchObject({ "a.txt": "anew" });
  });

  test("never overwrites what no scan has seen", async () => {
    const bench = await deleted();
    bench.user.write("a.txt", "just now");
    bench.user.plant({ d: { "b.txt": "just now" } });
    expect(await failure(restored(bench, "a.txt"))).toBe("E_EXISTS");
    const items = await restored(bench, "d");
    expect(items).toMatchObject([
      { type: "skipped", path: "d/b.txt", code: "E_EXISTS" },
      { type: "restored", path: "d/e/c.txt" },
      { restored: 1, skipped: 1 },
    ]);
    expect(bench.tree).toMatchObject({ "a.txt": "just now", d: { "b.txt": "just now", e: { "c.txt": "three" } } });
  });

  test("skips a name that would be too long elsewhere", async () => {
    const bench = await KeepBench.of({ d: { [`${"x".repeat(255)}`]: "one", "b.txt": "two" } });
    for (const at of [`d/${"x".repeat(255)}`, "d/b.txt", "d"]) await bench.peer.delete(at);
    await bench.pull();
    const deep = path(`${Array.from({ length: 15 }, () => "y".repeat(255)).join("/")}/yy`);
    const items = await restored(bench, "d", { as: deep });
    expect(items.at(-1)).toMatchObject({ restored: 1, skipped: 1 });
    expect(items).toContainEqual(expect.objectContaining({ type: "skipped", code: "E_BAD_PATH" }));
  });

  test("is refused in a folder that only receives", async () => {
    const bench = await deleted();
    bench.mode = "receive-only";
    expect(await failure(restored(bench, "a.txt"))).toBe("E_RECEIVE_ONLY");
  });
});

describe("emptying the trash", () => {
  test("removes for good, with older versions of the same path", async () => {
    const bench = await KeepBench.of({ "a.txt": "one" });
    await bench.peer.write("a.txt", "two");
    await bench.pull();
    await bench.peer.delete("a.txt");
    await bench.pull();
    expect(await emptied(bench)).toEqual({ items: 1, bytes: 6, stayed: [] });
    expect(trash(bench)).toEqual([]);
    expect([...bench.user.contents().keys()].filter((at) => at.includes("store"))).toEqual([]);
    expect(bench.versions("a.txt").map(({ version, storedAs }) => [version, storedAs])).toEqual([
      [1, null],
      [2, null],
    ]);
  });

  test("only counts in a dry run", async () => {
    const bench = await deleted();
    expect(await emptied(bench, { dryRun: true })).toEqual({ items: 3, bytes: 11, stayed: [] });
    expect(trash(bench).length).toBe(3);
  });

  test("takes only what was deleted before", async () => {
    const bench = await deleted();
    const [, second] = listTrash(bench.context, "");
    expect(await emptied(bench, { beforeMs: second?.storedAtMs ?? 0 })).toMatchObject({ items: 1 });
    expect(trash(bench)).toEqual(["d/b.txt@1", "d/e/c.txt@1"]);
  });

  test("leaves versions of what is live", async () => {
    const bench = await deleted();
    await bench.peer.write("keep.txt", "five");
    await bench.pull();
    await emptied(bench);
    expect(bench.versions("keep.txt")[0]?.storedAs).not.toBeNull();
  });

  test("leaves what changed after it was kept", async () => {
    const bench = await deleted();
    const [latest] = listTrash(bench.context, "");
    bench.user.append(`.syncline/store/${latest?.storedAs}`, ", written by a program that had it open");
    expect(await emptied(bench)).toEqual({ items: 2, bytes: 8, stayed: ["d/b.txt"] });
    expect(trash(bench)).toEqual(["d/b.txt@1"]);
  });
});
