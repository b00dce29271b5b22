/** What every implementation of the Filesystem port does, in the same words and with the same errno. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { errnoOf } from "../../../src/sync/fs/errno.ts";
import { type Filesystem, FsError, type FsPath, privatePath, ROOT } from "../../../src/sync/fs/filesystem.ts";
import type { UserActor } from "../../support/user-actor.ts";

export interface Bench {
  readonly fs: Filesystem;
  readonly user: UserActor;
  dispose(): void;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const at = (path: string): FsPath => path as FsPath;
const stageName = (name: string) => privatePath("stage", name);

function stageText(fs: Filesystem, name: string, text: string): ReturnType<typeof stageName> {
  const handle = fs.createStage(stageName(name));
  handle.write(bytes(text), 0);
  handle.close();
  return stageName(name);
}

function readAll(fs: Filesystem, path: FsPath): string {
  const handle = fs.openRead(path);
  const target = new Uint8Array(handle.stat().size);
  const count = handle.read(target, 0);
  handle.close();
  return new TextDecoder().decode(target.subarray(0, count));
}

/** Runs the suite against what `setup` opens: an empty folder with a private area. */
export function runFilesystemTests(name: string, setup: () => Bench): void {
  describe(`a file system: ${name}`, () => {
    let bench: Bench;
    beforeEach(() => {
      bench = setup();
    });
    afterEach(() => {
      bench.dispose();
    });

    const fails = (code: string, call: () => unknown): void => {
      try {
        call();
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(FsError);
        expect((thrown as FsError).code).toBe(code);
        expect((thrown as FsError).errno).toBe(errnoOf(code));
        return;
      }
      throw new Error(`expected ${code}`);
    };

    test("stat tells type, size and bits, and undefined for what is not there", () => {
      const { fs, user } = bench;
      user.write("a", "one");
      user.mkdir("d");
      expect(fs.stat(at("a"))).toMatchObject({ type: "file", size: 3, links: 1 });
      expect(fs.stat(at("d"))?.type).toBe("directory");
      expect(fs.stat(ROOT)?.type).toBe("directory");
      expect(fs.stat(at("x"))).toBeUndefined();
      expect(fs.stat(at("x/y"))).toBeUndefined();
      expect(fs.stat(at("a/y"))).toBeUndefined();
      expect(fs.rootState()).toBe("same");
    });

    test("a handle's stat equals the path's", () => {
      const { fs, user } = bench;
      user.write("a", "one");
      const handle = fs.openRead(at("a"));
      expect(handle.stat()).toEqual(fs.stat(at("a")));
      handle.close();
    });

    test("a write in place, a save by rename and a chmod each change the stamp", () => {
      const { fs, user } = bench;
      user.write("a", "one");
      const first = fs.stat(at("a"));
      user.save("a", "two");
      const second = fs.stat(at("a"));
      expect(second?.ino).not.toBe(first?.ino);
      user.write("a", "three");
      expect(fs.stat(at("a"))?.size).toBe(5);
      if (!fs.capabilities.executableBit) return;
      user.chmod("a", 0o755);
      expect((fs.stat(at("a"))?.mode ?? 0) & 0o777).toBe(0o755);
    });

    test("list gives names and types", () => {
      const { fs, user } = bench;
      user.mkdir("d");
      user.write("d/a", "");
      user.mkdir("d/e");
      if (fs.capabilities.symlinks) user.symlink("nowhere", "d/l");
      const found = [...fs.list(at("d"))].sort((x, y) => (x.shown < y.shown ? -1 : 1));
      expect(found.slice(0, 2)).toEqual([
        { name: "a", shown: "a", type: "file" },
        { name: "e", shown: "e", type: "directory" },
      ]);
      if (fs.capabilities.symlinks) expect(found[2]).toEqual({ name: "l", shown: "l", type: "symlink" });
      fails("ENOENT", () => fs.list(at("x")));
      fails("ENOTDIR", () => fs.list(at("d/a")));
    });

    test("staging writes, reads, cuts and dates a private file", () => {
      const { fs } = bench;
      const handle = fs.createStage(stageName("s"));
      expect(handle.stat().mode & 0o777).toBe(fs.capabilities.executableBit ? 0o600 : 0o777);
      handle.write(bytes("hello world"), 0);
      handle.write(bytes("HE"), 0);
      handle.truncate(5);
      handle.setMode(0o640);
      handle.setMtime(1_234_567_890_000_000_000n);
      handle.sync();
      expect(handle.stat().mtimeNs).toBe(1_234_567_890_000_000_000n);
      const target = new Uint8Array(16);
      expect(handle.read(target, 1)).toBe(4);
      expect(handle.read(target, 5)).toBe(0);
      handle.close();
      expect(readAll(fs, stageName("s"))).toBe("HEllo");
      fails("EEXIST", () => fs.createStage(stageName("s")));
      const again = fs.openStage(stageName("s"));
      again.write(bytes("!"), 5);
      again.close();
      expect(readAll(fs, stageName("s"))).toBe("HEllo!");
      fails("ENOENT", () => fs.openStage(stageName("t")));
    });

    test.each([-5_250_000_000n, -1n, 0n, 4_102_444_800_000_000_000n, 1_500_000_000_123_456_789n])(
      "mtime %s is kept to the grain",
      (mtimeNs) => {
        const { fs } = bench;
        const path = stageText(fs, "s", "x");
        fs.setMtime(path, mtimeNs);
        const stored = fs.stat(path)?.mtimeNs ?? 0n;
        const difference = stored > mtimeNs ? stored - mtimeNs : mtimeNs - stored;
        expect(difference).toBeLessThan(fs.capabilities.mtimeGrainNs === 1 ? 1n : BigInt(fs.capabilities.mtimeGrainNs));
      },
    );

    test("openRead takes regular files only", () => {
      const { fs, user } = bench;
      user.mkdir("d");
      fails("EINVAL", () => fs.openRead(at("d")));
      fails("ENOENT", () => fs.openRead(at("x")));
      fails("ENOTDIR", () => {
        user.write("a", "");
        fs.openRead(at("a/b"));
      });
      if (!fs.capabilities.symlinks) return;
      user.symlink("a", "l");
      fails("ELOOP", () => fs.openRead(at("l")));
    });

    test("no call follows a link, neither at the end nor on the way", () => {
      const { fs, user } = bench;
      if (!fs.capabilities.symlinks) return;
      user.mkdir("d");
      user.write("d/a", "one");
      user.symlink("d", "l");
      const staged = stageText(fs, "s", "new");
      expect(fs.stat(at("l"))?.type).toBe("symlink");
      expect(fs.stat(at("l/a"))).toBeUndefined();
      fails("ENOTDIR", () => fs.list(at("l")));
      fails("ENOTDIR", () => fs.openRead(at("l/a")));
      fails("ENOTDIR", () => fs.mkdir(at("l/e"), 0o755));
      fails("ENOTDIR", () => fs.rename(staged, at("l/b")));
      fails("ENOTDIR", () => fs.rename(at("l/a"), staged));
      fails("ENOTDIR", () => fs.unlink(at("l/a")));
      fails("ENOTDIR", () => fs.chmod(at("l/a"), 0o600));
      fails("ENOTDIR", () => fs.setMtime(at("l/a"), 0n));
      fails("ENOTDIR", () => fs.syncDirectory(at("l")));
      fails("ENOTDIR", () => fs.copy(at("l/a"), stageName("c")));
      fails("ENOTDIR", () => fs.rmdir(at("l")));
      fails("ELOOP", () => fs.chmod(at("l"), 0o600));
      fails("ELOOP", () => fs.copy(at("l"), stageName("c")));
      expect(fs.stat(stageName("c"))).toBeUndefined();
      if (fs.capabilities.hardLinks) fails("ENOTDIR", () => fs.link(staged, at("l/b")));
      if (fs.capabilities.renameNoReplace) fails("ENOTDIR", () => fs.renameNoReplace(staged, at("l/b")));
      if (fs.capabilities.exchange) fails("ENOTDIR", () => fs.exchange(staged, at("l/a")));
      expect(user.read("d/a")).toBe("one");
    });

    test("a symlink is data: made, read, dated and renamed as it is", () => {
      const { fs } = bench;
      if (!fs.capabilities.symlinks) {
        fails("EPERM", () => fs.symlink("t", stageName("l")));
        return;
      }
      for (const [index, target] of ["../../outside", "/etc/passwd", "l", "ü\n"].entries()) {
        const path = stageName(`l${index}`);
        fs.symlink(target, path);
        fs.setMtime(path, 1_000_000_000_000_000_000n);
        expect(fs.readLink(path)).toBe(target);
        expect(fs.stat(path)).toMatchObject({ type: "symlink", mtimeNs: 1_000_000_000_000_000_000n });
        fs.rename(path, at(`out${index}`));
        expect(fs.readLink(at(`out${index}`))).toBe(target);
      }
      fs.symlink("t", stageName("twice"));
      fails("EEXIST", () => fs.symlink("t", stageName("twice")));
      fails("EINVAL", () => fs.symlink("a\0b", stageName("nul")));
      fails("EINVAL", () => fs.readLink(stageText(fs, "file", "")));
    });

    test("link creates only", () => {
      const { fs, user } = bench;
      const staged = stageText(fs, "s", "new");
      user.write("a", "one");
      if (!fs.capabilities.hardLinks) {
        fails("EPERM", () => fs.link(staged, at("b")));
        return;
      }
      fails("EEXIST", () => fs.link(staged, at("a")));
      fs.link(staged, at("b"));
      expect(fs.stat(at("b"))?.links).toBe(2);
      expect(fs.stat(at("b"))?.ino).toBe(fs.stat(staged)?.ino);
      user.mkdir("d");
      fails("EPERM", () => fs.link(at("d"), at("e")));
      fails("ENOENT", () => fs.link(at("x"), at("y")));
    });

    test("rename replaces, and moves directories with all they hold", () => {
      const { fs, user } = bench;
      user.write("a", "one");
      user.write("b", "two");
      fs.rename(at("a"), at("b"));
      expect(user.read("b")).toBe("one");
      expect(user.exists("a")).toBe(false);
      user.mkdir("d");
      user.write("d/x", "in");
      fs.rename(at("d"), at("e"));
      expect(user.read("e/x")).toBe("in");
      user.mkdir("f");
      fs.rename(at("e"), at("f"));
      user.mkdir("g");
      fails("ENOTEMPTY", () => fs.rename(at("g"), at("f")));
      fails("ENOTDIR", () => fs.rename(at("g"), at("b")));
      fails("EISDIR", () => fs.rename(at("b"), at("g")));
      fails("ENOENT", () => fs.rename(at("x"), at("y")));
      fails("ENOENT", () => fs.rename(at("b"), at("x/y")));
      fails("EINVAL", () => fs.rename(at("f"), at("f/inside")));
    });

    test("a create-only rename never replaces", () => {
      const { fs, user } = bench;
      user.write("a", "one");
      user.write("b", "two");
      if (!fs.capabilities.renameNoReplace) {
        fails("ENOTSUP", () => fs.renameNoReplace(at("a"), at("b")));
        return;
      }
      fails("EEXIST", () => fs.renameNoReplace(at("a"), at("b")));
      fs.renameNoReplace(at("a"), at("c"));
      expect(user.read("c")).toBe("one");
      user.mkdir("d");
      user.mkdir("e");
      fails("EEXIST", () => fs.renameNoReplace(at("d"), at("e")));
      fails("EINVAL", () => fs.renameNoReplace(at("d"), at("d/inside")));
      fails("ENOENT", () => fs.renameNoReplace(at("x"), at("y")));
    });

    test("exchange swaps two names, whatever they are", () => {
      const { fs, user } = bench;
      user.write("a", "one");
      user.mkdir("d");
      user.write("d/x", "in");
      if (!fs.capabilities.exchange) {
        fails("ENOTSUP", () => fs.exchange(at("a"), at("d")));
        return;
      }
      fs.exchange(at("a"), at("d"));
      expect(user.read("d")).toBe("one");
      expect(user.read("a/x")).toBe("in");
      fails("ENOENT", () => fs.exchange(at("d"), at("nothing")));
    });

    test("directories are made and removed, empty only", () => {
      const { fs, user } = bench;
      fs.mkdir(at("d"), 0o755);
      fails("EEXIST", () => fs.mkdir(at("d"), 0o755));
      fails("ENOENT", () => fs.mkdir(at("x/y"), 0o755));
      user.write("d/a", "");
      fails("ENOTEMPTY", () => fs.rmdir(at("d")));
      fails("ENOTDIR", () => fs.rmdir(at("d/a")));
      fails("ENOTDIR", () => fs.mkdir(at("d/a/b"), 0o755));
      fails("EISDIR", () => fs.unlink(at("d")));
      fs.unlink(at("d/a"));
      fails("ENOENT", () => fs.unlink(at("d/a")));
      fs.rmdir(at("d"));
      fails("ENOENT", () => fs.rmdir(at("d")));
    });

    test("copy takes content, bits and time, and creates only", () => {
      const { fs, user } = bench;
      user.write("a", "one");
      user.chmod("a", 0o755);
      fs.setMtime(at("a"), 1_000_000_000_000_000_000n);
      fs.copy(at("a"), stageName("c"));
      expect(readAll(fs, stageName("c"))).toBe("one");
      expect(fs.stat(stageName("c"))).toMatchObject({
        mtimeNs: 1_000_000_000_000_000_000n,
        mode: fs.stat(at("a"))?.mode,
      });
      expect(fs.stat(stageName("c"))?.ino).not.toBe(fs.stat(at("a"))?.ino);
      fails("EEXIST", () => fs.copy(at("a"), stageName("c")));
      expect(readAll(fs, stageName("c"))).toBe("one");
    });

    test("names of 255 bytes work, longer ones are refused", () => {
      const { fs } = bench;
      const name = `${"ü".repeat(127)}x`;
      fs.mkdir(at(name), 0o755);
      expect(fs.list(ROOT).some((entry) => entry.name?.normalize("NFC") === name)).toBe(true);
      fails("ENAMETOOLONG", () => fs.mkdir(at(`${name}y`), 0o755));
      fails("ENAMETOOLONG", () => fs.stat(at(`${name}y`)));
    });

    test("names with newline, quote, escape, emoji and a leading dash come back exactly", () => {
      const { fs, user } = bench;
      const names = ["-rf", "a\nb", "it's", "\u001b[31m", "😀", " lead"];
      for (const name of names) user.write(name, name);
      const listed = fs.list(ROOT).map((entry) => entry.name);
      for (const name of names) {
        expect(listed).toContain(name);
        expect(readAll(fs, at(name))).toBe(name);
      }
    });

    test("what the capabilities say of names is so", () => {
      const { fs, user } = bench;
      user.write("Foo", "one");
      expect(fs.stat(at("foo")) === undefined).toBe(fs.capabilities.caseSensitive);
      user.write("\u00e9", "two");
      expect(fs.stat(at("e\u0301")) === undefined).toBe(fs.capabilities.unicodeExact);
    });

    test("flushing a directory, everything, and asking for free space work", () => {
      const { fs } = bench;
      fs.mkdir(at("d"), 0o755);
      fs.syncDirectory(at("d"));
      fs.syncDirectory(ROOT);
      fs.syncAll();
      expect(fs.free().bytes).toBeGreaterThan(0);
      fails("ENOENT", () => fs.syncDirectory(at("x")));
    });
  });
}
