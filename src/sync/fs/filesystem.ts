/**
 * The file system of one folder, as the engine sees it.
 *
 * Every call is synchronous: it runs in a disk worker, and in the simulation
 * each call is a point between which a user may act. Paths are relative to the
 * folder's root and have passed the gate of `RelPath`, or lie in the private
 * area (`PrivatePath`). No implementation follows a symlink in any component:
 * a parent that is one fails with ENOTDIR. Failures are `FsError`.
 */
import type { DiskStamp } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";

declare const privateBrand: unique symbol;
/** A path inside `.syncline/`, made by {@link privatePath} only. */
export type PrivatePath = string & { readonly [privateBrand]: "PrivatePath" };
/** The folder's root itself. */
export const ROOT = "" as const;
export type FsPath = RelPath | PrivatePath;

export type EntryType = "file" | "directory" | "symlink" | "special";

export interface DiskEntry {
  /** Undefined when the name is not valid UTF-8: such a name is reported, never used. */
  readonly name: string | undefined;
  /** The name with invalid bytes shown as `\xNN`, for messages only. */
  readonly shown: string;
  readonly type: EntryType;
}

export interface DiskStat extends DiskStamp {
  readonly type: EntryType;
  readonly links: number;
}

/** What the file system of a folder can do, found by trying, not by name. */
export interface FsCapabilities {
  readonly exchange: boolean;
  readonly renameNoReplace: boolean;
  readonly hardLinks: boolean;
  readonly symlinks: boolean;
  readonly executableBit: boolean;
  readonly caseSensitive: boolean;
  readonly unicodeExact: boolean;
  /** Smallest step of mtime it stores, in nanoseconds. */
  readonly mtimeGrainNs: number;
  readonly reflink: boolean;
}

/** An open regular file. Close it in every case. */
export interface ReadHandle {
  stat(): DiskStat;
  /** Reads into `target` from `position`; returns the bytes read, 0 at the end. */
  read(target: Uint8Array, position: number): number;
  close(): void;
}

/** A file being staged; nobody else knows its name. */
export interface WriteHandle {
  write(bytes: Uint8Array, position: number): void;
  read(target: Uint8Array, position: number): number;
  truncate(size: number): void;
  setMode(mode: number): void;
  setMtime(mtimeNs: bigint): void;
  /** Makes content and metadata durable. A failure is final: the file is thrown away and written again. */
  sync(): void;
  stat(): DiskStat;
  close(): void;
}

export interface Filesystem {
  readonly capabilities: FsCapabilities;
  /** Whether the folder's path still leads to the directory that was opened (not unmounted, moved away, or replaced). */
  rootState(): "same" | "missing" | "replaced";
  /** `lstat`; undefined when nothing is there (ENOENT, ENOTDIR of a missing parent), never for any other failure. */
  stat(path: FsPath | typeof ROOT): DiskStat | undefined;
  list(path: FsPath | typeof ROOT): readonly DiskEntry[];
  /** Opens a regular file without following links and without blocking on pipes; anything else fails with ELOOP or EINVAL. */
  openRead(path: FsPath): ReadHandle;
  /** Creates a new private file, mode 0600; fails with EEXIST. */
  createStage(path: PrivatePath): WriteHandle;
  /** Opens a staged file again, to resume it. */
  openStage(path: PrivatePath): WriteHandle;
  readLink(path: FsPath): string;
  /** Creates a symlink in the private area, to be moved to its place. */
  symlink(target: string, path: PrivatePath): void;
  mkdir(path: FsPath, mode: number): void;
  rmdir(path: FsPath): void;
  /** Create-only: EEXIST when `to` is there. */
  link(from: FsPath, to: FsPath): void;
  /** As {@link link}, for a file of another folder and a name in the private area; EXDEV where the two do not lie on one file system. */
  linkFrom(other: Filesystem, from: FsPath, to: PrivatePath): void;
  /** Replaces `to` when it is there. */
  rename(from: FsPath, to: FsPath): void;
  /** EEXIST when `to` is there; ENOTSUP where the platform cannot. */
  renameNoReplace(from: FsPath, to: FsPath): void;
  /** Swaps two names atomically; ENOTSUP where the platform cannot. */
  exchange(a: FsPath, b: FsPath): void;
  unlink(path: FsPath): void;
  chmod(path: FsPath, mode: number): void;
  /** Sets the mtime without following a link. */
  setMtime(path: FsPath, mtimeNs: bigint): void;
  /** Copies content (sharing blocks where the file system can) into a new private file. */
  copy(from: FsPath, to: PrivatePath): void;
  /** Makes a directory's entries durable. */
  syncDirectory(path: FsPath | typeof ROOT): void;
  /** Makes everything written to this file system durable in one call; false where the platform cannot. */
  syncAll(): boolean;
  /** Bytes and inodes free for this user; `inodes` undefined where unlimited. */
  free(): { readonly bytes: number; readonly totalBytes: number; readonly inodes: number | undefined };
  close(): void;
}

/** The single first-level name that belongs to Syncline. */
export const PRIVATE_DIRECTORY = ".syncline";

/** Makes a path in the private area from names that Syncline made itself. */
export function privatePath(...parts: readonly string[]): PrivatePath {
  for (const part of parts) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/.test(part) && part !== ".gitignore")
      throw new Error(`bug: private name ${JSON.stringify(part)}`);
  }
  return [PRIVATE_DIRECTORY, ...parts].join("/") as PrivatePath;
}

/**
 * A failed file system call. `errno` is the positive errno number: some codes
 * have no name in Node, so decisions rest on it. What is not recognised is a
 * reason to stop, never "missing".
 */
export class FsError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly path: string;

  constructor(code: string, errno: number, path: string, call: string, cause?: unknown) {
    super(`${call} ${JSON.stringify(path)}: ${code}`, cause === undefined ? undefined : { cause });
    this.name = "FsError";
    this.code = code;
    this.errno = errno;
    this.path = path;
  }
}
