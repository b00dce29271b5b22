/** What is brought from another folder of this node: by a second name where both lie on one file system, else by a copy. */
import type { DiskStamp } from "../../shared/file-info.ts";
import { sameStamp } from "../../shared/file-info.ts";
import type { ContentId, FolderId, RelPath } from "../../shared/ids.ts";
import type { Hasher } from "../../shared/ports.ts";
import type { Cutter } from "../delta/cut.ts";
import { hashFileContent } from "../delta/hash-content.ts";
import { isFsError } from "../fs/errno.ts";
import {
  type DiskStat,
  type Filesystem,
  FsError,
  type FsPath,
  type PrivatePath,
  privatePath,
} from "../fs/filesystem.ts";
import { type Staged, stageSymlink } from "../fs/stage.ts";
import { checkStamp, sameButCtime } from "../fs/stamps.ts";
import type { Elsewhere } from "./stage.ts";

interface Tools {
  readonly fs: Filesystem;
  readonly elsewhere: Elsewhere;
}

interface ReadingTools extends Tools {
  readonly hasher: Hasher;
  readonly cutter: Cutter;
}

const COPY_BYTES = 1024 * 1024;
/** How a second name is refused where a copy still does. */
const NO_LINK = ["EXDEV", "ENOTSUP", "ENOSYS", "EPERM", "EACCES", "EMLINK"] as const;

/**
 * Gives a file of another folder a second name here while it is as `taken`
 * says. Undefined where only a copy does, which is proven by its hash.
 */
export function stageTaken(
  { fs, elsewhere }: Tools,
  from: { readonly folder: FolderId; readonly path: RelPath; readonly taken: DiskStamp },
  wanted: { readonly path: PrivatePath; readonly mode: number; readonly mtimeNs: bigint },
): Staged | undefined {
  const { path, taken } = from;
  const other = elsewhere(from.folder);
  // A copy gets the mode and time that its record has; a second name cannot.
  if (other === undefined || taken.mtimeNs !== wanted.mtimeNs || (taken.mode & 0o777) !== (wanted.mode & 0o777))
    return undefined;
  if (checkStamp(other, path, taken).type !== "same" || !isLinked(fs, other, path, wanted.path)) return undefined;
  const stat = fs.stat(wanted.path);
  if (stat !== undefined && sameButCtime(stat, taken)) return { path: wanted.path, stat };
  fs.unlink(wanted.path);
  return undefined;
}

function isLinked(fs: Filesystem, other: Filesystem, from: FsPath, to: PrivatePath): boolean {
  try {
    fs.linkFrom(other, from, to);
    return true;
  } catch (thrown) {
    if (isFsError(thrown, ...NO_LINK)) return false;
    throw thrown;
  }
}

/** Copies a file of another folder; false when that is not open. */
export function copyFrom({ fs, elsewhere }: Tools, folder: FolderId, path: FsPath, to: PrivatePath): boolean {
  const source = elsewhere(folder)?.openRead(path);
  if (source === undefined) return false;
  try {
    const target = fs.createStage(to);
    try {
      const buffer = new Uint8Array(Math.min(COPY_BYTES, Math.max(1, source.stat().size)));
      for (let at = 0, count = source.read(buffer, 0); count > 0; count = source.read(buffer, at)) {
        target.write(buffer.subarray(0, count), at);
        at += count;
      }
    } catch (thrown) {
      unlinkQuietly(fs, to);
      throw thrown;
    } finally {
      target.close();
    }
    return true;
  } finally {
    source.close();
  }
}

export interface KeptElsewhere {
  readonly folder: FolderId;
  readonly storeName: string;
  readonly stamp: DiskStamp | null;
  readonly contentId: ContentId | null;
}

/** Takes a kept version of another folder into this store, durably; undefined when it is gone, or not what was kept. */
export function takeKept(tools: ReadingTools, source: KeptElsewhere, storeName: string): DiskStat | undefined {
  const [from, to] = [privatePath("store", source.storeName), privatePath("store", storeName)];
  const other = tools.elsewhere(source.folder);
  const found = other?.stat(from);
  if (other === undefined || found === undefined || !isAsKept(tools, other, from, source)) return undefined;
  if (found.type === "symlink")
    return stageSymlink(tools.fs, { path: to, target: other.readLink(from), mtimeNs: found.mtimeNs }).stat;
  if (!isLinked(tools.fs, other, from, to)) {
    copyFrom(tools, source.folder, from, to);
    flushAs(tools.fs, to, found);
    if (!isAsKept(tools, other, from, source)) {
      unlinkQuietly(tools.fs, to);
      return undefined;
    }
  }
  return tools.fs.stat(to);
}

/** A try that a crash cut off gave it a second name, and by that another ctime: then its content speaks. */
function isAsKept(tools: ReadingTools, other: Filesystem, path: PrivatePath, source: KeptElsewhere): boolean {
  const { stamp, contentId } = source;
  const found = other.stat(path);
  if (found === undefined) return false;
  if (stamp === null || sameStamp(found, stamp)) return true;
  if (found.type !== "file" || contentId === null || !sameButCtime(found, stamp)) return false;
  const handle = other.openRead(path);
  try {
    const read = (buffer: Uint8Array, position: number): number => handle.read(buffer, position);
    return hashFileContent(read, found.size, tools).contentId === contentId;
  } finally {
    handle.close();
  }
}

function flushAs(fs: Filesystem, path: PrivatePath, { mode, mtimeNs }: DiskStat): void {
  const handle = fs.openStage(path);
  try {
    handle.setMode(mode & 0o777);
    handle.setMtime(mtimeNs);
    handle.sync();
  } finally {
    handle.close();
  }
}

export function unlinkQuietly(fs: Filesystem, path: PrivatePath): void {
  try {
    fs.unlink(path);
  } catch (thrown) {
    if (!(thrown instanceof FsError)) throw thrown;
  }
}
