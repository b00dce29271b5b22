/** Two indexes that meet: what is equal is stored out of local rows, what differs is named, what changes meanwhile is not lost. */
import { expect, test } from "vitest";
import type { Head } from "../../../src/shared/file-info.ts";
import type { RelPath, ShortId } from "../../../src/shared/ids.ts";
import type { OriginRun } from "../../../src/shared/reconcile-messages.ts";
import type { LocalChange } from "../../../src/sync/index/index-port.ts";
import type { FilledRows, MeetingForm } from "../../../src/sync/index/meeting-port.ts";
import { type OwnedIndex, openIndex } from "../../../src/sync/index/open-index.ts";
import { A, B, C, contentId, FOLDER, file, path, stamp, tombstone } from "./rows.ts";

const KEY = new Uint8Array(32).fill(3);

interface Side {
  readonly index: OwnedIndex;
  readonly self: ShortId;
  readonly other: ShortId;
}

async function side(self: ShortId, other: ShortId, rows: readonly LocalChange[]): Promise<Side> {
  const index = openIndex(":memory:");
  await index.write.openFolder(FOLDER, `epoch-${self[0]}`);
  for (let at = 0; at < rows.length; at += 100)
    await index.write.commitLocal(FOLDER, rows.slice(at, at + 100), { nowMs: 1 });
  return { index, self, other };
}

function row(name: string, head: Head): LocalChange {
  return { path: path(name), heads: [head], stamp: head.deleted ? null : stamp(), announce: true };
}

function tree(count: number, of: (i: number) => Head): LocalChange[] {
  return Array.from({ length: count }, (_, i) => row(`dir${i % 7}/file${i}`, of(i)));
}

/** Both sides up to the point where they agree on what is equal. */
async function compare(
  s: Side,
  d: Side,
  form: MeetingForm,
): Promise<{ symbols: number; theirs: Uint8Array; isAgreed: boolean }> {
  const [ofS, ofD] = [s, d].map(({ other }) => ({ folder: FOLDER, device: other })) as [never, never];
  const { size } = await s.index.write.meetings.begin(ofS, form, KEY);
  await d.index.write.meetings.begin(ofD, form, KEY);
  let first = 0;
  for (let state = "more"; state === "more"; first += 16) {
    const bytes = await s.index.write.meetings.make(ofS, first, 16);
    state = await d.index.write.meetings.decode(ofD, { first, length: 16, size, bytes });
    expect(state).not.toBe("impossible");
  }
  const { theirs, sum } = await d.index.write.meetings.propose(ofD);
  const isAgreed = await s.index.write.meetings.agree(ofS, theirs, sum);
  return { symbols: first, theirs, isAgreed };
}

function fill({ index, other }: Side, except: Uint8Array = new Uint8Array(0)): Promise<FilledRows> {
  return index.write.meetings.fill({ folder: FOLDER, device: other }, `epoch-${other[0]}`, except);
}

function told({ index }: Side, { plan }: FilledRows): readonly string[] {
  return plan.sequences.map((sequence) => index.read.localSince(FOLDER, sequence - 1, 1)[0]?.path ?? "");
}

test("equal indexes: one symbol's worth, every row of the peer is there and applied, nothing is to be told", async () => {
  const rows = tree(900, (i) => file({ C: i + 1 }, `content${i}`));
  const [s, d] = [await side(A, B, rows), await side(B, A, [...rows].reverse())];
  const { theirs, isAgreed, symbols } = await compare(s, d, "whole");
  expect({ isAgreed, symbols, differing: theirs.length }).toEqual({ isAgreed: true, symbols: 16, differing: 0 });
  for (const here of [s, d]) {
    const filled = await fill(here);
    expect(filled).toMatchObject({ changed: new Uint8Array(0), plan: { upTo: 900, sequences: [] } });
    expect(here.index.read.remoteOf(FOLDER, here.other, path("dir3/file3"))?.heads).toEqual([
      file({ C: 4 }, "content3"),
    ]);
    expect(here.index.read.remoteState(FOLDER, here.other)).toMatchObject({
      epoch: `epoch-${here.other[0]}`,
      received: 0,
    });
    expect(here.index.read.pendingTotals(FOLDER).files).toBe(0);
  }
});

test("what differs is told, also what is deleted, and only that", async () => {
  const rows = tree(600, (i) => file({ C: i + 1 }, `content${i}`));
  const onlyS = [row("only-s", file({ A: 5 }, "s")), row("dir1/file1", file({ A: 9, C: 2 }, "edited"))];
  const onlyD = [row("only-d", file({ B: 5 }, "d")), row("dir2/file2", tombstone({ B: 9, C: 3 }))];
  const [s, d] = [await side(A, B, [...rows, ...onlyS]), await side(B, A, [...rows, ...onlyD])];
  const { isAgreed } = await compare(s, d, "whole");
  expect(isAgreed).toBe(true);
  const [filledD, filledS] = [await fill(d), await fill(s)];
  expect(told(s, filledS)).toEqual(["dir2/file2", "only-s", "dir1/file1"]);
  expect(told(d, filledD)).toEqual(["dir1/file1", "only-d", "dir2/file2"]);
});

test("rows that change while both compare are told later, and no old row is stored for them", async () => {
  const rows = tree(300, (i) => file({ C: i + 1 }, `content${i}`));
  const [s, d] = [await side(A, B, rows), await side(B, A, rows)];
  await compare(s, d, "whole");
  await d.index.write.commitLocal(FOLDER, [
    row("dir4/file4", file({ B: 1, C: 5 }, "new")),
    row("late", file({ B: 1 })),
  ]);
  await s.index.write.commitLocal(FOLDER, [row("dir5/file5", file({ A: 1, C: 6 }, "new"))]);
  const filledD = await fill(d);
  expect(filledD.changed.length).toBe(8);
  expect(d.index.read.remoteOf(FOLDER, A, path("dir4/file4"))).toBeUndefined();
  const filledS = await fill(s, filledD.changed);
  // What changed at the other side is told once more; what changed here has a number of its own above all that were read.
  expect(told(s, filledS)).toEqual(["dir4/file4"]);
  expect(filledS.plan.upTo).toBe(300);
  expect(s.index.read.remoteOf(FOLDER, B, path("dir5/file5"))).toBeUndefined();
  expect(s.index.read.remoteOf(FOLDER, B, path("dir4/file4"))).toBeUndefined();
});

test("a newer row of the peer that came meanwhile stays", async () => {
  const rows = tree(50, (i) => file({ C: i + 1 }));
  const [s, d] = [await side(A, B, rows), await side(B, A, rows)];
  await compare(s, d, "whole");
  const news = { path: path("dir1/file1"), heads: [file({ A: 7, C: 2 }, "news")] };
  await d.index.write.commitRemote(FOLDER, A, "epoch-A", 60, [{ sequence: 55, info: news, chunkList: null }]);
  await fill(d);
  expect(d.index.read.remoteOf(FOLDER, A, news.path)?.heads).toEqual(news.heads);
});

test("a sum that does not fit is refused", async () => {
  const rows = tree(50, (i) => file({ C: i + 1 }));
  const [s, d] = [await side(A, B, rows), await side(B, A, rows)];
  await compare(s, d, "whole");
  expect(await s.index.write.meetings.agree({ folder: FOLDER, device: B }, new Uint8Array(0), new Uint8Array(16))).toBe(
    false,
  );
});

async function adoptAll(s: Side, d: Side): Promise<FilledRows> {
  const [ofS, ofD] = [
    { folder: FOLDER, device: s.other },
    { folder: FOLDER, device: d.other },
  ];
  const by = { epoch: "epoch-A", self: d.self, nowMs: 5 };
  for (let isLast = false; !isLast; ) {
    const step: { runs: readonly OriginRun[]; isLast: boolean } = await s.index.write.meetings.origins(ofS);
    await d.index.write.meetings.adopt(ofD, by, step.runs);
    isLast = step.isLast;
  }
  return await d.index.write.meetings.adopted(ofD, by);
}

test("the same tree under other versions: the new side takes the other's versions, and nothing is told", async () => {
  const count = 5000;
  const known = tree(count, (i) =>
    file({ A: 100 + Math.floor(i / 500), ...(i % 1000 === 0 ? { C: 3 } : {}) }, `content${i}`),
  );
  const found = tree(count, (i) => file({ B: 900 }, `content${i}`, { author: B, owner: B }));
  const [s, d] = [await side(A, B, known), await side(B, A, found)];
  const { isAgreed } = await compare(s, d, "facts");
  expect(isAgreed).toBe(true);
  const adopted = await adoptAll(s, d);
  expect(adopted.plan.sequences).toEqual([]);
  const filled = await fill(s, adopted.changed);
  expect(filled.plan.sequences).toEqual([]);
  for (const i of [0, 1000, 4999]) {
    const at = path(`dir${i % 7}/file${i}`);
    expect(d.index.read.local(FOLDER, at)?.heads).toEqual(s.index.read.local(FOLDER, at)?.heads);
    expect(d.index.read.remoteOf(FOLDER, A, at)?.heads).toEqual(s.index.read.local(FOLDER, at)?.heads);
    expect(d.index.read.local(FOLDER, at)?.sequence).toBeGreaterThan(count);
  }
  expect(d.index.read.pendingTotals(FOLDER).files).toBe(0);
});

test("only what this device wrote alone takes another version; what changes or differs is told", async () => {
  const known = tree(60, (i) => file({ A: 100 }, `content${i}`));
  const found = tree(60, (i) => file({ B: 900 }, i === 3 ? "other" : `content${i}`, { author: B }));
  found[4] = row("dir4/file4", file({ C: 8 }, "content4"));
  const [s, d] = [await side(A, B, [...known, row("gone", tombstone({ A: 7 }))]), await side(B, A, found)];
  await compare(s, d, "facts");
  await d.index.write.commitLocal(FOLDER, [row("dir5/file5", file({ B: 901 }, "edited", { author: B }))]);
  await s.index.write.commitLocal(FOLDER, [row("dir6/file6", file({ A: 101 }, "edited"))]);
  const adopted = await adoptAll(s, d);
  expect(told(d, adopted).toSorted()).toEqual(["dir3/file3", "dir4/file4", "dir5/file5", "dir6/file6"]);
  expect(d.index.read.local(FOLDER, path("dir4/file4") as RelPath)?.heads[0]?.version).toEqual([[C, 8]]);
  // Its own word differs from the peer's: that waits to be joined.
  expect(d.index.read.pendingTotals(FOLDER).files).toBe(1);
  const filled = await fill(s, adopted.changed);
  expect(told(s, filled).toSorted()).toEqual(["dir3/file3", "dir5/file5", "gone"]);
  expect(contentId("edited")).toBe(s.index.read.local(FOLDER, path("dir6/file6"))?.heads[0]?.contentId);
});

test("origins that are missing or left over end it", async () => {
  const rows = (author: ShortId) =>
    tree(10, (i) => file(author === A ? { A: 1 } : { B: 1 }, `content${i}`, { author }));
  const [s, d] = [await side(A, B, rows(A)), await side(B, A, rows(B))];
  await compare(s, d, "facts");
  const of = { folder: FOLDER, device: A };
  const by = { epoch: "epoch-A", self: B, nowMs: 1 };
  const origin = { version: [[A, 1]] as const, author: A, previous: null, owner: A };
  await d.index.write.meetings.adopt(of, by, [{ count: 9, origin }]);
  await expect(d.index.write.meetings.adopted(of, by)).rejects.toThrow("fewer origins");
  await d.index.write.meetings.adopt(of, by, [{ count: 2, origin }]);
  await expect(d.index.write.meetings.adopted(of, by)).rejects.toThrow("more origins");
});

test("a comparison is dropped when the disk refuses a write", async () => {
  let isFull = false;
  const index = openIndex(":memory:", {
    beforeCommit: () => {
      if (isFull) throw new Error("no space left");
    },
  });
  await index.write.openFolder(FOLDER, "epoch-A");
  const of = { folder: FOLDER, device: B };
  await index.write.meetings.begin(of, "whole", KEY);
  isFull = true;
  await expect(index.write.setNote(FOLDER, "x", "y")).rejects.toThrow();
  isFull = false;
  await expect(index.write.meetings.make(of, 0, 4)).rejects.toThrow("was dropped");
});
