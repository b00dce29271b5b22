/** The column `kind` of a local row: what SQL has to know of a record without decoding it. */
import type { DiskStamp, Head } from "../../shared/file-info.ts";

const TYPES: readonly Head["type"][] = ["file", "directory", "symlink"];
const TYPE_BITS = 0b11;
/** The disk held the winner when the row was written. */
const PRESENT = 4;
/** The winner is a tombstone. The schema's partial index tests for `kind >= 8`. */
const DELETED = 8;

/** Packs what a row's winner is and whether the disk has it. */
export function kindOf(winner: Head, stamp: DiskStamp | null): number {
  return TYPES.indexOf(winner.type) | (stamp === null ? 0 : PRESENT) | (winner.deleted ? DELETED : 0);
}

export function isLive(kind: number): boolean {
  return kind < DELETED;
}

/** Whether the disk lacks what the row names. */
export function isWanted(kind: number): boolean {
  return kind < PRESENT;
}

/** Kind of a live file that is on the disk. */
export const PRESENT_FILE: number = PRESENT;

export function typeOf(kind: number): Head["type"] {
  return TYPES[kind & TYPE_BITS] ?? "file";
}
