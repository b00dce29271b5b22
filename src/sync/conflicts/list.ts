import { SyncError } from "../../shared/errors.ts";
import type { Head } from "../../shared/file-info.ts";
import type { RelPath, ShortId } from "../../shared/ids.ts";
import type { FolderContext } from "../folder-context.ts";
import type { ConflictRow } from "../index/index-port.ts";
import type { KeepContext } from "../versions/keep-context.ts";
import { liveHead } from "../versions/known.ts";
import { timeOf } from "../versions/list.ts";
import { canUndo } from "./can-undo.ts";
import { type ConflictSides, isSettledByItself, sidesOf } from "./conflict-state.ts";

/** One side of a conflict. */
export interface ConflictSide {
  readonly path: RelPath;
  /** Who wrote it. */
  readonly device: ShortId;
  readonly timeMs: number;
  readonly size: number;
}

export interface ConflictView {
  readonly id: number;
  readonly path: RelPath;
  /** What is at the path first, then the copy; as they are now, or were when they met. */
  readonly copies: readonly ConflictSide[];
  readonly state: "open" | "resolved";
  /** How a person settled it; null while it is open, and when it settled itself. */
  readonly kept: "current" | "copy" | "both" | null;
  readonly createdAtMs: number;
  readonly canUndo: boolean;
}

/** Lists the folder's conflicts by number; settled ones, too, with `all`. */
export function listConflicts(context: FolderContext, { all }: { readonly all: boolean }): readonly ConflictView[] {
  return context.index.read
    .conflicts(context.folder, !all)
    .map((row) => viewOf(context, sidesOf(context, row)))
    .filter((view) => all || view.state === "open");
}

/** One conflict. Throws E_CONFLICT_NOT_FOUND. */
export function showConflict(context: FolderContext, id: number): ConflictView {
  return viewOf(context, sidesOf(context, conflictRow(context, id)));
}

/** A conflict of this folder. Throws E_CONFLICT_NOT_FOUND. */
export function conflictRow(context: FolderContext, id: number): ConflictRow {
  const row = context.index.read.conflict(id);
  if (row === undefined || row.folder !== context.folder)
    throw new SyncError("E_CONFLICT_NOT_FOUND", `there is no conflict ${id} in folder ${context.folder}`);
  return row;
}

/**
 * Writes down which open conflicts have settled themselves. Lists do not need
 * it, they judge each time; it keeps the index's own list short. Returns how many.
 */
export function reconcileConflicts(context: KeepContext): Promise<number> {
  return context.inLoop(async () => {
    const { index, folder, clock } = context;
    const settled = index.read.conflicts(folder, true).filter((row) => isSettledByItself(sidesOf(context, row)));
    for (const { id } of settled) await index.write.settleConflict(id, "gone", clock.now(), null);
    return settled.length;
  });
}

function viewOf(context: FolderContext, sides: ConflictSides): ConflictView {
  const { row, current, copy } = sides;
  const isOpen = row.resolution === null && !isSettledByItself(sides);
  return {
    id: row.id,
    path: row.path,
    copies: [
      side(row.path, (isOpen ? liveHead(current) : undefined) ?? row.winner),
      side(row.copyPath, (isOpen ? liveHead(copy) : undefined) ?? row.loser),
    ],
    state: isOpen ? "open" : "resolved",
    kept: KEPT[row.resolution ?? ""] ?? null,
    createdAtMs: row.createdAtMs,
    canUndo: canUndo(context, sides),
  };
}

const KEPT: Readonly<Record<string, ConflictView["kept"]>> = {
  "keep-current": "current",
  "keep-copy": "copy",
  "keep-both": "both",
};

function side(path: RelPath, head: Head): ConflictSide {
  return { path, device: head.author, timeMs: timeOf(head), size: head.size };
}
