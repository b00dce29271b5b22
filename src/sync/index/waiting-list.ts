import type { Head } from "../../shared/file-info.ts";
import { compare } from "../../shared/version-vector.ts";
import { covers, joinHeads, winnerOf } from "../core/heads.ts";
import type { FolderState } from "./folder-table.ts";
import { decodeHeads } from "./head-codec.ts";
import type { SplitPath } from "./split-path.ts";
import type { Statements } from "./statements.ts";

/** One path while a write works on it. */
export interface WaitingPath extends SplitPath {
  /** Number of its directory. */
  readonly directory: number;
  /** What the local row has; empty when there is none. */
  readonly heads: readonly Head[];
  /** The local row names something that the disk lacks. */
  readonly isWanted: boolean;
}

/** Whether everything in a peer's row for a path is here: known, and on the disk. */
export function hasApplied(path: WaitingPath, heads: readonly Head[]): boolean {
  if (!covers(path.heads, heads)) return false;
  if (!path.isWanted) return true;
  const wanted = winnerOf(path.heads).version;
  return heads.every((head) => compare(head.version, wanted) !== "equal");
}

/** A peer's row that is not applied yet. */
export interface PendingRow {
  readonly peer: number;
  readonly hasList: boolean;
  readonly heads: readonly Head[];
}

/** Values of the column `pending`. */
export const SETTLED: number = 0;
export const PENDING: number = 1;
export const PENDING_WITH_LIST: number = 2;

/**
 * Keeps the table of paths that have to be worked on.
 *
 * Invariants:
 * 1. A path is in it exactly when some peer's row for it is pending, or its
 *    local row is wanted; under `deleted` when the winner of the local heads
 *    joined with all pending ones is a tombstone. The folder's counters follow.
 * 2. While a local row is wanted, no peer's row that has the wanted version is
 *    applied: what is acknowledged as applied lies on the disk (trust P5).
 */
export class WaitingList {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /**
   * Puts a path on the list, moves it or takes it off. `pending` are the heads
   * of the rows that are not applied; `mayBeListed` false saves looking.
   */
  place(folder: FolderState, path: WaitingPath, pending: readonly (readonly Head[])[], mayBeListed: boolean): void {
    if (mayBeListed) this.#takeOff(folder, path);
    if (pending.length === 0 && !path.isWanted) return;
    const winner = winnerOf(pending.reduce(joinHeads, path.heads));
    const size = winner.deleted ? 0 : winner.size;
    this.#sql.run(
      "INSERT INTO waiting (folder, deleted, parent, name, size) VALUES (?, ?, ?, ?, ?)",
      folder.num,
      winner.deleted ? 1 : 0,
      path.parent,
      path.name,
      size,
    );
    folder.waiting++;
    folder.waitingBytes += size;
  }

  /** Looks first: one path is on the list once, and a row to be deleted is found cheaper by its whole key. */
  #takeOff(folder: FolderState, { parent, name }: SplitPath): void {
    const row = this.#sql.get(
      "SELECT deleted, size FROM waiting WHERE folder = ? AND deleted IN (0, 1) AND parent = ? AND name = ?",
      folder.num,
      parent,
      name,
    );
    if (row === undefined) return;
    const [deleted, size] = row as [number, number];
    this.#sql.run(
      "DELETE FROM waiting WHERE folder = ? AND deleted = ? AND parent = ? AND name = ?",
      folder.num,
      deleted,
      parent,
      name,
    );
    folder.waiting--;
    folder.waitingBytes -= size;
  }

  /** The pending rows of `peers` for a path. */
  pendingRows(peers: readonly number[], path: WaitingPath): readonly PendingRow[] {
    const found: PendingRow[] = [];
    for (const peer of peers) {
      const row = this.#sql.get(
        "SELECT pending, record FROM remote WHERE peer = ? AND directory = ? AND name = ? AND pending > 0",
        peer,
        path.directory,
        path.name,
      );
      if (row !== undefined)
        found.push({ peer, hasList: row[0] === PENDING_WITH_LIST, heads: decodeHeads(row[1] as Uint8Array) });
    }
    return found;
  }

  /** Makes every peer's row for a path pending, to be reviewed. Returns the peers that have one. */
  renew(folder: FolderState, path: WaitingPath): readonly number[] {
    return this.#sql
      .all(
        `UPDATE remote SET pending = max(pending, ${PENDING})
         WHERE peer IN (SELECT num FROM peer WHERE folder = ?) AND directory = ? AND name = ? RETURNING peer`,
        folder.num,
        path.directory,
        path.name,
      )
      .map((row) => row[0] as number);
  }

  /** Settles the rows of `peers` that the path's local row has applied, and places the path anew. */
  review(folder: FolderState, peers: readonly number[], path: WaitingPath): void {
    const left: (readonly Head[])[] = [];
    for (const row of this.pendingRows(peers, path)) {
      if (hasApplied(path, row.heads)) this.settle(row, path);
      else left.push(row.heads);
    }
    this.place(folder, path, left, true);
  }

  /** Marks a peer's row as applied, and drops what was kept for applying it. */
  settle(row: PendingRow, path: WaitingPath): void {
    const { directory, name } = path;
    this.#sql.run(
      "UPDATE remote SET pending = 0 WHERE peer = ? AND directory = ? AND name = ?",
      row.peer,
      directory,
      name,
    );
    if (row.hasList)
      this.#sql.run(
        "DELETE FROM offered_list WHERE peer = ? AND directory = ? AND name = ?",
        row.peer,
        directory,
        name,
      );
  }
}
