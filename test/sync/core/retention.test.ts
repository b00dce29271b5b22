import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeptVersion, SteadyTime } from "../../../src/sync/core/retention.ts";
import { freeUp, reserveBytes, steadyTime, thin } from "../../../src/sync/core/retention.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KEPT = 30 * DAY;
/** Midnight, so that the steps are easy to see. */
const NOW = Date.UTC(2026, 10, 20);

function versions(...agesMs: readonly number[]): readonly KeptVersion[] {
  return agesMs.map((age, i) => ({ path: "a", version: i + 1, storedAtMs: NOW - age, size: 100 }));
}

function agesLeft(agesMs: readonly number[], keptMs = KEPT): readonly number[] {
  const gone = new Set(thin(versions(...agesMs), NOW, keptMs));
  return versions(...agesMs)
    .filter((one) => ![...gone].some((other) => other.version === one.version))
    .map((one) => NOW - one.storedAtMs);
}

describe("thinning", () => {
  test.each([
    {
      name: "everything younger than a day stays",
      ages: [0, 1, 2, MINUTE, 5 * HOUR, 5 * HOUR + 1, DAY - 1],
      left: [0, 1, 2, MINUTE, 5 * HOUR, 5 * HOUR + 1, DAY - 1],
    },
    { name: "from the future stays", ages: [-HOUR, -DAY], left: [-HOUR, -DAY] },
    {
      name: "hourly in the second day, the newest of each hour",
      ages: [25 * HOUR, 25 * HOUR - 1, 25 * HOUR - 2, 26 * HOUR],
      left: [25 * HOUR - 2, 26 * HOUR],
    },
    {
      name: "daily after that",
      ages: [2 * DAY + 1, 2 * DAY + HOUR, 3 * DAY - 1, 3 * DAY + 1],
      left: [2 * DAY + 1, 3 * DAY + 1],
    },
    { name: "nothing older than 30 days", ages: [29 * DAY, 30 * DAY, 31 * DAY], left: [29 * DAY] },
    { name: "the newer number of one moment", ages: [3 * DAY, 3 * DAY], left: [3 * DAY] },
  ])("$name", ({ ages, left }) => {
    expect(agesLeft(ages)).toEqual(left);
  });

  test("a shorter time is obeyed, but nothing younger than a day goes", () => {
    expect(agesLeft([HOUR, 23 * HOUR, 25 * HOUR], HOUR)).toEqual([HOUR, 23 * HOUR]);
  });

  const ages = fc.array(fc.integer({ min: -DAY, max: 40 * DAY }), { maxLength: 60 });

  test("nothing younger than a day is ever listed, and doing it again lists nothing more", () => {
    fc.assert(
      fc.property(ages, fc.integer({ min: 0, max: 60 * DAY }), (list, kept) => {
        const all = versions(...list);
        const gone = thin(all, NOW, kept);
        for (const one of gone) expect(NOW - one.storedAtMs).toBeGreaterThanOrEqual(DAY);
        expect(
          thin(
            all.filter((one) => !gone.includes(one)),
            NOW,
            kept,
          ),
        ).toEqual([]);
      }),
    );
  });

  test("running it often ends as running it once does", () => {
    fc.assert(
      fc.property(ages, fc.array(fc.integer({ min: 0, max: 5 * DAY }), { maxLength: 5 }), (list, waits) => {
        let now = NOW;
        let often = versions(...list);
        for (const wait of [...waits, 0]) {
          now += wait;
          const gone = thin(often, now, KEPT);
          often = often.filter((one) => !gone.includes(one));
        }
        const goneLate = thin(versions(...list), now, KEPT);
        const late = versions(...list).filter((one) => !goneLate.some((other) => other.version === one.version));
        expect(often.map((one) => one.version)).toEqual(late.map((one) => one.version));
      }),
    );
  });
});

describe("making room", () => {
  test("the oldest go first, no more than needed, and nothing younger than a day", () => {
    const all = versions(2 * DAY, 5 * DAY, HOUR, 3 * DAY);
    expect(freeUp(all, NOW, 150).map((one) => one.version)).toEqual([2, 4]);
    expect(freeUp(all, NOW, 100).map((one) => one.version)).toEqual([2]);
    expect(freeUp(all, NOW, 0)).toEqual([]);
    expect(freeUp(all, NOW, 10_000).map((one) => one.version)).toEqual([2, 4, 1]);
  });

  test("the reserve is 512 MiB, or 1 % of a small disk", () => {
    expect(reserveBytes(2 ** 40)).toBe(512 * 2 ** 20);
    expect(reserveBytes(8 * 2 ** 20)).toBe(0.08 * 2 ** 20);
  });
});

describe("the time that retention believes", () => {
  test("follows the wall clock while it runs evenly", () => {
    const start = steadyTime(undefined, NOW, 0);
    expect(steadyTime(start, NOW + HOUR, HOUR).believedMs).toBe(NOW + HOUR);
  });

  test.each([
    { name: "ten years ahead while running", monotonic: HOUR as number | undefined, expected: NOW + 2 * HOUR },
    { name: "ten years ahead over a restart", monotonic: undefined, expected: NOW + DAY },
  ])("a wall clock that jumps $name expires nothing", ({ monotonic, expected }) => {
    const start: SteadyTime = { believedMs: NOW, monotonicMs: monotonic === undefined ? undefined : 0 };
    expect(steadyTime(start, NOW + 3650 * DAY, monotonic ?? 5).believedMs).toBe(expected);
  });

  test("a wall clock that goes back is followed at once", () => {
    expect(steadyTime({ believedMs: NOW, monotonicMs: 0 }, NOW - DAY, 5).believedMs).toBe(NOW - DAY);
  });

  test("after a month switched off it catches up", () => {
    let time: SteadyTime = { believedMs: NOW, monotonicMs: undefined };
    let monotonic = 0;
    let wall = NOW + 30 * DAY;
    for (let hour = 0; hour < 31 * 24; hour++) {
      time = steadyTime(time, wall, monotonic);
      monotonic += HOUR;
      wall += HOUR;
    }
    expect(time.believedMs).toBe(wall - HOUR);
  });
});
