/** What the primitives answer, case by case; `races.test.ts` and `crash.test.ts` have the windows between. */
import { describe, expect, test } from "vitest";
import type { RelPath } from "../../../src/shared/ids.ts";
import { changeMode } from "../../../src/sync/fs/change-mode.ts";
import { deleteDirectory, deleteFile } from "../../../src/sync/fs/delete.ts";
import { type DiskStat, type Filesystem, type FsPath, privatePath } from "../../../src/sync/fs/filesystem.ts";
import { installNew, makeDirectory } from "../../../src/sync/fs/install-new.ts";
import { IntentLog } from "../../../src/sync/fs/intent-log.ts";
import { moveDirectory, moveFile } from "../../../src/sync/fs/move.ts";
import { recoverIntents } from "../../../src/sync/fs/recover-intents.ts";
import { replace } from "../../../src/sync/fs/replace.ts";
import { makeDurable, stageFile, stageSymlink, syncNames } from "../../../src/sync/fs/stage.ts";
import { diskBench, simBench } from "../../support/benches.ts";
import { EXFAT, EXT4, HFS, PLAIN_UNIX } from "../../support/sim-disk.ts";
import type { Bench } from "./filesystem-suite.ts";

const KEEP = privatePath("store", "kept");
const path = (text: string): RelPath => text as RelPath;

function statOf(fs: Filesystem, of: string): DiskStat {
  const found = fs.stat(of as FsPath);
  if (found === undefined) throw new Error(`nothing at ${of}`);
  return found;
}

function stage(fs: Filesystem, text: string): ReturnType<typeof stageFile> {
  return stageFile(fs, {
    path: privatePath("stage", "s"),
    bytes: new TextEncoder().encode(text),
    mode: 0o755,
    mtimeNs: 1_000_000_000_000_000_000n,
  });
}

const BENCHES: Readonly<Record<string, () => Bench>> = {
  disk: () => diskBench(),
  "disk without natives": () => diskBench({ natives: undefined }),
  "simulated ext4": () => simBench(EXT4),
  "simulated plain Unix": () => simBench(PLAIN_UNIX),
  "simulated exFAT": () => simBench(EXFAT),
  "simulated HFS+": () => simBench(HFS),
};

describe.each(Object.entries(BENCHES))("installing on %s", (_, setup) => {
  function on(run: (bench: Bench & { readonly log: IntentLog }) => void): void {
    const bench = setup();
    try {
      run({ ...bench, log: new IntentLog(bench.fs, "test") });
    } finally {
      bench.dispose();
    }
  }

  test("a new file has its content, mode, mtime, and the stamp that the disk has", () => {
    on(({ fs, user }) => {
      const staged = stage(fs, "new");
      makeDurable(fs, [staged]);
      const result = installNew(fs, { staged, path: path("a") });
      syncNames(fs, [path("a")]);
      expect(result).toMatchObject({ type: "installed", isTouched: false });
      expect(result).toMatchObject({
        stamp: { mtimeNs: 1_000_000_000_000_000_000n, ctimeNs: statOf(fs, "a").ctimeNs },
      });
      expect(user.read("a")).toBe("new");
      if (fs.capabilities.executableBit) expect(statOf(fs, "a").mode & 0o777).toBe(0o755);
      expect(fs.stat(staged.path)).toBeUndefined();
      expect(statOf(fs, "a").links).toBe(1);
    });
  });

  test("what is there first stays, and so does the staged file", () => {
    on(({ fs, user }) => {
      user.write("a", "mine");
      const staged = stage(fs, "new");
      expect(installNew(fs, { staged, path: path("a") })).toMatchObject({ type: "occupied", found: { size: 4 } });
      expect(installNew(fs, { staged, path: path("x/a") })).toEqual({ type: "noParent" });
      expect(installNew(fs, { staged, path: path("a/b") })).toEqual({ type: "noParent" });
      expect(user.read("a")).toBe("mine");
      expect(fs.stat(staged.path)).toBeDefined();
    });
  });

  test("a symlink is installed as it is, also over a file", () => {
    on(({ fs, user, log }) => {
      if (!fs.capabilities.symlinks) return;
      const staged = stageSymlink(fs, { path: privatePath("stage", "l"), target: "../../etc", mtimeNs: 0n });
      makeDurable(fs, [staged]);
      expect(installNew(fs, { staged, path: path("l") }).type).toBe("installed");
      expect(fs.readLink(path("l"))).toBe("../../etc");
      user.write("a", "old");
      const second = stageSymlink(fs, { path: privatePath("stage", "l"), target: "a", mtimeNs: 0n });
      expect(replace(fs, log, { staged: second, path: path("a"), expected: statOf(fs, "a"), keepAs: KEEP }).type).toBe(
        "installed",
      );
      expect(fs.readLink(path("a"))).toBe("a");
      expect(user.contents().get(KEEP)).toBe("old");
    });
  });

  test("replacing keeps the old content", () => {
    on(({ fs, user, log }) => {
      user.write("a", "old");
      const result = replace(fs, log, {
        staged: stage(fs, "new"),
        path: path("a"),
        expected: statOf(fs, "a"),
        keepAs: KEEP,
      });
      expect(result).toMatchObject({
        type: "installed",
        isTouched: false,
        kept: { path: KEEP, stat: statOf(fs, KEEP), isShared: false },
      });
      expect(user.read("a")).toBe("new");
      expect(user.read(KEEP)).toBe("old");
      log.close();
      expect(fs.list(privatePath("stage"))).toEqual([]);
    });
  });

  test("what the index does not know is not replaced, moved or deleted", () => {
    on(({ fs, user, log }) => {
      user.write("a", "old");
      const expected = statOf(fs, "a");
      user.save("a", "edited");
      const staged = stage(fs, "new");
      expect(replace(fs, log, { staged, path: path("a"), expected, keepAs: KEEP })).toEqual({
        type: "changed",
        kept: undefined,
      });
      expect(deleteFile(fs, log, { path: path("a"), expected, keepAs: KEEP })).toEqual({ type: "changed" });
      expect(moveFile(fs, log, { from: path("a"), to: path("b"), expected, keepAs: KEEP })).toEqual({
        type: "changed",
      });
      expect(changeMode(fs, { path: path("a"), expected, mode: 0o700 })).toEqual({ type: "changed" });
      user.delete("a");
      expect(replace(fs, log, { staged, path: path("a"), expected, keepAs: KEEP })).toEqual({
        type: "missing",
        kept: undefined,
      });
      expect(deleteFile(fs, log, { path: path("a"), expected, keepAs: KEEP })).toEqual({ type: "missing" });
      expect(moveFile(fs, log, { from: path("a"), to: path("b"), expected, keepAs: KEEP })).toEqual({
        type: "missing",
      });
      expect(fs.stat(staged.path)).toBeDefined();
    });
  });

  test("deleting a linked file keeps a copy that writes to the other name do not reach", () => {
    on(({ fs, user, log }) => {
      if (!fs.capabilities.hardLinks) return;
      user.write("a", "old");
      user.link("a", "twin");
      const result = deleteFile(fs, log, { path: path("a"), expected: statOf(fs, "a"), keepAs: KEEP });
      expect(result).toMatchObject({ type: "deleted", kept: { isShared: false, stat: statOf(fs, KEEP) } });
      user.write("twin", "edited");
      expect(user.read(KEEP)).toBe("old");
      expect(statOf(fs, "twin").links).toBe(1);
    });
  });

  test("replacing one name of a linked file never changes the other", () => {
    on(({ fs, user, log }) => {
      if (!fs.capabilities.hardLinks) return;
      user.write("a", "old");
      user.link("a", "twin");
      replace(fs, log, { staged: stage(fs, "new"), path: path("a"), expected: statOf(fs, "a"), keepAs: KEEP });
      expect([user.read("a"), user.read("twin"), user.read(KEEP)]).toEqual(["new", "old", "old"]);
    });
  });

  test("moving never overwrites", () => {
    on(({ fs, user, log }) => {
      user.write("a", "one");
      user.write("b", "two");
      const move = (to: string) =>
        moveFile(fs, log, { from: path("a"), to: path(to), expected: statOf(fs, "a"), keepAs: KEEP });
      expect(move("b")).toEqual({ type: "occupied" });
      expect(move("x/b")).toEqual({ type: "noParent" });
      expect(move("c")).toMatchObject({ type: "moved", isTouched: false, stamp: { ctimeNs: statOf(fs, "c").ctimeNs } });
      expect([user.read("b"), user.read("c")]).toEqual(["two", "one"]);
      expect(fs.stat(KEEP)).toBeUndefined();
    });
  });

  test("a directory moves with all it holds, to a free path only", () => {
    on(({ fs, user }) => {
      user.mkdir("d");
      user.write("d/a", "one");
      user.mkdir("e");
      const expected = statOf(fs, "d");
      expect(moveDirectory(fs, { from: path("d"), to: path("e"), expected }).type).toBe("occupied");
      expect(moveDirectory(fs, { from: path("d"), to: path("x/y"), expected }).type).toBe("noParent");
      expect(moveDirectory(fs, { from: path("e"), to: path("f"), expected }).type).toBe("changed");
      expect(moveDirectory(fs, { from: path("x"), to: path("f"), expected }).type).toBe("missing");
      expect(moveDirectory(fs, { from: path("d"), to: path("f"), expected })).toMatchObject({
        type: "moved",
        found: { ino: expected.ino },
      });
      expect(user.read("f/a")).toBe("one");
    });
  });

  test("a change of case only keeps the file and gets the new spelling", () => {
    on(({ fs, user, log }) => {
      user.write("foo", "one");
      user.mkdir("dir");
      expect(
        moveFile(fs, log, { from: path("foo"), to: path("Foo"), expected: statOf(fs, "foo"), keepAs: KEEP }).type,
      ).toBe("moved");
      expect(moveDirectory(fs, { from: path("dir"), to: path("Dir"), expected: statOf(fs, "dir") }).type).toBe("moved");
      const names = fs.list("").map((entry) => entry.name);
      expect(names).toContain("Foo");
      expect(names).toContain("Dir");
      expect(user.read("Foo")).toBe("one");
      // The other spelling is gone from the index later: that deletes nothing (Syncthing #1787).
      expect(deleteFile(fs, log, { path: path("foo"), expected: statOf(fs, "Foo"), keepAs: KEEP }).type).toBe(
        "missing",
      );
      expect(deleteDirectory(fs, { path: path("dir"), removeJunk: true }).type).toBe("missing");
      expect(user.exists("Foo") && user.exists("Dir")).toBe(true);
    });
  });

  test("a directory goes only when it is empty, or holds nothing but what a system left", () => {
    on(({ fs, user }) => {
      user.mkdir("d");
      user.write("d/.DS_Store", "junk");
      const run = (removeJunk: boolean) => deleteDirectory(fs, { path: path("d"), removeJunk });
      expect(run(false)).toMatchObject({ type: "notEmpty", isJunkOnly: true });
      user.write("d/mine", "kept");
      expect(run(true)).toMatchObject({ type: "notEmpty", isJunkOnly: false });
      expect(user.exists("d/.DS_Store")).toBe(true);
      user.delete("d/mine");
      expect(run(true)).toEqual({ type: "deleted" });
      expect(run(true)).toEqual({ type: "missing" });
      user.write("f", "");
      expect(deleteDirectory(fs, { path: path("f"), removeJunk: true })).toEqual({ type: "changed" });
    });
  });

  test("a directory is made with its exact bits, or found", () => {
    on(({ fs, user }) => {
      const make = (at: string) => makeDirectory(fs, { path: path(at), mode: 0o777 });
      expect(make("d").type).toBe("made");
      expect(statOf(fs, "d").mode & 0o777).toBe(0o777);
      expect(make("d").type).toBe("exists");
      expect(make("x/y").type).toBe("noParent");
      user.write("a", "");
      expect(make("a").type).toBe("occupied");
    });
  });

  test("a mode is set and nothing else", () => {
    on(({ fs, user }) => {
      user.write("a", "one");
      const expected = statOf(fs, "a");
      const result = changeMode(fs, { path: path("a"), expected, mode: 0o700 });
      expect(result).toMatchObject({
        type: "set",
        isTouched: false,
        stamp: { ctimeNs: statOf(fs, "a").ctimeNs, mtimeNs: expected.mtimeNs },
      });
      if (fs.capabilities.executableBit) expect(statOf(fs, "a").mode & 0o777).toBe(0o700);
    });
  });

  test("recovery puts back what was taken and not committed, and leaves what was", () => {
    on(({ fs, user, log }) => {
      user.write("a", "old");
      deleteFile(fs, log, { path: path("a"), expected: statOf(fs, "a"), keepAs: KEEP });
      log.abandon();
      expect(recoverIntents(fs, { isKnown: () => true }).items).toEqual([]);
      expect(user.exists("a")).toBe(false);
      const recovery = recoverIntents(fs, { isKnown: () => false });
      expect(recovery.items).toEqual([{ type: "restored", path: "a" }]);
      expect(user.read("a")).toBe("old");
      recovery.done();
      expect(fs.list(privatePath("stage"))).toEqual([]);
    });
  });

  test("recovery keeps both when the path was taken meanwhile", () => {
    on(({ fs, user, log }) => {
      user.write("a", "old");
      deleteFile(fs, log, { path: path("a"), expected: statOf(fs, "a"), keepAs: KEEP });
      log.abandon();
      user.write("a", "newer");
      expect(recoverIntents(fs, { isKnown: () => false }).items).toMatchObject([
        { type: "kept", path: "a", kept: KEEP },
      ]);
      expect([user.read("a"), user.read(KEEP)]).toEqual(["newer", "old"]);
    });
  });
});

describe("installing when the disk fails", () => {
  test.each(["ENOSPC", "EDQUOT", 122, "EIO", "EROFS"])("staging that fails with %s leaves nothing behind", (code) => {
    const { fs } = simBench(EXT4);
    fs.failNext("write", code);
    expect(() => stage(fs, "new")).toThrow();
    expect(fs.list(privatePath("stage"))).toEqual([]);
  });

  test("a failed flush is thrown on and not tried again", () => {
    const { fs } = simBench(EXT4);
    const staged = stage(fs, "new");
    fs.failNext("sync", "EIO");
    expect(() => makeDurable(fs, [staged])).toThrow("EIO");
  });

  test("an intent that cannot be made durable takes nothing", () => {
    const { fs, user } = simBench(EXT4);
    user.plant({ a: "old" });
    const expected = statOf(fs, "a");
    fs.failNext("sync", "EIO");
    expect(() => deleteFile(fs, new IntentLog(fs, "1"), { path: path("a"), expected, keepAs: KEEP })).toThrow("EIO");
    expect(user.read("a")).toBe("old");
  });

  test("a disk that fills up in the middle of displacing gives the old content back", () => {
    const { fs, user } = simBench(PLAIN_UNIX);
    user.plant({ a: "old" });
    const staged = stage(fs, "new");
    const expected = statOf(fs, "a");
    fs.failNext((call) => call.name === "link", "ENOSPC");
    expect(() => replace(fs, new IntentLog(fs, "1"), { staged, path: path("a"), expected, keepAs: KEEP })).toThrow(
      "ENOSPC",
    );
    expect(user.read("a")).toBe("old");
  });

  test("a disk that fills up in the middle of moving gives the file back", () => {
    const { fs, user } = simBench(PLAIN_UNIX);
    user.plant({ a: "old" });
    const expected = statOf(fs, "a");
    fs.failNext("link", "ENOSPC");
    const move = () => moveFile(fs, new IntentLog(fs, "1"), { from: path("a"), to: path("b"), expected, keepAs: KEEP });
    expect(move).toThrow("ENOSPC");
    expect(user.read("a")).toBe("old");
  });

  test("a copy that finds no room leaves the linked inode itself in the store", () => {
    const { fs, user } = simBench(EXT4);
    user.plant({ a: "old" });
    user.link("a", "twin");
    const expected = statOf(fs, "a");
    fs.failNext("copy", "ENOSPC");
    const result = deleteFile(fs, new IntentLog(fs, "1"), { path: path("a"), expected, keepAs: KEEP });
    expect(result).toMatchObject({ type: "deleted", kept: { isShared: true } });
    expect(user.read(KEEP)).toBe("old");
  });

  test("a user who saves twice while we swap makes a conflict, with both contents", () => {
    const { fs, user } = simBench(EXT4);
    user.plant({ a: "old" });
    const staged = stage(fs, "new");
    const expected = statOf(fs, "a");
    let swaps = 0;
    fs.beforeCall = (call) => {
      if (call.name !== "exchange") return;
      swaps += 1;
      if (swaps <= 2) user.save("a", `save ${swaps}`);
    };
    const result = replace(fs, new IntentLog(fs, "1"), { staged, path: path("a"), expected, keepAs: KEEP });
    expect(result.type).toBe("conflict");
    expect([user.read("a"), user.read(KEEP)]).toEqual(["save 2", "save 1"]);
  });
});
