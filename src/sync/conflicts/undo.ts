/** Takes back how a conflict was settled, as far as the store still holds what gave way. */
import { SyncError } from "../../shared/errors.ts";
import type { Head } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { sameContent, winnerOf } from "../core/heads.ts";
import type { FolderContext } from "../folder-context.ts";
import type { LocalRow } from "../index/index-port.ts";
import { carryOut } from "../versions/carry-out.ts";
import { assertChangesCount, type KeepContext } from "../versions/keep-context.ts";
import { shownHead, versionAbove } from "../versions/known.ts";
import { failureOf } from "../versions/restore-target.ts";
import { type CompleteNote, isComplete, isHeld, isUnchanged } from "./can-undo.ts";
import { type ConflictSides, sidesOf } from "./conflict-state.ts";
import { type ConflictView, conflictRow, showConflict } from "./list.ts";
import { readUndo, writeUndo } from "./undo-note.ts";

/**
 * Opens a settled conflict again: both paths hold what they held before, each
 * as a new version. Throws E_CONFLICT_SETTLED when it was not settled by a
 * person or one of its files has changed since, E_VERSION_NOT_FOUND when the
 * store no longer holds what is needed; then nothing has changed.
 */
export async function undoConflict(context: KeepContext, id: number): Promise<ConflictView> {
  assertChangesCount(context);
  return context.inLoop(async () => {
    const sides = sidesOf(context, conflictRow(context, id));
    const note = assertCanUndo(context, sides);
    const { path, copyPath } = sides.row;
    // The copy first: its content may lie at the path only.
    if (note.before.copy !== null) await bringBack(context, copyPath, sides.copy, note.before.copy);
    await bringBack(context, path, sides.current, note.before.current);
    const current = context.index.read.local(context.folder, path);
    if (current === undefined) throw new Error("bug: a path brought back without a record");
    const reopenedAt = winnerOf(current.heads).version;
    await context.index.write.settleConflict(id, null, context.clock.now(), writeUndo({ reopenedAt }));
    return showConflict(context, id);
  });
}

function assertCanUndo(context: FolderContext, sides: ConflictSides): CompleteNote {
  const { id, path, resolution } = sides.row;
  const note = readUndo(sides.row);
  if (resolution === null || !isComplete(note))
    throw new SyncError(
      "E_CONFLICT_SETTLED",
      `conflict ${id} of ${path} was not settled by anybody, so there is nothing to take back`,
    );
  if (!isUnchanged(sides, note))
    throw new SyncError("E_CONFLICT_SETTLED", `${path} or its copy was changed since conflict ${id} was settled`);
  if (!isHeld(context, note))
    throw new SyncError("E_VERSION_NOT_FOUND", `what gave way when conflict ${id} was settled is no longer kept here`);
  return note;
}

async function bringBack(context: KeepContext, path: RelPath, row: LocalRow | undefined, head: Head): Promise<void> {
  const shown = shownHead(row);
  if (shown !== undefined && sameContent(shown, head)) return;
  const heads = [versionAbove(context, row?.heads ?? [], head)];
  const [result] = await carryOut(context, [{ type: "show", path, heads, origin: "conflict", storedAs: null }]);
  if (result?.type === "skipped") throw failureOf(result);
}
