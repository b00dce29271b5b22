/** Finds content here: bytes that need not be fetched. */
import type { Head } from "../../shared/file-info.ts";
import { sourceKey, sourcesOf } from "../content-here.ts";
import type { FolderContext } from "../folder-context.ts";
import type { ContentSource } from "../folder-disk.ts";

/**
 * Lists where the content of a file lies, best first: under the store name of
 * the very version, then wherever else it is here. Each is proven by hash when
 * it is used, so one that changed since is passed over.
 */
export function sourcesHere(context: FolderContext, head: Head, storedAs: string | null): readonly ContentSource[] {
  if (head.contentId === null) return [];
  if (head.size === 0) return [{ from: "bytes", bytes: new Uint8Array(0) }];
  const version: readonly ContentSource[] = storedAs === null ? [] : [{ from: "store", name: storedAs }];
  const known = new Set(version.map(sourceKey));
  return [...version, ...[...sourcesOf(context, head.contentId)].filter((source) => !known.has(sourceKey(source)))];
}

/** Whether a version can be brought back from this disk alone. */
export function isHere(context: FolderContext, head: Head, storedAs: string | null): boolean {
  return head.type !== "file" || sourcesHere(context, head, storedAs).length > 0;
}
