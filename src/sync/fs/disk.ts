/**
 * The file system of a folder on a real disk.
 *
 * What differs by platform: Linux with koffi has everything; Linux without it
 * loses exchange, create-only rename, one-call flush and exact mtimes (they are
 * set through a double, about 200 ns off); elsewhere the look-up of parents has
 * the residual described in `directory.ts` too.
 */

import { isUtf8 } from "node:buffer";
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  type Dirent,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { threadId } from "node:worker_threads";
import { chooseLookup, type Directory, type Lookup, openRoot } from "./directory.ts";
import {
  checkResult,
  copyContent,
  type DiskWriteHandle,
  lstatOf,
  openForReading,
  openForWriting,
  secondsText,
} from "./disk-handles.ts";
import { errnoOf, fsError, fsErrorFromNumber, isFsError, toFsError } from "./errno.ts";
import type {
  DiskEntry,
  DiskStat,
  EntryType,
  Filesystem,
  FsCapabilities,
  FsPath,
  PrivatePath,
  ReadHandle,
  WriteHandle,
} from "./filesystem.ts";
import { ROOT } from "./filesystem.ts";
import { loadNatives, type Natives, RENAME_EXCHANGE, RENAME_NOREPLACE } from "./natives.ts";
import { probeCapabilities } from "./probe.ts";

/** A folder on a real disk. `capabilities` are assumed from the platform until {@link probe} has tried them out. */
export interface Disk extends Filesystem {
  /** Tries in `.syncline/stage` what this file system can do; call it once after the marker was found right. */
  probe(): FsCapabilities;
}

export interface DiskOptions {
  /** Set to undefined to do without system calls that Node lacks; the tests run both ways. */
  readonly natives?: Natives | undefined;
  readonly lookup?: (rootPath: string, root: number) => Lookup;
}

/**
 * Opens a folder by its absolute path.
 *
 * Holds one descriptor of the root until closed. Fails with ENOENT, or with
 * ENOTDIR when the path is no directory or its last part is a link.
 */
export function openDisk(rootPath: string, options: DiskOptions = {}): Disk {
  const natives = "natives" in options ? options.natives : loadNatives();
  let root: number;
  try {
    root = openRoot(rootPath);
  } catch (thrown) {
    const error = toFsError(thrown, rootPath, "open");
    throw isFsError(error, "ELOOP") ? fsError("ENOTDIR", rootPath, "open", thrown) : error;
  }
  const lookup = options.lookup?.(rootPath, root) ?? chooseLookup({ rootPath, root, natives });
  return new DiskFilesystem({ rootPath, root, natives, lookup });
}

// Through /proc/self/fd the last step is a link by design, so O_NOFOLLOW would refuse it.
const READ_DIRECTORY_ANEW = constants.O_RDONLY | constants.O_DIRECTORY;
const O_PATH = 0o10000000;
const EINVAL = errnoOf("EINVAL");
const ENOSYS = errnoOf("ENOSYS");
const isLinux = process.platform === "linux";

class DiskFilesystem implements Disk {
  readonly #rootPath: string;
  readonly #root: number;
  readonly #natives: Natives | undefined;
  readonly #lookup: Lookup;
  #capabilities: FsCapabilities;

  constructor(parts: { rootPath: string; root: number; natives: Natives | undefined; lookup: Lookup }) {
    this.#rootPath = parts.rootPath;
    this.#root = parts.root;
    this.#natives = parts.natives;
    this.#lookup = parts.lookup;
    this.#capabilities = assumedCapabilities(parts.natives !== undefined);
  }

  get capabilities(): FsCapabilities {
    return this.#capabilities;
  }

  probe(): FsCapabilities {
    const unique = `${process.pid}-${threadId}`;
    this.#capabilities = probeCapabilities(this, { unique, reflink: (from, to) => this.#reflink(from, to) });
    return this.#capabilities;
  }

  rootState(): "same" | "missing" | "replaced" {
    return this.#in(ROOT, "stat", () => {
      const found = lstatSync(this.#rootPath, { bigint: true, throwIfNoEntry: false });
      if (found === undefined) return "missing";
      const held = fstatSync(this.#root, { bigint: true });
      return found.ino === held.ino && found.dev === held.dev ? "same" : "replaced";
    });
  }

  stat(path: FsPath | typeof ROOT): DiskStat | undefined {
    try {
      return this.#at(path, "stat", (at) => this.#lstat(at, path));
    } catch (thrown) {
      if (isFsError(thrown, "ENOENT", "ENOTDIR")) return undefined;
      throw thrown;
    }
  }

  list(path: FsPath | typeof ROOT): readonly DiskEntry[] {
    return this.#in(path, "list", (directory) =>
      readdirSync(directory.self, { withFileTypes: true, encoding: "buffer" }).map((entry) => ({
        ...nameOf(entry.name),
        type: typeOf(entry),
      })),
    );
  }

  openRead(path: FsPath): ReadHandle {
    return this.#at(path, "open", (at) => openForReading(below(at), path));
  }

  createStage(path: PrivatePath): WriteHandle {
    return this.#at(path, "create", (at) => this.#openForWriting(at, path, true));
  }

  openStage(path: PrivatePath): WriteHandle {
    return this.#at(path, "open", (at) => this.#openForWriting(at, path, false));
  }

  readLink(path: FsPath): string {
    return this.#at(path, "readlink", (at) => {
      const target = readlinkSync(below(at), { encoding: "buffer" });
      if (!isUtf8(target)) throw fsError("EILSEQ", path, "readlink");
      return target.toString();
    });
  }

  symlink(target: string, path: PrivatePath): void {
    this.#at(path, "symlink", (at) => symlinkSync(target, below(at)));
  }

  mkdir(path: FsPath, mode: number): void {
    this.#at(path, "mkdir", (at) => mkdirSync(below(at), { mode }));
  }

  rmdir(path: FsPath): void {
    this.#at(path, "rmdir", (at) => rmdirSync(below(at)));
  }

  link(from: FsPath, to: FsPath): void {
    this.#atBoth("link", from, to, (source, target) => linkAt(source, target, from));
  }

  linkFrom(other: Filesystem, from: FsPath, to: PrivatePath): void {
    if (!(#root in other)) throw fsError("EXDEV", to, "link");
    other.#at(from, "link", (source) => this.#at(to, "link", (target) => linkAt(source, target, from)));
  }

  rename(from: FsPath, to: FsPath): void {
    this.#atBoth("rename", from, to, (source, target) => renameSync(below(source), below(target)));
  }

  renameNoReplace(from: FsPath, to: FsPath): void {
    this.#renameWith(RENAME_NOREPLACE, "rename (create only)", from, to);
  }

  exchange(a: FsPath, b: FsPath): void {
    this.#renameWith(RENAME_EXCHANGE, "exchange", a, b);
  }

  unlink(path: FsPath): void {
    this.#at(path, "unlink", (at) => unlinkSync(below(at)));
  }

  chmod(path: FsPath, mode: number): void {
    this.#at(path, "chmod", (at) => {
      const flags = isLinux
        ? O_PATH | constants.O_NOFOLLOW
        : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      const fd = openSync(below(at), flags);
      try {
        if (fstatSync(fd).isSymbolicLink()) throw fsError("ELOOP", path, "chmod");
        chmodSync(isLinux ? `/proc/self/fd/${fd}` : below(at), mode);
      } finally {
        closeSync(fd);
      }
    });
  }

  setMtime(path: FsPath, mtimeNs: bigint): void {
    this.#at(path, "utimes", (at) => {
      if (this.#natives !== undefined && at.directory.fd !== undefined)
        checkResult(this.#natives.setMtimeAt({ directory: at.directory.fd, name: at.name }, mtimeNs), path, "utimes");
      else lutimesSync(below(at), secondsText(mtimeNs), secondsText(mtimeNs));
    });
  }

  #reflink(from: PrivatePath, to: PrivatePath): boolean {
    if (!isLinux) return false;
    try {
      this.#atBoth("reflink", from, to, (source, target) =>
        copyFileSync(below(source), below(target), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE),
      );
      return true;
    } catch {
      return false;
    }
  }

  copy(from: FsPath, to: PrivatePath): void {
    const source = this.#at(from, "open", (at) => openForReading(below(at), from));
    try {
      this.#at(to, "copy", (at) => {
        const target = this.#openForWriting(at, to, true);
        try {
          const found = source.stat();
          copyContent(source, target);
          target.setMode(found.mode & 0o777);
          target.setMtime(found.mtimeNs);
        } catch (thrown) {
          unlinkSync(below(at));
          throw thrown;
        } finally {
          target.close();
        }
      });
    } finally {
      source.close();
    }
  }

  syncDirectory(path: FsPath | typeof ROOT): void {
    this.#in(path, "fsync", (directory) => {
      const fd = openSync(directory.self, READ_DIRECTORY_ANEW);
      try {
        fsyncSync(fd);
      } catch (thrown) {
        // Some file systems in user space have no fsync for directories.
        if (!isFsError(toFsError(thrown, path, "fsync"), "EINVAL", "ENOSYS")) throw thrown;
      } finally {
        closeSync(fd);
      }
    });
  }

  syncAll(): boolean {
    if (this.#natives === undefined) return false;
    checkResult(this.#natives.syncAll(this.#root), ROOT, "syncfs");
    return true;
  }

  free(): { readonly bytes: number; readonly totalBytes: number; readonly inodes: number | undefined } {
    return this.#in(ROOT, "statfs", (directory) => {
      const found = statfsSync(directory.self);
      return {
        bytes: found.bavail * found.bsize,
        totalBytes: found.blocks * found.bsize,
        inodes: found.files === 0 ? undefined : found.ffree,
      };
    });
  }

  close(): void {
    closeSync(this.#root);
  }

  /** Runs `work` on the directory at `path`, open for this one call. */
  #in<T>(path: string, call: string, work: (directory: Directory) => T): T {
    let directory: Directory | undefined;
    try {
      directory = this.#lookup(path, call);
      return work(directory);
    } catch (thrown) {
      throw toFsError(thrown, path, call);
    } finally {
      directory?.close();
    }
  }

  /** Runs `work` on the parent of `path` and the last name in it; the root is its own parent under the name ".". */
  #at<T>(path: string, call: string, work: (at: At) => T): T {
    const slash = path.lastIndexOf("/");
    let directory: Directory | undefined;
    try {
      directory = this.#lookup(slash === -1 ? "" : path.slice(0, slash), call);
      return work({ directory, name: path === ROOT ? "." : path.slice(slash + 1) });
    } catch (thrown) {
      throw toFsError(thrown, path, call);
    } finally {
      directory?.close();
    }
  }

  #atBoth(call: string, from: FsPath, to: FsPath, work: (source: At, target: At) => void): void {
    this.#at(from, call, (source) => this.#at(to, call, (target) => work(source, target)));
  }

  #renameWith(flags: number, call: string, from: FsPath, to: FsPath): void {
    this.#atBoth(call, from, to, (source, target) => {
      const [fromFd, toFd] = [source.directory.fd, target.directory.fd];
      if (this.#natives === undefined || fromFd === undefined || toFd === undefined) throw fsError("ENOTSUP", to, call);
      const result = this.#natives.rename(
        { directory: fromFd, name: source.name },
        { directory: toFd, name: target.name },
        flags,
      );
      // EINVAL is how a file system refuses the flag, unless a directory was to go into itself.
      const isRefused = result === -EINVAL && !isInside(from, to) && !isInside(to, from);
      if (isRefused || result === -ENOSYS) throw fsError("ENOTSUP", to, call);
      checkResult(result, to, call);
    });
  }

  #lstat(at: At, path: string): DiskStat | undefined {
    if (this.#natives === undefined || at.directory.fd === undefined) return lstatOf(below(at));
    const found = this.#natives.lstat(at.directory.fd, at.name);
    if (typeof found !== "number") return found;
    throw fsErrorFromNumber(-found, path, "stat");
  }

  #openForWriting(at: At, path: PrivatePath, isNew: boolean): DiskWriteHandle {
    return openForWriting({ place: below(at), path, isNew, natives: this.#natives });
  }
}

interface At {
  readonly directory: Directory;
  readonly name: string;
}

function below(at: At): string {
  return `${at.directory.self}/${at.name}`;
}

/** link(2) follows a link on some platforms; Linux never does. */
function linkAt(source: At, target: At, from: string): void {
  if (!isLinux && lstatSync(below(source)).isSymbolicLink()) throw fsError("ENOTSUP", from, "link");
  linkSync(below(source), below(target));
}

function isInside(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

function nameOf(bytes: Buffer): { readonly name: string | undefined; readonly shown: string } {
  const text = bytes.toString();
  if (isUtf8(bytes)) return { name: text, shown: text };
  const shown = [...bytes]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
    )
    .join("");
  return { name: undefined, shown };
}

function typeOf(entry: Dirent<Buffer>): EntryType {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "symlink" : "special";
}

function assumedCapabilities(hasNatives: boolean): FsCapabilities {
  const isFolding = process.platform === "darwin" || process.platform === "win32";
  return {
    exchange: hasNatives,
    renameNoReplace: hasNatives,
    hardLinks: true,
    symlinks: process.platform !== "win32",
    executableBit: process.platform !== "win32",
    caseSensitive: !isFolding,
    unicodeExact: process.platform !== "darwin",
    mtimeGrainNs: hasNatives ? 1 : 1000,
    reflink: false,
  };
}
