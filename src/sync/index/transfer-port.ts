/**
 * What is remembered of transfers: one row for each upload and download that
 * somebody asked for, here or from here, with a line for each file; and what
 * background sync moved, added up over stretches of time, so that a hundred
 * thousand small files cost a few rows. Statistics, `transfers`, notices and
 * "bandwidth saved" rest on these.
 */
import type { SavedBytes } from "../../shared/transfer-bytes.ts";

export type TransferKind = "upload" | "download" | "sync";
/** "asked": a person of this node asked for it; "served": a peer did. Sync has no asker: "served". */
export type TransferSide = "asked" | "served";
export type TransferState = "running" | "paused" | "done" | "partial" | "failed" | "cancelled" | "interrupted";

export interface TransferTotals {
  readonly files: number;
  readonly fileBytes: number;
  readonly wireBytes: number;
  readonly saved: SavedBytes;
}

export interface TransferRow extends TransferTotals {
  readonly id: number;
  /** Names the transfer on both ends. */
  readonly key: string;
  readonly kind: TransferKind;
  readonly side: TransferSide;
  /** Whether file bytes came here or left. */
  readonly direction: "in" | "out";
  /** The other device, as a device id; null when it was this node itself. */
  readonly device: string | null;
  /** The signed-in user who asked, null for the device itself. */
  readonly user: string | null;
  readonly folder: string;
  /** Below the folder; "" is the folder itself, or all of it for sync. */
  readonly path: string;
  /** Which of a file's versions was downloaded; null: what was there. */
  readonly version: number | null;
  /** Where the bytes lie on the asking side; "" where that is not known. */
  readonly local: string;
  readonly transport: string | null;
  readonly why: string | null;
  readonly state: TransferState;
  /** What stopped it; null while all is well. */
  readonly code: string | null;
  readonly message: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** Time it was at work, pauses left out. */
  readonly durationMs: number;
  /** What was asked for, so that it can be asked for again; JSON. Null on the serving side. */
  readonly request: string | null;
}

export type NewTransfer = Omit<TransferRow, "id" | "files" | "fileBytes" | "wireBytes" | "saved" | "durationMs">;

/** What changes while a transfer runs; left out: as it was. */
export type TransferChange = Partial<
  Pick<
    TransferRow,
    | "state"
    | "code"
    | "message"
    | "endedAtMs"
    | "durationMs"
    | "transport"
    | "why"
    | "files"
    | "fileBytes"
    | "wireBytes"
    | "saved"
  >
>;

/** One file of an asked-for transfer, once it is settled. */
export interface TransferFile {
  /** Below the folder. */
  readonly path: string;
  /** Where it went: below the folder for an upload, a local path for a download; null when nothing was written. */
  readonly storedAs: string | null;
  readonly fileBytes: number;
  readonly wireBytes: number;
  readonly saved: SavedBytes;
  /** `sha256:…`, null where it was not computed. */
  readonly hash: string | null;
  readonly durationMs: number;
  /** "stored", "unchanged", "skipped", "failed", … */
  readonly outcome: string;
  readonly code: string | null;
  readonly message: string | null;
}

export interface TransferFilter {
  /** At work at this time or later. */
  readonly fromMs?: number | undefined;
  /** Begun before this time. */
  readonly toMs?: number | undefined;
  readonly device?: string | undefined;
  readonly direction?: "in" | "out" | undefined;
  readonly kind?: TransferKind | undefined;
  readonly state?: TransferState | undefined;
  readonly folder?: string | undefined;
  /** What a person asked for, without background sync. */
  readonly isByHand?: boolean | undefined;
  /** Ended, or still under way. */
  readonly isOver?: boolean | undefined;
  /** Somewhere in its path or folder, in capitals or not. */
  readonly contains?: string | undefined;
}

/** The latest, the largest, or those that took longest first. */
export type TransferOrder = "newest" | "size" | "duration";

export interface TransferPage {
  /** An id: only earlier ones. */
  readonly before?: number;
  readonly limit: number;
  readonly offset?: number;
  readonly order?: TransferOrder;
}

/**
 * What background sync moved since the last time it was counted. With the folder "": all bytes on the connections with
 * the device, whatever they were for; such rows are read by `history` alone.
 */
export interface SyncCount extends TransferTotals {
  readonly device: string;
  readonly folder: string;
  readonly direction: "in" | "out";
  readonly transport: string | null;
}

/** What moved in a stretch of time, with one device. */
export interface HistorySum {
  readonly startMs: number;
  readonly device: string | null;
  /** Bytes on the connections. */
  readonly sent: number;
  readonly received: number;
  /** Of files, by sync and by hand, and what of them did not have to be sent. */
  readonly fileBytes: number;
  readonly saved: SavedBytes;
}

/** Tells the owner of a file that somebody downloaded it by hand. */
export interface NoticeRow {
  readonly id: number;
  readonly folder: string;
  readonly path: string;
  /** Who is told: a device's short id, or a user's name. */
  readonly owner: string;
  /** Who downloaded: a device id, and the user when one was signed in. */
  readonly device: string;
  readonly user: string | null;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** How often, since it was last looked at. */
  readonly count: number;
  /** The device that served it, when this notice came from there. */
  readonly from: string | null;
  /** When the owner's device had it; null: still to be told. */
  readonly deliveredAtMs: number | null;
  readonly readAtMs: number | null;
}

export type NewNotice = Pick<NoticeRow, "folder" | "path" | "owner" | "device" | "user" | "from" | "deliveredAtMs"> & {
  readonly atMs: number;
  readonly count: number;
};

export interface TransferReader {
  /** The latest first, where no other order is asked for; pages by `before` or by `offset`. */
  transfers(filter: TransferFilter, page: TransferPage): readonly TransferRow[];
  transfer(id: number): TransferRow | undefined;
  transferByKey(key: string, side: TransferSide): TransferRow | undefined;
  transferFiles(id: number, options: { readonly after: number; readonly limit: number }): readonly TransferFile[];
  /** Sums of all that match, however many. */
  transferTotals(filter: TransferFilter): TransferTotals & { readonly transfers: number; readonly durationMs: number };
  /** Sums over stretches of time, the oldest first. */
  history(
    filter: { readonly fromMs: number; readonly toMs: number; readonly device?: string | undefined },
    stretchMs: number,
  ): readonly HistorySum[];
  /** The latest first. `undeliveredTo`: those that a device has still to be told, for itself or for its accounts. */
  notices(options: {
    readonly undeliveredTo?: string;
    readonly unreadOnly?: boolean;
    /** Only what is meant for this owner; left out: for anybody here. */
    readonly owner?: string;
    readonly limit: number;
  }): readonly NoticeRow[];
  /** How many were not looked at, of those meant for these owners of this node. */
  unreadNotices(owners: readonly string[]): number;
}

export interface TransferWriter {
  /** Returns the row's number. */
  openTransfer(row: NewTransfer): Promise<number>;
  /** Changes a row, and adds files to it. The oldest rows beyond the limit go. */
  changeTransfer(id: number, change: TransferChange, files?: readonly TransferFile[]): Promise<void>;
  /** Ends what a crash left running: nobody works on it any more. */
  interruptTransfers(nowMs: number): Promise<number>;
  /** Adds what sync moved to the rows of the current stretch of time. */
  countSync(counts: readonly SyncCount[], nowMs: number, stretchMs: number): Promise<void>;
  /** Stores notices; one of the same file, device and user that was neither read nor delivered grows instead. Returns their numbers. */
  addNotices(notices: readonly NewNotice[]): Promise<readonly number[]>;
  /** Another device has these now: they are its own to list. */
  forgetNotices(ids: readonly number[]): Promise<void>;
  /** Those of these owners, up to a number, were looked at. */
  noticesRead(upTo: number, atMs: number, owners: readonly string[]): Promise<number>;
}
