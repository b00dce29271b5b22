import { expect, test } from "vitest";
import { belowAsked } from "../../../src/daemon/transfers/below-asked.ts";
import type { RelPath } from "../../../src/shared/ids.ts";

test.each([
  { asked: "", told: "a/b", below: "a/b" },
  { asked: "a", told: "a", below: "" },
  { asked: "a", told: "a/b/c", below: "b/c" },
])("$told of what was asked for as '$asked' lies at '$below' below it", ({ asked, told, below }) => {
  expect(belowAsked(asked as RelPath | "", told)).toBe(below);
});

test.each(["ab", "b", "b/a", "../a", "a/../b", "/a/b", ""])("'%s' is nothing of 'a'", (told) => {
  expect(() => belowAsked("a" as RelPath, told)).toThrow();
});
