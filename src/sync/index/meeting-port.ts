/**
 * What two indexes that meet ask of the thread that owns this one: digests of
 * all records, coded symbols, and writing down what turned out to be equal.
 *
 * Every call is many short transactions, so that other writes pass between
 * them. What is worked on lies in the memory of the thread, for one folder and
 * device; a write that the disk refuses drops it, and every later call rejects.
 */
import type { FolderId, ShortId } from "../../shared/ids.ts";
import type { OriginRun } from "../../shared/reconcile-messages.ts";
import type { DecoderState } from "../delta/reconcile-decoder.ts";

/** "whole": everything that defines a record. "facts": what live paths with one head show, whoever wrote it. */
export type MeetingForm = "whole" | "facts";

/** What a peer has to be told after a meeting: of the rows up to a sequence those with these, and all later ones. */
export interface TellPlan {
  readonly upTo: number;
  /** Rising. */
  readonly sequences: readonly number[];
}

/** What `fill` and `adopt` did: elements whose rows have changed since they were read, and what is left to tell. */
export interface FilledRows {
  readonly changed: ElementBytes;
  readonly plan: TellPlan;
}

export interface Adoption {
  /** The peer's epoch. */
  readonly epoch: string;
  readonly self: ShortId;
  readonly nowMs: number;
}

/** Elements as bytes: eight each, little-endian. */
export type ElementBytes = Uint8Array<ArrayBuffer>;

export interface MeetingOf {
  readonly folder: FolderId;
  readonly device: ShortId;
}

export interface IndexMeetings {
  /** Reads every record into digests under `key`. `root` is their sum. */
  begin(
    of: MeetingOf,
    form: MeetingForm,
    key: Uint8Array,
  ): Promise<{ readonly size: number; readonly root: Uint8Array<ArrayBuffer> }>;
  /** Makes the wire form of the symbols from `first` on; runs follow each other. */
  make(of: MeetingOf, first: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Takes such a run of a peer that has `size` elements. "impossible" also for bytes that are no symbols. */
  decode(
    of: MeetingOf,
    run: { readonly first: number; readonly length: number; readonly size: number; readonly bytes: Uint8Array },
  ): Promise<DecoderState>;
  /** What was found: the elements that only the peer has, and the sum of those that both have. */
  propose(of: MeetingOf): Promise<{ readonly theirs: ElementBytes; readonly sum: Uint8Array<ArrayBuffer> }>;
  /** Takes what a peer found only here. False when the rest does not add up to `sum`. */
  agree(of: MeetingOf, ours: Uint8Array, sum: Uint8Array): Promise<boolean>;
  /** The origins of the records that both have, in directory order, a message's worth a call. */
  origins(of: MeetingOf): Promise<{ readonly runs: readonly OriginRun[]; readonly isLast: boolean }>;
  /** Stores the peer's rows for all that is equal, but for `except`, out of local rows. */
  fill(of: MeetingOf, epoch: string, except: Uint8Array): Promise<FilledRows>;
  /** As `fill`, for equal facts: the next records in directory order have these origins. A row that only this device wrote takes the peer's as its own. */
  adopt(of: MeetingOf, by: Adoption, runs: readonly OriginRun[]): Promise<void>;
  /** Ends adopting. Rejects when origins are missing or left over. */
  adopted(of: MeetingOf, by: Adoption): Promise<FilledRows>;
  /** Forgets what was worked on. */
  end(of: MeetingOf): Promise<void>;
}
