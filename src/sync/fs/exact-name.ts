import { isFsError } from "./errno.ts";
import type { Filesystem, FsPath, PrivatePath, ROOT } from "./filesystem.ts";
import { parentPath } from "./place.ts";

/**
 * Whether the last part of a path is on disk in just this spelling.
 *
 * True without a look where names are exact. Elsewhere "a" finds "A", and who
 * deletes or renames by one spelling must know which one is there.
 */
export function isNamedExactly(fs: Filesystem, path: FsPath): boolean {
  if (fs.capabilities.caseSensitive && fs.capabilities.unicodeExact) return true;
  const name = path.slice(path.lastIndexOf("/") + 1);
  return listOrNothing(fs, parentPath(path)).some((entry) => entry.name === name);
}

/** Whether both paths find the same directory entry, under spellings that the file system folds into one. */
export function isSameEntry(fs: Filesystem, a: FsPath, b: FsPath): boolean {
  if (fs.capabilities.caseSensitive && fs.capabilities.unicodeExact) return false;
  const [first, second] = [fs.stat(a), fs.stat(b)];
  const isSameInode =
    first !== undefined && second !== undefined && first.ino === second.ino && first.dev === second.dev;
  return isSameInode && isNamedExactly(fs, a) && !isNamedExactly(fs, b);
}

function listOrNothing(fs: Filesystem, path: FsPath | typeof ROOT): ReturnType<Filesystem["list"]> {
  try {
    return fs.list(path as PrivatePath);
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return [];
    throw thrown;
  }
}
