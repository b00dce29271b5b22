import type { Head } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import type { FolderContext } from "../folder-context.ts";
import type { LocalRow } from "../index/index-port.ts";
import { breathe } from "./breathe.ts";
import { liveHead } from "./known.ts";

const PAGE = 500;

export interface LivePath {
  readonly path: RelPath;
  readonly head: Head;
  /** Who owns it, as this device judges it. */
  readonly owner: string;
  readonly row: LocalRow;
}

/**
 * What lives below a directory, in directory order, a page at a time: others
 * have their turn between pages, and what they change on the way may be seen or not.
 */
export async function* liveBelow(
  { index, folder }: FolderContext,
  directory: RelPath | "",
  signal: AbortSignal,
): AsyncGenerator<readonly LivePath[]> {
  for (let after = ""; ; ) {
    signal.throwIfAborted();
    const rows = index.read.localBelow(folder, directory, after, PAGE);
    const found = rows.flatMap((row) => {
      const head = liveHead(row);
      return head === undefined ? [] : [livePath(row, head)];
    });
    if (found.length > 0) yield found;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last.path;
    await breathe();
  }
}

export function livePath(row: LocalRow, head: Head): LivePath {
  return { path: row.path, owner: row.owner, head, row };
}

/** Directories by depth, the deepest first: each level can go when the one before it is gone. */
export function deepestFirst<T extends { readonly path: RelPath }>(found: readonly T[]): readonly (readonly T[])[] {
  const levels = new Map<number, T[]>();
  for (const item of found) {
    const depth = item.path.split("/").length;
    const level = levels.get(depth);
    if (level === undefined) levels.set(depth, [item]);
    else level.push(item);
  }
  return [...levels].sort(([a], [b]) => b - a).map(([, level]) => level);
}
