import { compare, type VersionVector } from "../../shared/version-vector.ts";
import { winnerOf } from "../core/heads.ts";
import type { FolderContext } from "../folder-context.ts";
import type { LocalRow } from "../index/index-port.ts";
import { isHere } from "../versions/content-source.ts";
import type { ConflictSides } from "./conflict-state.ts";
import { readUndo, type UndoNote } from "./undo-note.ts";

/** Whether taking back how a conflict was settled would work now, as far as the index tells. */
export function canUndo(context: FolderContext, sides: ConflictSides): boolean {
  const note = readUndo(sides.row);
  return isComplete(note) && sides.row.resolution !== null && isUnchanged(sides, note) && isHeld(context, note);
}

/** A note that says both what was and what came of it. */
export type CompleteNote = UndoNote & Required<Pick<UndoNote, "before" | "after">>;

export function isComplete(note: UndoNote | undefined): note is CompleteNote {
  return note?.before !== undefined && note.after !== undefined;
}

/** Whether both paths still have the versions that settling gave them. */
export function isUnchanged({ current, copy }: ConflictSides, { after }: CompleteNote): boolean {
  return hasVersion(current, after.current) && hasVersion(copy, after.copy);
}

function hasVersion(row: LocalRow | undefined, version: VersionVector | null): boolean {
  if (row === undefined || version === null) return row === undefined && version === null;
  return compare(winnerOf(row.heads).version, version) === "equal";
}

/** Whether what both paths held before is still kept here. */
export function isHeld(context: FolderContext, { before }: CompleteNote): boolean {
  return [before.current, before.copy].every((head) => head === null || isHere(context, head, null));
}
