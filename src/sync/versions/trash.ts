/**
 * The trash: deleted files whose content is kept here. A view of the version
 * store, and no store of its own: a path is in the trash when nothing is live
 * there and its newest kept version is what a deletion or a revert took.
 */
import { SyncError } from "../../shared/errors.ts";
import { isBelow, type RelPath, relPathFault } from "../../shared/ids.ts";
import type { FolderContext } from "../folder-context.ts";
import type { VersionRow } from "../index/index-port.ts";
import { breathe } from "./breathe.ts";
import type { Asker } from "./change-item.ts";
import { assertChangesCount, type KeepContext } from "./keep-context.ts";
import { liveHead } from "./known.ts";
import { keptVersions, purgeVersions } from "./purge.ts";
import { newRun, type Restoring, restoreBatch } from "./restore-batch.ts";
import { type RestoreItem, RestoreTally } from "./restore-item.ts";
import { existsError, failureOf, targetFor } from "./restore-target.ts";

const PAGE = 128;

/** Lists what is in the trash at or below a path, the latest deletion first. Reads a page at a time. */
export function* listTrash(context: FolderContext, below: RelPath | ""): Generator<VersionRow> {
  const { index, folder } = context;
  for (const row of keptDeletions(context, below, true))
    if (liveHead(index.read.local(folder, row.path)) === undefined) yield row;
}

/** `newestOnly`: those that no later kept version of their path follows. */
function* keptDeletions(context: FolderContext, below: RelPath | "", newestOnly: boolean): Generator<VersionRow> {
  const { index, folder } = context;
  for (let after = 0; ; ) {
    const page = index.read.versionsOf(folder, { deletedOnly: true, newestOnly, below, after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.cursor;
  }
}

export interface TrashRestoreRequest {
  readonly path: RelPath;
  /** Another name below the folder. */
  readonly as?: RelPath | undefined;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Who asks; this node's own admin when it is left out. */
  readonly asker?: Asker | undefined;
}

/**
 * Brings back a deleted file, or all that was deleted below a directory; the
 * summary last. Nothing live is ever replaced. Throws E_PATH_NOT_FOUND when
 * the trash has nothing of it, and for one file E_EXISTS when its place is taken.
 */
export async function* restoreTrash(context: KeepContext, request: TrashRestoreRequest): AsyncGenerator<RestoreItem> {
  assertChangesCount(context);
  const { path, as, signal } = request;
  const run = newRun(request);
  const tally = new RestoreTally(request.dryRun);
  const root = targetFor(context, path, as);
  if (as !== undefined && liveHead(context.index.read.local(context.folder, root)) !== undefined)
    throw existsError(root, "exists");
  let isEmpty = true;
  for (const batch of inBatches(listTrash(context, path))) {
    await breathe();
    signal.throwIfAborted();
    isEmpty = false;
    const restorings = batch.map((row) => restoringOf(row, path, root));
    const bad = restorings.flatMap((item) => faultOf(item));
    const good = restorings.filter((item) => relPathFault(item.target) === undefined);
    for (const item of [...bad, ...(good.length === 0 ? [] : await restoreBatch(context, good, run))]) {
      if (item.type === "skipped" && item.path === path) throw failureOf(item);
      yield tally.count(item);
    }
  }
  if (isEmpty) throw notInTrash(context, path);
  yield tally.summary;
}

function restoringOf({ path, head, version, storedAs }: VersionRow, from: RelPath, root: RelPath): Restoring {
  const target = (isBelow(path, from) ? root + path.slice(from.length) : root) as RelPath;
  return { path, head, version, storedAs, target, mayReplace: false };
}

function faultOf({ path, target }: Restoring): readonly Extract<RestoreItem, { type: "skipped" }>[] {
  const fault = relPathFault(target);
  if (fault === undefined) return [];
  return [{ type: "skipped", path, code: "E_BAD_PATH", message: `the path ${JSON.stringify(target)} ${fault}` }];
}

function notInTrash(context: FolderContext, path: RelPath): SyncError {
  const row = context.index.read.local(context.folder, path);
  const [before] = keptDeletions(context, path, false);
  if (before !== undefined && liveHead(row) !== undefined)
    return new SyncError("E_EXISTS", `${path} exists again`, {
      hint: `see \`syncline versions\` for what was deleted, and restore it with --as`,
    });
  return new SyncError("E_PATH_NOT_FOUND", `the trash of folder ${context.folder} has nothing of ${path}`, {
    hint: "see `syncline trash list`; other devices may still have it: restore it with --at",
  });
}

export interface EmptyTrashRequest {
  readonly below?: RelPath | undefined;
  /** Only what was deleted before. */
  readonly beforeMs?: number | undefined;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export interface EmptiedTrash {
  readonly items: number;
  readonly bytes: number;
  /** Paths of which something stays, because it changed after it was kept. */
  readonly stayed: readonly RelPath[];
}

/** Removes what is in the trash for good, with the older versions of the same paths. */
export async function emptyTrash(context: KeepContext, request: EmptyTrashRequest): Promise<EmptiedTrash> {
  const { below = "", beforeMs = Number.POSITIVE_INFINITY, dryRun, signal } = request;
  let items = 0;
  let bytes = 0;
  const stayed: RelPath[] = [];
  for (const batch of inBatches(listTrash(context, below))) {
    await breathe();
    signal.throwIfAborted();
    const due = batch.filter((row) => row.storedAtMs < beforeMs);
    const versions = due.flatMap((row) => keptVersions(context, row.path));
    const gone = dryRun ? versions : await purgeVersions(context, versions);
    items += due.length;
    bytes += gone.reduce((sum, row) => sum + row.head.size, 0);
    const left = new Set(versions.filter((row) => !gone.includes(row)).map((row) => row.path));
    stayed.push(...left);
    items -= left.size;
  }
  return { items, bytes, stayed };
}

function* inBatches<T>(items: Iterable<T>): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < PAGE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
