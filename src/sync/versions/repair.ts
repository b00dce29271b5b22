/**
 * Deals with paths whose disk is not what the index recorded, after `verify`
 * has found them by reading them back.
 */
import type { RelPath } from "../../shared/ids.ts";
import type { Observation } from "../folder-disk.ts";
import { commitPresent, type PresentObservation } from "../local-changes.ts";
import { carryOut, type PathChange } from "./carry-out.ts";
import type { SkippedItem } from "./change-item.ts";
import type { KeepContext } from "./keep-context.ts";
import { liveHead } from "./known.ts";
import { seenHead } from "./revert.ts";

export interface RepairRequest {
  readonly paths: readonly RelPath[];
  /** "restore": what the index recorded is wanted again. "adopt": what the disk holds counts, as an edit would. */
  readonly how: "restore" | "adopt";
  /** Whose command it is, as an owner is written. */
  readonly by: string;
  readonly signal: AbortSignal;
}

export interface Repaired {
  readonly paths: readonly RelPath[];
  readonly skipped: readonly SkippedItem[];
}

/**
 * Restores or adopts, each path only as it is found when it is looked at again,
 * read whole. What goes for a restore is kept as a version of its path; syncing
 * then brings what is wanted from whoever has it.
 */
export function repair(context: KeepContext, { paths, how, by, signal }: RepairRequest): Promise<Repaired> {
  if (paths.length === 0) return Promise.resolve({ paths, skipped: [] });
  return context.inLoop(async () => {
    const seen = await look(context, paths, signal);
    const skipped = paths.flatMap((path) => reasonNot(context, path, seen.get(path), how));
    const left = new Set(skipped.map(({ path }) => path));
    const going = paths.filter((path) => !left.has(path));
    if (how === "adopt") {
      const present = going.flatMap((path) => presentOf(seen.get(path)));
      await commitPresent(context, present, { isReborn: false });
      return { paths: going, skipped };
    }
    const changes = going.map((path) => clearing(context, path, seen.get(path)));
    const carried = await carryOut(context, changes, by);
    // The loop has its look at what is wanted now.
    for (const path of going) context.lookAgain(path);
    const failed = carried.filter((result) => result.type === "skipped");
    return {
      paths: carried.filter(({ type }) => type === "done").map(({ path }) => path),
      skipped: [...skipped, ...failed],
    };
  });
}

/** How each path's disk differs from its record. */
async function look(
  context: KeepContext,
  paths: readonly RelPath[],
  signal: AbortSignal,
): Promise<ReadonlyMap<RelPath, Observation>> {
  const seen = new Map<RelPath, Observation>();
  const asked = new Set(paths);
  const request = { paths, isThorough: true, ignore: context.ignoreSource() };
  await context.disk.scan(
    request,
    async ({ observations }) => {
      for (const one of observations) if (asked.has(one.path)) seen.set(one.path, one);
    },
    signal,
  );
  return seen;
}

function reasonNot(
  { index, folder }: KeepContext,
  path: RelPath,
  seen: Observation | undefined,
  how: RepairRequest["how"],
): readonly SkippedItem[] {
  const skipped = (code: string, message: string): readonly SkippedItem[] => [{ type: "skipped", path, code, message }];
  const row = index.read.local(folder, path);
  if (how === "restore" && liveHead(row) === undefined)
    return skipped("E_NOT_SYNCED_YET", `nothing is recorded of ${path} here: syncing is not through with it`);
  if (how === "restore" && row?.stamp === null) return [];
  if (seen === undefined) return skipped("E_CHANGING", `${path} is as it was recorded now, or is changing`);
  if (how === "adopt" && seen.type === "missing")
    return skipped("E_PATH_NOT_FOUND", `there is nothing at ${path} here`);
  return [];
}

function presentOf(seen: Observation | undefined): readonly PresentObservation[] {
  return seen?.type === "present" ? [seen] : [];
}

function clearing(context: KeepContext, path: RelPath, seen: Observation | undefined): PathChange {
  const head = seen?.type === "present" ? seenHead(context, seen) : undefined;
  // A directory differs by its permissions only: wanting it again sets them.
  const isThere = seen?.type === "present" && head !== undefined && head.type !== "directory";
  return { type: "clear", path, origin: "repair", seen: isThere ? { stamp: seen.stamp, head } : null };
}
