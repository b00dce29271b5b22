import type { FileInfo, Head } from "../../shared/file-info.ts";
import type { RelPath, ShortId } from "../../shared/ids.ts";
import { covers } from "../core/heads.ts";
import type { DirectoryTable } from "./directory-table.ts";
import type { FolderState } from "./folder-table.ts";
import { decodeHeads, encodeHeads } from "./head-codec.ts";
import { isWanted } from "./local-kind.ts";
import type { MoveTable } from "./move-table.ts";
import type { PeerTable } from "./peer-table.ts";
import { decodeRecord } from "./record-codec.ts";
import { type SplitPath, splitPath } from "./split-path.ts";
import type { SqlRow, Statements } from "./statements.ts";
import {
  hasApplied,
  PENDING,
  PENDING_WITH_LIST,
  type PendingRow,
  SETTLED,
  type WaitingList,
  type WaitingPath,
} from "./waiting-list.ts";

/** One announced row. */
export interface AnnouncedRecord {
  readonly sequence: number;
  readonly info: FileInfo;
  readonly chunkList: Uint8Array | null;
}

/** A place in the table of peers' rows. */
export interface RemotePlace {
  readonly peer: number;
  readonly directory: number;
  readonly name: string;
}

/** The local row and the peer's own older row of one path, either of which may be missing. */
const SELECT = `SELECT l.kind, l.record, r.sequence, r.pending
  FROM (SELECT 1) LEFT JOIN local l ON l.directory = ?1 AND l.name = ?2
  LEFT JOIN remote r ON r.peer = ?3 AND r.directory = ?1 AND r.name = ?2`;
const REPLACE =
  "INSERT OR REPLACE INTO remote (peer, directory, name, sequence, pending, record) VALUES (?, ?, ?, ?, ?, ?)";
const REVIEW_PAGE = 1000;

/** Writes what peers announce. */
export class RemoteWriter {
  readonly #sql: Statements;
  readonly #directories: DirectoryTable;
  readonly #waiting: WaitingList;
  readonly #peers: PeerTable;
  readonly #moves: MoveTable;

  constructor(sql: Statements, directories: DirectoryTable, waiting: WaitingList, peers: PeerTable, moves: MoveTable) {
    this.#sql = sql;
    this.#directories = directories;
    this.#waiting = waiting;
    this.#peers = peers;
    this.#moves = moves;
  }

  /** Stores announced rows and how far they reach; what is stored of another epoch goes first. */
  write(
    folder: FolderState,
    device: ShortId,
    epoch: string,
    lastSequence: number,
    records: readonly AnnouncedRecord[],
  ): void {
    let peer = this.#peers.get(folder.num, device);
    if (peer.epoch !== epoch) {
      this.reset(folder, device);
      peer = { ...peer, epoch, received: 0 };
    }
    const others = this.#peers.withPending(folder.num).filter((other) => other !== peer.num);
    for (const record of records) this.#writeRecord(folder, peer.num, record, others);
    this.#peers.setReceived(peer.num, epoch, Math.max(peer.received, lastSequence));
  }

  #writeRecord(folder: FolderState, peer: number, record: AnnouncedRecord, others: readonly number[]): void {
    const { parent, name } = splitPath(record.info.path);
    const { heads } = record.info;
    const directory = this.#directories.idOf(folder.num, parent);
    const [kind, local, oldSequence, oldPending] = this.#sql.get(SELECT, directory, name, peer) as SqlRow;
    // News that is older than what is stored; a peer may send a piece again.
    if (typeof oldSequence === "number" && oldSequence > record.sequence) return;
    const path: WaitingPath = {
      directory,
      parent,
      name,
      heads: local == null ? [] : decodeRecord(local as Uint8Array).heads,
      isWanted: typeof kind === "number" && isWanted(kind),
    };
    const isPending = !hasApplied(path, heads);
    const hasList = isPending && record.chunkList !== null;
    const pending = isPending ? (hasList ? PENDING_WITH_LIST : PENDING) : SETTLED;
    this.#sql.run(REPLACE, peer, directory, name, record.sequence, pending, encodeHeads(heads));
    if (hasList) this.#offer(peer, path, record.chunkList as Uint8Array);
    else if (oldPending === PENDING_WITH_LIST) this.#withdraw(peer, path);
    const pendingOfOthers = this.#waiting.pendingRows(others, path).map((row) => row.heads);
    const mayBeListed = Number(oldPending ?? SETTLED) !== SETTLED || path.isWanted || pendingOfOthers.length > 0;
    if (mayBeListed || isPending)
      this.#waiting.place(folder, path, isPending ? [heads, ...pendingOfOthers] : pendingOfOthers, mayBeListed);
  }

  /** Stores a row that a directory move stands for: the move itself keeps in mind whether it is applied. */
  put(folder: FolderState, peer: number, at: RelPath, sequence: number, heads: readonly Head[]): void {
    const { parent, name } = splitPath(at);
    const directory = this.#directories.idOf(folder.num, parent);
    const before =
      folder.waiting === 0
        ? SETTLED
        : (this.#sql.get(
            "SELECT pending FROM remote WHERE peer = ? AND directory = ? AND name = ?",
            peer,
            directory,
            name,
          )?.[0] ?? SETTLED);
    this.#sql.run(REPLACE, peer, directory, name, sequence, SETTLED, encodeHeads(heads));
    if (before === SETTLED) return;
    const path = this.#localPath(directory, parent, name);
    if (before === PENDING_WITH_LIST) this.#withdraw(peer, path);
    this.#waiting.review(folder, this.#peers.withPending(folder.num), path);
  }

  /** Lists a path as one to be worked on when a peer's row for it is not applied after all. */
  renew(folder: FolderState, peer: number, at: RelPath): void {
    const { parent, name } = splitPath(at);
    const directory = this.#directories.find(folder.num, parent);
    const row =
      directory === undefined
        ? undefined
        : this.#sql.get(
            "SELECT record FROM remote WHERE peer = ? AND directory = ? AND name = ? AND pending = 0",
            peer,
            directory,
            name,
          );
    if (directory === undefined || row === undefined) return;
    const path = this.#localPath(directory, parent, name);
    if (hasApplied(path, decodeHeads(row[0] as Uint8Array))) return;
    this.#sql.run(
      "UPDATE remote SET pending = ? WHERE peer = ? AND directory = ? AND name = ?",
      PENDING,
      peer,
      directory,
      name,
    );
    this.#waiting.review(folder, this.#peers.withPending(folder.num), path);
  }

  #offer(peer: number, path: WaitingPath, list: Uint8Array): void {
    this.#sql.run(
      "INSERT OR REPLACE INTO offered_list (peer, directory, name, list) VALUES (?, ?, ?, ?)",
      peer,
      path.directory,
      path.name,
      list,
    );
  }

  #withdraw(peer: number, path: WaitingPath): void {
    this.#sql.run(
      "DELETE FROM offered_list WHERE peer = ? AND directory = ? AND name = ?",
      peer,
      path.directory,
      path.name,
    );
  }

  /** Drops a peer's rows. Those that were pending leave the waiting list first, a page at a time. */
  reset(folder: FolderState, device: ShortId): void {
    const peer = this.#peers.find(folder.num, device);
    if (peer === undefined) return;
    for (let page = this.#pendingOf(peer.num); page.length > 0; page = this.#pendingOf(peer.num))
      for (const path of page) this.#settle(folder, path, (row) => row.peer === peer.num);
    this.#sql.run("DELETE FROM remote WHERE peer = ?", peer.num);
    this.#moves.forgetPeer(folder.num, peer.num);
    this.#sql.run("DELETE FROM offered_list WHERE peer = ?", peer.num);
    this.#peers.setReceived(peer.num, "", 0);
  }

  /** Marks the rows of every peer for these paths as applied; with `heads` those alone that say no more. */
  settle(
    folder: FolderState,
    seen: readonly { readonly path: string; readonly heads?: readonly Head[] | undefined }[],
  ): void {
    for (const { path, heads } of seen)
      this.#settle(folder, splitPath(path), (row) => heads === undefined || covers(heads, row.heads));
  }

  #settle(folder: FolderState, { parent, name }: SplitPath, isSettled: (row: PendingRow) => boolean): void {
    const directory = this.#directories.find(folder.num, parent);
    if (directory === undefined) return;
    const path = this.#localPath(directory, parent, name);
    const left: (readonly Head[])[] = [];
    for (const row of this.#waiting.pendingRows(this.#peers.withPending(folder.num), path)) {
      if (isSettled(row)) this.#waiting.settle(row, path);
      else left.push(row.heads);
    }
    this.#waiting.place(folder, path, left, true);
  }

  /**
   * Marks as pending what local rows do not cover, one page of one peer's
   * applied rows at a time. Returns where to go on; null when all are done.
   */
  reconsider(folder: FolderState, after: RemotePlace): RemotePlace | null {
    const rows = this.#sql.all(
      `SELECT r.directory, r.name, d.path, r.record FROM remote r CROSS JOIN directory d ON d.id = r.directory
       WHERE r.peer = ? AND (r.directory, r.name) > (?, ?) AND r.pending = 0 ORDER BY r.directory, r.name LIMIT ?`,
      after.peer,
      after.directory,
      after.name,
      REVIEW_PAGE,
    );
    for (const row of rows) {
      const [directory, name, parent, record] = row as [number, string, string, Uint8Array];
      const path = this.#localPath(directory, parent, name);
      if (hasApplied(path, decodeHeads(record))) continue;
      this.#sql.run(
        "UPDATE remote SET pending = ? WHERE peer = ? AND directory = ? AND name = ?",
        PENDING,
        after.peer,
        directory,
        name,
      );
      this.#waiting.review(folder, this.#peers.withPending(folder.num), path);
    }
    const last = rows.at(-1);
    if (last !== undefined && rows.length === REVIEW_PAGE)
      return { peer: after.peer, directory: last[0] as number, name: last[1] as string };
    const next = this.#sql.get("SELECT min(num) FROM peer WHERE folder = ? AND num > ?", folder.num, after.peer)?.[0];
    return typeof next === "number" ? { peer: next, directory: 0, name: "" } : null;
  }

  #localPath(directory: number, parent: string, name: string): WaitingPath {
    const row = this.#sql.get("SELECT kind, record FROM local WHERE directory = ? AND name = ?", directory, name);
    if (row === undefined) return { directory, parent, name, heads: [], isWanted: false };
    return {
      directory,
      parent,
      name,
      heads: decodeRecord(row[1] as Uint8Array).heads,
      isWanted: isWanted(row[0] as number),
    };
  }

  #pendingOf(peer: number): readonly { readonly parent: string; readonly name: string }[] {
    return this.#sql
      .all(
        `SELECT d.path, r.name FROM remote r INDEXED BY remote_pending JOIN directory d ON d.id = r.directory
         WHERE r.peer = ? AND r.pending > 0 LIMIT ?`,
        peer,
        REVIEW_PAGE,
      )
      .map((row) => ({ parent: row[0] as string, name: row[1] as string }));
  }
}
