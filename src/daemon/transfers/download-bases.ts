/** What is on this machine already and likely to share chunks with a file that is to be downloaded. */
import { join } from "node:path";
import type { ContentId, FolderId, RelPath } from "../../shared/ids.ts";
import { winnerOf } from "../../sync/core/heads.ts";
import type { Base } from "../../sync/fetch/fetch-context.ts";
import type { LocalRow } from "../../sync/index/index-port.ts";
import type { DownloadRun } from "./download.ts";
import type { HashedFile } from "./file-calls.ts";

export interface Bases {
  readonly bases: readonly Base[];
  /** Where a base's name leads, for names that are no absolute paths. */
  readonly places: ReadonlyMap<string, string>;
  /** Chunk lists that the index does not have. */
  readonly lists: ReadonlyMap<ContentId, Uint8Array>;
}

export const NO_BASES: Bases = { bases: [], places: new Map(), lists: new Map() };

/**
 * The file that is to be replaced, and the same path where the folder is synced
 * here too; on-this-node.ts finds what else has chunks of it. The first counts as the version
 * before, and is named as the wanted path, so that what it spares is delta.
 */
export function basesFor(
  { index, rootOf }: DownloadRun,
  folder: FolderId,
  { path, target }: { readonly path: RelPath; readonly target: string },
  existing: HashedFile | undefined,
): Bases {
  const bases: Base[] = [];
  const places = new Map<string, string>();
  const lists = new Map<ContentId, Uint8Array>();
  if (existing !== undefined && existing.list.length > 0) {
    bases.push({ contentId: existing.contentId, size: existing.stamp.size, from: "path", name: path });
    places.set(path, target);
    lists.set(existing.contentId, existing.list);
  }
  const add = (id: FolderId, row: LocalRow | undefined): void => {
    const root = rootOf(id);
    const head = row === undefined || row.stamp === null ? undefined : winnerOf(row.heads);
    if (root === undefined || row === undefined || head?.contentId == null || head.type !== "file" || head.deleted)
      return;
    bases.push({ contentId: head.contentId, size: head.size, from: "path", name: join(root, row.path) });
  };
  if (rootOf(folder) !== undefined && path !== ("" as RelPath)) add(folder, index.read.local(folder, path));
  return { bases, places, lists };
}
