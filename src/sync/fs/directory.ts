/**
 * Finds the directory that holds a path without following a link on the way.
 *
 * Promise P11: no symlink, and no race with one, makes a call leave the
 * folder. A directory is looked up anew for each call, from the descriptor of
 * the root, because its user may rename it at any moment; the name is then
 * used below the descriptor found, so that a swap between look-up and use
 * changes nothing.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, fsError, fsErrorFromNumber } from "./errno.ts";
import type { Natives } from "./natives.ts";

/** A directory found for one call. Close it in every case. */
export interface Directory {
  /** Its descriptor; undefined where it is found by path only. */
  readonly fd: number | undefined;
  /** A path to it that no rename can lead astray (except off Linux, see {@link checkedLookup}). */
  readonly self: string;
  close(): void;
}

/** Looks directories up, by path relative to the root ("" is the root). Fails with ENOENT, ENOTDIR (also for a link), EXDEV. */
export type Lookup = (path: string, call: string) => Directory;

const O_PATH = 0o10000000;
const ELOOP = errnoOf("ELOOP");
const noClose = (): void => {};

/** The root, opened. Its last component must not be a link (Syncthing #276); the caller resolves what a person typed. */
export function openRoot(rootPath: string): number {
  return openSync(rootPath, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** The strongest look-up this platform has. */
export function chooseLookup(options: {
  readonly rootPath: string;
  readonly root: number;
  readonly natives: Natives | undefined;
}): Lookup {
  const { rootPath, root, natives } = options;
  if (!hasProcFd(root)) return checkedLookup(rootPath);
  if (natives !== undefined && canOpenBeneath(natives, root)) return nativeLookup(natives, root);
  return walkedLookup(root);
}

/** One `openat2` for any depth. */
function nativeLookup(natives: Natives, root: number): Lookup {
  const rootDirectory: Directory = { fd: root, self: fdPath(root), close: noClose };
  return (path, call) => {
    if (path === "") return rootDirectory;
    const fd = natives.openBeneath(root, path);
    if (fd >= 0) return { fd, self: fdPath(fd), close: () => natives.close(fd) };
    // A link on the way is ELOOP here and ENOTDIR for every other look-up.
    throw -fd === ELOOP ? fsError("ENOTDIR", path, call) : fsErrorFromNumber(-fd, path, call);
  };
}

/** Component by component through `/proc/self/fd`, for a Linux without openat2 or koffi. */
export function walkedLookup(root: number): Lookup {
  const rootDirectory: Directory = { fd: root, self: fdPath(root), close: noClose };
  const rootDevice = fstatSync(root).dev;
  return (path, call) => {
    if (path === "") return rootDirectory;
    let fd = root;
    for (const name of path.split("/")) {
      const parent = fd;
      try {
        fd = openSync(`${fdPath(parent)}/${name}`, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      } finally {
        if (parent !== root) closeSync(parent);
      }
      if (fstatSync(fd).dev !== rootDevice) {
        closeSync(fd);
        throw fsError("EXDEV", path, call);
      }
    }
    return { fd, self: fdPath(fd), close: () => closeSync(fd) };
  };
}

/**
 * `lstat` of each component, for platforms without `/proc/self/fd`.
 *
 * Residual, as in rsync: somebody who can write inside the folder and swaps a
 * directory for a link between this check and the call that follows can lead
 * that call outside. Linux has no such gap.
 */
export function checkedLookup(rootPath: string): Lookup {
  const rootDevice = lstatSync(rootPath).dev;
  return (path, call) => {
    let place = rootPath;
    for (const name of path === "" ? [] : path.split("/")) {
      place = join(place, name);
      const found = lstatSync(place);
      if (!found.isDirectory()) throw fsError("ENOTDIR", path, call);
      if (found.dev !== rootDevice) throw fsError("EXDEV", path, call);
    }
    return { fd: undefined, self: place, close: noClose };
  };
}

function fdPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function hasProcFd(root: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    const [seen, held] = [statSync(fdPath(root)), fstatSync(root)];
    return seen.ino === held.ino && seen.dev === held.dev;
  } catch {
    return false;
  }
}

/** Old kernels and some sandboxes refuse openat2. */
function canOpenBeneath(natives: Natives, root: number): boolean {
  const fd = natives.openBeneath(root, ".");
  if (fd < 0) return false;
  natives.close(fd);
  return true;
}
