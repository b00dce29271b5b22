import type { Head } from "../../shared/file-info.ts";
import { parentOf, type RelPath } from "../../shared/ids.ts";
import type { FolderContext } from "../folder-context.ts";
import type { PathChange } from "./carry-out.ts";
import { knownHeads, liveHead, shownHead, versionAbove } from "./known.ts";

const DEFAULT_MODE = 0o755;

/** What has to be made above a path; or what stands in the way there. */
export type Ancestors =
  | { readonly type: "changes"; readonly changes: readonly PathChange[] }
  | { readonly type: "blocked"; readonly by: RelPath };

/**
 * Lists the directories above `path` that are not on the disk, the highest
 * first, as changes that bring them back. `planned` are paths that a change
 * before this one makes a directory anyway. What is brought where nothing lives belongs to `owner`.
 */
export function missingAncestors(
  context: FolderContext,
  path: RelPath,
  planned: ReadonlySet<RelPath>,
  owner: string = context.self,
): Ancestors {
  const changes: PathChange[] = [];
  for (let parent = parentOf(path); parent !== undefined && !planned.has(parent); parent = parentOf(parent)) {
    const row = context.index.read.local(context.folder, parent);
    const shown = shownHead(row);
    if (shown?.type === "directory") break;
    if (shown !== undefined) return { type: "blocked", by: parent };
    const live = liveHead(row);
    const heads =
      live?.type === "directory" && row !== undefined ? row.heads : [directoryAbove(context, parent, owner)];
    changes.push({ type: "show", path: parent, heads, origin: "restore", storedAs: null });
  }
  return { type: "changes", changes: changes.reverse() };
}

/** A directory with the permissions it had, as far as they are known: a tombstone still tells them. */
function directoryAbove(context: FolderContext, path: RelPath, owner: string): Head {
  const known = knownHeads(context, path);
  const mode = known.find((head) => head.type === "directory")?.mode ?? DEFAULT_MODE;
  const above = versionAbove(context, known, directoryHead(context, mode));
  return known.every(({ deleted }) => deleted) ? { ...above, owner } : above;
}

function directoryHead(context: FolderContext, mode: number): Head {
  return {
    version: [],
    author: context.self,
    type: "directory",
    deleted: false,
    size: 0,
    mtimeNs: 0n,
    mode,
    contentId: null,
    target: "",
    previous: null,
    owner: context.self,
  };
}
