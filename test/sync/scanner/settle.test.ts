import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RelPath } from "../../../src/shared/ids.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { DirtySet } from "../../../src/sync/scanner/settle.ts";

const PER_DIRECTORY = LIMITS.dirtyPerDirectory.value;

function noted(...events: readonly (readonly [path: string, atMs: number])[]): DirtySet {
  const dirty = new DirtySet();
  for (const [path, atMs] of events) dirty.note(path as RelPath | "", atMs);
  return dirty;
}

describe("a path is due", () => {
  test("after 40 ms of quiet, not before", () => {
    const dirty = noted(["a", 100]);
    expect(dirty.nextDueMs(100)).toBe(40);
    expect(dirty.takeDue(139)).toEqual([]);
    expect(dirty.takeDue(140)).toEqual(["a"]);
    expect(dirty.takeDue(141)).toEqual([]);
    expect(dirty.nextDueMs(141)).toBeUndefined();
  });

  test("later when something happens to it again, but 2 s after the first event at the latest", () => {
    const dirty = new DirtySet();
    for (let at = 0; at < 2000; at += 30) {
      expect(dirty.takeDue(at)).toEqual([]);
      dirty.note("a" as RelPath, at);
    }
    expect(dirty.takeDue(1999)).toEqual([]);
    expect(dirty.nextDueMs(1999)).toBe(1);
    expect(dirty.takeDue(2000)).toEqual(["a"]);
  });

  test("by itself: another path's events do not hold it up", () => {
    const dirty = noted(["a", 0], ["b", 30]);
    expect(dirty.takeDue(40)).toEqual(["a"]);
    expect(dirty.nextDueMs(40)).toBe(30);
    expect(dirty.takeDue(70)).toEqual(["b"]);
  });

  test("at once when asked for everything", () => {
    const dirty = noted(["a", 0], ["b", 30]);
    expect(dirty.takeAll()).toEqual(["a", "b"]);
    expect(dirty.size).toBe(0);
  });
});

describe("what is remembered stays small", () => {
  test("a path below a directory that waits waits with it", () => {
    const dirty = noted(["a", 0], ["a/b/c", 30], ["ab", 30]);
    expect(dirty.size).toBe(2);
    expect(dirty.takeDue(69)).toEqual([]);
    expect(dirty.takeDue(70)).toEqual(["a", "ab"]);
  });

  test("too many paths of one directory become the directory, as old as the oldest", () => {
    const dirty = noted(["d/deep/x", 0], ["other", 5]);
    for (let i = 0; i <= PER_DIRECTORY; i++) dirty.note(`d/${i}` as RelPath, 1965 + i / 100);
    expect(dirty.size).toBe(2);
    expect(dirty.takeDue(1999)).toEqual(["other"]);
    expect(dirty.takeDue(2000)).toEqual(["d"]);
  });

  test("too many directories become everything", () => {
    const dirty = new DirtySet();
    for (let i = 0; i <= LIMITS.dirtyPaths.value; i++) dirty.note(`${i}/x` as RelPath, i / 1000);
    expect(dirty.size).toBe(1);
    expect(dirty.takeDue(1000)).toBe("everything");
    expect(dirty.size).toBe(0);
  });

  test("the root is everything and takes all others in", () => {
    const dirty = noted(["a", 0], ["b/c", 10], ["", 20]);
    expect(dirty.size).toBe(1);
    expect(dirty.takeAll()).toBe("everything");
  });
});

test("whatever the order of events and looks, every event is looked at, no later than it must", () => {
  const path = fc.constantFrom("", "a", "a/b", "a/c", "a/b/d", "e", "e/f").map((text) => text as RelPath | "");
  fc.assert(
    fc.property(fc.array(fc.tuple(path, fc.integer({ min: 0, max: 900 })), { maxLength: 40 }), (events) => {
      const dirty = new DirtySet();
      const open = new Map<string, number>();
      let now = 0;
      const look = (): void => {
        const due = dirty.takeDue(now);
        const isSeen = (one: string): boolean =>
          due === "everything" || due.some((taken) => one === taken || one.startsWith(`${taken}/`));
        for (const [one, since] of open) {
          if (isSeen(one)) open.delete(one);
          else expect(now - since).toBeLessThan(LIMITS.settleMaxMs.value);
        }
      };
      for (const [one, waitMs] of events) {
        const until = now + waitMs;
        for (let next = dirty.nextDueMs(now); next !== undefined && now + next <= until; next = dirty.nextDueMs(now)) {
          now += next;
          look();
        }
        now = until;
        dirty.note(one, now);
        if (!open.has(one)) open.set(one, now);
      }
      now += LIMITS.settleMaxMs.value;
      look();
      expect([...open.keys()]).toEqual([]);
      expect(dirty.size).toBe(0);
    }),
    { numRuns: 500 },
  );
});
