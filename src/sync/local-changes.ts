/**
 * Takes what the scanner saw into the index.
 *
 * Observations arrive in batches. What is present is committed at once; what
 * is missing waits until the scan has ended, so that the new places of moved
 * files are announced before their old ones are (and so that the brake sees
 * all deletions of a scan together).
 */
import type { ChunkList, Head } from "../shared/file-info.ts";
import type { ContentId, RelPath } from "../shared/ids.ts";
import { LIMITS } from "../shared/limits.ts";
import {
  headsForChange,
  headsForDeletion,
  headsForFound,
  headsForSettlement,
  type KnownBefore,
} from "./core/change.ts";
import { isConflictName, originalOf } from "./core/conflict-name.ts";
import { losersOf, sameHeads, winnerOf } from "./core/heads.ts";
import { copyPathsOf, tellsOfCopy } from "./core/plan.ts";
import type { FolderContext, FolderEvent } from "./folder-context.ts";
import type { Observation } from "./folder-disk.ts";
import type { LocalChange, LocalRow } from "./index/index-port.ts";

export type PresentObservation = Extract<Observation, { type: "present" }>;

/** Whether an index that was lost is being rebuilt: then what is found counts as old (trust P9). */
export interface ScanMood {
  readonly isReborn: boolean;
}

/** Commits what is there. Returns the paths whose announced state changed. */
export async function commitPresent(
  context: FolderContext,
  seen: readonly PresentObservation[],
  mood: ScanMood,
): Promise<readonly RelPath[]> {
  const changes: LocalChange[] = [];
  const chunkLists: [ContentId, ChunkList][] = [];
  const events: FolderEvent[] = [];
  for (const observation of seen) {
    const row = context.index.read.local(context.folder, observation.path);
    const change = changeFor(context, observation, row, mood);
    changes.push(change);
    if (observation.chunkList !== null && observation.contentId !== null)
      chunkLists.push([observation.contentId, observation.chunkList]);
    if (change.announce) events.push(changedEvent(context, change));
  }
  // What is taken for a peer's version is acknowledged; an install that a crash cut off may not be durable yet (trust P5).
  const adopted = changes.filter((change) => change.announce && winnerOf(change.heads).author !== context.self);
  if (adopted.length > 0) await context.disk.flushNames(adopted.map((change) => change.path));
  changes.push(...settlements(context, changes));
  if (changes.length > 0)
    await context.index.write.commitLocal(context.folder, changes, { nowMs: context.clock.now(), chunkLists });
  for (const event of events) context.emit(event);
  return changes.filter((change) => change.announce).map((change) => change.path);
}

function changeFor(
  context: FolderContext,
  observation: PresentObservation,
  row: LocalRow | undefined,
  mood: ScanMood,
): LocalChange {
  const { path, stamp } = observation;
  const disk = {
    type: observation.fileType,
    size: observation.size,
    mtimeNs: observation.mtimeNs,
    mode: observation.mode,
    contentId: observation.contentId,
    target: observation.target,
  };
  const known = knownBefore(context, path, row);
  const heads =
    mood.isReborn && row === undefined
      ? headsForFound(known, disk)
      : headsForChange(known, disk, context.clock.now() / 1000);
  // A row that was only wanted was not announced; now its content is here.
  const isNews = row === undefined || row.stamp === null || !sameHeads(row.heads, heads);
  return { path, heads, stamp, announce: isNews };
}

function knownBefore(context: FolderContext, path: RelPath, row: LocalRow | undefined): KnownBefore {
  return {
    local: row?.heads ?? [],
    unseen: row === undefined ? [] : unseenHeads(context, row),
    isShown: row !== undefined && row.stamp !== null,
    remotes: context.index.read.remote(context.folder, path).map((remote) => remote.heads),
    device: context.self,
  };
}

/** Heads of a row whose content is nowhere to be seen here: not at the path, and not in a conflict copy. */
function unseenHeads(context: FolderContext, row: LocalRow): readonly Head[] {
  if (row.stamp === null && !winnerOf(row.heads).deleted) return row.heads.filter((head) => !head.deleted);
  return losersOf(row.heads).filter((loser) => !isCopied(context, row.path, loser));
}

function isCopied(context: FolderContext, path: RelPath, loser: Head): boolean {
  return copyPathsOf(path, loser).some((copyPath) => {
    const copy = context.index.read.local(context.folder, copyPath);
    if (copy === undefined || !tellsOfCopy(copy.heads, loser)) return false;
    return copy.stamp !== null || winnerOf(copy.heads).deleted;
  });
}

/**
 * Who edits, moves or removes a conflict copy has seen the version that lost,
 * and has dealt with it: it stops being a head of the path it came from. Else
 * it could win there later, when nobody holds its content any more.
 */
function settlements(context: FolderContext, changes: readonly LocalChange[]): readonly LocalChange[] {
  const changed = new Set<string>(changes.map((change) => change.path));
  const settled = new Map<RelPath, LocalChange>();
  for (const { path, announce } of changes) {
    if (!announce || !isConflictName(path)) continue;
    const original = originalOf(path);
    const change = changed.has(original) ? undefined : settlement(context, original, path);
    if (change !== undefined) settled.set(original, change);
  }
  return [...settled.values()];
}

function settlement(context: FolderContext, path: RelPath, copyPath: RelPath): LocalChange | undefined {
  const row = context.index.read.local(context.folder, path);
  const copy = context.index.read.local(context.folder, copyPath);
  if (row === undefined || row.stamp === null || copy === undefined) return undefined;
  const isOfCopy = losersOf(row.heads).some(
    (loser) => copyPathsOf(path, loser).includes(copyPath) && tellsOfCopy(copy.heads, loser),
  );
  if (!isOfCopy) return undefined;
  const heads = headsForSettlement(knownBefore(context, path, row), context.clock.now() / 1000);
  return { path, heads, stamp: row.stamp, announce: true };
}

function changedEvent(context: FolderContext, change: LocalChange): FolderEvent {
  const winner = winnerOf(change.heads);
  return {
    type: winner.deleted ? "file.deleted" : "file.changed",
    path: change.path,
    device: winner.author,
    data: { size: winner.size, origin: winner.author === context.self ? "local" : "peer" },
  };
}

/**
 * Splits what is missing: paths whose content lives on elsewhere in the folder
 * were moved and do not count for the brake.
 */
export function countDeletions(context: FolderContext, missing: readonly RelPath[]): { readonly counted: number } {
  let counted = 0;
  const gone = new Set<string>(missing);
  for (const path of missing) {
    const row = context.index.read.local(context.folder, path);
    const head = row === undefined ? undefined : winnerOf(row.heads);
    if (head === undefined || head.deleted || head.type === "directory") continue;
    if (head.contentId !== null && livesElsewhere(context, head.contentId, gone)) continue;
    counted++;
  }
  return { counted };
}

/** Whether a content is shown by some path of the folder that is not about to go. */
export function livesElsewhere(context: FolderContext, contentId: ContentId, going: ReadonlySet<string>): boolean {
  return context.index.read
    .localByContent(contentId, 16)
    .some((found) => found.folder === context.folder && !going.has(found.row.path) && found.row.stamp !== null);
}

/** Commits deletions, children before their directories so that no record ever has a live child below a dead parent. */
export async function commitMissing(context: FolderContext, missing: readonly RelPath[]): Promise<void> {
  const ordered = [...missing].sort((a, b) => (a < b ? 1 : -1));
  for (let start = 0; start < ordered.length; start += LIMITS.indexBatchRows.value) {
    const changes: LocalChange[] = [];
    for (const path of ordered.slice(start, start + LIMITS.indexBatchRows.value)) {
      const row = context.index.read.local(context.folder, path);
      if (row === undefined || winnerOf(row.heads).deleted) continue;
      const heads = headsForDeletion(knownBefore(context, path, row), context.clock.now());
      changes.push({ path, heads, stamp: null, announce: true });
    }
    if (changes.length === 0) continue;
    changes.push(...settlements(context, changes));
    await context.index.write.commitLocal(context.folder, changes, { nowMs: context.clock.now() });
    for (const change of changes) context.emit(changedEvent(context, change));
  }
}
