/** Giving something a name without ever taking one away. */
import type { DiskStamp } from "../../shared/file-info.ts";
import { fsError, isFsError } from "./errno.ts";
import { type DiskStat, type Filesystem, type FsPath, type PrivatePath, ROOT } from "./filesystem.ts";
import { sameButCtime, stampOf } from "./stamps.ts";

/** `occupied`: something was at the name first. `noParent`: its directory is gone, or is a link now. `missing`: nothing to place. In these nothing changed. */
export type Placing = "placed" | "occupied" | "noParent" | "missing";

export interface PlaceOptions {
  /** The content exists nowhere else: its new name is durable before the old one goes. */
  readonly isPrecious?: boolean;
}

const REFUSED = ["ENOTSUP", "ENOSYS", "EPERM", "EMLINK", "EXDEV"] as const;

/**
 * Moves `from` to the name `to`, which must be free.
 *
 * Create-only rename where there is one: a single step for every type, 5 µs
 * cheaper than link and unlink, and no instant with two names. Then link and
 * unlink. Where neither exists (exFAT outside Linux) a look and a rename: there
 * a name made within those microseconds is overwritten, which no call of such a
 * file system can prevent.
 */
export function placeNew(fs: Filesystem, from: FsPath, to: FsPath, options: PlaceOptions = {}): Placing {
  const { renameNoReplace, hardLinks } = fs.capabilities;
  const ways = [
    ...(renameNoReplace ? [() => fs.renameNoReplace(from, to)] : []),
    ...(hardLinks ? [() => linkThenUnlink(fs, from, to, options)] : []),
    () => renameWhenFree(fs, from, to),
  ];
  let refusal: unknown;
  for (const way of ways) {
    try {
      way();
      return "placed";
    } catch (thrown) {
      if (isFsError(thrown, "EEXIST", "ENOTEMPTY")) return "occupied";
      if (isFsError(thrown, "ENOENT", "ENOTDIR")) return fs.stat(from) === undefined ? "missing" : "noParent";
      // What was a directory when we looked is none any more.
      if (isFsError(thrown, "EISDIR")) return "missing";
      if (!isFsError(thrown, ...REFUSED)) throw thrown;
      refusal = thrown;
    }
  }
  throw refusal;
}

function linkThenUnlink(fs: Filesystem, from: FsPath, to: FsPath, options: PlaceOptions): void {
  fs.link(from, to);
  // The two names lie in different directories: after a power cut the removal may be there without the link.
  if (options.isPrecious === true) fs.syncDirectory(parentPath(to));
  fs.unlink(from);
}

function renameWhenFree(fs: Filesystem, from: FsPath, to: FsPath): void {
  if (fs.stat(from)?.type === "directory") {
    renameDirectory(fs, from, to);
    return;
  }
  if (fs.stat(to) !== undefined) throw fsError("EEXIST", to, "rename");
  fs.rename(from, to);
}

/** An empty directory is made first, create-only: a rename replaces that one, and fails on whatever took its place. */
function renameDirectory(fs: Filesystem, from: FsPath, to: FsPath): void {
  fs.mkdir(to, 0o700);
  try {
    fs.rename(from, to);
  } catch (thrown) {
    removeWhenEmpty(fs, to);
    throw thrown;
  }
}

function removeWhenEmpty(fs: Filesystem, path: FsPath): void {
  try {
    fs.rmdir(path);
  } catch (thrown) {
    // Somebody uses it already, or has taken its place: then it is theirs.
    if (!isFsError(thrown, "ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR")) throw thrown;
  }
}

/** The directory that holds a path. */
export function parentPath(path: FsPath): FsPath | typeof ROOT {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? ROOT : (path.slice(0, slash) as PrivatePath);
}

/** A file that got its name. */
export interface Placed {
  /** For the index. */
  readonly stamp: DiskStamp;
  /** Somebody has changed the path since: the stamp is one that the disk does not have, so that the next scan reads it. Mark the path dirty. */
  readonly isTouched: boolean;
}

/**
 * Looks at a path after the last call that touches its inode.
 *
 * An edit made after we placed it must not be taken for what we placed, so the
 * new ctime is believed only when all else is as it was.
 */
export function confirmPlaced(fs: Filesystem, path: FsPath, placed: DiskStat): Placed {
  const found = fs.stat(path);
  if (found !== undefined && sameButCtime(found, placed)) return { stamp: stampOf(found), isTouched: false };
  return { stamp: { ...stampOf(placed), ctimeNs: 0n }, isTouched: true };
}
