/**
 * Brings a directory, a file or the whole folder back to how it was at a
 * moment: restores what was there, moves what was not to the trash.
 *
 * In this order, so that at every point each content is at a path or in the
 * store: (1) what was there, parents first; (2) files that were not;
 * (3) directories that were not, children first; (4) files in the place of
 * what has become a directory since.
 */
import { SyncError } from "../../shared/errors.ts";
import { isBelow, type RelPath, relPathFault } from "../../shared/ids.ts";
import { breathe } from "./breathe.ts";
import { carryOut } from "./carry-out.ts";
import { type Asker, refusalOf } from "./change-item.ts";
import { historyBegin } from "./history-begin.ts";
import type { KeepContext } from "./keep-context.ts";
import { knownHeads, liveHead, tombstoneAbove } from "./known.ts";
import { deepestFirst } from "./live-below.ts";
import { type MomentEntry, momentPlan } from "./moment-plan.ts";
import { newRun, type RestoreRun, type Restoring, restoreBatch } from "./restore-batch.ts";
import { type RestoreItem, RestoreTally } from "./restore-item.ts";
import { existsError, targetFor } from "./restore-target.ts";

export interface MomentRequest {
  readonly path: RelPath | "";
  readonly atMs: number;
  readonly as?: RelPath | undefined;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Who asks; this node's own admin when it is left out. */
  readonly asker?: Asker | undefined;
}

const BATCH = 128;
/** Larger contents end a batch early, so that what is fetched for it stays small. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** Throws E_VERSION_NOT_FOUND for a moment before all history, E_EXISTS when the other name is taken. */
export async function* restoreMoment(context: KeepContext, asked: MomentRequest): AsyncGenerator<RestoreItem> {
  // What this restore writes must not count as what was.
  const request = { ...asked, atMs: Math.min(asked.atMs, context.clock.now() - 1) };
  assertHistory(context, request);
  const mapping = targetMapping(context, request);
  const run = newRun(request);
  const tally = new RestoreTally(request.dryRun);
  const late: Restoring[] = [];
  for await (const item of restoreWhatWas(context, request, mapping, run, late)) yield tally.count(item);
  if (request.as === undefined) {
    for await (const item of removeWhatWasNot(context, request)) yield tally.count(item);
    for (const restoring of late) {
      for (const item of await replaceDirectory(context, restoring, run, request)) yield tally.count(item);
    }
  }
  yield tally.summary;
}

/** A moment that the index does not cover would look as if nothing had been there: everything would go. */
function assertHistory(context: KeepContext, { path, atMs }: MomentRequest): void {
  const { index, folder } = context;
  const beginMs = historyBegin(context);
  if (beginMs === undefined || atMs < beginMs) {
    const hint = beginMs === undefined ? "wait until it has been scanned" : `name a time from ${isoTime(beginMs)} on`;
    throw new SyncError("E_VERSION_NOT_FOUND", `nothing is known here of folder ${folder} at ${isoTime(atMs)}`, {
      hint,
    });
  }
  const isKnown = index.read.historyAt(folder, path, atMs, "", 1).length > 0;
  if (!isKnown && path !== "" && index.read.local(folder, path) === undefined)
    throw new SyncError("E_PATH_NOT_FOUND", `there is nothing at ${path} in folder ${folder}, and never was`);
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** Where each path goes. */
function targetMapping(context: KeepContext, { path, as }: MomentRequest): (from: RelPath) => RelPath {
  if (as === undefined) return (from) => from;
  if (path === "") {
    if (liveHead(context.index.read.local(context.folder, as)) !== undefined) throw existsError(as, "exists");
    return (from) => `${as}/${from}` as RelPath;
  }
  const root = targetFor(context, path, as);
  if (isBelow(root, path)) throw new SyncError("E_USAGE", `${root} lies inside ${path}`);
  if (liveHead(context.index.read.local(context.folder, root)) !== undefined) throw existsError(root, "exists");
  return (from) => (root + from.slice(path.length)) as RelPath;
}

async function* restoreWhatWas(
  context: KeepContext,
  request: MomentRequest,
  mapping: (from: RelPath) => RelPath,
  run: RestoreRun,
  late: Restoring[],
): AsyncGenerator<RestoreItem> {
  let batch: Restoring[] = [];
  let bytes = 0;
  for (const entry of entriesFor(context, request)) {
    request.signal.throwIfAborted();
    if (entry.type === "pause") await breathe();
    if (entry.type === "unknown") yield unknownItem(entry.path, request.atMs);
    if (entry.type !== "restore") continue;
    const target = mapping(entry.path);
    const restoring: Restoring = {
      path: entry.path,
      head: entry.head,
      version: null,
      storedAs: null,
      target,
      mayReplace: target === entry.path,
    };
    const fault = relPathFault(target);
    if (fault !== undefined)
      yield {
        type: "skipped",
        path: entry.path,
        code: "E_BAD_PATH",
        message: `the path ${JSON.stringify(target)} ${fault}`,
      };
    else if (target === entry.path && entry.shown?.type === "directory") late.push(restoring);
    else {
      batch.push(restoring);
      bytes += entry.head.size;
    }
    if (batch.length < BATCH && bytes < BATCH_BYTES) continue;
    yield* await restoreBatch(context, batch, run);
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield* await restoreBatch(context, batch, run);
}

/** Under another name everything is restored that was, whether it has changed since or not. */
function* entriesFor(context: KeepContext, { path, atMs, as }: MomentRequest): Generator<MomentEntry> {
  if (as === undefined) {
    yield* momentPlan(context, path, atMs);
    return;
  }
  for (let after = ""; ; ) {
    const page = context.index.read.historyAt(context.folder, path, atMs, after, BATCH);
    for (const { path: at, head } of page)
      if (!head.deleted) yield { type: "restore", path: at, head, shown: undefined };
    yield { type: "pause" };
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.path;
  }
}

function unknownItem(path: RelPath, atMs: number): RestoreItem {
  const message = `${path} was there at ${isoTime(atMs)}, but nothing here tells what it held`;
  return { type: "skipped", path, code: "E_VERSION_NOT_FOUND", message };
}

async function* removeWhatWasNot(context: KeepContext, request: MomentRequest): AsyncGenerator<RestoreItem> {
  const directories: { readonly path: RelPath }[] = [];
  let batch: RelPath[] = [];
  for (const entry of momentPlan(context, request.path, request.atMs)) {
    request.signal.throwIfAborted();
    if (entry.type === "pause") await breathe();
    if (entry.type !== "remove") continue;
    if (entry.gone.type === "directory") directories.push(entry);
    else batch.push(entry.path);
    if (batch.length < BATCH) continue;
    yield* await removeAll(context, batch, request);
    batch = [];
  }
  if (batch.length > 0) yield* await removeAll(context, batch, request);
  for (const level of deepestFirst(directories))
    yield* await removeAll(
      context,
      level.map(({ path }) => path),
      request,
    );
}

async function removeAll(
  context: KeepContext,
  paths: readonly RelPath[],
  { dryRun, asker }: Pick<MomentRequest, "dryRun" | "asker">,
): Promise<readonly RestoreItem[]> {
  const refused = paths.flatMap((path) => {
    const row = context.index.read.local(context.folder, path);
    return row === undefined || asker === undefined ? [] : (refusalOf(asker, row) ?? []);
  });
  const left = new Set(refused.map(({ path }) => path));
  const going = paths.filter((path) => !left.has(path));
  if (dryRun) return [...refused, ...going.map((path) => ({ type: "removed", path }) as const)];
  const removed = await context.inLoop(async () => {
    const changes = going.flatMap((path) => {
      const live = liveHead(context.index.read.local(context.folder, path));
      if (live === undefined) return [];
      const heads = [tombstoneAbove(context, knownHeads(context, path), live)];
      return [{ type: "remove", path, heads, origin: "deleted" } as const];
    });
    const carried = await carryOut(context, changes, asker?.by);
    return carried.map(
      (result): RestoreItem => (result.type === "done" ? { type: "removed", path: result.path } : result),
    );
  });
  return [...refused, ...removed];
}

/** By now the directory is empty, or holds what does not sync; then it stays. */
async function replaceDirectory(
  context: KeepContext,
  restoring: Restoring,
  run: RestoreRun,
  request: MomentRequest,
): Promise<readonly RestoreItem[]> {
  if (run.dryRun) return restoreBatch(context, [restoring], run);
  const [removed] = await removeAll(context, [restoring.target], { ...request, dryRun: false });
  return removed?.type === "skipped" ? [removed] : restoreBatch(context, [restoring], run);
}
