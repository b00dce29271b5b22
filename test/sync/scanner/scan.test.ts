import { describe, expect, test } from "vitest";
import type { RelPath } from "../../../src/shared/ids.ts";
import { winnerOf } from "../../../src/sync/core/heads.ts";
import type { Observation } from "../../../src/sync/folder-disk.ts";
import { EXFAT, HFS } from "../../support/sim-disk.ts";
import { executable, link, type TreeSpec } from "../../support/tree.ts";
import { FOLDER, ScanBench, type Seen, told } from "./scan-bench.ts";

type Present = Extract<Observation, { type: "present" }>;
const NOTHING = { present: [], missing: [], problems: [] };

function present(seen: Seen, path: string): Present {
  const found = seen.observations.find((one) => one.path === path);
  if (found?.type !== "present") throw new Error(`${path} was not seen`);
  return found;
}

function paths(...list: readonly string[]): readonly RelPath[] {
  return list as readonly RelPath[];
}

describe("what is there", () => {
  test("is told with all that syncs, directories before what they hold", async () => {
    const bench = await ScanBench.of({ a: { "b.txt": "one", c: {} }, "run.sh": executable("#!"), l: link("a/b.txt") });
    const seen = await bench.look();
    expect(told(seen)).toEqual({ ...NOTHING, present: ["a", "a/b.txt", "a/c", "l", "run.sh"] });
    const order = seen.observations.map((one) => one.path);
    expect(order.indexOf(paths("a")[0]!)).toBeLessThan(order.indexOf(paths("a/b.txt")[0]!));
    expect(present(seen, "a/b.txt")).toMatchObject({
      fileType: "file",
      size: 3,
      mode: 0o644,
      target: "",
      baseSequence: 0,
    });
    expect(present(seen, "run.sh")).toMatchObject({ mode: 0o755 });
    expect(present(seen, "l")).toMatchObject({ fileType: "symlink", size: 0, mode: 0o777, target: "a/b.txt" });
    expect(present(seen, "a")).toMatchObject({ fileType: "directory", size: 0, mtimeNs: 0n, contentId: null });
    expect(present(seen, "a/b.txt").mtimeNs).toBe(bench.fs.disk.inodeAt("a/b.txt", "test").mtimeNs);
  });

  test("equal content has an equal id, wherever it lies; files of one chunk carry no list", async () => {
    const bench = await ScanBench.of({ a: "same", b: { c: "same" }, d: "other", big: "x".repeat(40_000) });
    const seen = await bench.look();
    expect(present(seen, "a").contentId).toBe(present(seen, "b/c").contentId);
    expect(present(seen, "a").contentId).not.toBe(present(seen, "d").contentId);
    expect(present(seen, "a").chunkList).toBeNull();
    expect(present(seen, "big").chunkList?.sizes.reduce((sum, size) => sum + size)).toBe(40_000);
  });

  test("is told once: a second scan reads no file and tells nothing", async () => {
    const bench = await ScanBench.synced({ a: { "b.txt": "one" }, l: link("x") });
    bench.fs.beforeCall = (call) => expect(call.name === "openRead" && !call.path.startsWith(".syncline")).toBe(false);
    expect(told(await bench.look())).toEqual(NOTHING);
  });

  test("comes in batches of at most 500, however much there is", async () => {
    const many: Record<string, string> = {};
    for (let i = 0; i < 1700; i++) many[`f${i}`] = "x";
    const bench = await ScanBench.of({ d: many });
    const sizes: number[] = [];
    await bench.look({
      take: async (observations) => {
        sizes.push(observations.length);
      },
    });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(1701);
  });

  test("case and Unicode twins are two ordinary files (trust E5)", async () => {
    const bench = await ScanBench.synced({ Foo: "1", foo: "2", "\u00e9": "3", "e\u0301": "4" });
    expect(bench.shown()).toEqual(["Foo", "e\u0301", "foo", "\u00e9"]);
    expect(told(await bench.look())).toEqual(NOTHING);
  });

  test("a tree 2,000 directories deep is walked to its end (trust E11)", async () => {
    let spec: TreeSpec = { end: "x" };
    for (let depth = 0; depth < 1990; depth++) spec = { d: spec };
    const bench = await ScanBench.of(spec);
    const seen = await bench.scan();
    expect(seen.summary).toMatchObject({ files: 1, directories: 1991, problems: 0 });
    bench.user.delete("d");
    expect((await bench.scan()).summary.missing).toBe(1991);
  });

  test("links are data and never followed, loops and outside ones included (trust E11, E17)", async () => {
    const bench = await ScanBench.of({
      self: link("self"),
      up: link(".."),
      out: link("/etc"),
      in: link("dir"),
      dir: { a: "x" },
      gone: link("no/where"),
    });
    const seen = await bench.scan();
    expect(told(seen).present).toEqual(["dir", "dir/a", "gone", "in", "out", "self", "up"]);
    expect(told(await bench.scan({ paths: paths("in/a", "up/x", "self/self") }))).toEqual(NOTHING);
  });
});

describe("a change", () => {
  test.each<{ name: string; change: (bench: ScanBench) => void; expected: Partial<Present> }>([
    { name: "of content", change: ({ user }) => user.write("f", "two!"), expected: { size: 4 } },
    { name: "of content of the same size", change: ({ user }) => user.write("f", "owt"), expected: { size: 3 } },
    { name: "by rename over it", change: ({ user }) => user.save("f", "saved"), expected: { size: 5 } },
    { name: "of permissions", change: ({ user }) => user.chmod("f", 0o600), expected: { mode: 0o600 } },
    { name: "of the time", change: ({ user }) => user.touch("f", 5n), expected: { mtimeNs: 5n } },
  ])("$name is told, with the row it was compared with", async ({ change, expected }) => {
    const bench = await ScanBench.synced({ f: "one", g: "other" });
    bench.later();
    change(bench);
    bench.later();
    const seen = await bench.look();
    expect(told(seen)).toEqual({ ...NOTHING, present: ["f"] });
    expect(present(seen, "f")).toMatchObject({ ...expected, baseSequence: bench.row("f")?.sequence });
  });

  test("of the same size with the time set back is caught by the ctime (trust B6)", async () => {
    const bench = await ScanBench.synced({ f: "one" });
    const { mtimeNs } = bench.fs.disk.inodeAt("f", "test");
    bench.user.write("f", "two");
    bench.user.touch("f", mtimeNs);
    bench.later();
    const before = winnerOf(bench.row("f")!.heads).contentId;
    expect(present(await bench.look(), "f")).toMatchObject({ mtimeNs });
    expect(present(await bench.look(), "f").contentId).not.toBe(before);
  });

  test("that left no trace at all is found by a thorough scan", async () => {
    const bench = await ScanBench.synced({ f: "one", g: "x" });
    const inode = bench.fs.disk.inodeAt("f", "test");
    inode.data = new TextEncoder().encode("rot");
    expect(told(await bench.look())).toEqual(NOTHING);
    expect(told(await bench.look({ isThorough: true }))).toEqual({ ...NOTHING, present: ["f"] });
  });

  test("of a directory's permissions is told, what happens in it is not one of its own", async () => {
    const bench = await ScanBench.synced({ d: { a: "x" } });
    bench.user.write("d/b", "y");
    expect(told(await bench.look()).present).toEqual(["d/b"]);
    bench.user.chmod("d", 0o700);
    expect(present(await bench.look(), "d")).toMatchObject({ mode: 0o700 });
  });

  test.each<{
    name: string;
    before: TreeSpec;
    after: TreeSpec;
    present: readonly string[];
    missing: readonly string[];
  }>([
    { name: "file to directory", before: { x: "1" }, after: { x: { y: "2" } }, present: ["x", "x/y"], missing: [] },
    {
      name: "directory to file",
      before: { x: { y: "2", z: {} } },
      after: { x: "1" },
      present: ["x"],
      missing: ["x/y", "x/z"],
    },
    {
      name: "directory to link (Syncthing #2571)",
      before: { x: { y: "2" } },
      after: { x: link("o"), o: { y: "2" } },
      present: ["o", "o/y", "x"],
      missing: ["x/y"],
    },
    {
      name: "link to directory",
      before: { x: link("o") },
      after: { x: { y: "2" } },
      present: ["x", "x/y"],
      missing: [],
    },
    { name: "file to link", before: { x: "1" }, after: { x: link("1") }, present: ["x"], missing: [] },
  ])("of type, $name", async ({ before, after, present: shown, missing }) => {
    const bench = await ScanBench.synced(before);
    bench.user.delete("x");
    bench.user.plant(after);
    bench.later();
    const seen = await bench.scan();
    expect(told(seen)).toEqual({ ...NOTHING, present: shown, missing });
    expect(told(await bench.look())).toEqual(NOTHING);
  });
});

describe("what is gone", () => {
  test("is missing with its row's sequence, a directory with all that was in it, itself last", async () => {
    const bench = await ScanBench.synced({ a: { b: { c: "1" }, d: "2" }, e: "3", f: "4" });
    bench.user.delete("a");
    bench.user.delete("e");
    const seen = await bench.look();
    expect(told(seen)).toEqual({ ...NOTHING, missing: ["a", "a/b", "a/b/c", "a/d", "e"] });
    for (const one of seen.observations) expect(one.baseSequence).toBe(bench.row(one.path)?.sequence);
    const order = seen.observations.map((one) => one.path as string).filter((path) => path.startsWith("a"));
    expect(order.at(-1)).toBe("a");
  });

  test("comes after all that is there, so that what moved is met at its new place first (trust B11)", async () => {
    const bench = await ScanBench.synced({ a: { x: "1", y: "2" }, z: "3" });
    bench.user.mkdir("zz");
    bench.user.move("a", "zz/moved");
    const seen = await bench.look();
    expect(seen.observations.map((one) => `${one.type} ${one.path}`)).toEqual([
      "present zz",
      "present zz/moved",
      "present zz/moved/x",
      "present zz/moved/y",
      "missing a/x",
      "missing a/y",
      "missing a",
    ]);
  });

  test("is not missing when the row shows nothing anyway: a tombstone, or a version wanted again", async () => {
    const bench = await ScanBench.synced({ a: "1", b: "2", d: { e: "3" } });
    bench.user.delete("a");
    await bench.scan();
    await bench.wantAgain("b");
    await bench.wantAgain("d");
    bench.user.delete("b");
    bench.user.delete("d");
    const seen = await bench.look();
    expect(told(seen)).toEqual({ ...NOTHING, missing: ["d/e"] });
  });

  test("in a directory that goes, rows that show nothing are not missing with it", async () => {
    const bench = await ScanBench.synced({ d: { a: "1", b: "2", c: "3" } });
    bench.user.delete("d/a");
    await bench.scan();
    await bench.wantAgain("d/b");
    bench.user.delete("d");
    expect(told(await bench.look()).missing).toEqual(["d", "d/c"]);
  });

  test("by the thousand in one directory is all found", async () => {
    const many: Record<string, string> = {};
    for (let i = 0; i < 12_000; i++) many[`f${i}`] = "";
    const bench = await ScanBench.synced({ d: many, keep: "x" });
    for (let i = 0; i < 11_000; i++) bench.user.delete(`d/f${i}`);
    expect((await bench.look()).summary).toMatchObject({ missing: 11_000, problems: 0 });
  });
});

describe("ignored paths", () => {
  const TREE: TreeSpec = { "a.tmp": "1", build: { x: "2" }, src: { "b.tmp": "3", "c.ts": "4" }, ".DS_Store": "5" };

  test("are neither told nor entered", async () => {
    const bench = await ScanBench.of(TREE);
    bench.fs.beforeCall = (call) => expect(call.path).not.toMatch(/^build|tmp$|DS_Store/);
    expect(told(await bench.look({ ignore: "*.tmp\nbuild/" })).present).toEqual(["src", "src/c.ts"]);
  });

  test("that synced before are not missing, whether they are there or not (trust F7, Syncthing #3502)", async () => {
    const bench = await ScanBench.synced(TREE);
    bench.user.delete("build");
    bench.user.delete("src/b.tmp");
    expect(told(await bench.look({ ignore: "*.tmp\nbuild/" }))).toEqual(NOTHING);
  });

  test("in a directory that goes are not missing with it", async () => {
    const bench = await ScanBench.synced({ d: { "x.tmp": "1", y: "2" } });
    bench.user.delete("d");
    expect(told(await bench.look({ ignore: "*.tmp" })).missing).toEqual(["d", "d/y"]);
  });

  test("are not looked at when a hint names them, synced before or not", async () => {
    const synced = await ScanBench.synced(TREE);
    for (const path of ["build/x", "src/b.tmp", "a.tmp"]) synced.user.write(path, "changed");
    const hints = { paths: paths("build/x", "src/b.tmp", "a.tmp") };
    expect(told(await synced.look({ ignore: "*.tmp\nbuild/", ...hints }))).toEqual(NOTHING);
    const bench = await ScanBench.of(TREE);
    const seen = await bench.look({
      ignore: "*.tmp\nbuild/",
      paths: paths("build/x", "src/b.tmp", "a.tmp", ".syncline/marker.json"),
    });
    expect(told(seen)).toEqual({ ...NOTHING, present: ["src", "src/c.ts"] });
  });
});

describe("looking at single paths", () => {
  test("tells of them and what is below them, and of nothing else", async () => {
    const bench = await ScanBench.synced({ a: { b: "1", c: "2" }, d: { e: "3" }, f: "4" });
    for (const path of ["a/b", "a/c", "d/e", "f"]) bench.user.write(path, "changed");
    bench.user.write("d/new", "5");
    bench.later();
    expect(told(await bench.look({ paths: paths("a/b") })).present).toEqual(["a/b"]);
    expect(told(await bench.look({ paths: paths("d", "d/e") })).present).toEqual(["d/e", "d/new"]);
  });

  test("begins at the first directory on the way that is new", async () => {
    const bench = await ScanBench.synced({ a: {} });
    bench.user.plant({ a: { b: { c: { d: "1" }, e: "2" } } });
    bench.later();
    expect(told(await bench.look({ paths: paths("a/b/c/d") })).present).toEqual(["a/b", "a/b/c", "a/b/c/d", "a/b/e"]);
  });

  test("begins at the first directory on the way that is gone", async () => {
    const bench = await ScanBench.synced({ a: { b: { c: "1" } }, x: "2" });
    bench.user.delete("a");
    expect(told(await bench.look({ paths: paths("a/b/c") }))).toEqual({ ...NOTHING, missing: ["a", "a/b", "a/b/c"] });
  });

  test("a file that went and its directory that stayed", async () => {
    const bench = await ScanBench.synced({ a: { b: "1", c: "2" } });
    bench.user.delete("a/b");
    expect(told(await bench.look({ paths: paths("a/b", "a/never") }))).toEqual({ ...NOTHING, missing: ["a/b"] });
  });

  test("a way that leads through a file or a link is the business of what is there now", async () => {
    const bench = await ScanBench.synced({ a: { b: "1" }, o: { b: "1" } });
    bench.user.delete("a");
    bench.user.symlink("o", "a");
    expect(told(await bench.look({ paths: paths("a/b") }))).toEqual({ ...NOTHING, present: ["a"], missing: ["a/b"] });
  });
});

describe("file systems that fold names", () => {
  test("a name that changed its case is found under the new one, also by a hint (trust E4)", async () => {
    for (const scope of [{}, { paths: paths("Foo") }]) {
      const bench = await ScanBench.synced({ Foo: "1" }, EXFAT);
      bench.user.move("Foo", "foo");
      bench.later();
      const seen = await bench.look(scope);
      expect(told(seen).missing).toEqual(["Foo"]);
    }
    const bench = await ScanBench.synced({ Foo: "1" }, EXFAT);
    bench.user.move("Foo", "foo");
    bench.later();
    expect(told(await bench.look())).toMatchObject({ present: ["foo"], missing: ["Foo"] });
  });

  test("a name that the disk decomposes is the one that was synced, and no loop begins (trust E5)", async () => {
    const bench = await ScanBench.synced({ "caf\u00e9": { "\u00e4": "1" } }, HFS);
    expect(bench.shown()).toEqual(["caf\u00e9", "caf\u00e9/\u00e4"]);
    expect(told(await bench.look())).toEqual(NOTHING);
    bench.user.delete("caf\u00e9/\u00e4");
    expect(told(await bench.look({ paths: paths("caf\u00e9/\u00e4") })).missing).toEqual(["caf\u00e9/\u00e4"]);
  });

  test("a row that waits for its content does not take its Unicode twin for it", async () => {
    const bench = await ScanBench.synced({ "\u00e9": "mine" }, HFS);
    const row = bench.row("\u00e9")!;
    const twin = "e\u0301" as RelPath;
    const theirs = { ...winnerOf(row.heads), contentId: "00".repeat(32) as never };
    const change = { path: twin, heads: [theirs], stamp: null, announce: false };
    await bench.index.write.commitLocal(FOLDER, [change], { nowMs: bench.nowMs });
    // The disk lists the name in the twin's form.
    expect(bench.fs.list("").map((entry) => entry.name)).toContain(twin);
    expect(told(await bench.look())).toEqual(NOTHING);
  });

  test("permissions that were set but not taken are kept when the content changes", async () => {
    const bench = await ScanBench.synced({ f: "1" });
    const row = bench.row("f")!;
    const head = { ...winnerOf(row.heads), mode: 0o664 };
    const change = { path: row.path, heads: [head], stamp: row.stamp, announce: false };
    await bench.index.write.commitLocal(FOLDER, [change], { nowMs: bench.nowMs });
    bench.user.write("f", "2");
    expect(present(await bench.look(), "f")).toMatchObject({ mode: 0o664 });
  });

  test("permissions and times that the disk cannot hold are kept as they were synced (trust E16)", async () => {
    const bench = await ScanBench.synced({ "a.sh": "1" }, EXFAT);
    const row = bench.row("a.sh")!;
    const head = { ...winnerOf(row.heads), mode: 0o755, mtimeNs: 1_700_000_000_123_456_789n };
    await bench.index.write.commitLocal(FOLDER, [{ path: row.path, heads: [head], stamp: row.stamp, announce: true }], {
      nowMs: 1,
    });
    bench.user.chmod("a.sh", 0o644);
    bench.fs.disk.inodeAt("a.sh", "test").ctimeNs += 5_000_000_000n;
    expect(present(await bench.look(), "a.sh")).toMatchObject({ mode: 0o755, mtimeNs: 1_700_000_000_123_456_789n });
  });
});
