import type { DiskStamp } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { isFsError } from "./errno.ts";
import type { Filesystem } from "./filesystem.ts";
import { checkStamp, stampOf, typeOfMode } from "./stamps.ts";

export type ChangeModeResult =
  /** Touched: the path was changed meanwhile, and the stamp is one that the disk does not have. */
  | { readonly type: "set"; readonly stamp: DiskStamp; readonly isTouched: boolean }
  | { readonly type: "missing" }
  | { readonly type: "changed" };

/**
 * Sets the permission bits of a file or directory whose content stays.
 *
 * There is no such call for the mtime: setting it would hide an edit that
 * slipped in before. A new mtime comes by `replace` with a copy.
 */
export function changeMode(
  fs: Filesystem,
  options: { readonly path: RelPath; readonly expected: DiskStamp; readonly mode: number },
): ChangeModeResult {
  const { path, expected, mode } = options;
  const isDirectory = typeOfMode(expected.mode) === "directory";
  const check = checkStamp(fs, path, expected);
  // What a directory holds changes its times and is none of our business here, nor is another directory with the same mode.
  const isSameDirectory =
    isDirectory && check.type === "changed" && check.found.type === "directory" && check.found.mode === expected.mode;
  if (check.type !== "same" && !isSameDirectory) return { type: check.type };
  try {
    fs.chmod(path, mode & 0o777);
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return { type: "missing" };
    if (isFsError(thrown, "ELOOP")) return { type: "changed" };
    throw thrown;
  }
  const found = fs.stat(path);
  if (found === undefined) return { type: "missing" };
  const isUntouched = isDirectory
    ? found.type === "directory"
    : found.ino === expected.ino && found.size === expected.size && found.mtimeNs === expected.mtimeNs;
  return { type: "set", stamp: isUntouched ? stampOf(found) : { ...expected, ctimeNs: 0n }, isTouched: !isUntouched };
}
