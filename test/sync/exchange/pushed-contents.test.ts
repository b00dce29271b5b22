import { expect, test } from "vitest";
import type { ContentId } from "../../../src/shared/ids.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { PushedContents } from "../../../src/sync/exchange/pushed-contents.ts";

const id = (number: number): ContentId => number.toString(16).padStart(64, "0") as ContentId;
const MIB = 1024 * 1024;

test("a content is given away once", () => {
  const pushed = new PushedContents();
  pushed.keep(id(1), Uint8Array.of(1));
  expect(pushed.take(id(1))).toEqual(Uint8Array.of(1));
  expect(pushed.take(id(1))).toBeUndefined();
});

test("the last word counts, and the one before is no longer counted", () => {
  const pushed = new PushedContents();
  for (let time = 0; time < 100; time++) pushed.keep(id(1), new Uint8Array(MIB).fill(time));
  pushed.keep(id(2), Uint8Array.of(2));
  expect(pushed.take(id(1))?.[0]).toBe(99);
  expect(pushed.take(id(2))).toEqual(Uint8Array.of(2));
});

test("the oldest give way, so that no peer fills the memory", () => {
  const pushed = new PushedContents();
  const count = LIMITS.pushedKeptBytes.value / MIB + 3;
  for (let i = 0; i < count; i++) pushed.keep(id(i), new Uint8Array(MIB));
  const held = Array.from({ length: count }, (_, i) => pushed.take(id(i))).map((bytes) => bytes !== undefined);
  expect(held).toEqual([false, false, false, ...new Array<boolean>(count - 3).fill(true)]);
});

test("one that is larger than all room is not kept", () => {
  const pushed = new PushedContents();
  pushed.keep(id(1), new Uint8Array(LIMITS.pushedKeptBytes.value + 1));
  expect(pushed.take(id(1))).toBeUndefined();
});
