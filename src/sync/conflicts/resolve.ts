/**
 * Settles a conflict as a person says, with a version above both sides, so
 * that every device sees it settled. What gives way goes to the store.
 *
 * Written above what is applied here and no more: a version of the path that
 * is still on its way was not seen by the person, and may conflict anew.
 */
import { SyncError } from "../../shared/errors.ts";
import type { Head } from "../../shared/file-info.ts";
import { winnerOf } from "../core/heads.ts";
import type { LocalRow } from "../index/index-port.ts";
import { carryOut, type PathChange } from "../versions/carry-out.ts";
import { assertChangesCount, type KeepContext } from "../versions/keep-context.ts";
import { liveHead, shownHead, tombstoneAbove, versionAbove } from "../versions/known.ts";
import { failureOf } from "../versions/restore-target.ts";
import { type ConflictSides, isSettledByItself, type Resolution, sidesOf } from "./conflict-state.ts";
import { type ConflictView, conflictRow, showConflict } from "./list.ts";
import { writeUndo } from "./undo-note.ts";

export type Keep = "current" | "copy" | "both";

/**
 * Settles an open conflict. A second time the same way changes nothing;
 * another way is E_CONFLICT_SETTLED, and so is one that has settled itself.
 * E_CHANGING says that a file was changed on disk this very moment; whatever
 * had been done by then is a version that `versions` lists.
 */
export async function resolveConflict(context: KeepContext, id: number, keep: Keep): Promise<ConflictView> {
  assertChangesCount(context);
  return context.inLoop(async () => {
    const row = conflictRow(context, id);
    const resolution: Resolution = `keep-${keep}`;
    if (row.resolution === resolution) return showConflict(context, id);
    const sides = sidesOf(context, row);
    assertOpen(sides);
    const both = shownSides(context, sides);
    if (keep === "copy") await keepCopy(context, sides, both);
    else if (keep === "current") await keepCurrent(context, sides, both);
    else await settlePath(context, sides, both);
    await remember(context, sides, both, resolution);
    return showConflict(context, id);
  });
}

interface Both {
  readonly current: Head;
  readonly copy: Head | null;
}

function assertOpen(sides: ConflictSides): void {
  const { id, resolution, path } = sides.row;
  if (resolution !== null && resolution !== "gone")
    throw new SyncError(
      "E_CONFLICT_SETTLED",
      `conflict ${id} of ${path} was settled already: ${resolution.replace("-", " ")}`,
      {
        hint: `take that back first with \`syncline conflict undo ${id}\``,
      },
    );
  if (resolution === "gone" || isSettledByItself(sides))
    throw new SyncError(
      "E_CONFLICT_SETTLED",
      `conflict ${id} of ${path} has settled itself: one of its files was changed or deleted`,
    );
}

/** Both sides as they are on this disk; a copy may still be on its way. */
function shownSides(context: KeepContext, { row, current, copy }: ConflictSides): Both {
  const shown = shownHead(current);
  if (shown === undefined) throw notHere(row.path);
  if (copy !== undefined && shownHead(copy) === undefined) throw notHere(row.copyPath);
  context.log.info("Settling a conflict", { path: row.path, copy: row.copyPath });
  return { current: shown, copy: shownHead(copy) ?? null };
}

function notHere(path: string): SyncError {
  return new SyncError("E_NOT_SYNCED_YET", `${path} is still on its way to this device`);
}

async function keepCurrent(context: KeepContext, sides: ConflictSides, both: Both): Promise<void> {
  // The copy first: should it have changed on disk, nothing is settled.
  await removeCopy(context, sides, both, "deleted");
  await settlePath(context, sides, both);
}

async function keepCopy(context: KeepContext, sides: ConflictSides, { current, copy }: Both): Promise<void> {
  const { row } = sides;
  if (copy === null) throw notHere(row.copyPath);
  if (current.type === "directory")
    throw new SyncError("E_EXISTS", `${row.path} is a directory, and a file cannot take its place`, {
      hint: "keep both, and move one of them where you want it",
    });
  const heads = [versionAbove(context, headsOf(sides.current), copy)];
  await carryOutAll(context, [{ type: "show", path: row.path, heads, origin: "conflict", storedAs: null }]);
  await removeCopy(context, sides, { current, copy }, "conflict");
}

async function removeCopy(
  context: KeepContext,
  { row, copy }: ConflictSides,
  both: Both,
  origin: string,
): Promise<void> {
  if (both.copy === null || liveHead(copy) === undefined) return;
  const heads = [tombstoneAbove(context, headsOf(copy), both.copy)];
  await carryOutAll(context, [{ type: "remove", path: row.copyPath, heads, origin }]);
}

/** The same content, above all sides. */
async function settlePath(context: KeepContext, { row, current }: ConflictSides, both: Both): Promise<void> {
  const heads = [versionAbove(context, headsOf(current), both.current)];
  await carryOutAll(context, [{ type: "settle", path: row.path, heads }]);
}

function headsOf(row: LocalRow | undefined): readonly Head[] {
  return row?.heads ?? [];
}

async function carryOutAll(context: KeepContext, changes: readonly PathChange[]): Promise<void> {
  const carried = await carryOut(context, changes);
  const failed = carried.find((result) => result.type === "skipped");
  if (failed?.type === "skipped") throw failureOf(failed);
}

async function remember(
  context: KeepContext,
  { row }: ConflictSides,
  before: Both,
  resolution: Resolution,
): Promise<void> {
  const { index, clock } = context;
  const now = sidesOf(context, row);
  if (now.current === undefined) throw new Error("bug: a settled path without a record");
  const after = {
    current: winnerOf(now.current.heads).version,
    copy: now.copy === undefined ? null : winnerOf(now.copy.heads).version,
  };
  await index.write.settleConflict(row.id, resolution, clock.now(), writeUndo({ before, after }));
}
