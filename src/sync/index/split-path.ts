import type { ContentId, RelPath } from "../../shared/ids.ts";

/** A path as the index stores it: its directory ("" = the folder's root) and its name. */
export interface SplitPath {
  readonly parent: string;
  readonly name: string;
}

export function splitPath(path: string): SplitPath {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? { parent: "", name: path } : { parent: path.slice(0, slash), name: path.slice(slash + 1) };
}

export function joinPath(parent: string, name: string): RelPath {
  return (parent === "" ? name : `${parent}/${name}`) as RelPath;
}

const KEY_DIGITS = 12;

/** The first 48 bits of a content id: enough to find it, small enough for a number. What is found is compared whole. */
export function contentKey(contentId: ContentId): number {
  return Number.parseInt(contentId.slice(0, KEY_DIGITS), 16);
}
