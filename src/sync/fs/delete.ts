/** Deleting: nothing of a user is ever unlinked, it goes into the store. */
import type { DiskStamp } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { isFsError } from "./errno.ts";
import { isNamedExactly } from "./exact-name.ts";
import type { DiskEntry, DiskStat, Filesystem, FsPath, PrivatePath } from "./filesystem.ts";
import type { IntentLog } from "./intent-log.ts";
import { type Kept, putBack, settleKept, statPrivate } from "./keep.ts";
import { checkStamp, sameButCtime } from "./stamps.ts";

export type DeleteFileResult =
  /** Gone from its path; `kept` is the trash item. */
  | { readonly type: "deleted"; readonly kept: Kept }
  /** Nothing is at the path (or only a twin whose name differs in case). */
  | { readonly type: "missing" }
  /** Something else is at the path, untouched: scan it, the edit wins. */
  | { readonly type: "changed" }
  /** A user's content was taken and their path is occupied again (or its directory gone): make a conflict copy of `kept`, and scan the path. */
  | { readonly type: "conflict"; readonly kept: Kept };

/**
 * Moves a file or symlink from its path into the store.
 *
 * Checks before and, because a save may slip in between, what came out
 * (Syncthing #5194). Throws FsError for what is no race; then abandon the log
 * and run `recoverIntents`, which puts the file back.
 */
export function deleteFile(
  fs: Filesystem,
  log: IntentLog,
  options: { readonly path: RelPath; readonly expected: DiskStamp; readonly keepAs: PrivatePath },
): DeleteFileResult {
  const { path, expected, keepAs } = options;
  log.record([{ path, keepAs }]);
  // Where names fold, deleting "a" after a rename to "A" would delete both (Syncthing #1787).
  if (!isNamedExactly(fs, path)) return { type: "missing" };
  const check = checkStamp(fs, path, expected);
  if (check.type !== "same") return { type: check.type };
  try {
    fs.rename(path, keepAs);
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return { type: "missing" };
    throw thrown;
  }
  const out = statPrivate(fs, keepAs);
  if (sameButCtime(out, expected)) return { type: "deleted", kept: settleKept(fs, keepAs, out) };
  return putBack(fs, keepAs, path) === "placed"
    ? { type: "changed" }
    : { type: "conflict", kept: settleKept(fs, keepAs, out) };
}

export type DropNameResult =
  /** The path is gone; its content lives on under its other name. */
  | { readonly type: "dropped" }
  | { readonly type: "missing" }
  /** Another file is at the path, untouched, or one that has no other name any more: scan it. */
  | { readonly type: "changed" }
  | { readonly type: "conflict"; readonly kept: Kept };

/**
 * Takes one of several names from a file that has another: nothing of its
 * content goes, whoever is writing to it. The caller has made the other name
 * durable. As with {@link deleteFile} a save may slip in, so what came out is
 * looked at before it goes.
 */
export function dropName(
  fs: Filesystem,
  log: IntentLog,
  options: { readonly path: RelPath; readonly expected: Pick<DiskStamp, "dev" | "ino">; readonly keepAs: PrivatePath },
): DropNameResult {
  const { path, expected, keepAs } = options;
  log.record([{ path, keepAs }]);
  if (!isNamedExactly(fs, path)) return { type: "missing" };
  const found = fs.stat(path);
  if (found === undefined) return { type: "missing" };
  if (!isThatInode(found, expected)) return { type: "changed" };
  try {
    fs.rename(path, keepAs);
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return { type: "missing" };
    throw thrown;
  }
  const out = statPrivate(fs, keepAs);
  if (isThatInode(out, expected)) {
    fs.unlink(keepAs);
    return { type: "dropped" };
  }
  return putBack(fs, keepAs, path) === "placed"
    ? { type: "changed" }
    : { type: "conflict", kept: settleKept(fs, keepAs, out) };
}

function isThatInode(found: DiskStat, { dev, ino }: Pick<DiskStamp, "dev" | "ino">): boolean {
  return found.ino === ino && found.dev === dev && found.links > 1;
}

export type DeleteDirectoryResult =
  | { readonly type: "deleted" }
  | { readonly type: "missing" }
  /** No directory any more. */
  | { readonly type: "changed" }
  /** It stays. `isJunkOnly`: all that is left was put there by an operating system; call again with `removeJunk`. */
  | { readonly type: "notEmpty"; readonly entries: readonly DiskEntry[]; readonly isJunkOnly: boolean };

const JUNK: ReadonlySet<string> = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

/** Removes a directory, only when it is empty: whatever a user keeps in it stays, and so does it. */
export function deleteDirectory(
  fs: Filesystem,
  options: { readonly path: RelPath; readonly removeJunk: boolean },
): DeleteDirectoryResult {
  const { path, removeJunk } = options;
  if (!isNamedExactly(fs, path)) return { type: "missing" };
  const result = removeWhenEmpty(fs, path);
  if (result.type !== "notEmpty" || !result.isJunkOnly || !removeJunk) return result;
  for (const entry of result.entries) unlinkQuietly(fs, `${path}/${entry.name ?? ""}` as RelPath);
  return removeWhenEmpty(fs, path);
}

function removeWhenEmpty(fs: Filesystem, path: RelPath): DeleteDirectoryResult {
  try {
    fs.rmdir(path);
    return { type: "deleted" };
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT")) return { type: "missing" };
    if (isFsError(thrown, "ENOTDIR")) return { type: fs.stat(path) === undefined ? "missing" : "changed" };
    if (!isFsError(thrown, "ENOTEMPTY", "EEXIST")) throw thrown;
  }
  const entries = listQuietly(fs, path);
  const isJunkOnly = entries.every(
    (entry) => entry.type === "file" && entry.name !== undefined && JUNK.has(entry.name),
  );
  return { type: "notEmpty", entries, isJunkOnly };
}

function listQuietly(fs: Filesystem, path: FsPath): readonly DiskEntry[] {
  try {
    return fs.list(path);
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return [];
    throw thrown;
  }
}

function unlinkQuietly(fs: Filesystem, path: FsPath): void {
  try {
    fs.unlink(path);
  } catch (thrown) {
    if (!isFsError(thrown, "ENOENT", "ENOTDIR")) throw thrown;
  }
}
