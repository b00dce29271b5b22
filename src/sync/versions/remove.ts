/**
 * Takes paths away because somebody said so: a file, or a directory with all
 * that lies in it. What goes is kept in the trash, unless it is to go for good.
 */
import { SyncError } from "../../shared/errors.ts";
import type { RelPath } from "../../shared/ids.ts";
import type { FolderContext } from "../folder-context.ts";
import { carryOut } from "./carry-out.ts";
import type { Asker, DeletedItem, SkippedItem } from "./change-item.ts";
import { refusalOf } from "./change-item.ts";
import { assertChangesCount, type KeepContext } from "./keep-context.ts";
import { knownHeads, liveHead, tombstoneAbove } from "./known.ts";
import { deepestFirst, type LivePath, liveBelow, livePath } from "./live-below.ts";
import { keptVersions, purgeVersions } from "./purge.ts";
import { failureOf } from "./restore-target.ts";

export interface RemoveRequest {
  readonly path: RelPath;
  /** Without it, a directory is refused. */
  readonly recursive: boolean;
  /** Nothing of it is kept here: neither in the trash nor among the versions. */
  readonly permanent: boolean;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export type RemoveItem = DeletedItem | SkippedItem;

const BATCH = 128;

/**
 * Removes, file by file, then directories, the deepest first. Whoever asks
 * must be allowed to remove all of it: nothing goes otherwise. What stops the
 * removal of one file is thrown; of many, it is an item.
 */
export async function* remove(context: KeepContext, request: RemoveRequest, asker: Asker): AsyncGenerator<RemoveItem> {
  assertChangesCount(context, "deleted");
  const root = found(context, request);
  const isDirectory = root.head.type === "directory";
  asker.assertMayRemove([root]);
  if (isDirectory) for await (const page of liveBelow(context, root.path, request.signal)) asker.assertMayRemove(page);
  for await (const item of isDirectory
    ? removeTree(context, root, request, asker)
    : removeAll(context, [root], request, asker)) {
    if (item.type === "skipped" && !isDirectory) throw failureOf(item);
    yield item;
  }
}

function found(context: FolderContext, { path, recursive }: RemoveRequest): LivePath {
  const row = context.index.read.local(context.folder, path);
  const head = liveHead(row);
  if (row === undefined || head === undefined) throw missing(context, path, row !== undefined);
  if (head.type === "directory" && !recursive)
    throw new SyncError("E_USAGE", `${path} is a directory`, { hint: "add -r to delete it with all it holds" });
  return livePath(row, head);
}

/** What is said of a path where nothing is. */
export function missing({ folder }: FolderContext, path: RelPath, isDeleted: boolean): SyncError {
  if (!isDeleted) return new SyncError("E_PATH_NOT_FOUND", `there is nothing at ${path} in folder ${folder}`);
  return new SyncError("E_PATH_NOT_FOUND", `${path} was deleted in folder ${folder}`, {
    hint: "see `syncline trash list`",
  });
}

async function* removeTree(
  context: KeepContext,
  root: LivePath,
  request: RemoveRequest,
  asker: Asker,
): AsyncGenerator<RemoveItem> {
  const directories: LivePath[] = [root];
  for await (const page of liveBelow(context, root.path, request.signal)) {
    const files = page.filter(({ head }) => head.type !== "directory");
    for (const item of page) if (item.head.type === "directory") directories.push(item);
    for (let start = 0; start < files.length; start += BATCH)
      yield* removeAll(context, files.slice(start, start + BATCH), request, asker);
  }
  for (const level of deepestFirst(directories)) yield* removeAll(context, level, request, asker);
}

async function* removeAll(
  context: KeepContext,
  batch: readonly LivePath[],
  request: RemoveRequest,
  asker: Asker,
): AsyncGenerator<RemoveItem> {
  request.signal.throwIfAborted();
  if (request.dryRun) {
    yield* batch.map(deleted);
    return;
  }
  const skipped = new Map<RelPath, SkippedItem>();
  const carried = await context.inLoop(() => {
    // The index may have moved on since it was read: what came meanwhile may be somebody else's.
    const changes = batch.flatMap(({ path }) => {
      const row = context.index.read.local(context.folder, path);
      const head = liveHead(row);
      if (row === undefined || head === undefined) return [];
      const refused = refusalOf(asker, row);
      if (refused !== undefined) {
        skipped.set(path, refused);
        return [];
      }
      const heads = [tombstoneAbove(context, knownHeads(context, path), head)];
      return [{ type: "remove", path, heads, origin: "deleted" } as const];
    });
    return carryOut(context, changes, asker.by);
  });
  for (const result of carried) if (result.type === "skipped") skipped.set(result.path, result);
  const stayed = request.permanent ? await purge(context, batch, skipped) : new Map<RelPath, SkippedItem>();
  for (const item of batch) yield skipped.get(item.path) ?? stayed.get(item.path) ?? deleted(item);
}

function deleted({ path, head }: LivePath): DeletedItem {
  return { type: "deleted", path, fileType: head.type, size: head.size };
}

/** Removes all that is kept of paths that are gone. Returns those of which something stays. */
async function purge(
  context: KeepContext,
  batch: readonly LivePath[],
  skipped: ReadonlyMap<RelPath, SkippedItem>,
): Promise<ReadonlyMap<RelPath, SkippedItem>> {
  const versions = batch.flatMap(({ path }) => (skipped.has(path) ? [] : keptVersions(context, path)));
  const gone = new Set(await purgeVersions(context, versions));
  const left = versions.filter((version) => !gone.has(version)).map(({ path }) => path);
  return new Map(
    left.map((path) => {
      const message = `${path} is gone, but a program wrote to it after that: what it wrote stays in the trash`;
      return [path, { type: "skipped", path, code: "E_CHANGING", message }];
    }),
  );
}
