/** What was taken from a path, on its way into the store or back. */

import { sameStamp } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { isFsError } from "./errno.ts";
import type { DiskStat, Filesystem, PrivatePath } from "./filesystem.ts";
import { type Placing, placeNew } from "./place.ts";
import { sameButCtime } from "./stamps.ts";

/** Content that lies in the store now. */
export interface Kept {
  readonly path: PrivatePath;
  /** As it was when what came out was checked. A program may hold it open: content is relied on only while the disk has this stamp. */
  readonly stat: DiskStat;
  /** It is still an inode with other names (it could not be copied): whoever writes to those changes it. */
  readonly isShared: boolean;
}

/** The stat of something that must be in the private area. */
export function statPrivate(fs: Filesystem, path: PrivatePath): DiskStat {
  const found = fs.stat(path);
  if (found === undefined) throw new Error(`bug: ${path} vanished from the private area`);
  return found;
}

/**
 * Finishes keeping what was checked to be `checked`: an inode with other names
 * is replaced by a copy, so that a write to one of those does not change the
 * version (catalogue E13).
 *
 * Never fails for want of space: then the inode itself stays. When somebody
 * writes to it meanwhile, it stays too, with a stamp that no longer fits.
 */
export function settleKept(fs: Filesystem, path: PrivatePath, checked: DiskStat): Kept {
  if (checked.type !== "file" || checked.links === 1) return { path, stat: checked, isShared: false };
  const copy = `${path}.copy` as PrivatePath;
  if (tryCopy(fs, path, copy)) {
    if (sameStamp(statPrivate(fs, path), checked)) {
      const stat = statPrivate(fs, copy);
      // The other names hold the inode, so that dropping this one loses nothing.
      fs.rename(copy, path);
      return { path, stat: confirmRenamed(fs, path, stat), isShared: false };
    }
    fs.unlink(copy);
  }
  return { path, stat: checked, isShared: true };
}

function tryCopy(fs: Filesystem, from: PrivatePath, to: PrivatePath): boolean {
  try {
    fs.copy(from, to);
    const handle = fs.openStage(to);
    try {
      // Before it takes the place of an inode that is durable.
      handle.sync();
    } finally {
      handle.close();
    }
    return true;
  } catch (thrown) {
    if (!isFsError(thrown, "EEXIST", "ENOSPC", "EDQUOT", "EIO", "EACCES", "EMFILE", "ENFILE")) throw thrown;
    return false;
  }
}

/** Our own rename changed the ctime; nobody else knows the name. */
function confirmRenamed(fs: Filesystem, path: PrivatePath, before: DiskStat): DiskStat {
  const found = statPrivate(fs, path);
  return sameButCtime(found, before) ? found : before;
}

/** Gives content that should not have been taken its path again, unless somebody has taken that meanwhile. */
export function putBack(fs: Filesystem, kept: PrivatePath, path: RelPath): Placing {
  return placeNew(fs, kept, path, { isPrecious: true });
}
