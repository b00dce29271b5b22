/** Tells whether a conflict still waits for a person. */
import type { Head } from "../../shared/file-info.ts";
import { compare, type VersionVector } from "../../shared/version-vector.ts";
import { winnerOf } from "../core/heads.ts";
import type { FolderContext } from "../folder-context.ts";
import type { ConflictRow, LocalRow } from "../index/index-port.ts";
import { liveHead } from "../versions/known.ts";
import { readUndo } from "./undo-note.ts";

/** How a conflict can be settled by a person, as the index keeps it. */
export type Resolution = "keep-current" | "keep-copy" | "keep-both";

/** A conflict with what its two paths hold now. */
export interface ConflictSides {
  readonly row: ConflictRow;
  readonly current: LocalRow | undefined;
  readonly copy: LocalRow | undefined;
}

export function sidesOf(context: FolderContext, row: ConflictRow): ConflictSides {
  const { index } = context;
  return { row, current: index.read.local(row.folder, row.path), copy: index.read.local(row.folder, row.copyPath) };
}

/**
 * Whether an open conflict has settled itself: its copy was deleted, or a
 * version was written above both sides, by an edit or by a person elsewhere.
 * A copy that was never here may still be on its way.
 */
export function isSettledByItself({ row, current, copy }: ConflictSides): boolean {
  if (copy !== undefined && winnerOf(copy.heads).deleted) return true;
  const live = liveHead(current);
  if (current === undefined || live === undefined) return true;
  // A directory wins by a version of its own above both sides, so its record does not tell.
  if (live.type === "directory") return false;
  const reopened = readUndo(row)?.reopenedAt;
  return reopened === undefined ? !hasVersion(current.heads, row.loser.version) : !hasVersion(current.heads, reopened);
}

function hasVersion(heads: readonly Head[], version: VersionVector): boolean {
  return heads.some((head) => compare(head.version, version) === "equal");
}
