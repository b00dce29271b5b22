/** Writes what is kept for people: versions, conflicts, events, notes; and chunk lists. */
import { assert, SyncError } from "../../shared/errors.ts";
import type { ContentId, FolderId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { ChunkTable } from "./chunk-table.ts";
import { encodeHeads } from "./head-codec.ts";
import type { ConflictRow, EventRow, GivenVersions, VersionRow, VersionsMove } from "./index-port.ts";
import { decodeRecord, encodeRecord } from "./record-codec.ts";
import { contentKey } from "./split-path.ts";
import type { Statements } from "./statements.ts";

/** A chunk list in its stored form. */
export type StoredList = readonly [ContentId, Uint8Array];
export type NewVersion = Omit<VersionRow, "version">;
export type NewConflict = Omit<ConflictRow, "id" | "resolution" | "resolvedAtMs" | "undo">;

export class KeepWriter {
  readonly #sql: Statements;
  readonly #chunks: ChunkTable;

  constructor(sql: Statements) {
    this.#sql = sql;
    this.#chunks = new ChunkTable(sql);
  }

  /** Stores chunk lists that are not there yet. Whoever hands one in has proven it: the hash of its bytes is the content id. */
  putLists(lists: readonly StoredList[]): void {
    for (const [contentId, list] of lists) {
      const bytes = Buffer.from(contentId, "hex");
      const added = this.#sql.get(
        "INSERT INTO chunk_list (key, content_id, list) VALUES (?, ?, ?) ON CONFLICT (content_id) DO NOTHING RETURNING id",
        contentKey(contentId),
        bytes,
        list,
      );
      if (added !== undefined) this.#chunks.add(added[0] as number, list);
      else this.#sql.run("DELETE FROM unused_list WHERE id = (SELECT id FROM chunk_list WHERE content_id = ?)", bytes);
    }
  }

  /** A content that is known keeps its place: what it hashes to cannot change. */
  putContentHashes(hashes: readonly (readonly [ContentId, string])[]): void {
    for (const [contentId, sha256] of hashes)
      this.#sql.run(
        "INSERT OR IGNORE INTO content_hash (content_id, sha256) VALUES (?, ?)",
        Buffer.from(contentId, "hex"),
        Buffer.from(sha256, "hex"),
      );
    this.#sql.run(
      "DELETE FROM content_hash WHERE id <= (SELECT max(id) FROM content_hash) - ?",
      LIMITS.contentHashesKept.value,
    );
  }

  /** Adds a kept version under the path's next number. Rows thinned out by prune keep the highest, so none is used twice. */
  addVersion(folder: number, row: NewVersion): void {
    const { head, path } = row;
    this.#sql.run(
      `INSERT INTO version (folder, path, version, stored_at, origin, by, stored_as, content, record)
       VALUES (?1, ?2, (SELECT coalesce(max(version), 0) + 1 FROM version WHERE folder = ?1 AND path = ?2), ?3, ?4, ?5, ?6, ?7, ?8)`,
      folder,
      path,
      row.storedAtMs,
      row.origin,
      row.by,
      row.storedAs,
      head.contentId === null ? null : contentKey(head.contentId),
      encodeRecord([head], row.stamp),
    );
  }

  /** Throws E_VERSION_NOT_FOUND for a version that is not there. */
  updateVersion(folder: number, path: string, version: number, storedAs: string | null): void {
    const changed = this.#sql.run(
      "UPDATE version SET stored_as = ? WHERE folder = ? AND path = ? AND version = ?",
      storedAs,
      folder,
      path,
      version,
    );
    if (changed === 0)
      throw new SyncError("E_VERSION_NOT_FOUND", `${path} has no version ${version}`, { facts: { path, version } });
  }

  /** Numbers stay, unless the new path has versions of its own: then these come behind them. */
  moveVersions(folder: number, { from, to }: VersionsMove): void {
    const paths = this.#sql.all(
      "SELECT DISTINCT path FROM version WHERE folder = ? AND (path = ? OR (path > ? AND path < ?))",
      folder,
      from,
      `${from}/`,
      `${from}0`,
    );
    for (const [path] of paths as readonly (readonly [string])[])
      this.#sql.run(
        `UPDATE version SET path = ?3, version = version + ?4 WHERE folder = ?1 AND path = ?2`,
        folder,
        path,
        to + path.slice(from.length),
        this.#lastVersion(folder, to + path.slice(from.length)),
      );
  }

  /** As {@link moveVersions}, into another folder, whose store has the bytes under other names. */
  giveVersions(folder: number, target: number, { from, to, stored }: GivenVersions): void {
    const offset = this.#lastVersion(target, to);
    const rows = this.#sql.all(
      "SELECT id, version, stored_as, record FROM version WHERE folder = ? AND path = ? ORDER BY version",
      folder,
      from,
    );
    for (const [id, version, storedAs, record] of rows as readonly (readonly [
      number,
      number,
      string | null,
      Uint8Array,
    ])[]) {
      const there = stored.find((one) => one.version === version);
      if (there === undefined && storedAs !== null) continue;
      this.#sql.run(
        "UPDATE version SET folder = ?, path = ?, version = ?, stored_as = ?, record = ? WHERE id = ?",
        target,
        to,
        version + offset,
        there?.storedAs ?? null,
        encodeRecord(decodeRecord(record).heads, there?.stamp ?? null),
        id,
      );
    }
  }

  #lastVersion(folder: number, path: string): number {
    const row = this.#sql.get(
      "SELECT coalesce(max(version), 0) FROM version WHERE folder = ? AND path = ?",
      folder,
      path,
    );
    return row?.[0] as number;
  }

  addConflict(row: NewConflict): void {
    this.#sql.run(
      "INSERT INTO conflict (folder, path, copy_path, loser, winner, created_at) VALUES (?, ?, ?, ?, ?, ?)",
      row.folder,
      row.path,
      row.copyPath,
      encodeHeads([row.loser]),
      encodeHeads([row.winner]),
      row.createdAtMs,
    );
  }

  /** Settles a conflict, or opens it again with `resolution` null. Throws E_CONFLICT_NOT_FOUND. */
  settleConflict(id: number, resolution: string | null, atMs: number, undo: string | null): void {
    const changed = this.#sql.run(
      "UPDATE conflict SET resolution = ?, resolved_at = ?, undo = ? WHERE id = ?",
      resolution,
      resolution === null ? null : atMs,
      undo,
      id,
    );
    if (changed === 0) throw new SyncError("E_CONFLICT_NOT_FOUND", `there is no conflict ${id}`, { facts: { id } });
  }

  /** Adds events and gives them their numbers, which only rise; the oldest beyond the limit go. */
  addEvents(events: readonly Omit<EventRow, "id">[]): readonly number[] {
    const ids = events.map((event) => this.#addEvent(event));
    const last = ids.at(-1);
    if (last !== undefined) this.#sql.run("DELETE FROM event WHERE id <= ?", last - LIMITS.eventsKept.value);
    return ids;
  }

  #addEvent(event: Omit<EventRow, "id">): number {
    const row = this.#sql.get(
      "INSERT INTO event (time, type, folder, path, device, user, data) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
      event.timeMs,
      event.type,
      event.folder,
      event.path,
      event.device,
      event.user,
      JSON.stringify(event.data),
    );
    assert(row !== undefined, "an event without a number");
    return row[0] as number;
  }

  setNote(folder: FolderId, key: string, value: string | null): void {
    if (value === null) this.#sql.run("DELETE FROM note WHERE folder = ? AND key = ?", folder, key);
    else this.#sql.run("INSERT OR REPLACE INTO note (folder, key, value) VALUES (?, ?, ?)", folder, key, value);
  }
}
