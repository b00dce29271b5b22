/**
 * Takes the others' state of a receive-only folder: what was changed here goes
 * to the store, and what the others have is wanted again.
 */
import type { Head } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import type { Observation } from "../folder-disk.ts";
import { type Carried, carryOut, type PathChange } from "./carry-out.ts";
import type { KeepContext } from "./keep-context.ts";

export interface RevertRequest {
  /** Paths changed here, as the folder lists them. */
  readonly paths: readonly RelPath[];
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export interface Reverted {
  readonly paths: readonly RelPath[];
  readonly skipped: readonly Extract<Carried, { type: "skipped" }>[];
}

type Change = Extract<PathChange, { type: "clear" }>;
const BATCH = 128;

/**
 * Reverts the paths. Each is looked at again first, and goes only as it was
 * seen then. Afterwards the caller scans the whole folder, which forgets the
 * own changes, and the puller brings what is wanted.
 */
export function revertOwnChanges(context: KeepContext, { paths, dryRun, signal }: RevertRequest): Promise<Reverted> {
  if (dryRun || paths.length === 0) return Promise.resolve({ paths, skipped: [] });
  return context.inLoop(async () => {
    const carried: Carried[] = [];
    for (const batch of inOrder(await look(context, paths, signal))) carried.push(...(await carryOut(context, batch)));
    const skipped = carried.filter((result) => result.type === "skipped");
    return { paths: carried.filter((result) => result.type === "done").map(({ path }) => path), skipped };
  });
}

/** What is at each path now, and was not there for the index. A path found as the index has it needs nothing. */
async function look(context: KeepContext, paths: readonly RelPath[], signal: AbortSignal): Promise<readonly Change[]> {
  const own = new Set(paths);
  const changes: Change[] = [];
  const request = { paths, isThorough: false, ignore: context.ignoreSource() };
  const take = async (batch: { readonly observations: readonly Observation[] }): Promise<void> => {
    for (const seen of batch.observations) if (own.has(seen.path)) changes.push(changeFor(context, seen));
  };
  await context.disk.scan(request, take, signal);
  return changes;
}

function changeFor(context: KeepContext, seen: Observation): Change {
  const { path } = seen;
  if (seen.type === "missing") return { type: "clear", path, origin: "revert", seen: null };
  // A directory that the others have, too, differs in its permissions only: wanting it again sets them.
  if (seen.fileType === "directory" && isKnownDirectory(context, path))
    return { type: "clear", path, origin: "revert", seen: null };
  return { type: "clear", path, origin: "revert", seen: { stamp: seen.stamp, head: seenHead(context, seen) } };
}

function isKnownDirectory(context: KeepContext, path: RelPath): boolean {
  const winner = context.index.read.local(context.folder, path)?.heads[0];
  return winner !== undefined && !winner.deleted && winner.type === "directory";
}

/** What was found on the disk, as a record would have it. */
export function seenHead(context: KeepContext, seen: Extract<Observation, { type: "present" }>): Head {
  const { size, mtimeNs, mode, contentId, target, fileType } = seen;
  const own = { version: [], author: context.self, previous: null, owner: context.self };
  return { ...own, type: fileType, deleted: false, size, mtimeNs, mode, contentId, target };
}

/** Files first, then directories, children before parents, each level a batch of its own. */
function inOrder(changes: readonly Change[]): readonly (readonly Change[])[] {
  const files = changes.filter((change) => change.seen?.head.type !== "directory");
  const directories = changes.filter((change) => change.seen?.head.type === "directory");
  const batches: Change[][] = [];
  for (let start = 0; start < files.length; start += BATCH) batches.push(files.slice(start, start + BATCH));
  const levels = new Map<number, Change[]>();
  for (const change of directories) {
    const depth = change.path.split("/").length;
    levels.set(depth, [...(levels.get(depth) ?? []), change]);
  }
  return [...batches, ...[...levels].sort(([a], [b]) => b - a).map(([, level]) => level)];
}
