/** Moving within the folder: never overwrites. */
import type { DiskStamp } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { isFsError } from "./errno.ts";
import { isSameEntry } from "./exact-name.ts";
import type { DiskStat, Filesystem, PrivatePath } from "./filesystem.ts";
import type { IntentLog } from "./intent-log.ts";
import { type Kept, putBack, settleKept, statPrivate } from "./keep.ts";
import { confirmPlaced, type Placed, type Placing, placeNew } from "./place.ts";
import { checkStamp } from "./stamps.ts";

export interface MoveFileOptions {
  readonly from: RelPath;
  readonly to: RelPath;
  readonly expected: DiskStamp;
  /** A new name in the store, for file systems where the file has to pass through the private area. */
  readonly keepAs: PrivatePath;
}

export type MoveFileResult =
  /** It has its new name. Touched: an edit travelled along, or came right after; it is the user's, made on top of what moved. */
  | ({ readonly type: "moved" } & Placed)
  | { readonly type: "missing" }
  /** Something else is at `from`, untouched: scan it. */
  | { readonly type: "changed" }
  /** Something is at `to`; the file is still at `from`. */
  | { readonly type: "occupied" }
  /** The directory of `to` is gone; the file is still at `from`. */
  | { readonly type: "noParent" }
  /** The content found neither its new nor its old path free: make a conflict copy of `kept`, and scan both. */
  | { readonly type: "conflict"; readonly kept: Kept };

/**
 * Moves a file or symlink to a free path, by one step where the file system
 * has one. A change of case only, where names fold, is such a move, too.
 *
 * Throws FsError for what is no race; then abandon the log and run
 * `recoverIntents`.
 */
export function moveFile(fs: Filesystem, log: IntentLog, options: MoveFileOptions): MoveFileResult {
  const { from, to, expected } = options;
  const isCaseOnly = isSameEntry(fs, from, to);
  if (!isCaseOnly && !fs.capabilities.renameNoReplace) return moveThroughStore(fs, log, options);
  const check = checkStamp(fs, from, expected);
  if (check.type !== "same") return { type: check.type };
  try {
    if (isCaseOnly) fs.rename(from, to);
    else fs.renameNoReplace(from, to);
  } catch (thrown) {
    if (isFsError(thrown, "EEXIST")) return { type: "occupied" };
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return { type: fs.stat(from) === undefined ? "missing" : "noParent" };
    if (isFsError(thrown, "ENOTSUP")) return moveThroughStore(fs, log, options);
    throw thrown;
  }
  // No putting back: an edit that slipped in is best off where the file is now.
  return { type: "moved", ...confirmPlaced(fs, to, check.found) };
}

function moveThroughStore(fs: Filesystem, log: IntentLog, options: MoveFileOptions): MoveFileResult {
  const { from, to, expected, keepAs } = options;
  log.record([{ path: from, keepAs }]);
  const check = checkStamp(fs, from, expected);
  if (check.type !== "same") return { type: check.type };
  if (fs.stat(to) !== undefined) return { type: "occupied" };
  try {
    fs.rename(from, keepAs);
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return { type: "missing" };
    throw thrown;
  }
  const placing = placeOrPutBack(fs, options);
  if (placing !== "placed") return giveBack(fs, options, placing);
  return { type: "moved", ...confirmPlaced(fs, to, check.found) };
}

function giveBack(fs: Filesystem, options: MoveFileOptions, type: Exclude<Placing, "placed">): MoveFileResult {
  const { from, keepAs } = options;
  if (putBack(fs, keepAs, from) === "placed") return { type };
  return { type: "conflict", kept: settleKept(fs, keepAs, statPrivate(fs, keepAs)) };
}

function placeOrPutBack(fs: Filesystem, options: MoveFileOptions): Placing {
  try {
    return placeNew(fs, options.keepAs, options.to, { isPrecious: true });
  } catch (thrown) {
    putBack(fs, options.keepAs, options.from);
    throw thrown;
  }
}

export type MoveDirectoryResult =
  | { readonly type: "moved"; readonly found: DiskStat | undefined }
  | { readonly type: "missing" }
  /** Another directory is at `from` now, or none. */
  | { readonly type: "changed" }
  | { readonly type: "occupied" }
  | { readonly type: "noParent" };

/**
 * Moves a directory with all it holds to a free path.
 *
 * The caller has found its indexed children clean; what else lies in it
 * travels along, so the caller scans `to` afterwards. `expected` needs the
 * inode only: every entry made in a directory changes its times.
 */
export function moveDirectory(
  fs: Filesystem,
  options: { readonly from: RelPath; readonly to: RelPath; readonly expected: Pick<DiskStamp, "dev" | "ino"> },
): MoveDirectoryResult {
  const { from, to, expected } = options;
  const found = fs.stat(from);
  if (found === undefined) return { type: "missing" };
  if (found.type !== "directory" || found.ino !== expected.ino || found.dev !== expected.dev)
    return { type: "changed" };
  if (isSameEntry(fs, from, to)) fs.rename(from, to);
  else {
    // Without a create-only rename, a plain one could at worst replace an empty directory.
    const placing = placeNew(fs, from, to);
    if (placing !== "placed") return { type: placing };
  }
  return { type: "moved", found: fs.stat(to) };
}
