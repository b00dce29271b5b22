/** Files made ready under private names, to be installed by one step. */
import { isFsError } from "./errno.ts";
import type { DiskStat, Filesystem, FsPath, PrivatePath, ROOT } from "./filesystem.ts";
import { parentPath } from "./place.ts";

/** Something ready to be installed. `stat` was taken after the last call that touched it. */
export interface Staged {
  readonly path: PrivatePath;
  readonly stat: DiskStat;
}

/** More files than this are flushed by one call for the whole file system. */
const SYNC_EACH_MAX = 8;

/** Stages a small file whole. A big one is written through `createStage`, and its handle's last `stat()` makes the {@link Staged}. Leaves nothing behind when it throws. */
export function stageFile(
  fs: Filesystem,
  options: { readonly path: PrivatePath; readonly bytes: Uint8Array; readonly mode: number; readonly mtimeNs: bigint },
): Staged {
  const { path, bytes, mode, mtimeNs } = options;
  const handle = createAnew(fs, path, () => fs.createStage(path));
  try {
    if (bytes.byteLength > 0) handle.write(bytes, 0);
    handle.setMode(mode & 0o777);
    handle.setMtime(mtimeNs);
    return { path, stat: handle.stat() };
  } catch (thrown) {
    fs.unlink(path);
    throw thrown;
  } finally {
    handle.close();
  }
}

/** Stages a symlink. Its target is data: any text is allowed and never followed. */
export function stageSymlink(
  fs: Filesystem,
  options: { readonly path: PrivatePath; readonly target: string; readonly mtimeNs: bigint },
): Staged {
  const { path, target, mtimeNs } = options;
  createAnew(fs, path, () => fs.symlink(target, path));
  fs.setMtime(path, mtimeNs);
  const stat = fs.stat(path);
  if (stat === undefined) throw new Error(`bug: ${path} vanished from the private area`);
  return { path, stat };
}

/** A leftover of an earlier try under the same private name gives way. */
function createAnew<T>(fs: Filesystem, path: PrivatePath, create: () => T): T {
  try {
    return create();
  } catch (thrown) {
    if (!isFsError(thrown, "EEXIST")) throw thrown;
    fs.unlink(path);
    return create();
  }
}

/**
 * Makes staged content durable, before any of it gets its name (promise P5).
 *
 * A failure is final for all that were handed in: throw them away and stage
 * again, never flush again (promise P6).
 */
export function makeDurable(fs: Filesystem, staged: readonly Staged[]): void {
  if (staged.length > SYNC_EACH_MAX && fs.syncAll()) return;
  for (const { path, stat } of staged) {
    // A link's target is part of its directory entry's transaction; there is nothing to open.
    if (stat.type !== "file") continue;
    const handle = fs.openStage(path);
    try {
      handle.sync();
    } finally {
      handle.close();
    }
  }
}

/**
 * Makes the names of these paths durable: each directory that holds one is
 * flushed once. Call it after the swaps of a batch, with every path touched and
 * every `kept`, before the index commit.
 */
export function syncNames(fs: Filesystem, paths: Iterable<FsPath>): void {
  const directories = new Set<FsPath | typeof ROOT>();
  for (const path of paths) directories.add(parentPath(path));
  if (directories.size > SYNC_EACH_MAX && fs.syncAll()) return;
  for (const directory of directories) {
    try {
      fs.syncDirectory(directory);
    } catch (thrown) {
      // Moved or removed by its user since: whatever became of it, one flush covers it.
      if (!isFsError(thrown, "ENOENT", "ENOTDIR")) throw thrown;
      fs.syncAll();
    }
  }
}
