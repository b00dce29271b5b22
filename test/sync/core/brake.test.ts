import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../src/shared/limits.ts";
import type { BrakeWindow } from "../../../src/sync/core/brake.ts";
import { EMPTY_WINDOW, judgeDeletions, observeFiles } from "../../../src/sync/core/brake.ts";

const WINDOW_MS = LIMITS.brakeWindowMs.value;
const NOW = 1_790_000_000_000;

interface Step {
  readonly afterMs: number;
  readonly deletions: number;
  readonly added?: number;
}

/** Plays steps on a folder of `files` files; a held step removes nothing. */
function play(files: number, steps: readonly Step[]): string {
  let window: BrakeWindow = EMPTY_WINDOW;
  let held = files;
  let now = NOW;
  return steps
    .map(({ afterMs, deletions, added = 0 }) => {
      now += afterMs;
      held += added;
      const verdict = judgeDeletions(window, deletions, held, now);
      window = verdict.window;
      if (verdict.type === "pass") held -= deletions;
      return verdict.type;
    })
    .join(" ");
}

function slices(count: number, deletions: number, afterMs = 50): readonly Step[] {
  return Array.from({ length: count }, () => ({ afterMs, deletions }));
}

describe("one scan", () => {
  test.each([
    { name: "nothing deleted", files: 100, deletions: 0, expected: "pass" },
    { name: "a quarter exactly", files: 100, deletions: 25, expected: "pass" },
    { name: "more than a quarter", files: 100, deletions: 26, expected: "hold" },
    { name: "more than a quarter but no more than 20", files: 30, deletions: 20, expected: "pass" },
    { name: "21 of a tree of 30", files: 30, deletions: 21, expected: "hold" },
    { name: "a tree of 30 files", files: 30, deletions: 30, expected: "hold" },
    { name: "1,000 of many", files: 100_000, deletions: 1000, expected: "pass" },
    { name: "1,001 of many", files: 100_000, deletions: 1001, expected: "hold" },
    { name: "all of 4", files: 4, deletions: 4, expected: "pass" },
    { name: "all of 5", files: 5, deletions: 5, expected: "hold" },
    { name: "all but one of 5", files: 5, deletions: 4, expected: "pass" },
    { name: "the only file", files: 1, deletions: 1, expected: "pass" },
    { name: "a checkout under the thresholds", files: 2000, deletions: 400, expected: "pass" },
  ])("$name: $deletions of $files → $expected", ({ files, deletions, expected }) => {
    expect(play(files, [{ afterMs: 0, deletions }])).toBe(expected);
  });
});

describe("slices", () => {
  test("of 50 ms do not help: the 21st of 30 is held, and all after it", () => {
    expect(play(30, slices(30, 1))).toBe([...Array(20).fill("pass"), ...Array(10).fill("hold")].join(" "));
  });

  test("are counted against the most there was, not against what is left", () => {
    expect(play(100, slices(6, 5))).toBe("pass pass pass pass pass hold");
  });

  test("the last of five is held", () => {
    expect(play(5, slices(5, 1))).toBe("pass pass pass pass hold");
  });

  test("spread over more than the window pass", () => {
    expect(play(100, slices(3, 20, WINDOW_MS / 2))).toBe("pass hold pass");
    expect(play(100, slices(3, 20, WINDOW_MS + 1001))).toBe("pass pass pass");
  });

  test("files added on the way raise what is counted against", () => {
    expect(
      play(40, [
        { afterMs: 0, deletions: 20 },
        { afterMs: 50, deletions: 10, added: 200 },
      ]),
    ).toBe("pass pass");
  });

  test("files that came and went within the window count as they were", () => {
    expect(
      play(10, [
        { afterMs: 0, deletions: 0, added: 90 },
        { afterMs: 50, deletions: 90 },
      ]),
    ).toBe("pass hold");
  });
});

test("a hold counts nothing: what is approved later starts from where it was", () => {
  const held = judgeDeletions(EMPTY_WINDOW, 30, 30, NOW);
  expect(held).toMatchObject({ type: "hold", counted: 30, most: 30, window: { deletions: [] } });
  expect(judgeDeletions(held.window, 7, 30, NOW + 50).type).toBe("pass");
});

test("the reason names the numbers", () => {
  expect(judgeDeletions(EMPTY_WINDOW, 30, 30, NOW)).toMatchObject({
    reason: "30 of 30 files deleted within 10 minutes: more than 20 and more than 25 %",
  });
});

test("a clock that goes back forgets nothing", () => {
  const before = judgeDeletions(EMPTY_WINDOW, 20, 40, NOW);
  expect(judgeDeletions(before.window, 1, 20, NOW - 315_360_000_000)).toMatchObject({
    type: "hold",
    counted: 21,
    most: 40,
  });
});

test("the window survives being written down as JSON", () => {
  const { window } = judgeDeletions(EMPTY_WINDOW, 20, 40, NOW);
  expect(JSON.parse(JSON.stringify(window))).toEqual(window);
});

test("what is remembered stays small however often it is asked", () => {
  let window = EMPTY_WINDOW;
  for (let i = 0; i < 8000; i++) window = judgeDeletions(window, 1, 1_000_000 - i, NOW + i * 200).window;
  const seconds = WINDOW_MS / 1000 + 1;
  expect(window.deletions.length).toBeLessThanOrEqual(seconds);
  expect(window.most.length).toBeLessThanOrEqual(seconds);
});

test("agrees with counting everything by hand", () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: WINDOW_MS / 2000 }).map((seconds) => seconds * 1000),
    deletions: fc.integer({ min: 0, max: 30 }),
    files: fc.integer({ min: 30, max: 200 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let window = EMPTY_WINDOW;
      let now = NOW;
      const passed: { at: number; deletions: number }[] = [];
      const seen: { at: number; files: number }[] = [];
      for (const { afterMs, deletions, files } of steps) {
        now += afterMs;
        seen.push({ at: now, files });
        const isRecent = ({ at }: { at: number }): boolean => at > now - WINDOW_MS;
        const counted = passed.filter(isRecent).reduce((sum, one) => sum + one.deletions, deletions);
        const most = Math.max(...seen.filter(isRecent).map((one) => one.files));
        const isHeld = deletions > 0 && (counted > 1000 || (counted > 20 && counted > most / 4) || counted >= most);
        const verdict = judgeDeletions(window, deletions, files, now);
        expect(verdict.type).toBe(isHeld ? "hold" : "pass");
        window = verdict.window;
        if (!isHeld) passed.push({ at: now, deletions });
      }
    }),
  );
});

test("noting how many files there are is enough to raise the mark", () => {
  const window = observeFiles(EMPTY_WINDOW, 500, NOW);
  expect(judgeDeletions(window, 60, 100, NOW + 5000).type).toBe("pass");
  expect(judgeDeletions(EMPTY_WINDOW, 60, 100, NOW + 5000).type).toBe("hold");
});
