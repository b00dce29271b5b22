import { describe, expect, test } from "vitest";
import { formatAge, formatBytes, formatClock, formatMs, formatPath, plural } from "../../src/cli/render/format.ts";
import { bar, Progress } from "../../src/cli/render/progress.ts";
import { offerLines, statusSentence } from "../../src/cli/render/status.ts";
import { fitWidth, renderFacts, renderTable, textWidth } from "../../src/cli/render/table.ts";
import { fakeFolder, fakePeer, fakeStatus } from "../support/fake-node-service.ts";

describe("numbers", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_949, "999.9 kB"],
    [999_950, "1.0 MB"],
    [1_200_000_000, "1.2 GB"],
  ])("%d bytes are %s", (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });

  test("times, counts and paths read as people write them", () => {
    expect(formatClock(598_000)).toBe("9:58");
    expect(formatClock(3_725_000)).toBe("1:02:05");
    expect(plural(1, "file")).toBe("1 file");
    expect(plural(1400, "file")).toBe("1,400 files");
    expect(formatMs(0.42)).toBe("0.4 ms");
    expect(formatMs(null)).toBe("-");
    expect(formatPath("/home/ann/docs", "/home/ann")).toBe("~/docs");
    expect(formatPath("/home/anna", "/home/ann")).toBe("/home/anna");
    expect(formatAge("2026-07-01T15:55:00Z", new Date("2026-07-01T16:00:00Z"))).toBe("5 min ago");
    expect(formatAge(null, new Date(0))).toBe("never");
  });
});

describe("tables", () => {
  const columns = [{ title: "NAME" }, { title: "SIZE", align: "right" }] as const;

  test("line up by the width that is seen", () => {
    expect(
      renderTable(
        columns,
        [
          ["日本", 5],
          ["e\u0301a", 12],
        ],
        false,
      ),
    ).toBe("NAME  SIZE\n日本     5\ne\u0301a      12");
  });

  test("escape what a name may hold", () => {
    const rows = [["a\u001B[2J\nb\u202Ec", 1]];
    expect(renderTable(columns, rows, false)).toContain(String.raw`a\x1b[2J\nb\u{202e}c`);
    expect(renderTable(columns, rows, true)).toBe(`${String.raw`a\x1b[2J\nb\u{202e}c`}\t1`);
  });

  test("facts stand in two columns", () => {
    expect(
      renderFacts(
        [
          ["id", "x"],
          ["label", 3],
        ],
        false,
      ),
    ).toBe("id     x\nlabel  3");
  });

  test("a long line is cut with an ellipsis", () => {
    expect(fitWidth("abcdef", 4)).toBe("abc…");
    expect(textWidth(fitWidth("日本語日本語", 6))).toBeLessThanOrEqual(6);
  });
});

describe("progress", () => {
  test("shows files, bytes, share, rates and time left", () => {
    const progress = new Progress();
    progress.add({ timeMs: 0, needFiles: 14, needBytes: 1_000_000_000, wireBytes: 0 });
    progress.add({ timeMs: 2000, needFiles: 7, needBytes: 500_000_000, wireBytes: 50_000_000 });
    expect(progress.line()).toBe("↓ 14 files  1.0 GB  ━━━━━━━━━━            50%  250.0 MB/s  wire 25.0 MB/s  ETA 0:02");
  });

  test("a need that grows makes the whole larger, never the share negative", () => {
    const progress = new Progress();
    progress.add({ timeMs: 0, needFiles: 1, needBytes: 100, wireBytes: 0 });
    progress.add({ timeMs: 100, needFiles: 3, needBytes: 300, wireBytes: 0 });
    expect(progress.line()).toContain("3 files  300 B");
    expect(progress.line()).toContain(" 0%");
  });

  test("the bar has half cells", () => {
    expect(bar(0)).toBe(" ".repeat(20));
    expect(bar(0.525)).toBe(`${"━".repeat(10)}╸${" ".repeat(9)}`);
    expect(bar(2)).toBe("━".repeat(20));
  });
});

test("what a device shares and this one does not is named with the command that takes it up", () => {
  const offers = [
    { id: "pics-1", label: "pics", isHere: false },
    { id: "docs-2", label: "docs", isHere: true },
  ];
  expect(offerLines(fakePeer({ offers }))).toEqual([
    "desk shares pics with this device, and it is not here\n  next: syncline folder add DIR --from desk --folder-id pics-1",
    "desk shares docs with this device, and this device not with desk\n  next: syncline folder share docs-2 --to desk",
  ]);
});

describe("the sentence of status", () => {
  test.each([
    ["in sync", fakeStatus(), "Everything is in sync with desk."],
    ["nobody paired", fakeStatus({ peers: [] }), "Nothing pending here; no other machine is paired yet."],
    [
      "nobody there",
      fakeStatus({ peers: [fakePeer({ state: "offline" })] }),
      "Nothing pending here; no other machine is connected.",
    ],
    ["no folder", fakeStatus({ folders: [], peers: [] }), "No folder yet."],
    [
      "fetching",
      fakeStatus({ state: "syncing", folders: [fakeFolder({ state: "syncing", needFiles: 3, needBytes: 4000 })] }),
      "Syncing: 3 files (4.0 kB) to fetch.",
    ],
    [
      "others fetching",
      fakeStatus({
        state: "syncing",
        folders: [fakeFolder({ state: "syncing" })],
        peers: [fakePeer({ needFiles: 2 })],
      }),
      "Syncing: desk is still fetching.",
    ],
    ["paused", fakeStatus({ state: "paused", folders: [fakeFolder({ state: "paused" })] }), "Paused: docs."],
    [
      "problems",
      fakeStatus({ state: "error", folders: [fakeFolder({ state: "error", problemsTotal: 2 })] }),
      "Not everything is in sync: 2 problems in docs.",
    ],
    [
      "halted",
      fakeStatus({ state: "halted", folders: [fakeFolder({ state: "halted" })] }),
      "Halted: docs; see the problem below.",
    ],
    [
      "scanning",
      fakeStatus({ state: "scanning", folders: [fakeFolder({ state: "scanning" })] }),
      "Looking through docs.",
    ],
  ])("%s", (_, status, expected) => {
    expect(statusSentence(status)).toBe(expected);
  });
});
