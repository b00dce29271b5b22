import type { ShortId } from "../../shared/ids.ts";
import { winnerOf } from "../core/heads.ts";
import { ChunkTable } from "./chunk-table.ts";
import type { DirectoryTable } from "./directory-table.ts";
import { count, type FolderState } from "./folder-table.ts";
import type { MoveTable } from "./move-table.ts";
import type { PeerTable } from "./peer-table.ts";
import { decodeRecord } from "./record-codec.ts";
import type { SqlRow, Statements } from "./statements.ts";

/** Tombstones looked at in one transaction, so that other writes are not held up. */
const PAGE = 500;
const MS_NS = 1_000_000n;
/** Of chunk lists that go in one transaction; what is beyond goes the next time. */
const CHUNKS_AT_ONCE = 200_000;

export interface PruneStep {
  readonly tombstones: number;
  /** Where the next step goes on; null when this was the last. */
  readonly next: number | null;
}

interface Tombstone {
  readonly directory: number;
  readonly name: string;
  readonly kind: number;
  readonly size: number;
}

/**
 * Forgets what nobody needs any longer.
 *
 * A tombstone goes only when every listed device has acknowledged it in this
 * epoch, no peer's row for its path waits, and both this device and its
 * author have known it since before `beforeMs`.
 */
export class Pruner {
  readonly #sql: Statements;
  readonly #directories: DirectoryTable;
  readonly #peers: PeerTable;
  readonly #moves: MoveTable;
  readonly #chunks: ChunkTable;

  constructor(sql: Statements, directories: DirectoryTable, peers: PeerTable, moves: MoveTable) {
    this.#sql = sql;
    this.#directories = directories;
    this.#peers = peers;
    this.#moves = moves;
    this.#chunks = new ChunkTable(sql);
  }

  /** Looks at one page of tombstones, those above `after` by sequence; the last page clears the rest, too. */
  step(folder: FolderState, devices: readonly ShortId[], beforeMs: number, after: number): PruneStep {
    const rows = this.#sql.all(
      `SELECT sequence, directory, name, kind, size, since, record FROM local
       WHERE folder = ? AND kind >= 8 AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?`,
      folder.num,
      after,
      this.#ackedByAll(folder, devices),
      PAGE,
    );
    let tombstones = 0;
    for (const row of rows) {
      if (!isOld(row, beforeMs)) continue;
      const [sequence, directory, name, kind, size] = row as [number, number, string, number, number];
      if (!this.#remove(folder, { directory, name, kind, size })) continue;
      this.#moves.left(folder.num, sequence);
      tombstones++;
    }
    if (rows.length === PAGE) return { tombstones, next: rows.at(-1)?.[0] as number };
    this.#clearHistory(folder, beforeMs);
    this.#clearVersions(folder, beforeMs);
    this.#clearDirectories(folder);
    this.#clearLists();
    return { tombstones, next: null };
  }

  /** The highest sequence that every one of `devices` has applied. */
  #ackedByAll(folder: FolderState, devices: readonly ShortId[]): number {
    const acked = devices.map((device) => {
      const peer = this.#peers.find(folder.num, device);
      return peer !== undefined && peer.ackedEpoch === folder.epoch ? peer.acked : 0;
    });
    return Math.min(folder.sequence, ...acked);
  }

  #remove(folder: FolderState, { directory, name, kind, size }: Tombstone): boolean {
    const isPending = this.#sql.get(
      `SELECT 1 FROM peer p JOIN remote r ON r.peer = p.num AND r.directory = ? AND r.name = ?
       WHERE p.folder = ? AND r.pending > 0 LIMIT 1`,
      directory,
      name,
      folder.num,
    );
    if (isPending !== undefined) return false;
    this.#sql.run("DELETE FROM local WHERE directory = ? AND name = ?", directory, name);
    this.#sql.run(
      "DELETE FROM remote WHERE peer IN (SELECT num FROM peer WHERE folder = ?) AND directory = ? AND name = ?",
      folder.num,
      directory,
      name,
    );
    count(folder, kind, size, -1);
    return true;
  }

  #clearHistory(folder: FolderState, beforeMs: number): void {
    this.#sql.run(
      "DELETE FROM history WHERE directory IN (SELECT id FROM directory WHERE folder = ?) AND until < ?",
      folder.num,
      beforeMs,
    );
  }

  /** Versions without bytes; each path's highest stays, because its number must not come again. */
  #clearVersions(folder: FolderState, beforeMs: number): void {
    this.#sql.run(
      `DELETE FROM version WHERE folder = ? AND stored_as IS NULL AND stored_at < ? AND EXISTS (
         SELECT 1 FROM version v WHERE v.folder = version.folder AND v.path = version.path AND v.version > version.version)`,
      folder.num,
      beforeMs,
    );
  }

  #clearDirectories(folder: FolderState): void {
    const removed = this.#sql.run(
      `DELETE FROM directory WHERE folder = ?1
         AND NOT EXISTS (SELECT 1 FROM local WHERE directory = directory.id)
         AND NOT EXISTS (SELECT 1 FROM history WHERE directory = directory.id)
         AND NOT EXISTS (SELECT 1 FROM peer p JOIN remote r ON r.peer = p.num WHERE p.folder = ?1 AND r.directory = directory.id)`,
      folder.num,
    );
    if (removed > 0) this.#directories.forget();
  }

  /**
   * A list goes when nothing referred to it now and at the time before: one
   * that was just stored may be ahead of the row that will name it.
   */
  #clearLists(): void {
    const isUnused = `NOT EXISTS (SELECT 1 FROM local WHERE content = chunk_list.key)
      AND NOT EXISTS (SELECT 1 FROM version WHERE content = chunk_list.key AND stored_as IS NOT NULL)`;
    const unused = this.#sql.all(`SELECT id FROM chunk_list WHERE id IN (SELECT id FROM unused_list) AND ${isUnused}`);
    this.#chunks.remove(
      unused.map(([id]) => id as number),
      CHUNKS_AT_ONCE,
    );
    this.#sql.run("DELETE FROM unused_list");
    this.#sql.run(`INSERT INTO unused_list SELECT id FROM chunk_list WHERE ${isUnused}`);
  }
}

function isOld(row: SqlRow, beforeMs: number): boolean {
  const deletedAtMs = winnerOf(decodeRecord(row[6] as Uint8Array).heads).mtimeNs / MS_NS;
  return (row[5] as number) < beforeMs && deletedAtMs < BigInt(beforeMs);
}
