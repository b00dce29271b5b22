/**
 * What the folder's loop asks of the disk. In the daemon two workers answer
 * (one scans, one writes); in the simulation the same code runs inline.
 */
import type { ChunkList, DiskStamp, FileType, PathProblem } from "../shared/file-info.ts";
import type { ContentId, FolderId, RelPath } from "../shared/ids.ts";
import type { IgnoreSource } from "./core/ignore.ts";
import type { AnewChunks, CutAnew } from "./delta/cut-anew.ts";
import type { FsCapabilities } from "./fs/filesystem.ts";

/** Whether the folder is really there. Nothing is scanned, written or believed deleted unless it is "ok". */
export type RootState =
  /** `epoch` is "" until an index has taken the folder up: a marker with one and no index means that the index was lost. */
  | { readonly type: "ok"; readonly epoch: string; readonly capabilities: FsCapabilities }
  | { readonly type: "halted"; readonly code: HaltCode; readonly message: string };

const HALT_CODES = ["E_MARKER_MISSING", "E_MARKER_WRONG", "E_ROOT_UNREADABLE", "E_FOLDER_IN_USE"] as const;
export type HaltCode = (typeof HALT_CODES)[number];

export function isHaltCode(code: string): code is HaltCode {
  return (HALT_CODES as readonly string[]).includes(code);
}

/** What to look at: paths (each with all below it), or everything. */
export interface ScanRequest {
  readonly paths: readonly RelPath[] | "everything";
  /** Also read files whose stamp matches: finds rot and writes that hid (trust B6). */
  readonly isThorough: boolean;
  readonly ignore: IgnoreSource;
}

/** One difference between the disk and the row with `baseSequence` (0 = no row). */
export type Observation =
  | {
      readonly type: "present";
      readonly path: RelPath;
      readonly baseSequence: number;
      readonly fileType: FileType;
      readonly size: number;
      readonly mtimeNs: bigint;
      readonly mode: number;
      readonly contentId: ContentId | null;
      readonly target: string;
      readonly stamp: DiskStamp;
      /** Of files with more than one chunk. */
      readonly chunkList: ChunkList | null;
    }
  /** Gone, on evidence: its parent was listed whole, on the folder's own file system. */
  | { readonly type: "missing"; readonly path: RelPath; readonly baseSequence: number };

/** A directory that the index has at `from` and that lies at `to` now, on evidence; its mode in `stamp` is as the index has it. */
export interface ScannedMove {
  readonly from: RelPath;
  readonly to: RelPath;
  readonly stamp: DiskStamp;
}

export interface ScanBatch {
  readonly observations: readonly Observation[];
  readonly problems: readonly PathProblem[];
  /** To be committed after what is present: the scan goes on from the rows that this leaves. Whoever leaves them gets each path by itself. */
  readonly moves: readonly ScannedMove[];
}

/** Where a staged file's bytes come from. */
export type ContentSource =
  | { readonly from: "bytes"; readonly bytes: Uint8Array }
  /** A file assembled in `.syncline/stage` under its content id. */
  | { readonly from: "stage" }
  /**
   * Another file with the same content, of this folder or of the one named; proven by hash while it is copied.
   * `taken`: the file is about to lose that path. While it is as this stamp says, it gets its new name beside the
   * old one and is not copied, where both folders lie on one file system.
   */
  | {
      readonly from: "path";
      readonly path: RelPath;
      readonly folder?: FolderId | undefined;
      readonly taken?: DiskStamp | undefined;
    }
  /** A kept version, of this folder or of the one named. */
  | { readonly from: "store"; readonly name: string; readonly folder?: FolderId | undefined };

/** Where the inode goes that held the path. `storeName` is used, too, when the conflict copy cannot be made. */
export interface DisplacedTo {
  readonly storeName: string;
  readonly conflictPath: RelPath | null;
}

/** One step on the disk. `expected` is the stamp the step may displace; null: nothing may be there. */
export type DiskStep =
  | {
      readonly step: "file";
      readonly path: RelPath;
      readonly contentId: ContentId;
      readonly size: number;
      readonly mtimeNs: bigint;
      readonly mode: number;
      readonly source: ContentSource;
      readonly expected: DiskStamp | null;
      readonly displacedTo: DisplacedTo;
    }
  | {
      readonly step: "symlink";
      readonly path: RelPath;
      readonly target: string;
      readonly mtimeNs: bigint;
      readonly expected: DiskStamp | null;
      readonly displacedTo: DisplacedTo;
    }
  | {
      readonly step: "directory";
      readonly path: RelPath;
      readonly mode: number;
      readonly expected: DiskStamp | null;
      readonly displacedTo: DisplacedTo;
    }
  /** Mode and mtime only. A new mtime comes with a copy of the content, so that it cannot hide an edit that slips in. */
  | {
      readonly step: "touch";
      readonly path: RelPath;
      readonly fileType: FileType;
      readonly contentId: ContentId | null;
      readonly target: string;
      readonly mtimeNs: bigint;
      readonly mode: number;
      readonly expected: DiskStamp;
      readonly storeName: string;
    }
  /** The file gets another name, and keeps its mtime and mode. */
  | {
      readonly step: "move";
      readonly path: RelPath;
      readonly to: RelPath;
      readonly expected: DiskStamp;
      readonly storeName: string;
    }
  /** The directory gets another name, with all it holds, clean or not: look at it afterwards. */
  | {
      readonly step: "move-directory";
      readonly path: RelPath;
      readonly to: RelPath;
      readonly expected: Pick<DiskStamp, "dev" | "ino">;
    }
  | { readonly step: "delete"; readonly path: RelPath; readonly expected: DiskStamp; readonly storeName: string }
  /** A file that has another name, in whatever folder, loses this one. Its content stays as it is, also when it was edited. */
  | {
      readonly step: "drop-name";
      readonly path: RelPath;
      readonly expected: Pick<DiskStamp, "dev" | "ino">;
      readonly storeName: string;
    }
  /** A link to the inode came or went, which changed its ctime; nothing is done to it. Done when nothing else is new. */
  | { readonly step: "confirm"; readonly path: RelPath; readonly expected: DiskStamp }
  /** What another folder keeps of a path is kept here, too, as `storeName`. */
  | {
      readonly step: "take-kept";
      readonly path: RelPath;
      readonly storeName: string;
      readonly source: {
        readonly folder: FolderId;
        readonly storeName: string;
        readonly stamp: DiskStamp | null;
        readonly contentId: ContentId | null;
      };
    }
  | { readonly step: "remove-directory"; readonly path: RelPath };

/** What became of a step. Only "done" may be committed. */
export type DiskOutcome =
  | {
      readonly type: "done";
      /** Of what the path holds now; null when nothing. */
      readonly stamp: DiskStamp | null;
      /** Of the displaced inode in the store, when one went there. */
      readonly storedStamp: DiskStamp | null;
      /** Of the conflict copy, when one was made. */
      readonly conflictStamp: DiskStamp | null;
      /** Somebody has changed the path since: look at it again. */
      readonly isTouched: boolean;
    }
  /**
   * The disk is not as the index has it: look again at these paths, then plan
   * again. `kept` is content that stood at the path for a moment and lies in
   * the store now; it becomes a version of the path.
   */
  | {
      readonly type: "changed";
      readonly lookAt: readonly RelPath[];
      readonly kept: { readonly storeName: string; readonly stamp: DiskStamp } | null;
    }
  /** A directory still holds entries that do not sync. */
  | { readonly type: "not-empty" }
  /** The local source does not hold the bytes it should. */
  | { readonly type: "bad-source" }
  | {
      readonly type: "failed";
      readonly code: string;
      readonly message: string;
      /** What was at the path may lie in the store now: recovery puts it back. */
      readonly isCutOff: boolean;
    };

/** What recovery found at a path: its content is back, or lies in the store and becomes a version. */
export interface RecoveredPath {
  readonly path: RelPath;
  readonly kept: { readonly storeName: string; readonly stamp: DiskStamp } | null;
}

/** One piece of a large file to be put together. */
export interface WantedChunk {
  readonly offset: number;
  readonly size: number;
  /** 16 or 32 bytes of its hash. */
  readonly hash: Uint8Array;
  /** Where it may be found here, best first. Proven by hash. */
  readonly sources: readonly ByteSource[];
}

/** Where bytes may lie: a file, a kept version, or a file that is being put together. */
export interface BytePlace {
  readonly from: "path" | "store" | "stage";
  /** Path, store name or content id. */
  readonly name: string;
  /** Another folder of this node; of this one where it is not named. */
  readonly folder?: FolderId | undefined;
}

export interface ByteSource extends BytePlace {
  readonly offset: number;
}

/** Bytes here that resemble a region of a wanted file: the ranges, one behind the other. */
export interface OldBytes {
  readonly ranges: readonly (ByteSource & { readonly size: number })[];
}

/** A changed region to be asked for. */
export interface ChangedRegion {
  readonly old: OldBytes;
  readonly newSize: number;
  readonly chunkCount: number;
  /** The tier that has failed for it. */
  readonly failed?: "sketch" | "signature";
}

/** What a region's description says, and which tier it is of; "whole" says nothing. */
export interface DescribedRegion {
  readonly tier: "sketch" | "signature" | "whole";
  readonly query: Uint8Array;
}

/** An answer to a description, to be applied to the same old bytes. */
export interface AnsweredRegion {
  readonly old: OldBytes;
  readonly query: Uint8Array;
  readonly answer: Uint8Array;
  /** Where the region lies in the wanted file. */
  readonly offset: number;
  /** Its chunks: sizes, and 16 bytes of each hash. */
  readonly sizes: Uint32Array;
  readonly hashes: Uint8Array;
}

export interface FolderDisk {
  check(): Promise<RootState>;
  /** Writes the index's epoch into the marker, durably. */
  writeEpoch(epoch: string): Promise<void>;
  /** Hands batches over one by one and waits for each to be taken. Rejects only when the folder itself fails. */
  scan(request: ScanRequest, take: (batch: ScanBatch) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Stages all, makes it durable, swaps all in, makes the directories durable; in that order, one outcome per step. */
  execute(steps: readonly DiskStep[]): Promise<readonly DiskOutcome[]>;
  /** The index knows what became of everything executed so far. */
  committed(): Promise<void>;
  /** Names in the store that a batch, cut off by a crash or a failure, may have used. */
  openIntents(): Promise<readonly string[]>;
  /** Finishes what was cut off; `known` are the names that the index has committed. Afterwards `committed` forgets the rest. */
  recover(known: readonly string[]): Promise<readonly RecoveredPath[]>;
  /**
   * Opens the staged file of a content (finding again what an earlier try left),
   * fills in what is here, and returns for each chunk its full 32-byte hash when
   * it is in place, undefined when it must be fetched.
   */
  assemble(
    contentId: ContentId,
    size: number,
    chunks: readonly WantedChunk[],
  ): Promise<readonly (Uint8Array | undefined)[]>;
  /**
   * Cuts a file that is here as one of `asSize` bytes is cut, from `start` on,
   * where one of those chunks begins: a stretch of them, to its end when
   * `isEnd`. Undefined when it cannot be read. What it says is true of the
   * moment it was read in.
   */
  cutAnew(place: BytePlace, cut: CutAnew): Promise<AnewChunks | undefined>;
  /** Writes verified bytes into a staged file. */
  writeStaged(
    contentId: ContentId,
    pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[],
  ): Promise<void>;
  /** Describes the old bytes of regions, each in the cheapest tier that fits; "whole" where they cannot be read. */
  describeRegions(regions: readonly ChangedRegion[]): Promise<readonly DescribedRegion[]>;
  /**
   * Rebuilds regions from answers and writes those that are proven into the
   * staged file. Gives the full hashes of each one's chunks, undefined where
   * the answer did not do.
   */
  rebuildRegions(
    contentId: ContentId,
    regions: readonly AnsweredRegion[],
  ): Promise<readonly (readonly Uint8Array[] | undefined)[]>;
  /** Nobody goes on with a staged file for now. What is in it is kept, and found again by content. */
  leaveStaged(contentId: ContentId): Promise<void>;
  /** Throws a staged file away. */
  dropStaged(contentId: ContentId): Promise<void>;
  /** Makes the names of these paths durable: what a crash cut off was not flushed, and is about to be taken up. */
  flushNames(paths: readonly RelPath[]): Promise<void>;
  /** Text of `.synclineignore`; "" when there is none. */
  readIgnoreFile(): Promise<string>;
  /** Reads a small kept version or file whole; undefined when it is gone or changed. */
  readStored(storeName: string, size: number): Promise<Uint8Array | undefined>;
  /** Reads small files of the folder whole, each only while its stamp is as given before and after; else undefined. */
  readUnchanged(
    files: readonly { readonly path: RelPath; readonly stamp: DiskStamp }[],
  ): Promise<readonly (Uint8Array | undefined)[]>;
  /** Removes kept versions from the store, checking the stamp; returns the names removed. */
  purge(
    entries: readonly { readonly storeName: string; readonly stamp: DiskStamp | null }[],
  ): Promise<readonly string[]>;
  /** Removes staged leftovers that no one resumed. */
  cleanStage(olderThanMs: number): Promise<void>;
  /** Creates a cookie file for the watcher to report. Removes it when `isDone`. */
  cookie(name: string, isDone: boolean): Promise<void>;
  /** `dev`: the file system that a folder lies on. */
  free(): Promise<{
    readonly bytes: number;
    readonly totalBytes: number;
    readonly inodes: number | undefined;
    readonly dev?: bigint | undefined;
  }>;
}
