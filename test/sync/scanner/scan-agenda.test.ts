import { describe, expect, test } from "vitest";
import type { RelPath } from "../../../src/shared/ids.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { ScanAgenda, type ScanScope } from "../../../src/sync/scanner/scan-agenda.ts";

const SETTLE_MS = LIMITS.settleMs.value;
const RESCAN_MS = 60_000;
const EVERYTHING: ScanScope = { paths: "everything", isThorough: false };
const path = (text: string): RelPath => text as RelPath;

interface Scene {
  readonly agenda: ScanAgenda;
  readonly pass: (ms: number) => void;
  readonly due: (how?: { retries?: readonly RelPath[]; isWholeOnly?: boolean }) => ScanScope | undefined;
}

/** An agenda whose folder nobody has looked at yet. */
function fresh(): Scene {
  let nowMs = 5 * RESCAN_MS;
  const agenda = new ScanAgenda({ now: () => 0, monotonic: () => nowMs, sleep: () => Promise.reject(new Error()) });
  return {
    agenda,
    pass: (ms) => {
      nowMs += ms;
    },
    due: (how) => agenda.takeDue({ rescanMs: RESCAN_MS, retries: [], isWholeOnly: false, ...how }),
  };
}

/** As {@link fresh}, after a look at everything. */
function seen(): Scene {
  const scene = fresh();
  scene.due();
  scene.agenda.seenWhole();
  return scene;
}

describe("everything is due", () => {
  test("until all of it was seen, and then no more", () => {
    const { agenda, due } = fresh();
    expect([due(), due()]).toEqual([EVERYTHING, EVERYTHING]);
    agenda.seenWhole();
    expect(due()).toBeUndefined();
    agenda.startAnew();
    expect(due()).toEqual(EVERYTHING);
  });

  test("again when the last time is long ago", () => {
    const { agenda, due, pass } = seen();
    expect(agenda.nextDueMs(RESCAN_MS)).toBe(RESCAN_MS);
    pass(RESCAN_MS - 1);
    expect(due()).toBeUndefined();
    pass(1);
    expect(due()).toEqual(EVERYTHING);
  });

  test("once when it is asked for, thoroughly when one of those who ask wants it so", () => {
    const { agenda, due } = seen();
    expect(agenda.isBehind).toBe(false);
    agenda.noteWhole(true);
    agenda.noteWhole(false);
    expect(agenda.isBehind).toBe(true);
    expect(due()).toEqual({ paths: "everything", isThorough: true });
    expect(due()).toBeUndefined();
  });

  test("in place of all that waits", () => {
    const { agenda, due, pass } = seen();
    agenda.note(path("a"));
    agenda.noteWhole(false);
    expect(due()).toEqual(EVERYTHING);
    pass(SETTLE_MS);
    expect(due()).toBeUndefined();
  });

  test("not by what was asked for before a look at everything begins", () => {
    const { agenda, due } = seen();
    agenda.noteWhole(false);
    agenda.dropWhole();
    expect(due()).toBeUndefined();
  });

  test("when something happened to the root and it has kept quiet, or is hurried", () => {
    const { agenda, due, pass } = seen();
    agenda.note("");
    expect(due()).toBeUndefined();
    pass(SETTLE_MS);
    expect(due()).toEqual(EVERYTHING);
    agenda.note("");
    agenda.hurry();
    expect(due()).toEqual(EVERYTHING);
  });

  test.each([
    { name: "the root is to be tried again", how: { retries: [path("")] } },
    { name: "single paths will not do", how: { retries: [path("a")], isWholeOnly: true } },
  ])("when $name", ({ how }) => {
    expect(seen().due(how)).toEqual(EVERYTHING);
  });

  test("not when single paths will not do and none is due", () => {
    expect(seen().due({ isWholeOnly: true })).toBeUndefined();
  });
});

describe("a path is due", () => {
  test("when it has kept quiet, with those that are tried again", () => {
    const { agenda, due, pass } = seen();
    agenda.note(path("a"));
    expect(agenda.nextDueMs(RESCAN_MS)).toBe(SETTLE_MS);
    expect(due()).toBeUndefined();
    pass(SETTLE_MS);
    expect(due({ retries: [path("b")] })).toEqual({ paths: ["a", "b"], isThorough: false });
    expect(due()).toBeUndefined();
  });

  test("at once when all is hurried", () => {
    const { agenda, due } = seen();
    agenda.note(path("a"));
    expect(agenda.isBehind).toBe(false);
    agenda.hurry();
    expect(agenda.isBehind).toBe(true);
    expect(due()).toEqual({ paths: ["a"], isThorough: false });
  });

  test("before its time for who takes what comes soon", () => {
    const { agenda, due, pass } = seen();
    agenda.note(path("a"));
    expect(agenda.takeSoon(SETTLE_MS)).toEqual(["a"]);
    pass(SETTLE_MS);
    expect(due()).toBeUndefined();
  });
});

describe("what was not looked at to the end", () => {
  test("is due again when it was paths", () => {
    const { agenda, due, pass } = seen();
    agenda.again({ paths: [path("a")], isThorough: false });
    pass(SETTLE_MS);
    expect(due()).toEqual({ paths: ["a"], isThorough: false });
  });

  test("is due again when it was everything, as thoroughly as anybody has asked", () => {
    const { agenda, due } = seen();
    agenda.noteWhole(true);
    agenda.again(EVERYTHING);
    expect(due()).toEqual({ paths: "everything", isThorough: true });
  });
});

test("is behind and busy while it looks, and in the dark while that is at everything", () => {
  const { agenda } = seen();
  const states = (): readonly boolean[] => [agenda.isBehind, agenda.isBusy, agenda.isLookingAtAll];
  expect(states()).toEqual([false, false, false]);
  agenda.note(path("a"));
  expect(states()).toEqual([false, true, false]);
  agenda.takeSoon(SETTLE_MS);
  agenda.begin({ paths: [path("a")], isThorough: false });
  expect(states()).toEqual([true, true, false]);
  agenda.begin(EVERYTHING);
  expect(states()).toEqual([true, true, true]);
  agenda.end();
  expect(states()).toEqual([false, false, false]);
  agenda.startAnew();
  expect(states()).toEqual([true, false, true]);
});
