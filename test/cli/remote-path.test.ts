import { describe, expect, test } from "vitest";
import { parseTarget, splitVersion } from "../../src/cli/remote-path.ts";

const local = (path: string): object => ({ kind: "local", path });
const remote = (peer: string, folder: string, path: string): object => ({ kind: "remote", peer, folder, path });

describe("a path on the command line", () => {
  test.each([
    ["a.txt", local("a.txt")],
    ["/a/b", local("/a/b")],
    ["./a:b", local("./a:b")],
    ["dir/a:b", local("dir/a:b")],
    [":a", local(":a")],
    ["-", local("-")],
    ["desk:docs/a.pdf", remote("desk", "docs", "a.pdf")],
    ["desk:", remote("desk", "", "")],
    ["desk:docs", remote("desk", "docs", "")],
    ["desk:docs/", remote("desk", "docs", "")],
    ["self:docs/a/b:c", remote("self", "docs", "a/b:c")],
    ["self:docs/sub/", remote("self", "docs", "sub")],
    ["C:/x", remote("C", "", "x")],
  ])("%s", (text, expected) => {
    expect(parseTarget(text, "linux")).toEqual(expected);
  });

  test("a drive is local on Windows", () => {
    expect(parseTarget(String.raw`C:\x`, "win32")).toEqual(local(String.raw`C:\x`));
    expect(parseTarget("C:/x", "win32")).toEqual(local("C:/x"));
  });
});

describe("a version behind a path", () => {
  test.each([
    ["a.doc@3", "a.doc", 3],
    ["a.doc", "a.doc", undefined],
    ["a@b", "a@b", undefined],
    ["a@3@1", "a@3", 1],
    ["@3", "@3", undefined],
  ])("%s", (text, path, version) => {
    expect(splitVersion(text)).toEqual({ path, version });
  });

  test("version 0 is refused", () => {
    expect(() => splitVersion("a@0")).toThrow(/not a version/);
  });
});
