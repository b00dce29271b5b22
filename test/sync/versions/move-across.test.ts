import { describe, expect, test } from "vitest";
import { SyncError } from "../../../src/shared/errors.ts";
import { begunMoves } from "../../../src/sync/versions/begun-moves.ts";
import type { Asker } from "../../../src/sync/versions/change-item.ts";
import type { MoveRequest } from "../../../src/sync/versions/movable.ts";
import { type AcrossItem, moveAcross, settleMove } from "../../../src/sync/versions/move-across.ts";
import { seeded } from "../../support/seeded.ts";
import type { Inode } from "../../support/sim-disk.ts";
import type { SimCall, SimFs } from "../../support/sim-fs.ts";
import { all, failure, KeepBench, NEVER, PEER, path, SELF } from "./keep-bench.ts";

const ADMIN: Asker = { by: SELF, assertMayRemove: () => {} };
const NOBODY: Asker = {
  by: PEER,
  assertMayRemove: () => {
    throw new SyncError("E_NOT_ALLOWED", "belongs to somebody else");
  },
};

interface Pair {
  readonly from: KeepBench;
  readonly to: KeepBench;
}

function across(
  { from, to }: Pair,
  source: string,
  target: string,
  more: Partial<MoveRequest> = {},
  asker: Asker = ADMIN,
): Promise<AcrossItem[]> {
  const request = {
    path: path(source),
    to: target === "" ? "" : path(target),
    into: false,
    dryRun: false,
    signal: NEVER,
  } as const;
  return all(moveAcross({ from: from.context, to: to.context }, { ...request, ...more }, asker));
}

async function pair(isTogether: boolean): Promise<Pair> {
  const from = await KeepBench.of({ "a.txt": "one", d: { "b.txt": "two", e: { "c.txt": "three" } }, x: {} });
  return { from, to: await KeepBench.of({ "here.txt": "here", in: {} }, { bench: from, isTogether }) };
}

/** A file of the peer's with two kept versions. */
async function withHistory(isTogether: boolean): Promise<Pair> {
  const both = await pair(isTogether);
  const { from } = both;
  await from.peer.write("d/theirs.txt", "first");
  await from.pull();
  for (const text of ["second", "third"]) {
    await from.peer.write("d/theirs.txt", text);
    await from.pull();
  }
  return both;
}

describe.each([
  ["on one file system", true],
  ["on two file systems", false],
] as const)("between folders %s", (_, isTogether) => {
  test("a file keeps content, owner, time and versions, and is a file of the other folder", async () => {
    const both = await withHistory(isTogether);
    const { from, to } = both;
    const before = from.head("d/theirs.txt");
    const inode = from.row("d/theirs.txt")?.stamp?.ino;
    expect(from.versions("d/theirs.txt").map(({ version }) => version)).toEqual([1, 2]);
    expect(await across(both, "d/theirs.txt", "in")).toEqual([
      { type: "moved", path: "d/theirs.txt", storedAs: "in/theirs.txt", fileType: "file", size: 5 },
    ]);
    expect(from.tree).toEqual({ "a.txt": "one", d: { "b.txt": "two", e: { "c.txt": "three" } }, x: {} });
    expect(to.tree).toEqual({ "here.txt": "here", in: { "theirs.txt": "third" } });
    expect(to.head("in/theirs.txt")).toMatchObject({
      ...{ owner: PEER, author: SELF, deleted: false },
      ...{ mtimeNs: before.mtimeNs, mode: before.mode, contentId: before.contentId },
    });
    expect(to.row("in/theirs.txt")?.stamp?.ino === inode).toBe(isTogether);
    expect(from.head("d/theirs.txt").deleted).toBe(true);
    // Both histories stand at the new place, in the new folder's store, and nothing is left in the old one.
    const versions = to.versions("in/theirs.txt");
    expect(versions.map(({ version, by }) => [version, by])).toEqual([
      [1, PEER],
      [2, PEER],
    ]);
    const stored = versions.map(({ storedAs, head }) => [storedAs ?? "", head.size] as const);
    const texts = await Promise.all(stored.map(([name, size]) => to.disk.readStored(name, size)));
    expect(texts.map((bytes) => new TextDecoder().decode(bytes))).toEqual(["first", "second"]);
    expect(from.versions("d/theirs.txt").filter(({ storedAs }) => storedAs !== null)).toEqual([]);
    expect(storeOf(from)).toEqual([]);
    expect((await to.look()).length + (await from.look()).length).toBe(0);
    expect(begunMoves(from.context)).toEqual([]);
  });

  test("a directory goes file by file; what does not sync stays, and so does its directory", async () => {
    const both = await pair(isTogether);
    const { from, to } = both;
    await from.edit((user) => user.write("d/link", "x"));
    from.ignoreText = "*.tmp";
    from.user.write("d/e/left.tmp", "mine");
    const items = await across(both, "d", "moved");
    expect(items.map((item) => [item.type, item.path])).toEqual([
      ["moved", "d/b.txt"],
      ["moved", "d/link"],
      ["moved", "d/e/c.txt"],
      ["skipped", "d/e"],
      ["skipped", "d"],
    ]);
    expect(to.tree).toMatchObject({ moved: { "b.txt": "two", link: "x", e: { "c.txt": "three" } } });
    expect(from.tree).toEqual({ "a.txt": "one", d: { e: { "left.tmp": "mine" } }, x: {} });
    // Without it, the same command brings the rest, where it was bringing the first part.
    from.user.delete("d/e/left.tmp");
    expect(await across(both, "d", "moved")).toMatchObject([
      { path: "d/e", storedAs: "moved/e" },
      { path: "d", storedAs: "moved" },
    ]);
    expect(from.tree).toEqual({ "a.txt": "one", x: {} });
  });

  test("a dry run says where each would go, and moves nothing", async () => {
    const both = await pair(isTogether);
    const before = [both.from.tree, both.to.tree];
    const items = await across(both, "d", "in", { dryRun: true });
    expect(items).toMatchObject([
      { path: "d", storedAs: "in/d" },
      { path: "d/b.txt", storedAs: "in/d/b.txt" },
      { path: "d/e", storedAs: "in/d/e" },
      { path: "d/e/c.txt", storedAs: "in/d/e/c.txt" },
    ]);
    expect([both.from.tree, both.to.tree]).toEqual(before);
    expect(begunMoves(both.from.context)).toEqual([]);
  });

  test.each([
    ["what is there", "a.txt", "here.txt", {}, ADMIN, "E_EXISTS"],
    ["a path below a file", "a.txt", "here.txt/a", {}, ADMIN, "E_EXISTS"],
    ["a file as a directory", "a.txt", "here.txt", { into: true }, ADMIN, "E_NOT_A_DIRECTORY"],
    ["nothing", "nowhere", "n", {}, ADMIN, "E_PATH_NOT_FOUND"],
    ["what belongs to somebody else", "d", "n", {}, NOBODY, "E_NOT_ALLOWED"],
  ] as const)("%s is refused", async (_name, source, target, more, asker, code) => {
    const both = await pair(isTogether);
    const before = [both.from.tree, both.to.tree];
    expect(await failure(across(both, source, target, more, asker))).toBe(code);
    expect([both.from.tree, both.to.tree]).toEqual(before);
  });

  test("a folder that only receives gives nothing away and takes nothing", async () => {
    for (const side of ["from", "to"] as const) {
      const both = await pair(isTogether);
      both[side].mode = "receive-only";
      expect(await failure(across(both, "a.txt", "n"))).toBe("E_RECEIVE_ONLY");
    }
  });

  test("a file whose new name the other folder ignores stays", async () => {
    const both = await pair(isTogether);
    both.to.ignoreText = "*.txt";
    expect(await failure(across(both, "d", "n"))).toBe("E_NOT_ALLOWED");
    expect(both.to.tree).toEqual({ "here.txt": "here", in: {} });
  });

  test("a save between the two commits is not lost", async () => {
    for (const save of [
      (from: KeepBench) => from.user.write("a.txt", "saved"),
      (from: KeepBench) => {
        from.user.delete("a.txt");
        from.user.write("a.txt", "saved");
      },
    ]) {
      const both = await pair(isTogether);
      let isSaved = false;
      both.from.fs.beforeCall = ({ name, path: at }) => {
        // The intent to take it away is about to be written.
        if (isSaved || name !== "createStage" || !at.includes("intents-")) return;
        isSaved = true;
        save(both.from);
      };
      await across(both, "a.txt", "n").catch(() => undefined);
      both.from.fs.beforeCall = undefined;
      expect(isSaved).toBe(true);
      await both.from.look();
      await both.to.look();
      expect(JSON.stringify([both.from.tree, both.to.tree])).toContain("saved");
    }
  });

  test.each([
    ["a crash", 1, () => {}],
    ["a power cut", 3, cutPower],
  ] as const)(
    "%s before any call to either disk leaves all at one place or both, and the same command completes it",
    { timeout: 120_000 },
    async (_name, stride, damage) => {
      let step = 0;
      for (; ; step += stride) {
        const both = await withHistory(isTogether);
        if (await isThroughBefore(both, step)) break;
        damage(both, step);
        for (const bench of [both.from, both.to]) await bench.restart();
        await expectWhole(both, step);
      }
      expect(step).toBeGreaterThan(30);
    },
  );
});

/** Moves "d", all calls from `step` on failing. */
async function isThroughBefore(both: Pair, step: number): Promise<boolean> {
  const end = cutAt(both, step);
  try {
    await across(both, "d", "moved");
    return true;
  } catch {
    return false;
  } finally {
    end();
  }
}

/** After a cut: every content is somewhere; what is settled at the start and the command, given again, bring all to its place. */
async function expectWhole(both: Pair, step: number): Promise<void> {
  const { from, to } = both;
  const seen = JSON.stringify([from.tree, to.tree]);
  for (const text of ["one", "two", "third", "three", "here"])
    expect({ step, seen }).toEqual({ step, seen: expect.stringContaining(text) });
  const [begun] = begunMoves(from.context);
  if (begun !== undefined) await settleMove({ from: from.context, to: to.context }, begun, NEVER);
  for (const bench of [from, to]) expect({ step, seen: await bench.look() }).toEqual({ step, seen: [] });
  if (Object.hasOwn(from.tree, "d")) await across(both, "d", "moved");
  expect({ step, tree: from.tree }).toEqual({ step, tree: { "a.txt": "one", x: {} } });
  expect({ step, tree: to.tree }).toEqual({
    step,
    tree: {
      ...{ "here.txt": "here", in: {} },
      moved: { "b.txt": "two", "theirs.txt": "third", e: { "c.txt": "three" } },
    },
  });
  const kept = to.versions("moved/theirs.txt").filter(({ storedAs }) => storedAs !== null);
  expect({ step, versions: kept.map(({ head }) => head.size) }).toEqual({ step, versions: [5, 6] });
}

/** From the given call on, counted over both disks, every call fails, as if the process had died. */
function cutAt({ from, to }: Pair, step: number): () => void {
  let calls = 0;
  const hook = (_: SimCall): void => {
    if (calls++ >= step) throw new Error("cut off");
  };
  const disks: readonly SimFs[] = [from.fs, to.fs];
  for (const fs of disks) fs.beforeCall = hook;
  return () => {
    for (const fs of disks) fs.beforeCall = undefined;
  };
}

/** Of what was not flushed, each disk keeps some. */
function cutPower({ from, to }: Pair, seed: number): void {
  const random = seeded(seed);
  for (const { fs } of [from, to]) fs.crash(random);
  // Each disk counts the names that it has itself; some inodes have one on either.
  const counts = new Map<Inode, number>();
  for (const { fs } of [from, to])
    for (const inode of filesBelow(fs.disk.root)) counts.set(inode, (counts.get(inode) ?? 0) + 1);
  for (const [inode, links] of counts) inode.links = links;
}

function* filesBelow(directory: Inode): Generator<Inode> {
  for (const { inode } of directory.entries.values())
    if (inode.type === "directory") yield* filesBelow(inode);
    else yield inode;
}

function storeOf({ fs }: KeepBench): readonly unknown[] {
  return fs.list(".syncline/store" as never).map(({ name }) => name);
}
