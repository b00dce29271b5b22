/**
 * What two devices say to each other about a folder, as data.
 *
 * `src/peer/wire` turns these into frames and back; `src/sync` produces and
 * consumes them. docs/protocol.md has their meaning on the wire.
 */
import type { FileInfo, PathProblem } from "./file-info.ts";
import type { ContentId, FolderId, RelPath, ShortId } from "./ids.ts";
import type { Reconcile, ReconcileStep } from "./reconcile-messages.ts";

/** Opens a folder on a connection: which index this is, and how much of the other's index is held here. */
export interface FolderState {
  readonly type: "folder-state";
  readonly folder: FolderId;
  /** Names this device's index of the folder; a new one means that sequence numbers started anew. */
  readonly epoch: string;
  /** Highest sequence number given out here. */
  readonly sequence: number;
  /** The other's epoch and the sequence up to which it is stored here; epoch "" when unknown. */
  readonly heldEpoch: string;
  readonly heldSequence: number;
  /** Names the opening that the other is to answer; 0 for none. */
  readonly opening: number;
  /** The other's opening that this answers; 0 for none. */
  readonly answers: number;
}

/** Records that changed since the sequence the receiver holds, in order of sequence. */
export interface IndexUpdate {
  readonly type: "index-update";
  readonly folder: FolderId;
  readonly epoch: string;
  /** The receiver must hold everything up to here, else the update is refused. */
  readonly afterSequence: number;
  /** After this update the receiver holds everything up to here. */
  readonly lastSequence: number;
  readonly records: readonly IndexRecord[];
  /** Only between peers that share the feature; among the records by their numbers. */
  readonly moves: readonly DirectoryMove[];
}

export interface IndexRecord {
  readonly sequence: number;
  readonly info: FileInfo;
  /** Wire form of the winner's chunk list when it is short; else empty and fetched on request. */
  readonly chunkList: Uint8Array;
  /** Instead of it: a splice (delta/splice.ts) of the list of `spliceBase`. Only between peers that share the feature. */
  readonly splice?: Uint8Array;
  /** A content that the receiver has acknowledged; the winner's `previous` where it is not named. */
  readonly spliceBase?: ContentId;
  /** The winner's bytes, when they are few and new to the receiver; unverified. Only between peers that share the feature. */
  readonly content?: Uint8Array;
  /** A person at the sender approved this deletion, or commanded it: the receiver's brake lets it pass when the sender is admin there. */
  readonly isApproved?: boolean;
}

/**
 * A directory with all it holds now lies at `to`: stands for two records for
 * each one moved, the arrival and the tombstone it left behind.
 */
export interface DirectoryMove {
  /** Number of the last of its records. They take the `2 * count` numbers up to it: arrivals in directory order, then tombstones in its reverse. */
  readonly sequence: number;
  readonly from: RelPath;
  readonly to: RelPath;
  readonly author: ShortId;
  readonly counter: number;
  /** How many records moved. */
  readonly count: number;
  /** Hex of 16 bytes that bind all of its records, so that a receiver knows whether it makes the same ones. */
  readonly digest: string;
}

/** How far the receiver of updates has come. Sent after everything that applying produced was announced. */
export interface IndexAck {
  readonly type: "index-ack";
  readonly folder: FolderId;
  readonly epoch: string;
  /** Stored up to here. */
  readonly received: number;
  /** Applied to the disk, durably, up to here. */
  readonly applied: number;
  /** What keeps the rest from being applied. */
  readonly problems: readonly PathProblem[];
}

/** Asks the other side to look at its disk now and to answer with the sequence that covers what it found. */
export interface BarrierRequest {
  readonly type: "barrier";
  readonly folder: FolderId;
  readonly id: number;
}

export interface BarrierReply {
  readonly type: "barrier-reply";
  readonly folder: FolderId;
  readonly id: number;
  readonly sequence: number;
  readonly problems: readonly PathProblem[];
}

/** The folder is paused, halted or no longer shared here. */
export interface FolderClosed {
  readonly type: "folder-closed";
  readonly folder: FolderId;
  readonly code: string;
  readonly message: string;
}

export type FolderMessage =
  | FolderState
  | IndexUpdate
  | IndexAck
  | BarrierRequest
  | BarrierReply
  | FolderClosed
  | Reconcile
  | ReconcileStep;

/** Whether something is done: where it pays, always, or never. */
export type Switch = "auto" | "on" | "off";

/** Changed regions of one version of a file, wanted from a peer; in order, without overlap. */
export interface RegionRequest {
  readonly path: RelPath;
  readonly contentId: ContentId;
  readonly regions: readonly WantedRegion[];
}

export interface WantedRegion {
  readonly offset: number;
  readonly size: number;
  /** Describes what is held in its place (src/sync/delta/region-query.ts). */
  readonly query: Uint8Array;
}

/** Bytes of one version of a file, wanted from a peer. */
export interface ChunkRequest {
  readonly path: RelPath;
  readonly contentId: ContentId;
  readonly offset: number;
  readonly size: number;
}
