/**
 * Brings versions back to where they are wanted, a batch at a time: says what
 * it would do, or fetches what is not here and enters the folder's loop.
 */
import type { Head } from "../../shared/file-info.ts";
import type { ContentId, RelPath } from "../../shared/ids.ts";
import { compileIgnore } from "../core/ignore.ts";
import type { ContentSource } from "../folder-disk.ts";
import { missingAncestors } from "./ancestors.ts";
import { carryOut, type PathChange } from "./carry-out.ts";
import type { Asker } from "./change-item.ts";
import { isHere } from "./content-source.ts";
import { fetchContents, findContents } from "./fetch-content.ts";
import type { KeepContext } from "./keep-context.ts";
import { knownHeads, liveHead, versionAbove } from "./known.ts";
import type { RestoreItem } from "./restore-item.ts";

/** One version to be brought back. */
export interface Restoring {
  /** Whose version it is. */
  readonly path: RelPath;
  readonly head: Head;
  readonly version: number | null;
  readonly storedAs: string | null;
  /** Where it goes. */
  readonly target: RelPath;
  /** Whether what is live at the target may be displaced into the store. */
  readonly mayReplace: boolean;
}

export interface RestoreRun {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Whose command it is, as an owner is written. */
  readonly by?: string | undefined;
  /** Directories that this run has restored, or would have. Grows. */
  readonly directories: Set<RelPath>;
}

export function newRun(options: {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly asker?: Asker | undefined;
}): RestoreRun {
  const { dryRun, signal, asker } = options;
  return { dryRun, signal, by: asker?.by, directories: new Set() };
}

/** Restores, or says what it would. Directories come before what they hold. One item for each, in their order. */
export async function restoreBatch(
  context: KeepContext,
  batch: readonly Restoring[],
  run: RestoreRun,
): Promise<readonly RestoreItem[]> {
  const wanted = batch.filter(({ head, storedAs }) => !isHere(context, head, storedAs));
  if (run.dryRun) return foresee(context, batch, wanted, run);
  const fetched = wanted.length === 0 ? undefined : await fetchContents(context, wanted, run.signal);
  return context.inLoop(async () => {
    const plans = planAll(context, batch, run, fetched);
    const carried = await carryOut(
      context,
      plans.flatMap((plan) => (plan.type === "changes" ? plan.changes : [])),
      run.by,
    );
    let next = 0;
    return batch.map((item, position) => {
      const plan = plans[position];
      if (plan === undefined || plan.type === "skipped")
        return plan ?? skipped(item.path, "E_INTERNAL", "bug: not planned");
      next += plan.changes.length;
      const result = carried[next - 1];
      return result?.type === "skipped" ? skipped(item.path, result.code, result.message) : restored(item);
    });
  });
}

type Skipped = Extract<RestoreItem, { type: "skipped" }>;
/** The last change is the path's own. */
type Plan = { readonly type: "changes"; readonly changes: readonly PathChange[] } | Skipped;

function planAll(
  context: KeepContext,
  batch: readonly Restoring[],
  run: RestoreRun,
  fetched: ReadonlyMap<ContentId, ContentSource> | undefined,
): readonly Plan[] {
  const ignore = compileIgnore(context.ignoreSource());
  return batch.map((item) => {
    const { path, target, head } = item;
    if (ignore.isIgnored(target, head.type === "directory"))
      return skipped(path, "E_IGNORED", `${target} matches an ignore pattern`);
    const source = head.contentId === null ? undefined : fetched?.get(head.contentId);
    const plan = planOne(context, item, run, source);
    if (plan.type === "changes")
      for (const change of plan.changes) if (isDirectory(change)) run.directories.add(change.path);
    return plan;
  });
}

function planOne(
  context: KeepContext,
  { path, head, storedAs, target, mayReplace }: Restoring,
  { directories, by }: Pick<RestoreRun, "directories" | "by">,
  fetched: ContentSource | undefined,
): Plan {
  const live = liveHead(context.index.read.local(context.folder, target));
  const isMerge = live?.type === "directory" && head.type === "directory";
  if (live !== undefined && !mayReplace && !isMerge) return skipped(path, "E_EXISTS", `${target} exists`);
  const ancestors = missingAncestors(context, target, directories, by);
  if (ancestors.type === "blocked") return skipped(path, "E_EXISTS", `${ancestors.by} is no directory now`);
  const known = knownHeads(context, target);
  const above = versionAbove(context, known, head);
  // What was there before keeps its owner; a copy under a new name belongs to who made it.
  const heads = [known.length === 0 && by !== undefined ? { ...above, owner: by } : above];
  const own: PathChange = { type: "show", path: target, heads, origin: "restore", storedAs, fetched };
  return { type: "changes", changes: [...ancestors.changes, own] };
}

/** Says what a real run would most likely do; nothing on the disk is looked at. */
async function foresee(
  context: KeepContext,
  batch: readonly Restoring[],
  wanted: readonly Restoring[],
  run: RestoreRun,
): Promise<readonly RestoreItem[]> {
  const found = wanted.length === 0 ? new Set<ContentId>() : await findContents(context, wanted, run.signal);
  const missing = new Set(wanted.filter(({ head }) => head.contentId !== null && !found.has(head.contentId)));
  const plans = planAll(context, batch, run, undefined);
  return batch.map((item, position) => {
    const plan = plans[position];
    if (plan?.type === "skipped") return plan;
    if (missing.has(item))
      return skipped(item.path, "E_NO_SOURCE", `no connected device has this version of ${item.path}`);
    return restored(item);
  });
}

function restored({ path, target, version, head }: Restoring): RestoreItem {
  return { type: "restored", path, storedAs: target, version, size: head.size };
}

function skipped(path: RelPath, code: string, message: string): Skipped {
  return { type: "skipped", path, code, message };
}

function isDirectory(change: PathChange): boolean {
  return change.type === "show" && change.heads[0]?.type === "directory";
}
