/**
 * Gives a path another name in its folder because somebody said so: nothing is
 * copied, nothing is overwritten, and versions and owner go along.
 */
import { SyncError } from "../../shared/errors.ts";
import { isBelow, type RelPath } from "../../shared/ids.ts";
import { deviceOfOwner } from "../../shared/owner.ts";
import { tellMoved } from "../local-moves.ts";
import { missingAncestors } from "./ancestors.ts";
import { carryOut, type PathChange } from "./carry-out.ts";
import type { Asker, MovedItem } from "./change-item.ts";
import { assertChangesCount, type KeepContext } from "./keep-context.ts";
import { knownHeads, liveHead, tombstoneAbove, versionAbove } from "./known.ts";
import type { LivePath } from "./live-below.ts";
import { assertMovable, type MoveRequest, moveTarget, sourceOf } from "./movable.ts";
import { failureOf } from "./restore-target.ts";

/** Moves, or says where it would go. Throws E_PATH_NOT_FOUND, E_EXISTS, E_NOT_ALLOWED, E_NOT_SYNCED_YET, …. */
export async function move(context: KeepContext, request: MoveRequest, asker: Asker): Promise<MovedItem> {
  assertChangesCount(context, "moved");
  const source = sourceOf(context, request.path);
  const to = moveTarget(context, request);
  if (to === source.path || isBelow(to, source.path))
    throw new SyncError(to === source.path ? "E_EXISTS" : "E_USAGE", `${source.path} cannot be moved into itself`);
  const ancestors = missingAncestors(context, to, new Set());
  if (ancestors.type === "blocked")
    throw new SyncError("E_EXISTS", `${ancestors.by} is no directory, so nothing can be put below it`);
  await assertMovable(context, source, { into: context, to }, request.signal, asker);
  const { path, head } = source;
  if (!request.dryRun) {
    if (head.type === "directory") await moveDirectory(context, source, to, asker);
    else await moveFile(context, source, to, asker);
  }
  return { type: "moved", path, storedAs: to, fileType: head.type, size: head.size };
}

async function moveFile(context: KeepContext, { path }: LivePath, to: RelPath, { by }: Asker): Promise<void> {
  const carried = await context.inLoop(() => {
    const row = context.index.read.local(context.folder, path);
    const head = liveHead(row);
    const ancestors = missingAncestors(context, to, new Set(), by);
    const isTaken = liveHead(context.index.read.local(context.folder, to)) !== undefined;
    if (ancestors.type === "blocked" || isTaken || row === undefined || head === undefined) return Promise.resolve([]);
    const moving: PathChange = {
      type: "move",
      path,
      to,
      heads: [{ ...versionAbove(context, knownHeads(context, to), head), owner: row.owner }],
      gone: [tombstoneAbove(context, knownHeads(context, path), head)],
    };
    return carryOut(context, [...ancestors.changes, moving], by);
  });
  const last = carried.at(-1);
  if (last === undefined) throw changing(path, to);
  if (last.type === "skipped") throw failureOf(last);
}

/** One rename on the disk, one commit. What is not in the index travels along and is looked at afterwards. */
async function moveDirectory(
  context: KeepContext,
  { path: from }: LivePath,
  to: RelPath,
  { by }: Asker,
): Promise<void> {
  const { index, folder, disk, clock, self } = context;
  const isMoved = await context.inLoop(async () => {
    const expected = index.read.local(folder, from)?.stamp;
    const ancestors = missingAncestors(context, to, new Set(), by);
    if (expected == null || ancestors.type === "blocked") return false;
    const made = await carryOut(context, ancestors.changes, by);
    if (made.some(({ type }) => type === "skipped")) return false;
    const step = { step: "move-directory", path: from, to, expected } as const;
    const [outcome] = await disk.execute([step]);
    context.lookAgain(from);
    context.lookAgain(to);
    if (outcome?.type !== "done" || outcome.stamp === null) return false;
    const { stamp } = outcome;
    const moved = { from, to, stamp, author: self, withVersions: true };
    const result = await index.write.moveDirectory(folder, moved, clock.now());
    // What came below it meanwhile is in conflict, or not here yet: it goes back.
    if (result.type !== "moved") await disk.execute([{ ...step, path: to, to: from, expected: stamp }]);
    await disk.committed();
    if (result.type === "moved")
      tellMoved(context, { from, to, records: result.move.count, origin: "command", device: deviceOfOwner(by) });
    return result.type === "moved";
  });
  if (!isMoved) throw changing(from, to);
}

export function changing(from: RelPath, to: RelPath): SyncError {
  return new SyncError("E_CHANGING", `${from}, or what is at ${to}, was changed a moment ago`, {
    hint: "run the same command again",
  });
}
