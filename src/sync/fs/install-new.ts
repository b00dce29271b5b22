import type { RelPath } from "../../shared/ids.ts";
import { fsError, isFsError } from "./errno.ts";
import type { DiskStat, Filesystem } from "./filesystem.ts";
import { confirmPlaced, type Placed, placeNew } from "./place.ts";
import type { Staged } from "./stage.ts";

export type InstallNewResult =
  | ({ readonly type: "installed" } & Placed)
  /** Something is at the path (on a file system that folds names: or at a twin of it). The staged file is untouched. */
  | { readonly type: "occupied"; readonly found: DiskStat | undefined }
  /** The directory is gone or no directory. The staged file is untouched. */
  | { readonly type: "noParent" };

/**
 * Gives a staged file, symlink or directory its path, which must be free.
 *
 * Never overwrites: a file that a user made a moment ago, and no scan has
 * seen, is `occupied` (Syncthing #3742). The staged content must be durable
 * before; the directory is flushed by the caller, once per batch. Throws
 * FsError for everything that is no race; then the staged file is untouched.
 */
export function installNew(
  fs: Filesystem,
  options: { readonly staged: Staged; readonly path: RelPath },
): InstallNewResult {
  const { staged, path } = options;
  const placing = placeNew(fs, staged.path, path);
  switch (placing) {
    case "placed":
      return { type: "installed", ...confirmPlaced(fs, path, staged.stat) };
    case "occupied":
      return { type: "occupied", found: fs.stat(path) };
    case "noParent":
      return { type: "noParent" };
    case "missing":
      throw fsError("ENOENT", staged.path, "install");
  }
}

export type MakeDirectoryResult =
  | { readonly type: "made"; readonly found: DiskStat }
  | { readonly type: "exists"; readonly found: DiskStat }
  /** Something else has the name. */
  | { readonly type: "occupied"; readonly found: DiskStat }
  | { readonly type: "noParent" };

/** Makes a directory with exactly these permission bits, or finds that it is there. */
export function makeDirectory(
  fs: Filesystem,
  options: { readonly path: RelPath; readonly mode: number },
): MakeDirectoryResult {
  const { path, mode } = options;
  let isMade = false;
  try {
    fs.mkdir(path, mode);
    isMade = true;
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return { type: "noParent" };
    if (!isFsError(thrown, "EEXIST")) throw thrown;
  }
  let found = fs.stat(path);
  // Removed again by somebody in this very moment: the next plan sees it.
  if (found === undefined) return { type: "noParent" };
  if (found.type !== "directory") return { type: "occupied", found };
  if (isMade && (found.mode & 0o777) !== mode && fs.capabilities.executableBit) {
    // The umask took bits away.
    fs.chmod(path, mode);
    found = fs.stat(path) ?? found;
  }
  return { type: isMade ? "made" : "exists", found };
}
