import { describe, expect, test } from "vitest";
import { SyncError } from "../../../src/shared/errors.ts";
import type { RelPath } from "../../../src/shared/ids.ts";
import { SqliteIndexReader } from "../../../src/sync/index/index-reader.ts";
import { SqliteIndexWriter } from "../../../src/sync/index/index-writer.ts";
import { openForWriting } from "../../../src/sync/index/open-database.ts";
import { openIndex } from "../../../src/sync/index/open-index.ts";
import { Statements } from "../../../src/sync/index/statements.ts";
import { runGroup, type WriteCall } from "../../../src/sync/index/write-group.ts";
import { announced, B, change, EPOCH, FOLDER, file, path } from "./rows.ts";

const NO_EXTRA = { nowMs: 1, chunkLists: [], versions: [], conflicts: [], notes: [], movedVersions: [] };
const commit = (at: string): WriteCall => ({
  method: "commitLocal",
  args: [FOLDER, [change(at, file({ A: 1 }))], NO_EXTRA],
});
const FULL = new SyncError("E_DISK_FULL", "no space for the index");

function connection() {
  const database = openForWriting(":memory:");
  const sql = new Statements(database, ":memory:");
  return { database, sql, writer: new SqliteIndexWriter(sql), read: new SqliteIndexReader(sql) };
}

describe("writes in one transaction", () => {
  test("are there together, each with its own answer", () => {
    const open = connection();
    const results = runGroup(open, [{ method: "openFolder", args: [FOLDER, EPOCH] }, commit("a"), commit("b")]);
    expect(results).toEqual([
      { ok: true, value: { isNew: true } },
      { ok: true, value: 1 },
      { ok: true, value: 2 },
    ]);
  });

  test("that the disk refuses at the end are told so, all of them, and none is there", () => {
    const open = connection();
    runGroup(open, [{ method: "openFolder", args: [FOLDER, EPOCH] }, commit("a")]);
    const results = runGroup(open, [commit("d/b"), commit("d/c")], () => {
      throw FULL;
    });
    expect(results).toEqual([
      { ok: false, error: FULL },
      { ok: false, error: FULL },
    ]);
    expect(open.read.folder(FOLDER)?.sequence).toBe(1);
    expect(open.read.totals(FOLDER).files).toBe(1);
    expect(runGroup(open, [commit("d/b")])).toEqual([{ ok: true, value: 2 }]);
    expect(open.read.local(FOLDER, "d/b" as RelPath)).toBeDefined();
  });

  test("stand alone: one that is wrong is undone by itself", () => {
    const open = connection();
    const wrong: WriteCall = {
      method: "commitLocal",
      args: [FOLDER, [change("new/a", file({ A: 1 })), change("x", [])], NO_EXTRA],
    };
    const results = runGroup(open, [{ method: "openFolder", args: [FOLDER, EPOCH] }, wrong, commit("new/b")]);
    expect(results.map((result) => result.ok)).toEqual([true, false, true]);
    expect(open.read.localBelow(FOLDER, "", "", 9).map((row) => row.path)).toEqual(["new/b"]);
  });
});

test("a failed commit rejects and leaves what was there before; the next one goes on from it", async () => {
  let isFull = false;
  await using index = openIndex(":memory:", {
    beforeCommit: () => {
      if (isFull) throw FULL;
    },
  });
  await index.write.openFolder(FOLDER, EPOCH);
  await index.write.commitRemote(FOLDER, B, "e", 1, [announced(1, "a", file({ B: 1 }))]);
  isFull = true;
  await expect(index.write.commitLocal(FOLDER, [change("a", file({ B: 1 }))])).rejects.toBe(FULL);
  expect(index.read.local(FOLDER, path("a"))).toBeUndefined();
  expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["a"]);
  isFull = false;
  expect(await index.write.commitLocal(FOLDER, [change("a", file({ B: 1 }))])).toBe(1);
  expect(index.read.pending(FOLDER, "live", "", 9)).toEqual([]);
});
