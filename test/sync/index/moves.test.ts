/** A directory moved in the index: at its origin, as it is told, and where it is taken. */
import { beforeEach, expect, test } from "vitest";
import type { DirectoryMove } from "../../../src/shared/messages.ts";
import { compare } from "../../../src/shared/version-vector.ts";
import type { LocalMoveResult } from "../../../src/sync/index/index-port.ts";
import { type OwnedIndex, openIndex } from "../../../src/sync/index/open-index.ts";
import { A, announced, B, C, change, directory, EPOCH, FOLDER, file, path, stamp, tombstone } from "./rows.ts";

let index: OwnedIndex;

beforeEach(async () => {
  index = openIndex(":memory:");
  await index.write.openFolder(FOLDER, EPOCH);
});

const TREE = [
  change("a", directory({ A: 1 }), { stamp: stamp(1n) }),
  change("a/x", file({ A: 1 }, "x"), { stamp: stamp(2n) }),
  change("a/sub", directory({ A: 1 }), { stamp: stamp(3n) }),
  change("a/sub/ü", file({ B: 4 }, "u"), { stamp: stamp(4n) }),
  change("a/gone", tombstone({ A: 2 })),
  change("ab", file({ A: 1 }, "other"), { stamp: stamp(5n) }),
];
const NOW_MS = 90_500;
const found = { from: path("a"), to: path("b"), author: A, stamp: stamp(1n) };

async function moved(at: OwnedIndex = index): Promise<DirectoryMove> {
  const result: LocalMoveResult = await at.write.moveDirectory(FOLDER, found, NOW_MS);
  if (result.type !== "moved") throw new Error(result.type);
  return result.move;
}

test("arrivals come in directory order, then the tombstones in its reverse, each under its own number", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const move = await moved();
  expect(move).toMatchObject({ sequence: 14, count: 4, from: "a", to: "b", author: A, counter: 90 });
  const rows = index.read.localSince(FOLDER, 6, 99);
  expect(rows.map(({ sequence, path: at }) => `${sequence} ${at}`)).toEqual([
    "7 b",
    "8 b/sub",
    "9 b/x",
    "10 b/sub/ü",
    "11 a/sub/ü",
    "12 a/x",
    "13 a/sub",
    "14 a",
  ]);
  expect(rows.slice(0, 4).map((row) => row.stamp?.ino)).toEqual([1n, 3n, 2n, 4n]);
  for (const { heads } of rows)
    expect(heads[0]).toMatchObject({ author: A, version: expect.arrayContaining([[A, 90]]) });
  expect(index.read.totals(FOLDER)).toEqual({ files: 3, directories: 2, symlinks: 0, bytes: 30 });
  expect(index.read.directoriesAt(FOLDER, stamp(3n)).map((row) => row.path)).toEqual(["b/sub"]);
  expect(index.read.historyAt(FOLDER, "", 50_000, "", 99).map((row) => row.path)).toContain("a/x");
});

test("who is held to as owner is held to at the new place", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const stolen = file({ A: 1, B: 1 }, "x", { owner: B });
  await index.write.commitLocal(FOLDER, [change("a/x", stolen, { stamp: stamp(2n) })], { nowMs: 2 });
  await moved();
  expect(index.read.local(FOLDER, path("b/x"))).toMatchObject({ owner: A, heads: [{ owner: B }] });
  expect(index.read.local(FOLDER, path("b/sub/ü"))?.owner).toBe(A);
});

test("the move is remembered for as long as all its records stand", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const move = await moved();
  expect(index.read.moveAfter(FOLDER, 6)).toEqual(move);
  expect(index.read.moveAfter(FOLDER, move.sequence)).toBeUndefined();
  expect(index.read.isMoveWhole(FOLDER, move)).toBe(true);
  await index.write.commitLocal(FOLDER, [change("b/x", file({ A: 91 }, "y"))], { nowMs: 2 });
  expect(index.read.isMoveWhole(FOLDER, move)).toBe(false);
});

test("a row that is forgotten, and a tombstone that is pruned, leave a move that is whole no longer", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const move = await moved();
  await index.write.forgetPaths(FOLDER, [path("b/x")]);
  expect(index.read.isMoveWhole(FOLDER, move)).toBe(false);
  await index.write.commitLocal(FOLDER, [change("b/x", file({ A: 91 }, "x"), { stamp: stamp(2n) })], { nowMs: 2 });
  const back = await index.write.moveDirectory(FOLDER, { ...found, from: path("b"), to: path("c") }, NOW_MS);
  if (back.type !== "moved") throw new Error(back.type);
  expect(index.read.isMoveWhole(FOLDER, back.move)).toBe(true);
  await index.write.prune(FOLDER, [], 10 ** 13);
  expect(index.read.isMoveWhole(FOLDER, back.move)).toBe(false);
});

test("the counter rises above every one that this device gave at either end", async () => {
  await index.write.commitLocal(FOLDER, [...TREE, change("b/x", tombstone({ A: 500 }))], { nowMs: 1 });
  await index.write.commitRemote(FOLDER, B, "e", 1, [announced(1, "b/sub/ü", tombstone({ A: 700 }))]);
  expect((await moved()).counter).toBe(701);
});

test.each([
  { name: "a conflict below", rows: [change("a/x", [file({ A: 2 }), file({ B: 9 })])], type: "refused" },
  {
    name: "something that waits for its content",
    rows: [change("a/y", file({ B: 9 }), { stamp: null })],
    type: "refused",
  },
  { name: "something alive below the new place", rows: [change("b/z", file({ A: 1 }))], type: "occupied" },
  { name: "something alive at the new place", rows: [change("b", file({ A: 1 }))], type: "occupied" },
])("$name is not moved over", async ({ rows, type }) => {
  await index.write.commitLocal(FOLDER, [...TREE, ...rows], { nowMs: 1 });
  const before = index.read.folder(FOLDER);
  expect(await index.write.moveDirectory(FOLDER, found, NOW_MS)).toEqual({ type });
  expect(index.read.folder(FOLDER)).toEqual(before);
});

test("a directory does not move into itself", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const into = { ...found, to: path("a/b") };
  expect(await index.write.moveDirectory(FOLDER, into, NOW_MS)).toEqual({ type: "refused" });
});

/** The index of another device that took over all of this one's tree, and this one's records as it announced them. */
async function follower(options: { readonly hasApplied: boolean } = { hasApplied: true }): Promise<OwnedIndex> {
  const other = openIndex(":memory:");
  await other.write.openFolder(FOLDER, "other");
  const rows = index.read.localSince(FOLDER, 0, 99);
  const records = rows.map((row) => announced(row.sequence, row.path, row.heads));
  await other.write.commitRemote(FOLDER, A, EPOCH, rows.at(-1)?.sequence ?? 0, records);
  if (options.hasApplied) await other.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  return other;
}

test("a device that holds the same records makes the same of them", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const other = await follower();
  const move = await moved();
  expect(await other.write.receiveMove(FOLDER, A, EPOCH, move)).toBe(true);
  expect(other.read.remoteState(FOLDER, A).received).toBe(14);
  for (const row of index.read.localSince(FOLDER, 6, 99))
    expect(other.read.remoteOf(FOLDER, A, row.path)).toMatchObject({ heads: row.heads, sequence: row.sequence });
  expect(other.read.pendingMoves(FOLDER)).toEqual([{ device: A, move }]);
  expect(other.read.appliedUpTo(FOLDER, A)).toBe(6);

  expect(await other.write.checkMove(FOLDER, A, 14)).toEqual({ type: "ready", move, stamp: stamp(1n) });
  await other.write.applyMove(FOLDER, A, { last: 14, stamp: stamp(1n), nowMs: 99 });
  expect(other.read.appliedUpTo(FOLDER, A)).toBe(14);
  expect(other.read.pendingMoves(FOLDER)).toEqual([]);
  for (const row of index.read.localSince(FOLDER, 6, 99))
    expect(other.read.local(FOLDER, row.path)).toMatchObject({ heads: row.heads, stamp: row.stamp });
  // And tells a third device in one, but not the one that told it.
  const relayed = other.read.moveAfter(FOLDER, 6);
  expect(relayed).toEqual({ ...move, sequence: 14 });
  expect(other.read.isMoveKnownTo(FOLDER, A, move.digest)).toBe(true);
  expect(other.read.isMoveKnownTo(FOLDER, C, move.digest)).toBe(false);
});

test("records that the sender took over and did not announce back count as its own, once it has acknowledged them", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const other = openIndex(":memory:");
  await other.write.openFolder(FOLDER, "other");
  await other.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  await other.write.commitRemote(FOLDER, A, EPOCH, 6, []);
  const move = await moved();
  expect(await other.write.receiveMove(FOLDER, A, EPOCH, move)).toBe(false);
  await other.write.setAcked(FOLDER, A, "other", 6);
  expect(await other.write.receiveMove(FOLDER, A, EPOCH, move)).toBe(true);
});

test("a move of other records than are known stores nothing", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const other = await follower();
  await index.write.commitLocal(FOLDER, [change("a/x", file({ A: 3 }, "not told"))], { nowMs: 2 });
  const move = await moved();
  expect(await other.write.receiveMove(FOLDER, A, EPOCH, move)).toBe(false);
  expect(other.read.remoteState(FOLDER, A).received).toBe(6);
  expect(other.read.remoteOf(FOLDER, A, path("b/x"))).toBeUndefined();
  expect(other.read.pendingMoves(FOLDER)).toEqual([]);
});

test.each([
  { name: "another digest", change: { digest: "0".repeat(32) } },
  { name: "another counter", change: { counter: 91 } },
  { name: "another count", change: { count: 3 } },
  { name: "another place", change: { to: path("c") } },
  { name: "numbers that were told already", change: { sequence: 12 } },
])("a move with $name is not taken", async ({ change: wrong }) => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const other = await follower();
  const move = await moved();
  expect(await other.write.receiveMove(FOLDER, A, EPOCH, { ...move, ...wrong })).toBe(false);
});

test("a move whose outcome is here already, from elsewhere, waits for nothing", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const other = await follower();
  const move = await moved();
  await other.write.receiveMove(FOLDER, A, EPOCH, move);
  await other.write.applyMove(FOLDER, A, { last: 14, stamp: stamp(1n), nowMs: 99 });
  await other.write.commitRemote(FOLDER, C, "c", 20, []);
  expect(await other.write.receiveMove(FOLDER, C, "c", { ...move, sequence: 40 })).toBe(true);
  expect(other.read.pendingMoves(FOLDER)).toEqual([]);
  expect(other.read.appliedUpTo(FOLDER, C)).toBe(40);
  expect(other.read.isMoveKnownTo(FOLDER, C, move.digest)).toBe(true);
});

test("where the rows here are others, the move is left to be applied path by path", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const other = await follower();
  const move = await moved();
  await other.write.commitLocal(FOLDER, [change("a/x", file({ A: 1, C: 9 }, "edited here"))], { nowMs: 2 });
  expect(await other.write.receiveMove(FOLDER, A, EPOCH, move)).toBe(true);
  expect(await other.write.checkMove(FOLDER, A, 14)).toEqual({ type: "different" });
  await expect(other.write.applyMove(FOLDER, A, { last: 14, stamp: stamp(1n), nowMs: 99 })).rejects.toThrow("bug");
  expect(other.read.folder(FOLDER)?.sequence).toBe(7);
  await other.write.dissolveMove(FOLDER, A, 14);
  expect(other.read.pendingMoves(FOLDER)).toEqual([]);
  expect(other.read.pending(FOLDER, "live", "", 99)).toEqual(["b", "a/x", "b/sub", "b/x", "b/sub/ü"]);
  expect(other.read.pending(FOLDER, "deleted", "", 99)).toEqual(["a/sub/ü", "a/sub", "a"]);
  expect(other.read.appliedUpTo(FOLDER, A)).toBe(6);
});

test("what waited below a moved directory no longer waits there", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const other = await follower({ hasApplied: false });
  expect(other.read.pendingTotals(FOLDER).files).toBe(6);
  const move = await moved();
  expect(await other.write.receiveMove(FOLDER, A, EPOCH, move)).toBe(true);
  await other.write.dissolveMove(FOLDER, A, 14);
  expect(other.read.pending(FOLDER, "live", "", 99)).toEqual(["ab", "b", "b/sub", "b/x", "b/sub/ü"]);
  for (const row of index.read.localSince(FOLDER, 6, 4))
    expect(
      compare(row.heads[0]?.version ?? [], other.read.remoteOf(FOLDER, A, row.path)?.heads[0]?.version ?? []),
    ).toBe("equal");
});

test("a peer that begins anew, and an index that does, forget their moves", async () => {
  await index.write.commitLocal(FOLDER, TREE, { nowMs: 1 });
  const other = await follower();
  const move = await moved();
  await other.write.receiveMove(FOLDER, A, EPOCH, move);
  await other.write.resetRemote(FOLDER, A);
  expect(other.read.pendingMoves(FOLDER)).toEqual([]);
  expect(other.read.isMoveKnownTo(FOLDER, A, move.digest)).toBe(false);
  await index.write.openFolder(FOLDER, "epoch-2");
  expect(index.read.moveAfter(FOLDER, 0)).toBeUndefined();
});
