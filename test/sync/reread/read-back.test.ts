import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { RelPath } from "../../../src/shared/ids.ts";
import { compileIgnore } from "../../../src/sync/core/ignore.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { type ReadBack, readBack } from "../../../src/sync/reread/read-back.ts";
import { compareWalked, walkPaths } from "../../../src/sync/reread/walk.ts";
import { SimFs } from "../../support/sim-fs.ts";
import type { TreeSpec } from "../../support/tree.ts";

const tools = { hasher: createHasher(), cutter: createCutter() };
const rules = compileIgnore({ folderText: "*.tmp\nskipped/\n", devicePatterns: [] });

function planted(spec: TreeSpec): SimFs {
  let nowMs = 1_000_000;
  const fs = new SimFs({ nowMs: () => ++nowMs });
  fs.user.plant(spec);
  return fs;
}

function read(fs: SimFs, path: string): ReadBack {
  return readBack(fs, path as RelPath, tools);
}

describe("reading back", () => {
  test("tells of each kind of thing what it holds", () => {
    const fs = planted({ "a.txt": "one", d: {} });
    fs.user.symlink("a.txt", "link");
    const sha256 = createHash("sha256").update("one").digest("hex");
    expect(read(fs, "a.txt")).toMatchObject({ type: "file", size: 3, sha256 });
    expect(read(fs, "link")).toEqual({ type: "symlink", path: "link", target: "a.txt" });
    expect(read(fs, "d")).toEqual({ type: "directory", path: "d" });
    expect(read(fs, "d/none")).toEqual({ type: "missing", path: "d/none" });
    expect(read(fs, "link/x")).toMatchObject({ type: "missing" });
  });

  test("a file that is written to while it is read is read again, and reported when that does not end", () => {
    const fs = planted({ "a.txt": "one" });
    let writes = 1;
    fs.beforeCall = ({ name, path }) => {
      if (name === "read" && path === "a.txt" && writes-- > 0) fs.user.write("a.txt", "xyz");
    };
    expect(read(fs, "a.txt")).toMatchObject({ type: "file", size: 3 });
    writes = Number.POSITIVE_INFINITY;
    expect(read(fs, "a.txt")).toMatchObject({ type: "unreadable", code: "E_CHANGING" });
  });
});

describe("the walk", () => {
  test("goes through all that syncs, in the order that it compares by", () => {
    const fs = planted({
      b: { x: "1" },
      a: { z: "2", "deep!": { y: "3" }, deep: { w: "4" } },
      "a!": "5",
      "a.tmp": "6",
      skipped: { q: "7" },
      ü: "8",
      Z: "9",
    });
    const paths = [...walkPaths(fs, "", rules)];
    expect(paths).toEqual(["Z", "a", "a/deep", "a/deep/w", "a/deep!", "a/deep!/y", "a/z", "a!", "b", "b/x", "ü"]);
    expect(paths.toSorted(compareWalked)).toEqual(paths);
    expect([...walkPaths(fs, "a/deep" as RelPath, rules)]).toEqual(["a/deep", "a/deep/w"]);
    expect([...walkPaths(fs, "nowhere" as RelPath, rules)]).toEqual([]);
  });
});
