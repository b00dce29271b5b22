/**
 * Compares one thing on disk with its row in the index.
 *
 * A file whose stamp matches is not read. Everything else is read whole, and
 * counts only when `fstat` says the same before and after: a mix of two
 * contents is never seen (trust B5).
 */
import { type DiskStamp, type FileType, type PathProblem, sameStamp } from "../../shared/file-info.ts";
import type { ContentId, RelPath } from "../../shared/ids.ts";
import { winnerOf } from "../core/heads.ts";
import { contentIdOfTarget } from "../delta/content-id.ts";
import { WHOLE_FILE_BYTES_MAX } from "../delta/cut-row.ts";
import { type HashedContent, type HashTools, hashFileContent, type ReadAt } from "../delta/hash-content.ts";
import type { Observation } from "../folder-disk.ts";
import { type DiskStat, type EntryType, type Filesystem, FsError, type ReadHandle } from "../fs/filesystem.ts";
import { stampOf } from "../fs/stamps.ts";
import type { LocalRow } from "../index/index-port.ts";
import { withoutRace } from "./racy.ts";
import { changing, isGone, otherFilesystem, special, unreadable } from "./scan-faults.ts";

type PresentObservation = Extract<Observation, { type: "present" }>;

/** What looking at one path gave. */
export type Finding =
  /** As its row has it. */
  | { readonly type: "same"; readonly isDirectory: boolean }
  | { readonly type: "differs"; readonly observation: PresentObservation }
  /** Not there, as far as one look tells: no evidence of a deletion yet. */
  | { readonly type: "gone" }
  | { readonly type: "problem"; readonly problem: PathProblem };

/** Hashes a large file faster than {@link hashFileContent} does, or returns undefined to have that done. */
export type HashLarge = (handle: ReadHandle, size: number, read: ReadAt) => HashedContent | undefined;

export interface ExamineTools {
  readonly fs: Filesystem;
  readonly hash: HashTools;
  readonly hashLarge?: HashLarge | undefined;
  /** Milliseconds since 1970, by the clock that stamps files. */
  readonly now: () => number;
  /** Also read files whose stamp matches. */
  readonly isThorough: boolean;
  /** Device of the folder's root; what lies on another one is not the folder's. */
  readonly device: bigint;
  /** Throws when the scan is to end. */
  readonly checkAborted: () => void;
}

const DEFAULT_MODE: Readonly<Record<FileType, number>> = { file: 0o644, directory: 0o755, symlink: 0o777 };
const NS_PER_MS = 1_000_000n;

/** Looks at a path. `listedAs` is what the directory said of it; the disk may have moved on since. */
export function examine(tools: ExamineTools, path: RelPath, listedAs: EntryType, row: LocalRow | undefined): Finding {
  try {
    // A new file is opened at once: `fstat` will tell all that `lstat` would.
    if (listedAs === "file" && row === undefined) return examineFile(tools, path, undefined, undefined);
    const stat = tools.fs.stat(path);
    if (stat === undefined) return { type: "gone" };
    if (stat.dev !== tools.device) return { type: "problem", problem: otherFilesystem(path) };
    switch (stat.type) {
      case "directory":
        return examineDirectory(tools, path, stat, row);
      case "symlink":
        return examineSymlink(tools, path, stat, row);
      case "file":
        return examineFile(tools, path, stat, row);
      case "special":
        return { type: "problem", problem: special(path) };
    }
  } catch (error) {
    if (isGone(error)) return { type: "gone" };
    // It was a file when it was listed and is something else by now.
    if (error instanceof FsError && (error.code === "ELOOP" || error.code === "EINVAL")) {
      return { type: "problem", problem: changing(path) };
    }
    return { type: "problem", problem: unreadable(path, error) };
  }
}

function examineDirectory(tools: ExamineTools, path: RelPath, stat: DiskStat, row: LocalRow | undefined): Finding {
  const isSame = shows(row, "directory") && row.stamp.mode === stat.mode && isSameInode(row.stamp, stat);
  if (isSame) return { type: "same", isDirectory: true };
  return differs(tools, path, stat, row, { fileType: "directory", contentId: null, target: "" });
}

/** Whether two stamps tell of one thing, whatever was done to it since. */
export function isSameInode(a: Pick<DiskStamp, "dev" | "ino">, b: Pick<DiskStamp, "dev" | "ino">): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

function examineSymlink(tools: ExamineTools, path: RelPath, stat: DiskStat, row: LocalRow | undefined): Finding {
  if (shows(row, "symlink") && sameStamp(row.stamp, stat)) return { type: "same", isDirectory: false };
  const target = tools.fs.readLink(path);
  const after = tools.fs.stat(path);
  if (after === undefined || !sameStamp(stat, after)) return { type: "problem", problem: changing(path) };
  const contentId = contentIdOfTarget(target, tools.hash.hasher);
  return differs(tools, path, stat, row, { fileType: "symlink", contentId, target });
}

function examineFile(
  tools: ExamineTools,
  path: RelPath,
  stat: DiskStat | undefined,
  row: LocalRow | undefined,
): Finding {
  const isStamped = stat !== undefined && shows(row, "file") && sameStamp(row.stamp, stat);
  if (isStamped && !tools.isThorough) return { type: "same", isDirectory: false };
  const openedNs = BigInt(Math.floor(tools.now())) * NS_PER_MS;
  const handle = tools.fs.openRead(path);
  try {
    const before = handle.stat();
    if (before.dev !== tools.device) return { type: "problem", problem: otherFilesystem(path) };
    const read = (buffer: Uint8Array, position: number): number => {
      if (position > 0) tools.checkAborted();
      return handle.read(buffer, position);
    };
    const { contentId, chunks } =
      tools.hashLarge?.(handle, before.size, read) ?? hashFileContent(read, before.size, tools.hash);
    if (contentId === null || !sameStamp(before, handle.stat())) return { type: "problem", problem: changing(path) };
    if (isStamped && contentId === winnerOf(row.heads).contentId) return { type: "same", isDirectory: false };
    const chunkList = before.size > WHOLE_FILE_BYTES_MAX ? chunks : null;
    const stamp = withoutRace(stampOf(before), openedNs, tools.fs.capabilities.mtimeGrainNs);
    return differs(tools, path, before, row, { fileType: "file", contentId, target: "", chunkList, stamp });
  } finally {
    handle.close();
  }
}

interface Seen {
  readonly fileType: FileType;
  readonly contentId: ContentId | null;
  readonly target: string;
  readonly chunkList?: PresentObservation["chunkList"];
  readonly stamp?: DiskStamp;
}

function differs(
  tools: ExamineTools,
  path: RelPath,
  stat: DiskStat,
  row: LocalRow | undefined,
  seen: Seen,
): Extract<Finding, { type: "differs" }> {
  return {
    type: "differs",
    observation: {
      type: "present",
      path,
      baseSequence: row?.sequence ?? 0,
      fileType: seen.fileType,
      size: seen.fileType === "file" ? stat.size : 0,
      mtimeNs: seen.fileType === "directory" ? 0n : syncedMtime(stat, row),
      mode: syncedMode(tools, seen.fileType, stat, row),
      contentId: seen.contentId,
      target: seen.target,
      stamp: seen.stamp ?? stampOf(stat),
      chunkList: seen.chunkList ?? null,
    },
  };
}

/** An mtime that the disk rounded when it was set, and that nobody set since, is still what was synced. */
function syncedMtime(stat: DiskStat, row: LocalRow | undefined): bigint {
  return shows(row, stat.type) && row.stamp.mtimeNs === stat.mtimeNs ? winnerOf(row.heads).mtimeNs : stat.mtimeNs;
}

/** Permissions that the disk cannot hold, or that nobody changed since they were set, are still what was synced. */
function syncedMode(tools: ExamineTools, type: FileType, stat: DiskStat, row: LocalRow | undefined): number {
  if (type === "symlink") return DEFAULT_MODE.symlink;
  const isKept = shows(row, type) && (row.stamp.mode === stat.mode || !tools.fs.capabilities.executableBit);
  if (isKept) return winnerOf(row.heads).mode;
  return tools.fs.capabilities.executableBit ? stat.mode & 0o777 : DEFAULT_MODE[type];
}

/** Whether the disk showed this row, and a thing of this type, when the row was written. */
function shows(row: LocalRow | undefined, type: EntryType): row is LocalRow & { readonly stamp: DiskStamp } {
  if (row === undefined || row.stamp === null) return false;
  const winner = winnerOf(row.heads);
  return !winner.deleted && winner.type === type;
}
