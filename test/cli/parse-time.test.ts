import { describe, expect, test } from "vitest";
import { parseDuration } from "../../src/cli/parse-duration.ts";
import { parseTime } from "../../src/cli/parse-time.ts";
import { SyncError } from "../../src/shared/errors.ts";

const NOW = new Date(2026, 6, 15, 18, 30, 5);
const HOUR = 3_600_000;

describe("a moment", () => {
  test.each([
    ["now", NOW],
    ["2h", new Date(NOW.getTime() - 2 * HOUR)],
    ["2h ago", new Date(NOW.getTime() - 2 * HOUR)],
    ["2 hours ago", new Date(NOW.getTime() - 2 * HOUR)],
    ["1h30m", new Date(NOW.getTime() - 1.5 * HOUR)],
    ["90 min ago", new Date(NOW.getTime() - 1.5 * HOUR)],
    ["3 days ago", new Date(NOW.getTime() - 72 * HOUR)],
    ["1w", new Date(NOW.getTime() - 168 * HOUR)],
    ["today", new Date(2026, 6, 15)],
    ["Yesterday", new Date(2026, 6, 14)],
    ["yesterday 18:00", new Date(2026, 6, 14, 18)],
    ["2026-07-01", new Date(2026, 6, 1)],
    ["2026-07-31T18:00", new Date(2026, 6, 31, 18)],
    ["2026-07-31 18:00:07", new Date(2026, 6, 31, 18, 0, 7)],
    ["2026-07-31T18:00:07.25Z", new Date(Date.UTC(2026, 6, 31, 18, 0, 7, 250))],
    ["2026-07-31T18:00+02:00", new Date(Date.UTC(2026, 6, 31, 16))],
    ["2026-07-31T18:00+0200", new Date(Date.UTC(2026, 6, 31, 16))],
    ["2024-02-29", new Date(2024, 1, 29)],
  ])("%s", (text, expected) => {
    expect(parseTime(text, NOW).toISOString()).toBe(expected.toISOString());
  });

  test.each([
    "",
    "2026",
    "tomorrow",
    "2026-02-30",
    "2026-13-01",
    "2026-07-01T25:00",
    "yesterday 25:00",
    "2x",
    "ago",
    "-2h",
    "2h later",
  ])("%j is refused", (text) => {
    expect(() => parseTime(text, NOW)).toThrow(SyncError);
  });
});

describe("a length of time", () => {
  test.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["30", 30_000],
    ["1.5h", 5_400_000],
    ["1h30m", 5_400_000],
    ["0", 0],
  ])("%s is %d ms", (text, expected) => {
    expect(parseDuration(text, "--timeout")).toBe(expected);
  });

  test.each(["", "x", "-1s", "5 s", "1y", "30d", "NaN"])("%j is refused", (text) => {
    expect(() => parseDuration(text, "--timeout")).toThrow(/--timeout/);
  });
});
