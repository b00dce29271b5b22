/** Reads all that the index has at and below a directory, one directory at a time. */
import type { DiskStamp, Head } from "../../shared/file-info.ts";
import { parentOf, type RelPath } from "../../shared/ids.ts";
import { decodeHeads } from "./head-codec.ts";
import { decodeRecord } from "./record-codec.ts";
import { joinPath, splitPath } from "./split-path.ts";
import type { SqlRow, Statements } from "./statements.ts";

/** This device's row, as moves look at it. */
export interface TreeRow {
  readonly heads: readonly Head[];
  readonly stamp: DiskStamp | null;
  readonly sequence: number;
}

/** Names of one directory that belong to a subtree: for the first, which holds the subtree's root, only that one. */
export interface TreeDirectory {
  readonly id: number;
  readonly path: string;
  readonly only: string | null;
}

/**
 * The directories of a subtree in directory order: first the one that holds
 * the subtree's root, then the root, then all below.
 */
export function subtreeOf(sql: Statements, folder: number, root: RelPath): readonly TreeDirectory[] {
  const { parent, name } = splitPath(root);
  const holder = sql.get("SELECT id FROM directory WHERE folder = ? AND path = ?", folder, parent);
  const below = sql.all(
    "SELECT id, path FROM directory WHERE folder = ?1 AND (path = ?2 OR (path > ?2 || '/' AND path < ?2 || '0')) ORDER BY path",
    folder,
    root,
  );
  const first = holder === undefined ? [] : [{ id: holder[0] as number, path: parentOf(root) ?? "", only: name }];
  return [...first, ...below.map((row) => ({ id: row[0] as number, path: row[1] as string, only: null }))];
}

/** This device's rows in one directory of a subtree, by name. */
export function localRows(sql: Statements, directory: TreeDirectory): ReadonlyMap<string, TreeRow> {
  const rows = inDirectory(sql, "name, sequence, record FROM local WHERE directory = ?", [], directory);
  return new Map(
    rows.map((row) => [row[0] as string, { ...decodeRecord(row[2] as Uint8Array), sequence: row[1] as number }]),
  );
}

/** A peer's rows in one directory of a subtree, by name. */
export function remoteRows(
  sql: Statements,
  peer: number,
  directory: TreeDirectory,
): ReadonlyMap<string, readonly Head[]> {
  const rows = inDirectory(sql, "name, record FROM remote WHERE peer = ? AND directory = ?", [peer], directory);
  return new Map(rows.map((row) => [row[0] as string, decodeHeads(row[1] as Uint8Array)]));
}

/** Whether something lives at or below a path, as this device has it. */
export function isLiveBelow(sql: Statements, folder: number, root: RelPath): boolean {
  return subtreeOf(sql, folder, root).some(
    (directory) => inDirectory(sql, "1 FROM local WHERE kind < 8 AND directory = ?", [], directory, 1).length > 0,
  );
}

function inDirectory(
  sql: Statements,
  what: string,
  values: readonly number[],
  { id, only }: TreeDirectory,
  limit = -1,
): readonly SqlRow[] {
  if (only === null) return sql.all(`SELECT ${what} ORDER BY name LIMIT ?`, ...values, id, limit);
  return sql.all(`SELECT ${what} AND name = ? LIMIT ?`, ...values, id, only, limit);
}

export function pathIn(directory: TreeDirectory, name: string): RelPath {
  return joinPath(directory.path, name);
}
