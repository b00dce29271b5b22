import type { FolderId, RelPath, ShortId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { DirectoryMove } from "../../shared/messages.ts";
import type { PendingMove } from "./index-port.ts";
import type { SqlRow, Statements } from "./statements.ts";

/** The number under which this device's own moves stand among those of its peers. */
export const OWN = 0;

/** Values of the column `state` (migrate-moves.ts). */
const SETTLED = 0;
const PENDING = 1;
const BROKEN = 2;

const COLUMNS = "m.first, m.last, m.source, m.target, m.author, m.counter, m.digest";

interface Range {
  readonly first: number;
  readonly last: number;
}

/** Directory moves as they were committed or announced. */
export class MoveTable {
  readonly #sql: Statements;
  /** Numbers of the own moves that are whole, by folder: asked for each row that is written. */
  readonly #whole = new Map<number, readonly Range[]>();

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Notes a move of `peer`; the oldest of many are forgotten, and are told record by record from then on. */
  add(folder: number, peer: number, move: DirectoryMove, isPending: boolean): void {
    const { sequence, from, to, author, counter, digest } = move;
    this.#sql.run(
      `INSERT OR REPLACE INTO move (folder, peer, last, first, source, target, author, counter, digest, state)
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
      isPending ? PENDING : SETTLED,
    );
    this.#whole.delete(folder);
    this.#sql.run(
      `DELETE FROM move WHERE folder = ?1 AND peer = ?2 AND state <> ${PENDING} AND last NOT IN
         (SELECT last FROM move WHERE folder = ?1 AND peer = ?2 ORDER BY last DESC LIMIT ?3)`,
      folder,
      peer,
      LIMITS.movesKept.value,
    );
  }

  settle(folder: number, peer: number, last: number): void {
    this.#sql.run(`UPDATE move SET state = ${SETTLED} WHERE folder = ? AND peer = ? AND last = ?`, folder, peer, last);
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

  /** A row leaves its number: the move that gave it, if one did, is whole no longer. */
  left(folder: number, sequence: number): void {
    const ranges = this.#rangesOf(folder);
    const broken = ranges.find(({ first, last }) => first <= sequence && sequence <= last);
    if (broken === undefined) return;
    this.#sql.run(
      `UPDATE move SET state = ${BROKEN} WHERE folder = ? AND peer = ${OWN} AND last = ?`,
      folder,
      broken.last,
    );
    this.#whole.set(
      folder,
      ranges.filter((range) => range !== broken),
    );
  }

  #rangesOf(folder: number): readonly Range[] {
    const known = this.#whole.get(folder);
    if (known !== undefined) return known;
    const ranges = this.#sql
      .all(`SELECT first, last FROM move WHERE folder = ? AND peer = ${OWN} AND state = ${SETTLED}`, folder)
      .map((row) => ({ first: row[0] as number, last: row[1] as number }));
    this.#whole.set(folder, ranges);
    return ranges;
  }

  /** Forgets what was learned in a transaction that did not happen. */
  rolledBack(): void {
    this.#whole.clear();
  }

  forgetFolder(folder: number): void {
    this.#whole.delete(folder);
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
      `SELECT m.state FROM folder f CROSS JOIN move m ON m.folder = f.num
       WHERE f.id = ? AND m.peer = ${OWN} AND m.last = ?`,
      folder,
      move.sequence,
    );
    return row?.[0] === SETTLED;
  }

  /** What waits to be taken as one, a peer's oldest first. */
  pending(folder: FolderId): readonly PendingMove[] {
    return this.#sql
      .all(
        `SELECT ${COLUMNS}, p.device FROM folder f CROSS JOIN move m ON m.folder = f.num JOIN peer p ON p.num = m.peer
         WHERE f.id = ? AND m.peer > ${OWN} AND m.state = ${PENDING} ORDER BY m.peer, m.last`,
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
