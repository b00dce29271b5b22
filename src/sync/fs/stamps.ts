/** Comparing what lies on disk with what was seen there before. */
import { constants } from "node:fs";
import { type DiskStamp, sameStamp } from "../../shared/file-info.ts";
import type { DiskStat, EntryType, Filesystem, FsPath } from "./filesystem.ts";

/** What a mutating step finds right before it acts (promise P2). */
export type Check =
  | { readonly type: "same"; readonly found: DiskStat }
  | { readonly type: "missing" }
  | { readonly type: "changed"; readonly found: DiskStat };

/** Compares a path with the stamp the index has for it; every mutating step calls this last before it acts. */
export function checkStamp(fs: Filesystem, path: FsPath, expected: DiskStamp): Check {
  const found = fs.stat(path);
  if (found === undefined) return { type: "missing" };
  return sameStamp(found, expected) ? { type: "same", found } : { type: "changed", found };
}

/**
 * Whether two stamps tell of one inode with the same content and permissions.
 *
 * For stamps on two sides of our own rename, link or exchange, which change
 * the ctime and nothing else.
 */
export function sameButCtime(a: DiskStamp, b: DiskStamp): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeNs === b.mtimeNs && a.mode === b.mode;
}

/** The stamp inside a stat, for the index. */
export function stampOf(stat: DiskStat): DiskStamp {
  return {
    dev: stat.dev,
    ino: stat.ino,
    size: stat.size,
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
    mode: stat.mode,
  };
}

/** The kind of entry that `st_mode` tells of. */
export function typeOfMode(mode: number): EntryType {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFREG:
      return "file";
    case constants.S_IFDIR:
      return "directory";
    case constants.S_IFLNK:
      return "symlink";
    default:
      return "special";
  }
}
