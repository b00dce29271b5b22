import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startIndex } from "../../../src/sync/index/index-client.ts";
import type { FolderIndex } from "../../../src/sync/index/index-port.ts";
import { openIndex } from "../../../src/sync/index/open-index.ts";
import type { NewNotice, NewTransfer, SyncCount, TransferFile } from "../../../src/sync/index/transfer-port.ts";
import { indexPlaces } from "./places.ts";

const newIndexPath = indexPlaces();
const DESK = "DESK";
const LAP = "LAP";
const NONE = { delta: 0, reuse: 0, compression: 0 };

function opened(key: string, more: Partial<NewTransfer> = {}): NewTransfer {
  return {
    key,
    kind: "download",
    side: "asked",
    direction: "in",
    device: DESK,
    user: null,
    folder: "docs",
    path: `${key}.bin`,
    version: null,
    local: `/tmp/${key}.bin`,
    transport: null,
    why: null,
    state: "running",
    code: null,
    message: null,
    startedAtMs: 1000,
    endedAtMs: null,
    request: "{}",
    ...more,
  };
}

function fileLine(path: string, more: Partial<TransferFile> = {}): TransferFile {
  return {
    path,
    storedAs: path,
    fileBytes: 10,
    wireBytes: 3,
    saved: { delta: 7, reuse: 0, compression: 0 },
    hash: null,
    durationMs: 2,
    outcome: "stored",
    code: null,
    message: null,
    ...more,
  };
}

describe.each([
  ["in this thread", async () => openIndex(":memory:")],
  ["with its writer in a thread", () => startIndex(newIndexPath())],
] as const)("transfers of an index %s", (_, open) => {
  let index: FolderIndex & AsyncDisposable;
  beforeAll(async () => {
    index = await open();
  });
  afterAll(() => index[Symbol.asyncDispose]());

  test("a transfer is opened, changes, and keeps its files in order", async () => {
    const id = await index.write.openTransfer(opened("one", { version: 3 }));
    expect(index.read.transfer(id)).toMatchObject({ key: "one", version: 3, state: "running", endedAtMs: null });
    await index.write.changeTransfer(id, { transport: "tcp", why: "asked for" }, [fileLine("a"), fileLine("b")]);
    const saved = { delta: 14, reuse: 0, compression: 0 };
    const totals = { files: 3, fileBytes: 30, wireBytes: 9, saved };
    await index.write.changeTransfer(id, { ...totals, state: "partial", endedAtMs: 3000, durationMs: 1500 }, [
      fileLine("c", { outcome: "failed", code: "E_CHANGING", message: "c changed", storedAs: null }),
    ]);
    expect(index.read.transferByKey("one", "asked")).toMatchObject({
      id,
      ...totals,
      state: "partial",
      transport: "tcp",
    });
    expect(index.read.transferByKey("one", "served")).toBeUndefined();
    const lines = index.read.transferFiles(id, { after: 1, limit: 5 });
    expect(lines.map(({ path, outcome, code }) => [path, outcome, code])).toEqual([
      ["b", "stored", null],
      ["c", "failed", "E_CHANGING"],
    ]);
  });

  test("are found by time, device, direction and kind, the latest first, and summed", async () => {
    const base = { startedAtMs: 10_000, state: "done" as const };
    const ids = await Promise.all([
      index.write.openTransfer(opened("t1", { ...base, endedAtMs: 11_000 })),
      index.write.openTransfer(opened("t2", { ...base, endedAtMs: 12_000, device: LAP })),
      index.write.openTransfer(
        opened("t3", { ...base, startedAtMs: 13_000, kind: "upload", direction: "out", endedAtMs: 14_000 }),
      ),
      index.write.openTransfer(opened("t4", { ...base, startedAtMs: 15_000, state: "running" })),
    ]);
    for (const id of ids)
      await index.write.changeTransfer(id, { files: 1, fileBytes: 100, wireBytes: 40, durationMs: 5 });
    const keys = (filter: Parameters<typeof index.read.transfers>[0]) =>
      index.read.transfers({ ...filter, folder: "docs" }, { limit: 10 }).map(({ key }) => key);
    expect(keys({ fromMs: 10_000 })).toEqual(["t4", "t3", "t2", "t1"]);
    expect(keys({ fromMs: 11_500, toMs: 15_000 })).toEqual(["t3", "t2"]);
    expect(keys({ fromMs: 10_000, device: LAP })).toEqual(["t2"]);
    expect(keys({ fromMs: 10_000, direction: "out" })).toEqual(["t3"]);
    expect(keys({ fromMs: 10_000, kind: "download", state: "done" })).toEqual(["t2", "t1"]);
    expect(index.read.transfers({ fromMs: 10_000 }, { before: ids[2], limit: 1 }).map(({ key }) => key)).toEqual([
      "t2",
    ]);
    expect(keys({ fromMs: 10_000, isOver: false })).toEqual(["t4"]);
    expect(keys({ fromMs: 10_000, isOver: true, isByHand: true })).toEqual(["t3", "t2", "t1"]);
    expect(keys({ fromMs: 10_000, contains: "DOCS/" })).toEqual(["t4", "t3", "t2", "t1"]);
    expect(keys({ fromMs: 10_000, contains: "nowhere" })).toEqual([]);
    const page = (options: Parameters<typeof index.read.transfers>[1]) =>
      index.read.transfers({ fromMs: 10_000, folder: "docs" }, options).map(({ key }) => key);
    expect(page({ limit: 2, offset: 1 })).toEqual(["t3", "t2"]);
    await index.write.changeTransfer(ids[0] ?? 0, { fileBytes: 900 });
    await index.write.changeTransfer(ids[2] ?? 0, { durationMs: 9 });
    expect(page({ limit: 2, order: "size" })).toEqual(["t1", "t4"]);
    expect(page({ limit: 2, order: "duration" })).toEqual(["t3", "t4"]);
    await index.write.changeTransfer(ids[0] ?? 0, { fileBytes: 100 });
    await index.write.changeTransfer(ids[2] ?? 0, { durationMs: 5 });
    const totals = index.read.transferTotals({ fromMs: 10_000, direction: "in" });
    expect(totals).toEqual({ files: 3, fileBytes: 300, wireBytes: 120, saved: NONE, durationMs: 15, transfers: 3 });
  });

  test("what a crash left running is interrupted at the next start, once", async () => {
    const id = await index.write.openTransfer(opened("crashed"));
    const paused = await index.write.openTransfer(opened("paused", { state: "paused" }));
    expect(await index.write.interruptTransfers(20_000)).toBeGreaterThanOrEqual(2);
    for (const each of [id, paused])
      expect(index.read.transfer(each)).toMatchObject({ state: "interrupted", endedAtMs: 20_000 });
    expect(await index.write.interruptTransfers(21_000)).toBe(0);
  });

  test("what sync moves is added up per device, folder, direction and stretch of time", async () => {
    const count = (more: Partial<SyncCount> = {}): SyncCount => ({
      ...{ device: DESK, folder: "pics", direction: "in", transport: "tcp" },
      ...{ files: 1000, fileBytes: 5000, wireBytes: 900, saved: { delta: 1, reuse: 2, compression: 3 } },
      ...more,
    });
    await index.write.countSync([count(), count({ direction: "out" })], 300_500, 100_000);
    await index.write.countSync([count({ files: 1 }), count({ device: LAP })], 399_999, 100_000);
    await index.write.countSync([count()], 400_000, 100_000);
    const rows = index.read.transfers({ kind: "sync" }, { limit: 10 });
    expect(rows.map((row) => [row.startedAtMs, row.direction, row.device, row.files, row.saved.reuse])).toEqual([
      [400_000, "in", DESK, 1000, 2],
      [300_000, "in", LAP, 1000, 2],
      [300_000, "out", DESK, 1000, 2],
      [300_000, "in", DESK, 1001, 4],
    ]);
  });

  test("history tells what moved by time and device, over the joining of what is old", async () => {
    const day = 86_400_000;
    const nowMs = 1_780_000_000_000 - (1_780_000_000_000 % day);
    const wire = (direction: "in" | "out", wireBytes: number): SyncCount => ({
      ...{ device: LAP, folder: "", direction, transport: null, wireBytes },
      ...{ files: 0, fileBytes: 0, saved: NONE },
    });
    const files = {
      ...wire("in", 40),
      folder: "pics",
      fileBytes: 100,
      saved: { delta: 10, reuse: 50, compression: 0 },
    };
    for (const atMs of [nowMs, nowMs + 60_000, nowMs + 7_200_000])
      await index.write.countSync([wire("in", 60), wire("out", 5), files], atMs, 60_000);
    const told = (stretchMs: number): unknown =>
      index.read
        .history({ fromMs: nowMs, toMs: nowMs + day, device: LAP }, stretchMs)
        .map(({ startMs, sent, received, fileBytes, saved }) => [
          startMs - nowMs,
          sent,
          received,
          fileBytes,
          saved.reuse,
        ]);
    const hours = [
      [0, 10, 120, 200, 100],
      [7_200_000, 5, 60, 100, 50],
    ];
    expect(told(60_000)).toEqual([[0, 5, 60, 100, 50], [60_000, 5, 60, 100, 50], hours[1]]);
    expect(told(3_600_000)).toEqual(hours);
    // What went from this node to this node needed no bandwidth, and saved none.
    const own = await index.write.openTransfer(opened("own", { device: null, startedAtMs: nowMs }));
    await index.write.changeTransfer(own, { fileBytes: 7, saved: { delta: 0, reuse: 7, compression: 0 } }, []);
    const ofAll = index.read.history({ fromMs: nowMs, toMs: nowMs + day }, day);
    expect(ofAll.map(({ fileBytes, saved }) => [fileBytes, saved.reuse])).toEqual([[300, 150]]);
    // Sums of transfers leave out what is told of connections as a whole.
    expect(index.read.transferTotals({ fromMs: nowMs, device: LAP, kind: "sync" })).toMatchObject({ wireBytes: 120 });

    await index.write.countSync([], nowMs + 3 * day, 60_000);
    expect(told(3_600_000)).toEqual(hours);
    expect(told(60_000)).toEqual(hours);
    await index.write.countSync([], nowMs + 4 * day, 60_000);
    expect(told(3_600_000)).toEqual(hours);
  });

  test("downloads of one file by one person are one notice until somebody looks", async () => {
    const notice = (more: Partial<NewNotice> = {}): NewNotice => ({
      ...{ folder: "docs", path: "photo.jpg", owner: "ALICE", device: LAP, user: "bob", from: null },
      ...{ deliveredAtMs: 1, atMs: 50, count: 1 },
      ...more,
    });
    const [first] = await index.write.addNotices([notice()]);
    expect(await index.write.addNotices([notice({ atMs: 60 })])).toEqual([first]);
    const [other] = await index.write.addNotices([notice({ user: null })]);
    expect(other).not.toBe(first);
    expect(index.read.unreadNotices(["ALICE", "CAROL"])).toBe(2);
    expect(index.read.notices({ limit: 9 }).find(({ id }) => id === first)).toMatchObject({
      count: 2,
      firstAtMs: 50,
      lastAtMs: 60,
    });
    expect(index.read.unreadNotices(["BOB"])).toBe(0);
    expect(index.read.notices({ limit: 9, owner: "BOB" })).toEqual([]);
    expect(await index.write.noticesRead(other ?? 0, 70, ["BOB"])).toBe(0);
    expect(await index.write.noticesRead(other ?? 0, 70, ["ALICE"])).toBe(2);
    expect(index.read.unreadNotices(["ALICE", "CAROL"])).toBe(0);
    expect(index.read.notices({ limit: 9, unreadOnly: true })).toEqual([]);
    const [anew] = await index.write.addNotices([notice({ atMs: 80 })]);
    expect(anew).not.toBe(first);
  });

  test("a notice for another device waits until that device has it", async () => {
    const [id] = await index.write.addNotices([
      {
        folder: "docs",
        path: "x",
        owner: "CAROL",
        device: LAP,
        user: null,
        from: null,
        deliveredAtMs: null,
        atMs: 5,
        count: 1,
      },
    ]);
    const unread = index.read.unreadNotices(["ALICE", "CAROL"]);
    expect(index.read.notices({ undeliveredTo: "CAROL", limit: 9 })).toMatchObject([{ id, path: "x" }]);
    const [account] = await index.write.addNotices([
      {
        ...{ folder: "docs", path: "y", owner: "bob@CAROL", device: LAP, user: null, from: null },
        ...{ deliveredAtMs: null, atMs: 5, count: 1 },
      },
    ]);
    expect(index.read.notices({ undeliveredTo: "CAROL", limit: 9 }).map((notice) => notice.id)).toEqual([account, id]);
    await index.write.forgetNotices([account ?? 0]);
    expect(index.read.notices({ undeliveredTo: "DAVE", limit: 9 })).toEqual([]);
    await index.write.forgetNotices([id ?? 0]);
    expect(index.read.notices({ undeliveredTo: "CAROL", limit: 9 })).toEqual([]);
    expect(index.read.unreadNotices(["ALICE", "CAROL"])).toBe(unread);
  });
});
