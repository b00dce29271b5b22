import { assert } from "../../shared/errors.ts";
import type { DiskStamp } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { isFsError } from "./errno.ts";
import type { Filesystem, PrivatePath } from "./filesystem.ts";
import type { IntentLog } from "./intent-log.ts";
import { type Kept, putBack, settleKept, statPrivate } from "./keep.ts";
import { confirmPlaced, type Placed, type Placing, placeNew } from "./place.ts";
import type { Staged } from "./stage.ts";
import { checkStamp, sameButCtime, typeOfMode } from "./stamps.ts";

export interface ReplaceOptions {
  readonly staged: Staged;
  readonly path: RelPath;
  /** What the index knows to be at the path: a file or a symlink. */
  readonly expected: DiskStamp;
  /** A new name in the store for the old content. */
  readonly keepAs: PrivatePath;
}

export type ReplaceResult =
  /** The new content is at the path, the old in the store: a version of the path. */
  | ({ readonly type: "installed"; readonly kept: Kept } & Placed)
  /** Nothing was at the path, or it vanished meanwhile. */
  | { readonly type: "missing"; readonly kept: Kept | undefined }
  /**
   * Something else is at the path: scan it and plan anew. Without `kept` the
   * staged file is untouched. With it the staged file is used up, and `kept` is
   * content that stood at the path for a moment (ours, or the old one): adopt it
   * as a version, because somebody may hold it open.
   */
  | { readonly type: "changed"; readonly kept: Kept | undefined }
  /** A user saved while we swapped, more than once: `kept` is a content of theirs that is not at the path. Scan the path, and make a conflict copy of `kept`. */
  | { readonly type: "conflict"; readonly kept: Kept };

/**
 * Replaces what the index knows to be at a path by a staged file.
 *
 * Every reader sees the whole old or the whole new content (promise P3), and
 * a save that slips in between the check and the swap comes out on our side,
 * where it is found and put back (promise P2). Where the file system refuses
 * to exchange, the path is empty for a moment; the log brings the old content
 * back after a crash then.
 *
 * The staged content must be durable before. Throws FsError for what is no
 * race; then abandon the log and run `recoverIntents`.
 */
export function replace(fs: Filesystem, log: IntentLog, options: ReplaceOptions): ReplaceResult {
  const { staged, path, expected, keepAs } = options;
  assert(typeOfMode(expected.mode) !== "directory", "a directory is not replaced but removed");
  log.record([{ path, keepAs, staged: staged.stat }]);
  const check = checkStamp(fs, path, expected);
  if (check.type !== "same") return { type: check.type, kept: undefined };
  const result = fs.capabilities.exchange ? replaceByExchange(fs, options) : undefined;
  return result ?? replaceByDisplacing(fs, options);
}

/** Undefined when the file system refuses to exchange these two. */
function replaceByExchange(fs: Filesystem, options: ReplaceOptions): ReplaceResult | undefined {
  const { staged, path, expected, keepAs } = options;
  // Under its name in the store first, so that what comes out never lies in the stage, which is cleaned by age.
  fs.rename(staged.path, keepAs);
  try {
    fs.exchange(keepAs, path);
  } catch (thrown) {
    fs.rename(keepAs, staged.path);
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return { type: "missing", kept: undefined };
    if (isFsError(thrown, "ENOTSUP", "EPERM", "EXDEV")) return undefined;
    throw thrown;
  }
  const out = statPrivate(fs, keepAs);
  if (!sameButCtime(out, expected)) return undoExchange(fs, options);
  const placed = confirmPlaced(fs, path, staged.stat);
  return { type: "installed", ...placed, kept: settleKept(fs, keepAs, out) };
}

/**
 * A save slipped in before the exchange: it lies at `keepAs`, ours at the path.
 *
 * Two more exchanges at most. Whatever the user does meanwhile, each content is
 * at the path or at `keepAs` at every moment, so stopping is safe anywhere.
 */
function undoExchange(fs: Filesystem, options: ReplaceOptions): ReplaceResult {
  const { staged, path, keepAs } = options;
  const isBack = tryExchange(fs, keepAs, path);
  const out = statPrivate(fs, keepAs);
  if (isBack && sameButCtime(out, staged.stat)) return { type: "changed", kept: settleKept(fs, keepAs, out) };
  // Somebody wrote over ours, too. The newest belongs to the path.
  if (isBack) tryExchange(fs, keepAs, path);
  return { type: "conflict", kept: settleKept(fs, keepAs, statPrivate(fs, keepAs)) };
}

function tryExchange(fs: Filesystem, a: PrivatePath, b: RelPath): boolean {
  try {
    fs.exchange(a, b);
    return true;
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return false;
    throw thrown;
  }
}

function replaceByDisplacing(fs: Filesystem, options: ReplaceOptions): ReplaceResult {
  const { staged, path, expected, keepAs } = options;
  try {
    fs.rename(path, keepAs);
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return { type: "missing", kept: undefined };
    throw thrown;
  }
  const out = statPrivate(fs, keepAs);
  if (!sameButCtime(out, expected)) {
    const isBack = putBack(fs, keepAs, path) === "placed";
    return isBack ? { type: "changed", kept: undefined } : { type: "conflict", kept: settleKept(fs, keepAs, out) };
  }
  switch (placeOrPutBack(fs, options)) {
    case "placed": {
      const placed = confirmPlaced(fs, path, staged.stat);
      return { type: "installed", ...placed, kept: settleKept(fs, keepAs, out) };
    }
    case "occupied":
      return { type: "changed", kept: settleKept(fs, keepAs, out) };
    default:
      return { type: "missing", kept: settleKept(fs, keepAs, out) };
  }
}

/** A full disk must not leave the path empty. */
function placeOrPutBack(fs: Filesystem, options: ReplaceOptions): Placing {
  try {
    return placeNew(fs, options.staged.path, options.path);
  } catch (thrown) {
    putBack(fs, options.keepAs, options.path);
    throw thrown;
  }
}
