/** What two devices say to compare their indexes of a folder; docs/reconcile.md has the order of it. */
import type { Head } from "./file-info.ts";
import type { FolderId } from "./ids.ts";

/** Opens a comparison, or declines one. */
export interface Reconcile {
  readonly type: "reconcile";
  readonly folder: FolderId;
  /** The sender's own; in declining that of the opening which is declined. */
  readonly salt: Uint8Array;
  /** Nobody has acknowledged anything of the sender's index: no other device knows its versions. */
  readonly isFresh: boolean;
  readonly isDeclined: boolean;
}

export interface ReconcileStep {
  readonly type: "reconcile-step";
  readonly folder: FolderId;
  /** Names the comparison by both salts: steps of one that was given up are told apart. */
  readonly tag: number;
  readonly step: Step;
}

/** Who wrote a version: what the facts of a path leave out. */
export type Origin = Pick<Head, "version" | "author" | "previous" | "owner">;

/** So many records one after the other have this origin; null: theirs changed meanwhile, and comes by itself. */
export interface OriginRun {
  readonly count: number;
  readonly origin: Origin | null;
}

export type Step =
  /** The sender of symbols has so many elements, and this is their sum. */
  | { readonly type: "summary"; readonly size: number; readonly root: Uint8Array }
  | { readonly type: "wish"; readonly first: number; readonly length: number }
  | { readonly type: "symbols"; readonly first: number; readonly length: number; readonly symbols: Uint8Array }
  /** What the decoder found only at the sender of symbols, and the sum of what both have. */
  | { readonly type: "proposal"; readonly theirs: Uint8Array; readonly sum: Uint8Array }
  /** The sender of symbols agrees; who wrote what, where only facts were compared. */
  | { readonly type: "origins"; readonly isLast: boolean; readonly runs: readonly OriginRun[] }
  /** The decoder has stored what is equal, but for what has changed there since. */
  | { readonly type: "filled"; readonly changed: Uint8Array }
  | { readonly type: "failure"; readonly reason: string };
