import { describe, expect, test } from "vitest";
import { TrafficLog } from "../../src/web/api/traffic-log.ts";
import { tell } from "../../src/web/text/event-text.ts";
import { folderTitle } from "../../src/web/text/folder-title.ts";
import { age, bytes, clock, list, plural, savedPercent } from "../../src/web/text/format.ts";
import { overview } from "../../src/web/text/overview.ts";
import { fakeFolder, fakePeer, fakeStatus } from "../support/fake-node-service.ts";

describe("the sentence", () => {
  test.each([
    ["all is well", {}, "good", "Everything is in sync with desk."],
    ["nothing is set up", { folders: [], peers: [] }, "idle", "No folder yet"],
    ["nobody is paired", { peers: [] }, "idle", "Nothing is pending here, and no other machine is paired yet."],
    [
      "nobody is there",
      { peers: [fakePeer({ state: "offline" })] },
      "idle",
      "Nothing is pending here, but no other machine is connected.",
    ],
    [
      "nobody is there, and a conflict waits",
      { peers: [fakePeer({ state: "offline" })], folders: [fakeFolder({ conflicts: 1 })] },
      "warn",
      "Nothing is pending here, but no other machine is connected, and 1 thing needs you.",
    ],
    [
      "files are to be fetched",
      { state: "syncing", folders: [fakeFolder({ state: "syncing", needFiles: 3, needBytes: 1_500_000 })] },
      "busy",
      "Syncing: 3 files (1.5 MB) to fetch.",
    ],
    [
      "a peer is behind",
      { state: "syncing", peers: [fakePeer({ needFiles: 1 })] },
      "busy",
      "Syncing: desk is still fetching.",
    ],
    [
      "a conflict waits",
      { folders: [fakeFolder({ conflicts: 2 })] },
      "warn",
      "Everything is in sync with desk, but 1 thing needs you.",
    ],
    [
      "a folder is halted",
      { state: "halted", folders: [fakeFolder({ state: "halted" })] },
      "bad",
      "Halted: docs waits for you.",
    ],
  ] as const)("%s", (_, changes, tone, sentence) => {
    expect(overview(fakeStatus(changes as Parameters<typeof fakeStatus>[0]))).toMatchObject({ tone, sentence });
  });

  test("every reason says why and what to do; held deletions are told once", () => {
    const held = { path: "", code: "E_MANY_DELETES", message: "30 deletions are held", fix: "look" };
    const odd = { path: "a:b", code: "E_NAME_UNHOLDABLE", message: "cannot be held here", fix: "rename it" };
    const folder = fakeFolder({ heldDeletes: 30, conflicts: 1, problems: [held, odd], problemsTotal: 5 });
    const { reasons } = overview(fakeStatus({ folders: [folder], peers: [fakePeer({ state: "refused" })] }));
    expect(reasons.map(({ code }) => code)).toEqual([
      "E_MANY_DELETES",
      "conflict",
      "E_NAME_UNHOLDABLE",
      "more",
      "refused",
    ]);
    for (const { text, fix } of reasons) expect(`${text}|${fix}`).toMatch(/^.{5,}\|.{5,}$/);
    expect(reasons[0]?.heldIn).toBe(folder.id);
  });
});

test("numbers and times as people read them", () => {
  expect([0, 999, 1000, 999_950, 1_234_567_890].map(bytes)).toEqual(["0 B", "999 B", "1.0 kB", "1.0 MB", "1.2 GB"]);
  expect([plural(1, "file"), plural(1200, "file")]).toEqual(["1 file", "1,200 files"]);
  expect([list([]), list(["a"]), list(["a", "b"]), list(["a", "b", "c"])]).toEqual(["", "a", "a and b", "a, b and c"]);
  expect([clock(-5), clock(61_000), clock(3_661_000)]).toEqual(["0:00", "1:01", "1:01:01"]);
  const now = new Date("2026-07-10T12:00:00Z");
  const ages = [0, 5 * 60, 3 * 3600, 26 * 3600, 9 * 86_400].map((s) => age(new Date(now.getTime() - s * 1000), now));
  expect(ages).toEqual(["just now", "5 min ago", "3 h ago", "1 day ago", "1 Jul 2026"]);
  // Cut, never rounded up.
  expect([savedPercent(10_000, 9999), savedPercent(0, 0), savedPercent(10, -1)]).toEqual([
    "99.9 %",
    undefined,
    undefined,
  ]);
});

test("events are told as sentences, also those that are new to this page", () => {
  const event = { id: 1, time: "2026-07-01T00:00:00Z", folder: "docs", path: "a.txt", device: "D", user: null };
  const names = { ofDevice: () => "desk", ofFolder: () => "My docs" };
  const told = (type: string, data = {}, path: string | null = "a.txt"): string =>
    tell({ ...event, type, data, path }, names).text;
  expect(told("file.changed", { size: 5 })).toBe("a.txt changed by desk (5 B)");
  expect(told("peer.connected")).toBe("desk is connected");
  expect(told("folder.state", { state: "in-sync" }, null)).toBe("My docs is in sync");
  expect(told("something.new")).toBe("something.new  a.txt  desk");
});

test("a folder goes by its label, where that is known and no other's", () => {
  const folders = [
    { id: "a-1", label: "docs" },
    { id: "b-2", label: "pictures" },
    { id: "c-3", label: "pictures" },
  ];
  expect(["a-1", "b-2", "gone-4"].map((id) => folderTitle(id, folders))).toEqual(["docs", "b-2", "gone-4"]);
});

describe("traffic", () => {
  const at = (sent: number, received: number) => ({ wireBytesSent: sent, wireBytesReceived: received });

  test("what came between two readings is spread over the time between them", () => {
    const log = new TrafficLog().with(at(0, 0), 0).with(at(400, 1000), 4000);
    expect(log.rates(4000, 5)).toEqual([
      { up: 0, down: 0 },
      ...Array.from({ length: 4 }, () => ({ up: 100, down: 250 })),
    ]);
    expect(log.rates(6000, 2)).toEqual([
      { up: 0, down: 0 },
      { up: 0, down: 0 },
    ]);
  });

  test("a daemon that started anew is no burst", () => {
    const log = new TrafficLog().with(at(5000, 5000), 0).with(at(10, 10), 1000);
    expect(log.rates(1000, 3).every(({ up, down }) => up === 0 && down === 0)).toBe(true);
  });
});
