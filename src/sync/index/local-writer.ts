import type { Head } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { covers, sameContent, winnerOf } from "../core/heads.ts";
import { keptOwner } from "../core/owner.ts";
import type { DirectoryTable } from "./directory-table.ts";
import { count, type FolderState } from "./folder-table.ts";
import { encodeHeads } from "./head-codec.ts";
import type { LocalChange } from "./index-port.ts";
import { inodeKeyOf } from "./inode-key.ts";
import { isLive, isWanted, kindOf } from "./local-kind.ts";
import type { MoveTable } from "./move-table.ts";
import { decodeRecord, encodeRecord } from "./record-codec.ts";
import { contentKey, splitPath } from "./split-path.ts";
import type { Statements } from "./statements.ts";
import type { WaitingList } from "./waiting-list.ts";

interface OldRow {
  readonly sequence: number;
  readonly since: number;
  readonly kind: number;
  readonly size: number;
  readonly heads: readonly Head[];
  readonly owner: string | null;
}

const SELECT = "SELECT sequence, since, kind, size, record, owner FROM local WHERE directory = ? AND name = ?";
const REPLACE = `INSERT OR REPLACE INTO local (directory, name, folder, sequence, since, kind, size, content, inode, record, owner)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Writes this device's rows. */
export class LocalWriter {
  readonly #sql: Statements;
  readonly #directories: DirectoryTable;
  readonly #waiting: WaitingList;
  readonly #moves: MoveTable;

  constructor(sql: Statements, directories: DirectoryTable, waiting: WaitingList, moves: MoveTable) {
    this.#sql = sql;
    this.#directories = directories;
    this.#waiting = waiting;
    this.#moves = moves;
  }

  /**
   * Writes one row: its sequence, the folder's counters, the value it replaces
   * into the history, and whether the path still has to be worked on.
   * `peers` are those with pending rows; more may be added. `numbered` is the
   * sequence of an announced row whose caller counts by itself.
   */
  write(folder: FolderState, change: LocalChange, nowMs: number, peers: Set<number>, numbered?: number): void {
    const { parent, name } = splitPath(change.path);
    const directory = this.#directories.idOf(folder.num, parent);
    const old = this.#oldRow(directory, name);
    const winner = winnerOf(change.heads);
    const kind = kindOf(winner, change.stamp);
    const sequence = old !== undefined && !change.announce ? old.sequence : (numbered ?? ++folder.sequence);
    const since = this.#remember(directory, name, old, winner, nowMs);
    const content =
      isLive(kind) && winner.type === "file" && winner.contentId !== null ? contentKey(winner.contentId) : null;
    const record = encodeRecord(change.heads, change.stamp);
    const size = winner.deleted ? 0 : winner.size;
    const inode = inodeKeyOf(winner, change.stamp);
    const owner = keptOwner(old === undefined ? undefined : { winner: winnerOf(old.heads), kept: old.owner }, winner);
    this.#sql.run(REPLACE, directory, name, folder.num, sequence, since, kind, size, content, inode, record, owner);
    if (old !== undefined) {
      count(folder, old.kind, old.size, -1);
      if (old.sequence !== sequence) this.#moves.left(folder.num, old.sequence);
    }
    count(folder, kind, size, 1);
    const path = { directory, parent, name, heads: change.heads, isWanted: isWanted(kind) };
    // A row that knows less than before leaves peers' rows uncovered that it had applied.
    const knowsLess = old !== undefined && !covers(change.heads, old.heads);
    if (path.isWanted || knowsLess) for (const peer of this.#waiting.renew(folder, path)) peers.add(peer);
    // Nothing waits: no row of a peer is pending, so there is nothing to review.
    if (folder.waiting > 0 || peers.size > 0 || path.isWanted) this.#waiting.review(folder, [...peers], path);
  }

  /** Deletes a row as if it had never been; its history stays. */
  forget(folder: FolderState, path: RelPath): void {
    const { parent, name } = splitPath(path);
    const directory = this.#directories.find(folder.num, parent);
    const old = directory === undefined ? undefined : this.#oldRow(directory, name);
    if (directory === undefined || old === undefined) return;
    this.#sql.run("DELETE FROM local WHERE directory = ? AND name = ?", directory, name);
    count(folder, old.kind, old.size, -1);
    this.#moves.left(folder.num, old.sequence);
  }

  #oldRow(directory: number, name: string): OldRow | undefined {
    const row = this.#sql.get(SELECT, directory, name);
    if (row === undefined) return undefined;
    const [sequence, since, kind, size, record, owner] = row as [
      ...[number, number, number, number],
      Uint8Array,
      string | null,
    ];
    return { sequence, since, kind, size, heads: decodeRecord(record).heads, owner };
  }

  /** Whether somebody is held to as owner of a path of the folder though its record names another. */
  keepsOwners(folder: FolderState): boolean {
    return (
      this.#sql.get("SELECT 1 FROM local WHERE folder = ? AND owner IS NOT NULL LIMIT 1", folder.num) !== undefined
    );
  }

  /** Holds to the same owner at the end of a move as at its beginning. Called while the row it came from stands. */
  carryOwner(folder: FolderState, from: RelPath, to: RelPath): void {
    const [source, target] = [splitPath(from), splitPath(to)];
    this.#sql.run(
      `UPDATE local SET owner = (SELECT owner FROM local WHERE directory = ? AND name = ?)
       WHERE directory = ? AND name = ?`,
      this.#directories.idOf(folder.num, source.parent),
      source.name,
      this.#directories.idOf(folder.num, target.parent),
      target.name,
    );
  }

  /**
   * Moves a replaced value to the history, and tells since when the new one
   * stands. Time never runs backwards here: a value that, by a clock set back,
   * would have stood for less than nothing leaves no trace.
   */
  #remember(directory: number, name: string, old: OldRow | undefined, winner: Head, nowMs: number): number {
    if (old === undefined) return nowMs;
    const before = winnerOf(old.heads);
    if (sameContent(before, winner)) return old.since;
    const until = Math.max(nowMs, old.since);
    if (until > old.since) {
      this.#sql.run(
        "INSERT OR REPLACE INTO history (directory, name, since, until, record) VALUES (?, ?, ?, ?, ?)",
        directory,
        name,
        old.since,
        until,
        encodeHeads([before]),
      );
    }
    return until;
  }
}
