import type { RelPath } from "../shared/ids.ts";
import { joinHeads, winnerOf } from "./core/heads.ts";
import type { FolderContext } from "./folder-context.ts";
import type { PresentObservation } from "./local-changes.ts";

/** In a receive-only folder: what is found may confirm what is known; anything else stays private. */
export function splitOwnChanges(
  context: FolderContext,
  present: readonly PresentObservation[],
): { readonly known: readonly PresentObservation[]; readonly own: readonly RelPath[] } {
  const known: PresentObservation[] = [];
  const own: RelPath[] = [];
  for (const seen of present) {
    const local = context.index.read.local(context.folder, seen.path)?.heads ?? [];
    const heads = context.index.read
      .remote(context.folder, seen.path)
      .map((remote) => remote.heads)
      .reduce(joinHeads, local);
    const winner = heads.length === 0 ? undefined : winnerOf(heads);
    const isKnown =
      winner !== undefined &&
      !winner.deleted &&
      winner.type === seen.fileType &&
      winner.contentId === seen.contentId &&
      winner.target === seen.target &&
      winner.mode === seen.mode;
    if (isKnown) known.push(seen);
    else own.push(seen.path);
  }
  return { known, own };
}
