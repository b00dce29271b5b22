import { expect, test } from "vitest";
import { compareSides, type Side } from "../../../src/sync/reread/compare-sides.ts";

const file = (hash: string, isAsRecorded = true): Side => ({ type: "file", hash, isAsRecorded });
const link = (target: string): Side => ({ type: "symlink", target, isAsRecorded: true });
const directory: Side = { type: "directory", isAsRecorded: true };

test.each([
  { name: "same bytes", here: file("x"), there: file("x", false), expected: undefined },
  { name: "rot here", here: file("y", false), there: file("x"), expected: { type: "differs", sound: "there" } },
  { name: "rot there", here: file("x"), there: file("y", false), expected: { type: "differs", sound: "here" } },
  { name: "not told yet", here: file("x"), there: file("y"), expected: { type: "differs", sound: "both" } },
  {
    name: "rot on both",
    here: file("x", false),
    there: file("y", false),
    expected: { type: "differs", sound: "neither" },
  },
  { name: "lost here", here: undefined, there: file("x"), expected: { type: "missing", sound: "there" } },
  { name: "unknown there", here: undefined, there: file("x", false), expected: { type: "missing", sound: "neither" } },
  { name: "lost there", here: file("x"), there: undefined, expected: { type: "extra", sound: "here" } },
  { name: "other kinds", here: link("x"), there: file("x"), expected: { type: "differs", sound: "both" } },
  { name: "other targets", here: link("x"), there: link("y"), expected: { type: "differs", sound: "both" } },
  { name: "same targets", here: link("x"), there: link("x"), expected: undefined },
  { name: "directories", here: directory, there: directory, expected: undefined },
  { name: "nothing", here: undefined, there: undefined, expected: undefined },
] as const)("$name → $expected", ({ here, there, expected }) => {
  expect(compareSides(here, there)).toEqual(expected);
});
