import type { FolderId, RelPath, ShortId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { DirectoryMove } from "../../shared/messages.ts";
import type { PendingMove } from "./index-port.ts";
import type { SqlRow, Statements } from "./statements.ts";

/** The number under which this device's own moves stand among those of its peers. */
export const OWN = 0;

const COLUMNS = "m.first, m.last, m.source, m.target, m.author, m.counter, m.digest";

/** Directory moves as they were committed or announced. */
export class MoveTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Notes a move of `peer`; the oldest of many are forgotten, and are told record by record from then on. */
  add(folder: number, peer: number, move: DirectoryMove, isPending: boolean): void {
    const { sequence, from, to, author, counter, digest } = move;
    this.#sql.run(
      `INSERT OR REPLACE INTO move (folder, peer, last, first, source, target, author, counter, digest, pending)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      folder,
      peer,
      sequence,
      firstOf(move),
      from,
      to,
      author,
      counter,
      digest,
      isPending ? 1 : 0,
    );
    this.#sql.run(
      `DELETE FROM move WHERE folder = ?1 AND peer = ?2 AND pending = 0 AND last NOT IN
         (SELECT last FROM move WHERE folder = ?1 AND peer = ?2 ORDER BY last DESC LIMIT ?3)`,
      folder,
      peer,
      LIMITS.movesKept.value,
    );
  }

  settle(folder: number, peer: number, last: number): void {
    this.#sql.run("UPDATE move SET pending = 0 WHERE folder = ? AND peer = ? AND last = ?", folder, peer, last);
  }

  get(folder: number, peer: number, last: number): DirectoryMove | undefined {
    const row = this.#sql.get(
      `SELECT ${COLUMNS} FROM move m WHERE m.folder = ? AND m.peer = ? AND m.last = ?`,
      folder,
      peer,
      last,
    );
    return row === undefined ? undefined : toMove(row);
  }

  forgetPeer(folder: number, peer: number): void {
    this.#sql.run("DELETE FROM move WHERE folder = ? AND peer = ?", folder, peer);
  }

  forgetFolder(folder: number): void {
    this.#sql.run("DELETE FROM move WHERE folder = ?", folder);
  }

  // For readers, by the folder's id.

  /** The first move of this device that ends behind a sequence. */
  after(folder: FolderId, sequence: number): DirectoryMove | undefined {
    const row = this.#sql.get(
      `SELECT ${COLUMNS} FROM folder f CROSS JOIN move m ON m.folder = f.num
       WHERE f.id = ? AND m.peer = ${OWN} AND m.last > ? ORDER BY m.last LIMIT 1`,
      folder,
      sequence,
    );
    return row === undefined ? undefined : toMove(row);
  }

  /** Whether all records of this device's move still stand under the numbers that it gave them. */
  isWhole(folder: FolderId, move: DirectoryMove): boolean {
    const row = this.#sql.get(
      `SELECT count(*) FROM folder f CROSS JOIN local l ON l.folder = f.num
       WHERE f.id = ? AND l.sequence BETWEEN ? AND ?`,
      folder,
      firstOf(move),
      move.sequence,
    );
    return row?.[0] === 2 * move.count;
  }

  /** What waits to be taken as one, a peer's oldest first. */
  pending(folder: FolderId): readonly PendingMove[] {
    return this.#sql
      .all(
        `SELECT ${COLUMNS}, p.device FROM folder f CROSS JOIN move m ON m.folder = f.num JOIN peer p ON p.num = m.peer
         WHERE f.id = ? AND m.peer > ${OWN} AND m.pending = 1 ORDER BY m.peer, m.last`,
        folder,
      )
      .map((row) => ({ move: toMove(row), device: row[7] as ShortId }));
  }

  /** Whether a device announced this very move. */
  isKnownTo(folder: FolderId, device: ShortId, digest: string): boolean {
    const row = this.#sql.get(
      `SELECT 1 FROM folder f CROSS JOIN peer p ON p.folder = f.num CROSS JOIN move m ON m.folder = f.num AND m.peer = p.num
       WHERE f.id = ? AND p.device = ? AND m.digest = ? LIMIT 1`,
      folder,
      device,
      digest,
    );
    return row !== undefined;
  }
}

/** The number of a move's first record. */
export function firstOf({ sequence, count }: Pick<DirectoryMove, "sequence" | "count">): number {
  return sequence - 2 * count + 1;
}

function toMove(row: SqlRow): DirectoryMove {
  const [first, last, from, to, author, counter, digest] = row as [
    number,
    number,
    RelPath,
    RelPath,
    ShortId,
    number,
    string,
  ];
  return { sequence: last, count: (last - first + 1) / 2, from, to, author, counter, digest };
}
