/**
 * What is remembered between restarts, as the engine sees it.
 *
 * Reads are synchronous and bounded; writes go to the one writer and resolve
 * after the transaction is durable. One write call is one transaction (calls
 * that wait together may share one); when it rejects, nothing of it is there.
 * Whoever awaited a write sees it in the next read.
 *
 * Paths come in directory order: by the path of their directory, then by name,
 * each compared as UTF-8 bytes. A directory's own row comes before what it
 * holds, and its children stand together; in reverse, after what it holds.
 */
import type { ChunkList, DiskStamp, FileInfo, Head } from "../../shared/file-info.ts";
import type { ContentId, FolderId, RelPath, ShortId } from "../../shared/ids.ts";
import type { DirectoryMove } from "../../shared/messages.ts";
import type { IndexMeetings } from "./meeting-port.ts";
import type { TransferReader, TransferWriter } from "./transfer-port.ts";
import type { UserReader, UserWriter } from "./user-port.ts";

/** This device's row for a path. */
export interface LocalRow extends FileInfo {
  /**
   * What the disk held when the row was written: the winner, whole and durable.
   * Null: nothing is there (a tombstone), or what should be there is held,
   * displaced or wanted again; then the planner restores it.
   */
  readonly stamp: DiskStamp | null;
  readonly sequence: number;
  /** Who owns the path as this device judges it (core/owner.ts): rights, notices and lists go by this. */
  readonly owner: string;
}

/** A peer's row for a path, as it last announced it. */
export interface RemoteRow extends FileInfo {
  readonly device: ShortId;
  readonly sequence: number;
}

/** A path, and all versions of it that were known when it was looked at. */
export interface SeenPath {
  readonly path: RelPath;
  readonly heads: readonly Head[];
}

/** How far two devices are with each other's index of one folder. */
export interface RemoteState {
  /** Epoch of the peer's index that is stored here, "" when none. */
  readonly epoch: string;
  /** Stored here up to this sequence of the peer. */
  readonly received: number;
  /** Our epoch and sequence that the peer has acknowledged as applied. */
  readonly ackedEpoch: string;
  readonly acked: number;
}

/** One path of a folder as commit writes it. Sequence numbers are given by the writer, in the order of the array. */
export interface LocalChange {
  readonly path: RelPath;
  readonly heads: readonly Head[];
  readonly stamp: DiskStamp | null;
  /** Whether peers have to hear of it (a new sequence number). A refreshed stamp alone is not announced. */
  readonly announce: boolean;
}

export interface VersionRow {
  readonly folder: FolderId;
  readonly path: RelPath;
  /** 1 = oldest, never reused for this path. */
  readonly version: number;
  readonly head: Head;
  /** When it stopped being the current one, ms. */
  readonly storedAtMs: number;
  /** Why it is here: replaced, deleted, conflict, revert, restore, moved. */
  readonly origin: string;
  /** The device or user whose change displaced it. */
  readonly by: string;
  /** Name in `.syncline/store`; null when only the history remains. */
  readonly storedAs: string | null;
  readonly stamp: DiskStamp | null;
}

export interface ConflictRow {
  readonly id: number;
  readonly folder: FolderId;
  readonly path: RelPath;
  readonly copyPath: RelPath;
  readonly loser: Head;
  readonly winner: Head;
  readonly createdAtMs: number;
  /** How it was settled, null while open: "keep-current", "keep-copy", "keep-both", "gone". */
  readonly resolution: string | null;
  readonly resolvedAtMs: number | null;
  /** What undo needs, as JSON. */
  readonly undo: string | null;
}

export interface EventRow {
  readonly id: number;
  readonly timeMs: number;
  readonly type: string;
  readonly folder: FolderId | null;
  readonly path: string | null;
  readonly device: string | null;
  readonly user: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One value that a path had from `fromMs` until the next row: what `restore --at` reads. */
export interface HistoryRow {
  readonly path: RelPath;
  readonly fromMs: number;
  readonly head: Head;
}

export interface FolderTotals {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly bytes: number;
}

/** A directory that was found under another path than the index has it; it has `stamp` now. */
export interface MovedDirectory {
  readonly from: RelPath;
  readonly to: RelPath;
  readonly author: ShortId;
  readonly stamp: DiskStamp;
  /** Whether what is kept of it goes along. */
  readonly withVersions?: boolean;
}

/** The kept versions of a path, and of all below it, go to another. */
export interface VersionsMove {
  readonly from: RelPath;
  readonly to: RelPath;
}

/** The versions of a path that another folder's store has from now on. */
export interface GivenVersions {
  readonly from: RelPath;
  readonly to: RelPath;
  /** Under which names the other store holds their bytes; a version with bytes that is not among them stays. */
  readonly stored: readonly Pick<VersionRow, "version" | "storedAs" | "stamp">[];
}

/** How the move of a directory ended in the index. */
export type LocalMoveResult =
  | { readonly type: "moved"; readonly move: DirectoryMove }
  /** Something lives at the destination: its own move comes first, or there is none. */
  | { readonly type: "occupied" }
  /** Something below is in conflict, waits for its content, or would get an impossible name: each path goes its own way. */
  | { readonly type: "refused" };

/** What can be done with a move that a peer announced. */
export type MoveReadiness =
  /** The records here are those that it moves: one rename does it. `stamp` is the directory's. */
  | { readonly type: "ready"; readonly move: DirectoryMove; readonly stamp: DiskStamp }
  /** All of it is here already. */
  | { readonly type: "done" }
  | { readonly type: "different" };

/** A peer's move, by its last sequence, that is on the disk now; the directory has `stamp`. */
export interface AppliedMove {
  readonly last: number;
  readonly stamp: DiskStamp;
  readonly nowMs: number;
}

/** A peer's move that is stored, and not on the disk yet. */
export interface PendingMove {
  readonly device: ShortId;
  readonly move: DirectoryMove;
}

export interface IndexReader extends TransferReader, UserReader {
  /** This device's epoch and highest sequence for a folder; undefined before `openFolder`. */
  folder(folder: FolderId): { readonly epoch: string; readonly sequence: number } | undefined;
  local(folder: FolderId, path: RelPath): LocalRow | undefined;
  /** Direct children of a directory ("" = the root), by name, tombstones included. With `limit` one page of them: pass the last path of the page before as `after`. */
  localChildren(folder: FolderId, parent: RelPath | "", after?: string, limit?: number): readonly LocalRow[];
  /** Rows below a directory ("" = all), tombstones included, in directory order, paged: pass the last path of the page before, "" at first. */
  localBelow(folder: FolderId, parent: RelPath | "", after: string, limit: number): readonly LocalRow[];
  localSince(folder: FolderId, sequence: number, limit: number): readonly LocalRow[];
  /** Live local files with this content, present on disk, in any folder that is usable. */
  localByContent(
    contentId: ContentId,
    limit: number,
    isUsable?: (folder: FolderId) => boolean,
  ): readonly { readonly folder: FolderId; readonly row: LocalRow }[];
  /** Whether some peer has acknowledged anything of this index: then others may know its versions. */
  isAcknowledged(folder: FolderId): boolean;
  /** Live directories that had this inode when they were last looked at. */
  directoriesAt(folder: FolderId, place: Pick<DiskStamp, "dev" | "ino">): readonly LocalRow[];
  /** The first move of this device that ends behind a sequence; the last 64 are kept. */
  moveAfter(folder: FolderId, sequence: number): DirectoryMove | undefined;
  /** Whether all records of this device's move still stand under the numbers that it gave them. */
  isMoveWhole(folder: FolderId, move: DirectoryMove): boolean;
  /** Whether a device announced this very move. */
  isMoveKnownTo(folder: FolderId, device: ShortId, digest: string): boolean;
  /** Peers' moves that wait to be applied as one, a peer's oldest first. They hold back {@link appliedUpTo}. */
  pendingMoves(folder: FolderId): readonly PendingMove[];
  /** Every peer's row for a path. */
  remote(folder: FolderId, path: RelPath): readonly RemoteRow[];
  remoteOf(folder: FolderId, device: ShortId, path: RelPath): RemoteRow | undefined;
  remoteState(folder: FolderId, device: ShortId): RemoteState;
  /** The chunk list that came with a peer's record (`commitRemote`), as it was given, unverified; kept until the row is applied; undefined when none came. */
  announcedChunkList(folder: FolderId, device: ShortId, path: RelPath): Uint8Array | undefined;
  /**
   * Paths that have to be worked on: some remote row is not applied yet, or the local row names something
   * the disk lacks. The winner of all heads decides: live ones in directory order, or deletions in its reverse.
   * Paged: pass the last path of the page before, "" at first.
   */
  pending(folder: FolderId, kind: "live" | "deleted", after: string, limit: number): readonly RelPath[];
  /** How many paths wait (both kinds), and the bytes of their live winners. */
  pendingTotals(folder: FolderId): { readonly files: number; readonly bytes: number };
  /** What the peer still lacks of ours, by sequence: rows and bytes after `sequence`. Exact for all and for up to 50,000 rows, else estimated. */
  localTotalsSince(folder: FolderId, sequence: number): { readonly files: number; readonly bytes: number };
  /** Up to which sequence of the peer everything is applied: local rows cover it, and none of them is wanted. */
  appliedUpTo(folder: FolderId, device: ShortId): number;
  /** Stored form (delta/chunk-list.ts) of a multi-chunk file's list. */
  chunkList(contentId: ContentId): Uint8Array | undefined;
  /**
   * Which of these chunks (delta/chunk-key.ts) are in files of many chunks here, by families of contents that have much
   * in common; those that have most first. A key is a part of a hash: what is found is compared.
   */
  chunkFamilies(keys: Float64Array): ReadonlyMap<number, readonly number[]>;
  /** The contents of such a family, the newest first. */
  contentsOfFamily(family: number): readonly ContentId[];
  /** Rows whose winner is live, on the disk or held; counted as they are written, so that asking costs nothing. */
  totals(folder: FolderId): FolderTotals;
  /** Whether any folder of this node has a file. */
  hasFiles(): boolean;
  /** Versions of one path, oldest first, those of which only the record remains included. */
  versions(folder: FolderId, path: RelPath): readonly VersionRow[];
  /** Kept versions (with bytes) of a folder, at or below a path, newest first; paged: `after` is the last cursor, 0 at first. `deletedOnly`: those of origin "deleted" and "revert". `newestOnly`: those that no later one of their path follows. */
  versionsOf(
    folder: FolderId,
    options: {
      readonly deletedOnly: boolean;
      readonly newestOnly?: boolean;
      readonly below: string;
      readonly after: number;
      readonly limit: number;
    },
  ): readonly (VersionRow & { readonly cursor: number })[];
  /** Whether a version lies in the folder's store under this name. */
  isStored(folder: FolderId, storeName: string): boolean;
  /** A kept version (with bytes) that has this content, the newest in any folder that is usable. */
  versionByContent(contentId: ContentId, isUsable?: (folder: FolderId) => boolean): VersionRow | undefined;
  /** What each path at or below `below` held at a moment, tombstones included, in directory order; paged like `localBelow`. */
  historyAt(folder: FolderId, below: string, atMs: number, after: string, limit: number): readonly HistoryRow[];
  /** The highest number among the kept versions of these paths, where they have any. */
  lastVersions(folder: FolderId, paths: readonly RelPath[]): ReadonlyMap<RelPath, number>;
  /** SHA-256 as hex of those contents of which it was computed. */
  contentHashes(contentIds: readonly ContentId[]): ReadonlyMap<ContentId, string>;
  /** By number, at most 10,000. */
  conflicts(folder: FolderId | null, onlyOpen: boolean): readonly ConflictRow[];
  conflict(id: number): ConflictRow | undefined;
  /** Another one after an open conflict came or went; cheap to ask for. */
  openConflictsMark(folder: FolderId): string;
  events(options: {
    readonly since: number;
    readonly limit: number;
    readonly folder?: FolderId;
    readonly type?: string;
  }): readonly EventRow[];
  /** Newest events first reversed to time order: the last `limit`. */
  lastEvents(limit: number): readonly EventRow[];
  /** Small durable facts of a folder: brake window, approvals, intents. */
  note(folder: FolderId, key: string): string | undefined;
}

export interface IndexWriter extends TransferWriter, UserWriter {
  /** Comparing this index with a peer's. */
  readonly meetings: IndexMeetings;
  /**
   * Makes the folder known; keeps it when `epoch` is its own. A differing epoch (a lost, restored or cloned index)
   * starts anew: both sides' trees and the history are dropped, versions, conflicts and notes stay. Returns whether the index of it is new.
   */
  openFolder(folder: FolderId, epoch: string): Promise<{ readonly isNew: boolean }>;
  /**
   * Gives the index another epoch and keeps everything in it: peers forget what they hold of it, and are told anew.
   * For an index that turned out to be an older copy of itself; its rows are old, but true.
   */
  renewFolder(folder: FolderId, epoch: string, notes: readonly (readonly [string, string | null])[]): Promise<void>;
  /** Gives no sequence up to this one from now on; writes the notes along with it. */
  skipSequences(folder: FolderId, upTo: number, notes: readonly (readonly [string, string | null])[]): Promise<void>;
  forgetFolder(folder: FolderId): Promise<void>;
  /**
   * Writes local rows, gives sequences in the order of the array (a path that was not there always gets one),
   * moves replaced values to the history, settles remote rows that are now covered; a row that is wanted, or covers less
   * than the one before, makes its path's remote rows pending instead. Returns the folder's highest sequence.
   * Without `extra`, the time counts as unknown and no history is kept. Chunk lists are of proven content; lists of one chunk are not stored.
   */
  commitLocal(
    folder: FolderId,
    changes: readonly LocalChange[],
    extra?: {
      readonly nowMs: number;
      readonly chunkLists?: readonly (readonly [ContentId, ChunkList])[];
      readonly versions?: readonly Omit<VersionRow, "version">[];
      readonly conflicts?: readonly Omit<ConflictRow, "id" | "resolution" | "resolvedAtMs" | "undo">[];
      readonly notes?: readonly (readonly [string, string | null])[];
      /** Paths whose kept versions have another path from now on; numbers that are taken there are passed over. */
      readonly movedVersions?: readonly VersionsMove[];
    },
  ): Promise<number>;
  /**
   * Stores a peer's announced rows and how far they reach; marks as pending those that local rows do not cover, or only want.
   * A differing epoch drops what was stored of the one before. `chunkList` is kept as it is given (exchange/announced-list.ts) until the row is applied.
   */
  commitRemote(
    folder: FolderId,
    device: ShortId,
    epoch: string,
    lastSequence: number,
    records: readonly { readonly sequence: number; readonly info: FileInfo; readonly chunkList: Uint8Array | null }[],
  ): Promise<void>;
  /**
   * Commits that a directory was moved on this device's disk: the records it stands for are made of those that are there,
   * under numbers of their own, and the move is noted, to be told as one.
   */
  moveDirectory(folder: FolderId, found: MovedDirectory, nowMs: number): Promise<LocalMoveResult>;
  /**
   * Stores a move that a peer announced as the records it stands for, to be applied as one. False, with nothing stored,
   * when the peer moved other records than are known of it here: then it has to tell them one by one.
   */
  receiveMove(folder: FolderId, device: ShortId, epoch: string, move: DirectoryMove): Promise<boolean>;
  /** Tells what can be done with a pending move. Writes nothing; it is a call of the writer because it may take long. */
  checkMove(folder: FolderId, device: ShortId, last: number): Promise<MoveReadiness>;
  /** Commits that a pending move is on the disk, which {@link checkMove} found ready and nobody wrote local rows since. */
  applyMove(folder: FolderId, device: ShortId, applied: AppliedMove): Promise<void>;
  /** Leaves a pending move to be applied path by path. */
  dissolveMove(folder: FolderId, device: ShortId, last: number): Promise<void>;
  /** Drops what is stored of a peer's index (its epoch changed, or the folder is unshared). */
  resetRemote(folder: FolderId, device: ShortId): Promise<void>;
  /**
   * Takes peers' rows that say no more than `heads` as applied: these paths need nothing here. What came since is left.
   * A path whose local row is wanted again stays listed.
   */
  settle(folder: FolderId, seen: readonly SeenPath[]): Promise<void>;
  /** Deletes local rows of paths that are ignored from now on, and clears `pending` of their remote rows: ignored is neither needed nor announced nor deleted. */
  forgetPaths(folder: FolderId, paths: readonly RelPath[]): Promise<void>;
  /** Marks as pending, anew, every remote row that local rows do not cover: after ignore patterns changed. In several transactions; when it failed halfway, run it again. */
  reconsider(folder: FolderId): Promise<void>;
  setAcked(folder: FolderId, device: ShortId, ackedEpoch: string, acked: number): Promise<void>;
  /** Remembers what contents hash to; the oldest are forgotten beyond LIMITS.contentHashesKept. */
  putContentHashes(hashes: readonly (readonly [ContentId, sha256: string])[]): Promise<void>;
  putChunkLists(lists: readonly (readonly [ContentId, ChunkList])[]): Promise<void>;
  /** Returns their numbers, which only rise. The last 10,000 events are kept. */
  addEvents(events: readonly Omit<EventRow, "id">[]): Promise<readonly number[]>;
  updateVersions(
    folder: FolderId,
    changes: readonly { readonly path: RelPath; readonly version: number; readonly storedAs: string | null }[],
  ): Promise<void>;
  /** Versions of paths become versions of paths in another folder, in one transaction; numbers that are taken there are passed over. */
  giveVersions(folder: FolderId, to: FolderId, given: readonly GivenVersions[]): Promise<void>;
  settleConflict(id: number, resolution: string | null, atMs: number, undo: string | null): Promise<void>;
  setNote(folder: FolderId, key: string, value: string | null): Promise<void>;
  /**
   * Removes tombstones that every listed device has acknowledged and that are older than `beforeMs`, history that ended
   * before it, records of versions without bytes, and chunk lists that nobody referred to at this call and at the one before.
   */
  prune(folder: FolderId, devices: readonly ShortId[], beforeMs: number): Promise<{ readonly tombstones: number }>;
}

/** The store the engine works with. */
export interface FolderIndex {
  readonly read: IndexReader;
  readonly write: IndexWriter;
}
