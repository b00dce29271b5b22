/**
 * Gives staged files their names, so that every reader sees the whole old or
 * the whole new file and nothing that was not meant to go is overwritten.
 */

import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fdatasyncSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { NUMBERED_NAMES_MAX, numberedName } from "../../shared/duplicates.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { type Natives, RENAME_NOREPLACE } from "../../sync/fs/natives.ts";
import type { InstallFile, TakeName } from "./file-calls.ts";
import { setMtime } from "./stage-file.ts";

/** More files than this are flushed by one call for the whole file system. */
const SYNC_EACH_MAX = 8;
const AT_FDCWD = -100;

export class NamePlacer {
  readonly #natives: Natives | undefined;
  /** Directories known to be real ones, below the root of this transfer. */
  readonly #real = new Set<string>();

  constructor(natives: Natives | undefined) {
    this.#natives = natives;
  }

  /** Moves a staged file to its name; undefined when the name is taken and nothing may give way. */
  place(staged: string, target: string, take: TakeName): string | undefined {
    if (take === "replace") {
      assertNoDirectory(target);
      renameSync(staged, target);
      return target;
    }
    return candidates(target, take).find((path) => this.#moveNew(staged, path));
  }

  /** Writes small files under private names and makes them durable, all in one go. */
  stageAll(files: readonly (InstallFile & { readonly bytes: Uint8Array })[]): readonly (string | Error)[] {
    const staged = files.map((file) => {
      try {
        return this.#stage(file);
      } catch (error) {
        return error as Error;
      }
    });
    const paths = staged.filter((path) => typeof path === "string");
    if (paths.length > SYNC_EACH_MAX && this.#syncAll(paths[0] ?? "")) return staged;
    return staged.map((path) => (typeof path === "string" ? (syncFile(path) ?? path) : path));
  }

  placeStaged(staged: readonly (string | Error)[], position: number, file: InstallFile): string | undefined {
    const path = staged[position];
    if (path === undefined || typeof path !== "string") throw path ?? new Error("bug: a file that was not staged");
    try {
      const stored = this.place(path, file.target, file.take);
      if (stored === undefined) unlinkSync(path);
      return stored;
    } catch (error) {
      unlinkSync(path);
      throw error;
    }
  }

  placeLink(target: string, text: string, take: TakeName): string | undefined {
    if (take !== "replace") return candidates(target, take).find((path) => isMade(() => symlinkSync(text, path)));
    assertNoDirectory(target);
    const staged = privateName(dirname(target));
    symlinkSync(text, staged);
    renameSync(staged, target);
    return target;
  }

  /** Makes the names durable. */
  flush(paths: readonly string[]): void {
    for (const directory of new Set(paths.map((path) => dirname(path)))) syncDirectory(directory);
  }

  /**
   * Makes a directory and those above it, from `root` down. A link on the way
   * is not followed: what a peer sends must not lead out of `root`.
   */
  makeDirectory(root: string, path: string, mode: number): number {
    let made = 0;
    if (!this.#real.has(root)) {
      if (mkdirSync(root, { recursive: true }) !== undefined) made++;
      this.#real.add(root);
    }
    let at = root;
    for (const part of relative(root, path).split(sep)) {
      if (part === "") continue;
      at = join(at, part);
      if (this.#real.has(at)) continue;
      if (isMade(() => mkdirSync(at, 0o755))) made++;
      else if (!lstatSync(at).isDirectory())
        throw new SyncError("E_EXISTS", `${printable(at)} is in the way: it is no directory`);
      this.#real.add(at);
    }
    // What is to be put in it must be possible.
    if (made > 0 && path !== root) chmodSync(path, (mode & 0o777) | 0o700);
    return made;
  }

  #stage({ target, bytes, mode, mtimeNs }: InstallFile & { readonly bytes: Uint8Array }): string {
    const path = privateName(dirname(target));
    const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, done);
      fchmodSync(fd, mode & 0o777);
      setMtime(this.#natives, fd, mtimeNs);
      return path;
    } catch (error) {
      unlinkSync(path);
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  /** Moves to a name that nothing has; false when something has it. */
  #moveNew(staged: string, path: string): boolean {
    const result = this.#natives?.rename(
      { directory: AT_FDCWD, name: staged },
      { directory: AT_FDCWD, name: path },
      RENAME_NOREPLACE,
    );
    if (result === 0) return true;
    if (result === -17) return false;
    try {
      linkSync(staged, path);
      unlinkSync(staged);
      return true;
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") return false;
      if (!NO_LINKS.has(code)) throw error;
    }
    // A file system with neither call: a name made here holds the place until the file is moved over it.
    if (!isMade(() => closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600))))
      return false;
    renameSync(staged, path);
    return true;
  }

  #syncAll(path: string): boolean {
    if (this.#natives === undefined) return false;
    const fd = openSync(path, constants.O_RDONLY);
    try {
      return this.#natives.syncAll(fd) >= 0;
    } finally {
      closeSync(fd);
    }
  }
}

const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
  "EXDEV",
  "EINVAL",
]);

function* candidates(target: string, take: TakeName): Generator<string> {
  yield target;
  if (take !== "number") return;
  for (let step = 1; step <= NUMBERED_NAMES_MAX; step++)
    yield join(dirname(target), numberedName(basename(target), step));
}

function privateName(directory: string): string {
  return join(directory, `.syncline-${randomBytes(8).toString("hex")}.part`);
}

function isMade(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function assertNoDirectory(target: string): void {
  if (lstatSync(target, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new SyncError("E_EXISTS", `${printable(target)} is a directory`);
}

function syncFile(path: string): Error | undefined {
  const fd = openSync(path, constants.O_RDWR);
  try {
    fdatasyncSync(fd);
    return undefined;
  } catch (error) {
    unlinkSync(path);
    return error as Error;
  } finally {
    closeSync(fd);
  }
}

function syncDirectory(directory: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(directory, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
