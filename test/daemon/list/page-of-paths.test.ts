import { describe, expect, test } from "vitest";
import { PageOfPaths } from "../../../src/daemon/list/page-of-paths.ts";

const PATHS = ["a.txt", "B/A.md", "c.txt", "d/ä.txt", "e"];

describe("a page of a list", () => {
  test.each([
    { asked: { offset: 0 }, here: PATHS, total: 5 },
    { asked: { offset: 0, limit: 2 }, here: ["a.txt", "B/A.md"], total: 5 },
    { asked: { offset: 3, limit: 9 }, here: ["d/ä.txt", "e"], total: 5 },
    { asked: { offset: 9, limit: 2 }, here: [], total: 5 },
    { asked: { offset: 0, limit: 0 }, here: [], total: 5 },
    { asked: { offset: 0, contains: "a" }, here: ["a.txt", "B/A.md"], total: 2 },
    { asked: { offset: 1, limit: 1, contains: ".TXT" }, here: ["c.txt"], total: 3 },
    { asked: { offset: 0, contains: "nothing" }, here: [], total: 0 },
  ])("$asked", ({ asked, here, total }) => {
    const page = new PageOfPaths(asked);
    expect(PATHS.filter((path) => page.place(path) === "here")).toEqual(here);
    expect(page.total).toBe(total);
  });
});
