import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { historyBegin, noteHistoryBegin } from "../../../src/sync/versions/history-begin.ts";
import { comparePaths } from "../../../src/sync/versions/path-order.ts";
import { type RestoreRequest, restore } from "../../../src/sync/versions/restore.ts";
import type { RestoreItem } from "../../../src/sync/versions/restore-item.ts";
import type { SimUser } from "../../support/sim-user.ts";
import { link, type TreeSpec } from "../../support/tree.ts";
import { all, failure, KeepBench, NEVER, path } from "./keep-bench.ts";

function run(bench: KeepBench, at: string, atMs: number, more: Partial<RestoreRequest> = {}): Promise<RestoreItem[]> {
  return all(restore(bench.context, { path: at === "" ? "" : path(at), atMs, dryRun: false, signal: NEVER, ...more }));
}

/** What was done, as short lines. */
function told(items: readonly RestoreItem[]): readonly string[] {
  return items.flatMap((item) => (item.type === "summary" ? [] : [`${item.type} ${item.path}`]));
}

/** A bench whose peer keeps all that was ever at its paths, as peers do. */
async function kept(before: TreeSpec): Promise<KeepBench> {
  const bench = await KeepBench.of(before);
  for (const text of bench.user.contents().values()) bench.peer.hold(text);
  return bench;
}

interface Case {
  readonly name: string;
  readonly before: TreeSpec;
  readonly acts: readonly ((user: SimUser) => void)[];
  readonly told: readonly string[];
}

const CASES: readonly Case[] = [
  { name: "nothing happened", before: { "a.txt": "one" }, acts: [], told: [] },
  {
    name: "a file was edited",
    before: { "a.txt": "one", "b.txt": "other" },
    acts: [(user) => user.write("a.txt", "two")],
    told: ["restored a.txt"],
  },
  {
    name: "a file was edited twice",
    before: { "a.txt": "one" },
    acts: [(user) => user.write("a.txt", "two"), (user) => user.save("a.txt", "three")],
    told: ["restored a.txt"],
  },
  {
    name: "a file was edited and put back by hand",
    before: { "a.txt": "one" },
    acts: [(user) => user.write("a.txt", "two"), (user) => user.write("a.txt", "one")],
    told: [],
  },
  {
    name: "a file was created",
    before: { "a.txt": "one" },
    acts: [(user) => user.write("b.txt", "two")],
    told: ["removed b.txt"],
  },
  {
    name: "a file was deleted",
    before: { d: { "a.txt": "one" } },
    acts: [(user) => user.delete("d/a.txt")],
    told: ["restored d/a.txt"],
  },
  {
    name: "a file was renamed",
    before: { "a.txt": "one" },
    acts: [(user) => user.move("a.txt", "b.txt")],
    told: ["restored a.txt", "removed b.txt"],
  },
  {
    name: "a file was renamed and edited, and its name used anew",
    before: { "a.txt": "one" },
    acts: [
      (user) => user.move("a.txt", "b.txt"),
      (user) => user.write("b.txt", "one and more"),
      (user) => user.write("a.txt", "new"),
    ],
    told: ["restored a.txt", "removed b.txt"],
  },
  {
    name: "a file came and went",
    before: { "a.txt": "one" },
    acts: [(user) => user.write("b.txt", "two"), (user) => user.delete("b.txt")],
    told: [],
  },
  {
    name: "a tree was deleted",
    before: { d: { e: { "a.txt": "one", "b.txt": "two" }, empty: {} }, l: link("d") },
    acts: [(user) => user.delete("d"), (user) => user.delete("l")],
    told: ["restored d", "restored l", "restored d/e", "restored d/empty", "restored d/e/a.txt", "restored d/e/b.txt"],
  },
  {
    name: "a tree was made",
    before: { "a.txt": "one" },
    acts: [(user) => user.plant({ d: { e: { "b.txt": "two" }, "c.txt": "three" } })],
    told: ["removed d/c.txt", "removed d/e/b.txt", "removed d/e", "removed d"],
  },
  {
    name: "a directory was renamed",
    before: { d: { "a.txt": "one", e: { "b.txt": "two" } } },
    acts: [(user) => user.move("d", "f")],
    told: [
      "restored d",
      "restored d/a.txt",
      "restored d/e",
      "restored d/e/b.txt",
      "removed f/a.txt",
      "removed f/e/b.txt",
      "removed f/e",
      "removed f",
    ],
  },
  {
    name: "a directory took the place of a file",
    before: { x: "a file" },
    acts: [(user) => user.delete("x"), (user) => user.plant({ x: { y: { "a.txt": "one" } } })],
    told: ["removed x/y/a.txt", "removed x/y", "restored x"],
  },
  {
    name: "a file took the place of a directory",
    before: { x: { y: { "a.txt": "one" } } },
    acts: [(user) => user.delete("x"), (user) => user.write("x", "a file")],
    told: ["restored x", "restored x/y", "restored x/y/a.txt"],
  },
  {
    name: "a symlink became a file",
    before: { x: link("there") },
    acts: [(user) => user.delete("x"), (user) => user.write("x", "a file")],
    told: ["restored x"],
  },
  {
    name: "a file became empty",
    before: { x: "text", y: "" },
    acts: [(user) => user.write("x", ""), (user) => user.write("y", "text")],
    told: ["restored x", "restored y"],
  },
];

describe("restoring a folder to a moment", () => {
  test.each(CASES)("undoes that $name", async ({ before, acts, told: expected }) => {
    const bench = await kept(before);
    const atMs = bench.nowMs;
    for (const act of acts) await bench.edit(act);
    const tree = bench.tree;
    expect(told(await run(bench, "", atMs, { dryRun: true }))).toEqual(expected);
    expect(bench.tree).toEqual(tree);
    const items = await run(bench, "", atMs);
    expect(told(items)).toEqual(expected);
    expect(bench.tree).toEqual(before);
    expect(await bench.look()).toEqual([]);
    expect(told(await run(bench, "", atMs))).toEqual([]);
  });

  test.each(CASES)("can be taken back after it undid that $name", async ({ before, acts }) => {
    const bench = await kept(before);
    const atMs = bench.nowMs;
    for (const act of acts) await bench.edit(act);
    const tree = bench.tree;
    const laterMs = bench.nowMs;
    bench.later();
    await run(bench, "", atMs);
    bench.later();
    await run(bench, "", laterMs);
    expect(bench.tree).toEqual(tree);
  });

  test("sums up what was done", async () => {
    const bench = await kept({ "a.txt": "one", "b.txt": "two!" });
    const atMs = bench.nowMs;
    await bench.edit((user) => user.write("a.txt", "changed"));
    await bench.edit((user) => user.delete("b.txt"));
    await bench.edit((user) => user.write("c.txt", "new"));
    expect((await run(bench, "", atMs)).at(-1)).toEqual({
      type: "summary",
      restored: 2,
      bytes: 7,
      removed: 1,
      skipped: 0,
      dryRun: false,
    });
  });

  test("moves to the trash what it removes", async () => {
    const bench = await kept({ "a.txt": "one" });
    const atMs = bench.nowMs;
    await bench.edit((user) => user.write("b.txt", "two"));
    await run(bench, "", atMs);
    expect(bench.versions("b.txt").map(({ origin, head }) => [origin, head.size])).toEqual([["deleted", 3]]);
    expect(bench.head("b.txt").deleted).toBe(true);
  });

  test("takes one directory, and leaves the others", async () => {
    const bench = await kept({ d: { "a.txt": "one" }, e: { "a.txt": "one" }, "d.txt": "one" });
    const atMs = bench.nowMs;
    for (const at of ["d/a.txt", "e/a.txt", "d.txt"]) await bench.edit((user) => user.write(at, "two"));
    expect(told(await run(bench, "d", atMs))).toEqual(["restored d/a.txt"]);
    expect(bench.tree).toEqual({ d: { "a.txt": "one" }, e: { "a.txt": "two" }, "d.txt": "two" });
  });

  test("puts a directory under another name, whole, and removes nothing", async () => {
    const bench = await kept({ d: { "a.txt": "one", "b.txt": "two", e: { l: link("x") } } });
    const atMs = bench.nowMs;
    await bench.edit((user) => user.write("d/a.txt", "changed"));
    await bench.edit((user) => user.write("d/new.txt", "new"));
    await run(bench, "d", atMs, { as: path("old/d") });
    expect(bench.tree).toEqual({
      d: { "a.txt": "changed", "b.txt": "two", "new.txt": "new", e: { l: link("x") } },
      old: { d: { "a.txt": "one", "b.txt": "two", e: { l: link("x") } } },
    });
    expect(await failure(run(bench, "d", atMs, { as: path("old/d/a.txt") }))).toBe("E_EXISTS");
    expect(await failure(run(bench, "d", atMs, { as: path("d/inside") }))).toBe("E_USAGE");
  });

  test("puts the whole folder under another name", async () => {
    const bench = await kept({ "a.txt": "one", d: { "b.txt": "two" } });
    const atMs = bench.nowMs;
    await bench.edit((user) => user.delete("d"));
    await run(bench, "", atMs, { as: path("before") });
    expect(bench.tree).toEqual({ "a.txt": "one", before: { "a.txt": "one", d: { "b.txt": "two" } } });
    expect(await bench.look()).toEqual([]);
  });

  test("to now changes nothing, and ends", async () => {
    const bench = await kept({ "a.txt": "one", d: { "b.txt": "two" } });
    expect(told(await run(bench, "", bench.nowMs + 1e9))).toEqual([]);
    expect(told(await run(bench, "", bench.nowMs, { as: path("copy") }))).toEqual([
      "restored a.txt",
      "restored d",
      "restored d/b.txt",
    ]);
  });

  test("keeps what is ignored by now out", async () => {
    const bench = await kept({ "a.log": "one" });
    const atMs = bench.nowMs;
    await bench.edit((user) => user.delete("a.log"));
    bench.ignoreText = "*.log\n";
    expect(await run(bench, "", atMs)).toMatchObject([
      { type: "skipped", path: "a.log", code: "E_IGNORED" },
      { skipped: 1 },
    ]);
  });

  test("goes around what somebody changed this very moment", async () => {
    const bench = await kept({ "a.txt": "one", "b.txt": "one", "c.txt": "one" });
    const atMs = bench.nowMs;
    for (const at of ["a.txt", "b.txt"]) await bench.edit((user) => user.write(at, "two"));
    await bench.edit((user) => user.delete("c.txt"));
    bench.user.write("a.txt", "just now");
    bench.user.write("c.txt", "just now, too");
    expect(told(await run(bench, "", atMs))).toEqual(["skipped a.txt", "restored b.txt", "skipped c.txt"]);
    expect(bench.tree).toEqual({ "a.txt": "just now", "b.txt": "one", "c.txt": "just now, too" });
    expect(bench.lookedAgain).toEqual(["a.txt", "c.txt"]);
  });

  test("leaves a directory that holds what does not sync", async () => {
    const bench = await kept({ "a.txt": "one" });
    bench.ignoreText = "*.log\n";
    const atMs = bench.nowMs;
    await bench.edit((user) => user.plant({ d: { "b.txt": "two", "x.log": "mine" } }));
    expect(told(await run(bench, "", atMs))).toEqual(["removed d/b.txt", "skipped d"]);
    expect(bench.tree).toEqual({ "a.txt": "one", d: { "x.log": "mine" } });
  });

  test("before all history is refused, and removes nothing", async () => {
    const bench = await kept({ "a.txt": "one" });
    expect(await failure(run(bench, "", 1000))).toBe("E_VERSION_NOT_FOUND");
    expect(bench.tree).toEqual({ "a.txt": "one" });
  });

  test("of a path that never was is refused", async () => {
    const bench = await kept({ "a.txt": "one" });
    expect(await failure(run(bench, "no", bench.nowMs))).toBe("E_PATH_NOT_FOUND");
  });

  test("does not remove what was only still on its way here", async () => {
    const bench = await kept({ "a.txt": "one" });
    await bench.peer.write("late.txt", "made before");
    bench.later();
    const atMs = bench.nowMs;
    bench.later();
    await bench.pull();
    await bench.peer.write("new.txt", "made after");
    await bench.pull();
    expect(told(await run(bench, "", atMs))).toEqual(["removed new.txt"]);
    expect(bench.tree).toEqual({ "a.txt": "one", "late.txt": "made before" });
  });

  test("within the first scan of an index is refused", async () => {
    const bench = await kept({ "a.txt": "one" });
    const beganMs = historyBegin(bench.context) ?? 0;
    expect(await failure(run(bench, "", beganMs - 1))).toBe("E_VERSION_NOT_FOUND");
    expect(told(await run(bench, "", beganMs))).toEqual([]);
    await bench.index.write.openFolder(bench.context.folder, "other-epoch");
    expect(await failure(run(bench, "", bench.nowMs))).toBe("E_VERSION_NOT_FOUND");
    bench.later();
    await noteHistoryBegin(bench.context);
    expect(historyBegin(bench.context)).toBe(bench.nowMs);
  });

  test("does not guess what a file held before it came here", async () => {
    const bench = await kept({ "a.txt": "one" });
    await bench.peer.write("late.txt", "first");
    bench.later();
    const atMs = bench.nowMs;
    bench.later();
    await bench.pull();
    await bench.edit((user) => user.write("late.txt", "second"));
    expect(await run(bench, "", atMs)).toMatchObject([
      { type: "skipped", path: "late.txt", code: "E_VERSION_NOT_FOUND" },
      {},
    ]);
    expect(bench.tree).toEqual({ "a.txt": "one", "late.txt": "second" });
  });

  test("works through more paths than fit in a batch", async () => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, number) => [`f${number}.txt`, `text ${number}`]));
    const bench = await kept({ d: files });
    const atMs = bench.nowMs;
    await bench.edit((user) => user.move("d", "e"));
    const items = await run(bench, "", atMs);
    expect(items.at(-1)).toMatchObject({ restored: 301, removed: 301, skipped: 0 });
    expect(bench.tree).toEqual({ d: files });
  });
});

describe("any history", () => {
  const name = fc.constantFrom("a", "b", "d", "d/a", "d/e", "d/e/a", "b/a");
  const act = fc.oneof(
    fc.record({ type: fc.constant("write" as const), at: name, text: fc.constantFrom("1", "2", "3") }),
    fc.record({ type: fc.constant("mkdir" as const), at: name }),
    fc.record({ type: fc.constant("delete" as const), at: name }),
    fc.record({ type: fc.constant("move" as const), at: name, to: name }),
  );
  type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

  /** What cannot be done just now is not done. */
  function perform(bench: KeepBench, one: Act): void {
    try {
      if (one.type === "write") bench.user.write(one.at, one.text);
      else if (one.type === "mkdir" && !bench.user.exists(one.at)) bench.user.mkdir(one.at);
      else if (one.type === "delete") bench.user.delete(one.at);
      else if (one.type === "move" && !bench.user.exists(one.to)) bench.user.move(one.at, one.to);
    } catch {
      // A missing parent, or a file in its place.
    }
  }

  test("can be gone back in, to each of its moments", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 6 }),
        fc.array(act, { minLength: 1, maxLength: 6 }),
        async (first, second) => {
          const bench = await KeepBench.of({ keep: "0" });
          for (const text of ["", "0", "1", "2", "3"]) bench.peer.hold(text);
          for (const one of first) await bench.edit(() => perform(bench, one));
          const atMs = bench.nowMs;
          const then = bench.tree;
          bench.later();
          for (const one of second) await bench.edit(() => perform(bench, one));
          await run(bench, "", atMs);
          expect(bench.tree).toEqual(then);
          expect(await bench.look()).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("comparing paths is the order of the index", async () => {
    const names = ["a", "a!", "a/b", "a/b/c", "a0", "a/ü", "ü", "z", "\u{10000}", "\uFFFE0", "a!/x"];
    const bench = await KeepBench.of({});
    for (const at of names) if (!bench.user.exists(at)) bench.user.plant(nested(at));
    await bench.look();
    const rows = bench.index.read.localBelow(bench.context.folder, "", "", 100).map((row) => row.path);
    expect(rows.toSorted(comparePaths)).toEqual(rows);
    expect(rows.length).toBeGreaterThan(8);
  });

  function nested(at: string): TreeSpec {
    const [first = "", ...rest] = at.split("/");
    return rest.length === 0
      ? { [first]: ["a", "b", "a!"].includes(first) ? {} : "text" }
      : { [first]: nested(rest.join("/")) };
  }
});
