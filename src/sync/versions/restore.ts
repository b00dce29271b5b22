/**
 * Brings back a version of one file, or a directory as it was at a moment.
 * A restore is itself a new version: what it replaces is kept, so that it can
 * be taken back by another restore.
 */
import { SyncError } from "../../shared/errors.ts";
import type { RelPath } from "../../shared/ids.ts";
import { sameContent, winnerOf } from "../core/heads.ts";
import type { FolderContext } from "../folder-context.ts";
import type { Asker } from "./change-item.ts";
import { assertChangesCount, type KeepContext } from "./keep-context.ts";
import { shownHead } from "./known.ts";
import { lastBeforeDeletion, listVersions, type PathVersion, versionOf } from "./list.ts";
import { newRun, type Restoring, restoreBatch } from "./restore-batch.ts";
import { type RestoreItem, RestoreTally } from "./restore-item.ts";
import { restoreMoment } from "./restore-moment.ts";
import { existsError, failureOf, targetFor } from "./restore-target.ts";

export interface RestoreRequest {
  /** "" is the whole folder, with `atMs` only. */
  readonly path: RelPath | "";
  readonly version?: number | undefined;
  readonly atMs?: number | undefined;
  /** Another name below the folder; an existing directory takes it under its base name. */
  readonly as?: RelPath | undefined;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Who asks; this node's own admin when it is left out. */
  readonly asker?: Asker | undefined;
}

/**
 * Restores, path by path, the summary last. What concerns one of many paths is
 * an item; what stops a restore of one file is thrown: E_VERSION_NOT_FOUND,
 * E_EXISTS, E_NO_SOURCE, E_CHANGING, E_RECEIVE_ONLY, ….
 */
export async function* restore(context: KeepContext, request: RestoreRequest): AsyncGenerator<RestoreItem> {
  assertChangesCount(context);
  const { path, atMs, version } = request;
  if (atMs !== undefined && version !== undefined)
    throw new SyncError("E_USAGE", "a restore takes a version or a time, not both");
  if (atMs !== undefined) {
    yield* restoreMoment(context, { ...request, atMs });
    return;
  }
  if (path === "")
    throw new SyncError("E_USAGE", "a whole folder is restored to a time", { hint: "say --at, such as --at '2h ago'" });
  yield* restoreVersion(context, { ...request, path });
}

async function* restoreVersion(
  context: KeepContext,
  request: RestoreRequest & { readonly path: RelPath },
): AsyncGenerator<RestoreItem> {
  const { path, as, dryRun } = request;
  const found = findVersion(context, path, request.version);
  const target = targetFor(context, path, as);
  const tally = new RestoreTally(dryRun);
  const item = restoringOf(context, path, target, found);
  if (item !== undefined) {
    const [result] = await restoreBatch(context, [item], newRun(request));
    if (result?.type === "skipped") throw failureOf(result);
    if (result !== undefined) yield tally.count(result);
  }
  yield tally.summary;
}

type Found = Pick<PathVersion, "head" | "storedAs"> & { readonly version: number | null };

/** Undefined when the target shows this version already. */
function restoringOf(context: FolderContext, path: RelPath, target: RelPath, found: Found): Restoring | undefined {
  const shown = shownHead(context.index.read.local(context.folder, target));
  if (shown?.type === "directory") throw existsError(target, "is a directory");
  if (target !== path && shown !== undefined) throw existsError(target, "exists");
  const isSame = shown !== undefined && sameContent(shown, found.head);
  if (isSame && shown.mode === found.head.mode) return undefined;
  // Equal content keeps its mtime, which tells when it was written.
  const head = isSame ? { ...found.head, mtimeNs: shown.mtimeNs } : found.head;
  return { path, head, version: found.version, storedAs: found.storedAs, target, mayReplace: true };
}

/** The version asked for, or the newest that was kept, or what a deletion ended. */
function findVersion(context: FolderContext, path: RelPath, version: number | undefined): Found {
  assertNoDirectory(context, path);
  if (version !== undefined) return versionOf(context, path, version);
  const newest = listVersions(context, path).findLast((candidate) => candidate.isKept && !candidate.isCurrent);
  if (newest !== undefined) return newest;
  const before = lastBeforeDeletion(context, path);
  if (before !== undefined) return { head: before, storedAs: null, version: null };
  throw new SyncError("E_VERSION_NOT_FOUND", `no version of ${path} is kept here`, {
    hint: "other devices may have one: name a time with --at",
  });
}

function assertNoDirectory(context: FolderContext, path: RelPath): void {
  const row = context.index.read.local(context.folder, path);
  if (row === undefined || winnerOf(row.heads).type !== "directory") return;
  if (context.index.read.versions(context.folder, path).length > 0) return;
  throw new SyncError("E_USAGE", `${path} is a directory`, {
    hint: "say what it is to be like with --at, or bring it back from the trash with `syncline trash restore`",
  });
}
