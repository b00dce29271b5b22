/** What was taken from a path, on its way into the store or back. */
import { isFsError } from "./errno.ts";
import { type DiskStat, type Filesystem, type PrivatePath } from "./filesystem.ts";
import { placeNew, type Placing } from "./place.ts";
import type { RelPath } from "../../shared/ids.ts";
import { sameStamp } from "../../shared/file-info.ts";

/** Content that lies in the store now. It may still change: a program may hold it open. Compare with `stat` before relying on it. */
export interface Kept {
  readonly path: PrivatePath;
  readonly stat: DiskStat;
  /** It is still an inode with other names (it could not be copied): whoever writes to those changes it. */
  readonly isShared: boolean;
}

const COPIES_MAX = 3;

/** The stat of something that must be in the private area. */
export function statPrivate(fs: Filesystem, path: PrivatePath): DiskStat {
  const found = fs.stat(path);
  if (found === undefined) throw new Error(`bug: ${path} vanished from the private area`);
  return found;
}

/**
 * Finishes keeping: an inode with other names is replaced by a copy, so that a
 * write to one of those does not change the version (catalogue E13).
 *
 * Never fails for want of space: then the inode itself stays.
 */
export function settleKept(fs: Filesystem, path: PrivatePath): Kept {
  const found = statPrivate(fs, path);
  if (found.type !== "file" || found.links === 1) return { path, stat: found, isShared: false };
  const copy = `${path}.copy` as PrivatePath;
  for (let tries = 0; tries < COPIES_MAX; tries += 1) {
    const before = statPrivate(fs, path);
    try {
      fs.copy(path, copy);
    } catch (thrown) {
      if (!isFsError(thrown, "EEXIST", "ENOSPC", "EDQUOT", "EIO", "EACCES", "EMFILE", "ENFILE")) throw thrown;
      if (isFsError(thrown, "EEXIST")) fs.unlink(copy);
      continue;
    }
    if (sameStamp(statPrivate(fs, path), before)) {
      // The other names hold the inode, so that dropping this one loses nothing.
      fs.rename(copy, path);
      return { path, stat: statPrivate(fs, path), isShared: false };
    }
    fs.unlink(copy);
  }
  return { path, stat: statPrivate(fs, path), isShared: true };
}

/** Gives content that should not have been taken its path again, unless somebody has taken that meanwhile. */
export function putBack(fs: Filesystem, kept: PrivatePath, path: RelPath): Placing {
  return placeNew(fs, kept, path, { isPrecious: true });
}
