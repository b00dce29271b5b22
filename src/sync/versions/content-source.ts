/** Finds content here: bytes that need not be fetched. */
import type { Head } from "../../shared/file-info.ts";
import type { FolderContext } from "../folder-context.ts";
import type { ContentSource } from "../folder-disk.ts";

const LIVE_PATHS_TRIED = 4;

/**
 * Lists where the content of a file lies in this folder, best first: under
 * the store name of the very version, at live paths, in other versions. Each
 * is proven by hash when it is used, so one that changed since is passed over.
 */
export function sourcesHere(context: FolderContext, head: Head, storedAs: string | null): readonly ContentSource[] {
  const { index, folder } = context;
  if (head.contentId === null) return [];
  if (head.size === 0) return [{ from: "bytes", bytes: new Uint8Array(0) }];
  const live = index.read
    .localByContent(head.contentId, LIVE_PATHS_TRIED)
    .filter((found) => found.folder === folder && found.row.stamp !== null)
    .map((found): ContentSource => ({ from: "path", path: found.row.path }));
  const kept = index.read.versionByContent(head.contentId);
  const names = new Set([storedAs, kept?.folder === folder ? kept.storedAs : null]);
  const stored = [...names].flatMap((name): readonly ContentSource[] =>
    name === null ? [] : [{ from: "store", name }],
  );
  return storedAs === null ? [...live, ...stored] : [...stored.slice(0, 1), ...live, ...stored.slice(1)];
}

/** Whether a version can be brought back from this disk alone. */
export function isHere(context: FolderContext, head: Head, storedAs: string | null): boolean {
  return head.type !== "file" || sourcesHere(context, head, storedAs).length > 0;
}

/** Names a source, to tell which were tried. */
export function sourceKey(source: ContentSource): string {
  switch (source.from) {
    case "path":
      return `path:${source.path}`;
    case "store":
      return `store:${source.name}`;
    case "bytes":
    case "stage":
      return source.from;
    default:
      return source satisfies never;
  }
}
