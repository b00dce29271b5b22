import { expect, test } from "vitest";
import { rangeOf } from "../../src/daemon/commands/history-routes.ts";

const MINUTE = 60_000;

test.each([
  { name: "an hour in minutes", fromMs: 0, toMs: 60 * MINUTE, points: 120, stretchMs: MINUTE, count: 60 },
  { name: "a day", fromMs: 0, toMs: 1440 * MINUTE, points: 120, stretchMs: 13 * MINUTE, count: 111 },
  {
    name: "not from a stretch's beginning",
    fromMs: 30_000,
    toMs: 61 * MINUTE,
    points: 62,
    stretchMs: MINUTE,
    count: 61,
  },
  { name: "one point", fromMs: 0, toMs: 7 * MINUTE, points: 1, stretchMs: 7 * MINUTE, count: 1 },
  { name: "nothing", fromMs: 5, toMs: 5, points: 10, stretchMs: 0, count: 0 },
])("$name", ({ fromMs, toMs, points, stretchMs, count }) => {
  const range = rangeOf({ fromMs, toMs, points });
  expect([range.stretchMs, range.starts.length]).toEqual([stretchMs, count]);
  expect(range.starts.length).toBeLessThanOrEqual(points);
  if (count > 0) {
    expect(range.starts[0]).toBeLessThanOrEqual(fromMs);
    expect((range.starts.at(-1) ?? 0) + stretchMs).toBeGreaterThanOrEqual(toMs);
  }
});
