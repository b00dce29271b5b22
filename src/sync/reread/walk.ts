/** Walks a folder on the disk, whatever the index knows of it: a directory, then all below it, names by their UTF-8 bytes. */
import { type RelPath, relPathFault } from "../../shared/ids.ts";
import type { IgnoreRules } from "../core/ignore.ts";
import { isFsError } from "../fs/errno.ts";
import { type DiskEntry, type Filesystem, PRIVATE_DIRECTORY } from "../fs/filesystem.ts";

/** Compares in the order of the walk: part by part. */
export function compareWalked(a: string, b: string): number {
  const [left, right] = [a.split("/"), b.split("/")];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const order = compareBytes(left[at] ?? "", right[at] ?? "");
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Paths that sync, at and below one. What cannot sync by its name is left out: `status` tells of it. */
export function* walkPaths(fs: Filesystem, below: RelPath | "", ignore: IgnoreRules): Generator<RelPath> {
  const found = below === "" ? "directory" : fs.stat(below)?.type;
  if (below !== "" && found !== undefined) yield below;
  if (found === "directory") yield* walkDirectory(fs, below, ignore);
}

function* walkDirectory(fs: Filesystem, directory: RelPath | "", ignore: IgnoreRules): Generator<RelPath> {
  for (const { name, type } of listed(fs, directory)) {
    const path = (directory === "" ? name : `${directory}/${name}`) as RelPath;
    if (path === PRIVATE_DIRECTORY || relPathFault(path) !== undefined) continue;
    if (ignore.isIgnoredChild(path, type === "directory")) continue;
    yield path;
    if (type === "directory") yield* walkDirectory(fs, path, ignore);
  }
}

function listed(fs: Filesystem, directory: RelPath | ""): readonly (DiskEntry & { readonly name: string })[] {
  try {
    return fs
      .list(directory)
      .filter((entry): entry is DiskEntry & { readonly name: string } => entry.name !== undefined)
      .sort((a, b) => compareBytes(a.name, b.name));
  } catch (thrown) {
    // It went while it was being walked to.
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return [];
    throw thrown;
  }
}
