import type { SQLInputValue } from "node:sqlite";
import { splitPath } from "./split-path.ts";

/** Greater than every text in SQLite's order, in which any blob follows all text. */
export const ABOVE_ALL_TEXT: SQLInputValue = new Uint8Array(0);

/** How to read rows: of one directory behind a name, or of all directories between two bounds, both left out. */
export interface RowQueries<T> {
  readonly ofDirectory: (directory: string, afterName: string, limit: number) => readonly T[];
  readonly ofDirectories: (lower: string, upper: SQLInputValue, limit: number) => readonly T[];
}

/**
 * Reads one page of the rows below a directory, in the order of the index:
 * by directory, then by name. So a directory's row comes before what it
 * holds, and its children stand together.
 *
 * Two ranges make a page: the rest of the directory of `after`, then the
 * directories behind it.
 */
export function pageBelow<T>(below: string, after: string, limit: number, rows: RowQueries<T>): readonly T[] {
  const start = after === "" ? { parent: below, name: "" } : splitPath(after);
  const first = rows.ofDirectory(start.parent, start.name, limit);
  if (first.length >= limit) return first;
  // "a/" is below every directory in "a", and above "a!", which is not.
  const lower = start.parent === below && below !== "" ? `${below}/` : start.parent;
  const upper = below === "" ? ABOVE_ALL_TEXT : `${below}0`;
  return [...first, ...rows.ofDirectories(lower, upper, limit - first.length)];
}
