import type { ContentId, RelPath, ShortId } from "./ids.ts";
import type { VersionVector } from "./version-vector.ts";

export type FileType = "file" | "directory" | "symlink";

/**
 * One version of a path, as its author wrote it. Never changed afterwards:
 * joining, relaying and settling conflicts only choose among heads.
 */
export interface Head {
  readonly version: VersionVector;
  /** The device that wrote this version. Information, not proof: the connected peer vouches for it. */
  readonly author: ShortId;
  readonly type: FileType;
  /** A tombstone: the path was removed. Other fields describe what was removed, content id null. */
  readonly deleted: boolean;
  /** Bytes of a file; 0 for everything else. */
  readonly size: number;
  /** Modification time in nanoseconds since 1970; for a tombstone the time of the deletion; 0n for a directory. */
  readonly mtimeNs: bigint;
  /** Permission bits, `& 0o777`. */
  readonly mode: number;
  /** Null for directories and tombstones. */
  readonly contentId: ContentId | null;
  /** Where a symlink points, exactly as stored; "" for everything else. */
  readonly target: string;
  /** Content id of the version this one replaced, so that two quick edits are not mistaken for a conflict (Syncthing #10349). */
  readonly previous: ContentId | null;
  /** The device (short id) or user that first brought the path. Set once, carried by every later version. */
  readonly owner: string;
}

/** What is known of a path: its heads, no one of which dominates another, in canonical order (see core/heads.ts). Never empty. */
export interface FileInfo {
  readonly path: RelPath;
  readonly heads: readonly Head[];
}

/**
 * What `fstat` said after the last call that touched an inode. The disk is
 * compared with this only, never with the synced mtime.
 */
export interface DiskStamp {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Type and permission bits as the disk has them. */
  readonly mode: number;
}

/** Content-defined pieces of one file. `hashes` holds 32 bytes a chunk, in file order. Files of at most 32 KiB have one chunk and no stored list. */
export interface ChunkList {
  readonly sizes: Uint32Array;
  readonly hashes: Uint8Array;
}

/** Something about one path that keeps it out of step, for `why` and `status`. */
export interface PathProblem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** Whether two stamps tell of the same, untouched inode. */
export function sameStamp(a: DiskStamp, b: DiskStamp): boolean {
  return (
    a.ino === b.ino &&
    a.dev === b.dev &&
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.mode === b.mode
  );
}
