/** What a scan believes, and what it does not: faults, races, and the folder's own absence. */
import { describe, expect, test } from "vitest";
import type { RelPath } from "../../../src/shared/ids.ts";
import { type DiskEntry, type Filesystem, privatePath } from "../../../src/sync/fs/filesystem.ts";
import { writeMarker } from "../../../src/sync/fs/marker.ts";
import { EXFAT, EXT4 } from "../../support/sim-disk.ts";
import type { SimCall } from "../../support/sim-fs.ts";
import { link, type TreeSpec } from "../../support/tree.ts";
import { contentIdOf, ScanBench, type ScanOptions, told } from "./scan-bench.ts";

const NOTHING = { present: [], missing: [], problems: [] };
const TREE: TreeSpec = { a: { b: { c: "1" }, d: "2" }, e: "3", l: link("e") };
const MARKER = privatePath("marker.json");

function paths(...list: readonly string[]): readonly RelPath[] {
  return list as readonly RelPath[];
}

/** The same file system with some calls answered otherwise. */
function overriding(fs: Filesystem, overrides: Partial<Filesystem>): Filesystem {
  return new Proxy(fs, {
    get(target, property) {
      const found: unknown = Reflect.get(overrides, property) ?? Reflect.get(target, property, target);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
}

describe("what cannot be seen is a problem and never missing", () => {
  test.each<{ name: string; call: string; path: string; code: string | number; problem: string }>([
    { name: "a directory that cannot be listed (trust D7)", call: "list", path: "a", code: "EACCES", problem: "a" },
    { name: "a directory with I/O errors", call: "list", path: "a/b", code: "EIO", problem: "a/b" },
    { name: "a file that cannot be looked at", call: "stat", path: "a/d", code: "EACCES", problem: "a/d" },
    {
      name: "a file on a stale network drive, known by number only (trust D13)",
      call: "stat",
      path: "e",
      code: 116,
      problem: "e",
    },
    { name: "a directory on one that timed out", call: "stat", path: "a", code: "ETIMEDOUT", problem: "a" },
    { name: "too many open files (trust D8)", call: "list", path: "a", code: "EMFILE", problem: "a" },
  ])("$name", async ({ call, path, code, problem }) => {
    const bench = await ScanBench.synced({ ...TREE, gone: "x" });
    bench.user.delete("gone");
    bench.fs.failNext((found) => found.name === call && found.path === path, code, 1000);
    expect(told(await bench.scan())).toEqual({ ...NOTHING, missing: ["gone"], problems: [`E_UNREADABLE ${problem}`] });
  });

  test.each<{ name: string; call: string; code: string }>([
    { name: "cannot be opened", call: "openRead", code: "EACCES" },
    { name: "cannot be read (trust D5)", call: "read", code: "EIO" },
  ])("a new or changed file that $name", async ({ call, code }) => {
    const bench = await ScanBench.synced(TREE);
    bench.user.write("e", "changed");
    bench.user.write("a/new", "n");
    bench.user.write("a/fine", "f");
    bench.later();
    bench.fs.failNext((found) => found.name === call && /^(e|a\/new)$/.test(found.path), code, 2);
    expect(told(await bench.scan())).toEqual({
      ...NOTHING,
      present: ["a/fine"],
      problems: ["E_UNREADABLE a/new", "E_UNREADABLE e"],
    });
    expect(told(await bench.scan())).toEqual({ ...NOTHING, present: ["a/new", "e"] });
  });

  test("a directory that fails only when its loss is to be proven", async () => {
    const bench = await ScanBench.synced(TREE);
    bench.user.delete("a/d");
    let lists = 0;
    bench.fs.failNext((found) => found.name === "list" && found.path === "a" && ++lists === 2, "EIO");
    expect(told(await bench.scan())).toEqual({ ...NOTHING, problems: ["E_UNREADABLE a"] });
    expect(told(await bench.scan()).missing).toEqual(["a/d"]);
  });

  test("a hint at something that cannot be looked at", async () => {
    const bench = await ScanBench.synced(TREE);
    bench.fs.failNext((found) => found.name === "stat" && found.path.startsWith("a"), "EIO", 100);
    for (const path of ["a", "a/d", "a/b/c"]) {
      expect(told(await bench.scan({ paths: paths(path) }))).toEqual({ ...NOTHING, problems: ["E_UNREADABLE a"] });
    }
  });

  test("a mount on a synced directory: told, not entered, nothing in it gone", async () => {
    const bench = await ScanBench.synced(TREE);
    bench.user.delete("a/b/c");
    bench.user.write("a/b/new", "on the other one");
    const other = overriding(bench.fs, {
      stat: (path) => {
        const stat = bench.fs.stat(path);
        return stat !== undefined && path.startsWith("a/b") ? { ...stat, dev: 99n } : stat;
      },
    });
    for (const scope of [{}, { paths: paths("a/b/c") }, { paths: paths("a/b") }]) {
      expect(told(await bench.look({ fs: other, ...scope }))).toEqual({
        ...NOTHING,
        problems: ["E_OTHER_FILESYSTEM a/b"],
      });
    }
  });

  test("a mount that appears while a loss is to be proven", async () => {
    const bench = await ScanBench.synced(TREE);
    bench.user.delete("a/d");
    let lists = 0;
    const other = overriding(bench.fs, {
      list: (path) => {
        if (path === "a") lists++;
        return bench.fs.list(path);
      },
      stat: (path) => {
        const stat = bench.fs.stat(path);
        return stat !== undefined && path === "a" && lists > 0 ? { ...stat, dev: 99n } : stat;
      },
    });
    expect(told(await bench.look({ fs: other }))).toEqual({ ...NOTHING, problems: ["E_OTHER_FILESYSTEM a"] });
  });

  test("a mounted file", async () => {
    const bench = await ScanBench.of({ f: "x" });
    const other = overriding(bench.fs, {
      openRead: (path) => {
        const handle = bench.fs.openRead(path);
        return path === "f"
          ? (overriding(handle as never, { stat: () => ({ ...handle.stat(), dev: 99n }) } as never) as never)
          : handle;
      },
    });
    expect(told(await bench.look({ fs: other })).problems).toEqual(["E_OTHER_FILESYSTEM f"]);
  });

  test("a socket, pipe or device, also in the place of what was synced", async () => {
    const bench = await ScanBench.synced(TREE);
    for (const path of ["new", "e", "a"]) {
      if (bench.user.exists(path)) bench.user.delete(path);
      const { disk } = bench.fs;
      disk.change([{ place: disk.find(path, "mknod"), inode: disk.newInode("special", 0o644) }]);
    }
    const problems = ["E_SPECIAL_FILE a", "E_SPECIAL_FILE e", "E_SPECIAL_FILE new"];
    expect(told(await bench.scan())).toEqual({ ...NOTHING, problems });
    expect(told(await bench.scan({ paths: paths("e", "a/d", "new") }))).toEqual({ ...NOTHING, problems });
  });
});

describe("names that cannot be synced are told", () => {
  test("one that is not UTF-8, and its neighbours are fine (trust E8)", async () => {
    const bench = await ScanBench.synced({ a: { gone: "y" } });
    bench.user.write("a/good", "x");
    bench.user.delete("a/gone");
    const odd: DiskEntry = { name: undefined, shown: "b\\xff", type: "file" };
    const fs = overriding(bench.fs, {
      list: (path) => (path === "a" ? [...bench.fs.list(path), odd] : bench.fs.list(path)),
    });
    const problems = ["E_NAME_NOT_UTF8 a/b\\xff"];
    expect(told(await bench.look({ fs }))).toEqual({ present: ["a/good"], missing: ["a/gone"], problems });
  });

  test("one with a replacement character, which could stand for anything", async () => {
    const bench = await ScanBench.of({ "a\uFFFD": "x" });
    expect(told(await bench.look())).toEqual({ ...NOTHING, problems: ["E_NAME_UNHOLDABLE a\uFFFD"] });
  });

  test("one reserved for Syncline at the top, but not the patterns and not further down", async () => {
    const bench = await ScanBench.of({
      ".synclineignore": "x",
      ".Syncline": {},
      ".syncline-old": "y",
      d: { ".syncline": "z" },
    });
    const seen = await bench.look();
    expect(told(seen)).toEqual({
      present: [".synclineignore", "d", "d/.syncline"],
      missing: [],
      problems: ["E_NAME_UNHOLDABLE .Syncline", "E_NAME_UNHOLDABLE .syncline-old"],
    });
  });

  test("a path of more than 4096 bytes, and the rest of the tree is fine (trust E10)", async () => {
    let spec: TreeSpec = { end: "x" };
    for (let depth = 0; depth < 17; depth++) spec = { ["d".repeat(250)]: spec };
    const bench = await ScanBench.of({ ...spec, fine: "y" });
    const seen = await bench.look();
    expect(told(seen).present).toContain("fine");
    expect(seen.problems).toHaveLength(1);
    expect(seen.problems[0]).toMatchObject({
      code: "E_NAME_UNHOLDABLE",
      message: expect.stringMatching(/is longer than 4096 bytes/),
    });
  });
});

describe("without the folder nothing is believed (trust F1)", () => {
  const breaks: Readonly<Record<string, { act: (bench: ScanBench) => void; code: string }>> = {
    "the marker is missing": { act: ({ fs }) => fs.unlink(MARKER), code: "E_MARKER_MISSING" },
    "the marker is another folder's": {
      act: ({ fs }) => writeMarker(fs, { format: 1, folder: "other" as never, epoch: "x" }),
      code: "E_MARKER_WRONG",
    },
    "the marker makes no sense": { act: ({ user }) => user.write(MARKER, "{"), code: "E_MARKER_WRONG" },
    "the root was replaced": { act: ({ fs }) => fs.setRootState("replaced"), code: "E_ROOT_UNREADABLE" },
    "the root is missing": { act: ({ fs }) => fs.setRootState("missing"), code: "E_ROOT_UNREADABLE" },
    "the root cannot be listed": {
      act: ({ fs }) => fs.failNext((call) => call.name === "list" && call.path === "", "EIO", 99),
      code: "E_ROOT_UNREADABLE",
    },
    "the disk was unmounted: an empty directory is left": {
      act: ({ user }) => {
        for (const path of ["a", "e", "l", ".syncline"]) user.delete(path);
      },
      code: "E_MARKER_MISSING",
    },
  };

  test.each(Object.entries(breaks))("at the start: %s", async (_, { act, code }) => {
    const bench = await ScanBench.synced(TREE);
    bench.user.delete("a/d");
    act(bench);
    await expect(bench.look()).rejects.toMatchObject({ code });
  });

  test.each(Object.entries(breaks).filter(([name]) => name !== "the root cannot be listed"))(
    "at any moment of the scan: %s",
    async (_, { act, code }) => {
      for (let step = 0; ; step++) {
        const bench = await ScanBench.synced(TREE);
        bench.user.delete("a/d");
        let calls = 0;
        let isBroken = false;
        bench.fs.beforeCall = () => {
          if (calls++ !== step) return;
          isBroken = true;
          act(bench);
        };
        const outcome = await bench.look().then(
          () => "seen",
          (error: { code: string }) => error.code,
        );
        if (!isBroken) break;
        // The scan ends with a look at the root; what happens while that is under way is for the next scan.
        const callsOfLastLook = 6;
        expect([code, "seen"]).toContain(outcome);
        if (outcome === "seen") expect(calls - step).toBeLessThanOrEqual(callsOfLastLook);
      }
    },
  );

  test("an emptied root with its marker is there: its loss is for the brake to judge", async () => {
    const bench = await ScanBench.synced(TREE);
    for (const path of ["a", "e", "l"]) bench.user.delete(path);
    expect(told(await bench.look()).missing).toEqual(["a", "a/b", "a/b/c", "a/d", "e", "l"]);
  });
});

/** Runs `act` before every call of a scan in turn, each time on a fresh folder. */
async function atEveryStep(
  make: () => Promise<ScanBench>,
  act: (bench: ScanBench) => void,
  check: (bench: ScanBench, step: number) => Promise<void>,
  options: ScanOptions = {},
): Promise<number> {
  for (let step = 0; ; step++) {
    const bench = await make();
    let calls = 0;
    let hasActed = false;
    bench.fs.beforeCall = () => {
      if (calls++ !== step) return;
      hasActed = true;
      act(bench);
    };
    await bench.scan(options);
    bench.fs.beforeCall = undefined;
    if (!hasActed) return step;
    await check(bench, step);
  }
}

describe("a file that changes while it is read (trust B5)", () => {
  const big = "0123456789".repeat(60_000);
  const make = async (): Promise<ScanBench> => {
    const bench = await ScanBench.synced({ d: { other: "o" }, f: "small" });
    bench.user.write("f", big);
    bench.later();
    return bench;
  };

  test.each<{ name: string; act: (bench: ScanBench) => void }>([
    { name: "grows", act: ({ user }) => user.append("f", "more") },
    { name: "shrinks", act: ({ user }) => user.write("f", big.slice(0, 550_000)) },
    { name: "is emptied", act: ({ user }) => user.write("f", "") },
    { name: "is rewritten in its size", act: ({ user }) => user.write("f", "9".repeat(big.length)) },
    { name: "is saved by rename", act: ({ user }) => user.save("f", "saved") },
    { name: "becomes a link", act: ({ user }) => [user.delete("f"), user.symlink("d/other", "f")] },
    { name: "becomes a directory", act: ({ user }) => [user.delete("f"), user.plant({ f: { x: "1" } })] },
  ])("$name, at any moment: never a row with mixed content, and seen when it rests", async ({ act }) => {
    const steps = await atEveryStep(make, act, async (bench) => {
      const content = bench.row("f")?.heads[0]?.contentId;
      const whole = [
        contentIdOf("small"),
        contentIdOf(big),
        ...(bench.fs.stat("f" as RelPath)?.type === "file" ? [contentIdOf(bench.user.read("f"))] : []),
      ];
      if (bench.row("f")?.heads[0]?.type === "file") expect(whole).toContain(content);
      expect(
        bench.falseClaims().filter((path) => path !== "f" || bench.fs.stat("f" as RelPath)?.type === "file"),
      ).toEqual([]);
      bench.later();
      await bench.scan();
      await bench.scan();
      expect(bench.falseClaims()).toEqual([]);
      expect(told(await bench.look())).toEqual(NOTHING);
      expect(bench.shown()).toContain("d/other");
    });
    expect(steps).toBeGreaterThan(10);
  });

  test("is told as E_CHANGING when the change falls into the reading", async () => {
    const bench = await make();
    bench.fs.beforeCall = ({ name, path }: SimCall) => {
      if (name === "read" && path === "f") bench.user.append("f", "x");
    };
    const seen = await bench.scan();
    expect(told(seen)).toEqual({ ...NOTHING, problems: ["E_CHANGING f"] });
    expect(bench.row("f")?.heads[0]?.size).toBe("small".length);
  });
});

test("a link that is retargeted at any moment: never a row with the other target", async () => {
  await atEveryStep(
    async () => {
      const bench = await ScanBench.synced({ d: { other: "o" } });
      bench.user.symlink("one", "l");
      bench.later();
      return bench;
    },
    ({ user }) => {
      user.delete("l");
      user.symlink("two", "l");
    },
    async (bench) => {
      expect(bench.falseClaims()).toEqual([]);
      await bench.scan();
      expect(bench.row("l")?.heads[0]?.target).toBe("two");
    },
  );
});

describe("what goes or moves while the scan is at it", () => {
  test("a file that is deleted at any moment is missing in this scan or the next, and nothing else is", async () => {
    await atEveryStep(
      () => ScanBench.synced(TREE),
      ({ user }) => user.delete("a/d"),
      async (bench) => {
        expect(bench.shown()).toEqual(expect.arrayContaining(["a", "a/b", "a/b/c", "e", "l"]));
        await bench.scan();
        expect(bench.shown()).toEqual(["a", "a/b", "a/b/c", "e", "l"]);
      },
    );
  });

  test("a directory renamed at any moment: nothing is missing before its new place was seen (trust B11)", async () => {
    for (const target of ["moved", "e2/moved", "0first"]) {
      await atEveryStep(
        () => ScanBench.synced({ ...TREE, e2: {} }),
        ({ user }) => user.move("a", target),
        async (bench, step) => {
          const shown = bench.shown();
          const isAtOld = shown.includes("a/b/c");
          const isAtNew = shown.includes(`${target}/b/c`);
          expect(isAtOld || isAtNew, `step ${step} to ${target}`).toBe(true);
          bench.later();
          await bench.scan();
          expect(bench.shown()).toEqual(["e", "e2", "l", target, `${target}/b`, `${target}/b/c`, `${target}/d`].sort());
        },
      );
    }
  });

  test("a directory or file moved within the tree at any moment: the same, wherever the scan had been", async () => {
    const moves = [
      { from: "a/b", to: "e2/b" },
      { from: "a/d", to: "e2/d" },
      { from: "e2/z", to: "a/z" },
      { from: "e2/z", to: "a/b/z" },
    ];
    for (const { from, to } of moves) {
      await atEveryStep(
        () => ScanBench.synced({ ...TREE, e2: { z: "z" } }),
        ({ user }) => user.move(from, to),
        async (bench, step) => {
          const isSeen = bench.shown().includes(from) || bench.shown().includes(to);
          expect(isSeen, `step ${step}: ${from} to ${to}`).toBe(true);
          await bench.scan();
          expect(bench.shown()).toContain(to);
          expect(bench.shown()).not.toContain(from);
        },
      );
    }
  });

  test("a directory that a file takes the place of at any moment leaves no row behind", async () => {
    await atEveryStep(
      () => ScanBench.synced(TREE),
      ({ user }) => {
        user.delete("a");
        user.write("a", "a file now");
      },
      async (bench) => {
        // No row ever lies below a file.
        const isFile = bench.row("a")?.heads[0]?.type === "file";
        expect(bench.shown().filter((path) => isFile && path.startsWith("a/"))).toEqual([]);
        await bench.scan();
        expect(bench.shown()).toEqual(["a", "e", "l"]);
      },
    );
  });

  test("what vanishes is told, so that it is looked at again soon", async () => {
    const bench = await ScanBench.synced(TREE);
    bench.fs.beforeCall = ({ name, path }: SimCall) => {
      if (name === "list" && path === "a") bench.user.delete("a");
    };
    expect(told(await bench.scan())).toEqual({ ...NOTHING, problems: ["E_CHANGING a"] });
  });

  test("something new that vanishes is nobody's loss", async () => {
    const bench = await ScanBench.synced(TREE);
    bench.user.write("tmp", "x");
    bench.fs.beforeCall = ({ name, path }: SimCall) => {
      if (name === "openRead" && path === "tmp") bench.user.delete("tmp");
    };
    expect(told(await bench.scan())).toEqual(NOTHING);
  });

  test("a directory that comes back between the two looks is looked at anew", async () => {
    const bench = await ScanBench.synced(TREE);
    bench.user.delete("a");
    let lists = 0;
    bench.fs.beforeCall = ({ name, path }: SimCall) => {
      if (name === "list" && path === "" && ++lists === 2) bench.user.plant({ a: { b: { c: "again" } } });
    };
    const seen = await bench.scan();
    // Both directories have other inodes now, which the index is told, too.
    expect(told(seen)).toMatchObject({ present: ["a", "a/b", "a/b/c"], missing: [] });
    expect(told(seen).problems).not.toContain("E_CHANGING a");
    bench.fs.beforeCall = undefined;
    expect(told(await bench.scan()).missing).toEqual(["a/d"]);
  });

  test("what comes back between the two looks is not missing", async () => {
    const bench = await ScanBench.synced(TREE);
    bench.user.delete("a/d");
    let lists = 0;
    bench.fs.beforeCall = ({ name, path }: SimCall) => {
      if (name === "list" && path === "a" && ++lists === 2) bench.user.write("a/d", "again");
    };
    const seen = await bench.scan();
    expect(told(seen)).toEqual({ ...NOTHING, present: ["a/d"] });
  });
});

describe("a write in the tick of the read (trust B7)", () => {
  test.each([
    { name: "two-second times", personality: EXFAT },
    { name: "a kernel's ticks", personality: { ...EXT4, mtimeGrainNs: 4_000_000 } },
  ])("with $name is found by the next scan", async ({ personality }) => {
    const bench = await ScanBench.of({ old: "old" }, personality);
    bench.nowMs += 20_000 - (bench.nowMs % 20_000);
    bench.user.write("f", "one");
    await bench.scan({ restMs: 0 });
    const content = bench.row("f")?.heads[0]?.contentId;
    bench.user.write("f", "two");
    bench.later();
    expect(told(await bench.scan()).present).toEqual(["f"]);
    expect(bench.row("f")?.heads[0]?.contentId).not.toBe(content);
    expect(bench.falseClaims()).toEqual([]);
    expect(told(await bench.look())).toEqual(NOTHING);
  });

  test("costs one reading more, and only for files as young as that", async () => {
    const bench = await ScanBench.of({ old: "old", far: "far" }, EXFAT);
    bench.user.touch("far", bench.nowNs * 2n);
    bench.later();
    bench.user.write("young", "y");
    await bench.scan({ restMs: 0 });
    bench.later();
    const reads: string[] = [];
    bench.fs.beforeCall = ({ name, path }: SimCall) => {
      if (name === "openRead" && !path.startsWith(".syncline")) reads.push(path);
    };
    await bench.scan();
    await bench.scan();
    expect(reads).toEqual(["young"]);
  });
});

test("a scan that is aborted ends at the next step", async () => {
  const isAbortedAfter = async (steps: number): Promise<boolean> => {
    const bench = await ScanBench.synced(TREE);
    bench.user.delete("a/b");
    let asked = 0;
    const outcome = bench.look({ isAborted: () => asked++ >= steps });
    return outcome.then(
      () => false,
      (error: { code: string }) => error.code === "E_INTERRUPTED",
    );
  };
  let steps = 0;
  while (await isAbortedAfter(steps)) steps++;
  expect(steps).toBeGreaterThan(8);
});
