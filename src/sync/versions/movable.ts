/** What may be moved, and where it goes: within a folder, or into another one of this node. */
import { SyncError } from "../../shared/errors.ts";
import { baseName, type RelPath, relPathFault } from "../../shared/ids.ts";
import { movedPath } from "../core/directory-move.ts";
import { compileIgnore, type IgnoreRules } from "../core/ignore.ts";
import type { Asker } from "./change-item.ts";
import type { KeepContext } from "./keep-context.ts";
import { liveHead } from "./known.ts";
import { type LivePath, liveBelow, livePath } from "./live-below.ts";
import { missing } from "./remove.ts";

export interface MoveRequest {
  readonly path: RelPath;
  /** "" is the folder's root. A directory that exists takes the path under its base name. */
  readonly to: RelPath | "";
  /** Whether `to` is a directory that may still have to be made. */
  readonly into: boolean;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** What is to be moved. Throws E_PATH_NOT_FOUND. */
export function sourceOf(context: KeepContext, path: RelPath): LivePath {
  const row = context.index.read.local(context.folder, path);
  const head = liveHead(row);
  if (row === undefined || head === undefined) throw missing(context, path, row !== undefined);
  return livePath(row, head);
}

/** Where something goes. Throws E_EXISTS when that is taken, E_NOT_A_DIRECTORY, E_BAD_PATH. */
export function moveTarget(
  context: KeepContext,
  { path, to, into }: Pick<MoveRequest, "path" | "to" | "into">,
): RelPath {
  const live = to === "" ? undefined : liveHead(context.index.read.local(context.folder, to));
  if (into && live !== undefined && live.type !== "directory")
    throw new SyncError("E_NOT_A_DIRECTORY", `${to} is no directory in folder ${context.folder}`);
  const isInto = into || to === "" || live?.type === "directory";
  const target = (isInto ? `${to === "" ? "" : `${to}/`}${baseName(path)}` : to) as RelPath;
  const fault = relPathFault(target);
  if (fault !== undefined) throw new SyncError("E_BAD_PATH", `the path ${JSON.stringify(target)} ${fault}`);
  if (liveHead(context.index.read.local(context.folder, target)) !== undefined)
    throw new SyncError("E_EXISTS", `${target} exists in folder ${context.folder}: nothing is overwritten`);
  return target;
}

/**
 * Looks at all that would go to `to` in the folder `into`: may it, can it, and
 * would it still sync? Returns what it comes to.
 */
export async function assertMovable(
  context: KeepContext,
  source: LivePath,
  { into, to }: { readonly into: KeepContext; readonly to: RelPath },
  signal: AbortSignal,
  asker: Asker,
): Promise<{ readonly bytes: number }> {
  const ignore = compileIgnore(into.ignoreSource());
  let bytes = 0;
  const look = (found: readonly LivePath[]): void => {
    asker.assertMayRemove(found);
    for (const item of found) {
      assertOneMovable(ignore, item, movedPath({ from: source.path, to }, item.path));
      bytes += item.head.size;
    }
  };
  look([source]);
  if (source.head.type === "directory") for await (const page of liveBelow(context, source.path, signal)) look(page);
  return { bytes };
}

function assertOneMovable(ignore: IgnoreRules, { path, head, row }: LivePath, to: RelPath | undefined): void {
  if (to === undefined) throw new SyncError("E_BAD_PATH", `${path} would get a name that is too long`);
  if (ignore.isIgnored(to, head.type === "directory"))
    throw new SyncError("E_NOT_ALLOWED", `${to} matches an ignore pattern of the folder: it would not sync`);
  if (row.stamp === null)
    throw new SyncError("E_NOT_SYNCED_YET", `${path} is known, but its content has not arrived yet`);
  if (row.heads.length > 1)
    throw new SyncError("E_NOT_SYNCED_YET", `${path} is in conflict`, {
      hint: "settle it first: `syncline conflict list`",
    });
}
