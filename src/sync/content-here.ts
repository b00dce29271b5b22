/**
 * Finds where content lies on this node: at live paths and in version stores,
 * of this folder and of others.
 *
 * What is not asked for tells a device that it is here, and nobody shall learn
 * by that what lies in a folder that is not shared with them: whoever may write
 * into one folder could else announce a file of its own making, and see by what
 * is fetched whether its chunks lie in another. So another folder counts where
 * every device that shares this one shares it, too (`FolderContext.siblings`),
 * or one that has the wanted file and is asked for it: it knows both, and to all
 * others the bytes may have come from there.
 */
import type { ContentId, FolderId, RelPath, ShortId } from "../shared/ids.ts";
import { winnerOf } from "./core/heads.ts";
import type { Base } from "./fetch/fetch-context.ts";
import type { FolderContext } from "./folder-context.ts";
import type { BytePlace, ContentSource } from "./folder-disk.ts";
import type { LocalRow } from "./index/index-port.ts";

const LIVE_PATHS_TRIED = 16;

/** A live path that has a content. */
export interface Twin {
  readonly folder: FolderId;
  readonly row: LocalRow;
}

/** Devices that have what is wanted and are asked for it; looked up only where it matters. */
export type Holders = () => readonly ShortId[];

const NOBODY: Holders = () => [];

function usableFolders({ folder, siblings, membersOf }: FolderContext, holders: Holders): (id: FolderId) => boolean {
  let alike: ReadonlySet<FolderId> | undefined;
  let asked: readonly ShortId[] | undefined;
  return (id) => {
    if (id === folder) return true;
    alike ??= siblings?.() ?? new Set();
    if (alike.has(id)) return true;
    const members = membersOf?.(id) ?? new Set();
    if (members.size === 0) return false;
    asked ??= holders();
    return asked.some((device) => members.has(device));
  };
}

/** Live paths that have a content, those of this folder first. Each may have changed since. */
export function twinsOf(context: FolderContext, contentId: ContentId, holders: Holders = NOBODY): readonly Twin[] {
  const { index, folder } = context;
  const isUsable = usableFolders(context, holders);
  const twins = index.read
    .localByContent(contentId, LIVE_PATHS_TRIED, isUsable)
    .filter(({ row }) => row.stamp !== null);
  return [...twins.filter((twin) => twin.folder === folder), ...twins.filter((twin) => twin.folder !== folder)];
}

interface Found {
  readonly place: BytePlace & { readonly from: "path" | "store" };
  readonly size: number;
}

function* found(
  context: FolderContext,
  contentId: ContentId,
  twins: readonly Twin[],
  holders: Holders,
): Generator<Found> {
  const { index, folder } = context;
  const folderOf = (id: FolderId): FolderId | undefined => (id === folder ? undefined : id);
  for (const { folder: id, row } of twins)
    yield { place: { from: "path", name: row.path, folder: folderOf(id) }, size: winnerOf(row.heads).size };
  const kept = index.read.versionByContent(contentId, usableFolders(context, holders));
  if (kept?.storedAs == null) return;
  yield { place: { from: "store", name: kept.storedAs, folder: folderOf(kept.folder) }, size: kept.head.size };
}

/** Where a content may be copied from, best first: live paths, of which `twins` alone count, then a kept version. */
export function* sourcesOf(
  context: FolderContext,
  contentId: ContentId,
  twins: readonly Twin[] = twinsOf(context, contentId),
  holders: Holders = NOBODY,
): Generator<ContentSource> {
  for (const { place } of found(context, contentId, twins, holders)) {
    const { from, name, folder } = place;
    yield from === "path" ? { from, path: name as RelPath, folder } : { from, name, folder };
  }
}

/** A content as something to take chunks from, for a file that `holders` are asked for. */
export function baseOf(context: FolderContext, contentId: ContentId, holders: Holders): Base | undefined {
  const [first, ...others] = found(context, contentId, twinsOf(context, contentId, holders), holders);
  if (first === undefined) return undefined;
  return { contentId, size: first.size, ...first.place, others: others.map(({ place }) => place) };
}

/** Names a source, to tell which were tried. */
export function sourceKey(source: ContentSource): string {
  switch (source.from) {
    case "path":
      return `path:${source.folder ?? ""}:${source.path}`;
    case "store":
      return `store:${source.folder ?? ""}:${source.name}`;
    case "bytes":
    case "stage":
      return source.from;
    default:
      return source satisfies never;
  }
}
