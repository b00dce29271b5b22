/** Reads what is kept for people: versions, conflicts, events, notes. */
import type { SQLInputValue } from "node:sqlite";
import type { ContentId, FolderId, RelPath } from "../../shared/ids.ts";
import { winnerOf } from "../core/heads.ts";
import { decodeHeads } from "./head-codec.ts";
import type { ConflictRow, EventRow, IndexReader, VersionRow } from "./index-port.ts";
import { decodeRecord } from "./record-codec.ts";
import { contentKey } from "./split-path.ts";
import type { SqlRow, Statements } from "./statements.ts";

const VERSION = `f.id, v.path, v.version, v.stored_at, v.origin, v.by, v.stored_as, v.record, v.id
  FROM folder f JOIN version v ON v.folder = f.num`;
const CONFLICT =
  "SELECT id, folder, path, copy_path, loser, winner, created_at, resolution, resolved_at, undo FROM conflict";
const EVENT = "SELECT id, time, type, folder, path, device, user, data FROM event";
/** Rows that one question without a limit of its own may bring. */
const ROWS_MAX = 10_000;
/** Versions looked at for one content. */
const CONTENT_SCANNED_MAX = 64;

export class KeepReader {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  versions(folder: FolderId, path: RelPath): readonly VersionRow[] {
    const rows = this.#sql.all(
      `SELECT * FROM (SELECT ${VERSION} WHERE f.id = ? AND v.path = ? ORDER BY v.version DESC LIMIT ?) ORDER BY version`,
      folder,
      path,
      ROWS_MAX,
    );
    return rows.map(toVersionRow);
  }

  versionsOf(
    folder: FolderId,
    options: Parameters<IndexReader["versionsOf"]>[1],
  ): readonly (VersionRow & { readonly cursor: number })[] {
    const { below, after, deletedOnly, newestOnly = false, limit } = options;
    const conditions = ["f.id = ?", "v.stored_as IS NOT NULL"];
    const values: SQLInputValue[] = [folder];
    if (after > 0) {
      conditions.push("v.id < ?");
      values.push(after);
    }
    if (deletedOnly) conditions.push("v.origin IN ('deleted', 'revert')");
    if (newestOnly)
      conditions.push(
        "NOT EXISTS (SELECT 1 FROM version n WHERE n.folder = v.folder AND n.path = v.path AND n.version > v.version AND n.stored_as IS NOT NULL)",
      );
    if (below !== "") {
      conditions.push("(v.path = ? OR (v.path > ? AND v.path < ?))");
      values.push(below, `${below}/`, `${below}0`);
    }
    return this.#sql
      .all(`SELECT ${VERSION} WHERE ${conditions.join(" AND ")} ORDER BY v.id DESC LIMIT ?`, ...values, limit)
      .map((row) => ({ ...toVersionRow(row), cursor: row[8] as number }));
  }

  isStored(folder: FolderId, storeName: string): boolean {
    const found = this.#sql.get(
      "SELECT 1 FROM folder f JOIN version v ON v.folder = f.num WHERE f.id = ? AND v.stored_as = ?",
      folder,
      storeName,
    );
    return found !== undefined;
  }

  versionByContent(contentId: ContentId, isUsable: (folder: FolderId) => boolean = () => true): VersionRow | undefined {
    return this.#sql
      .all(
        `SELECT ${VERSION} WHERE v.content = ? AND v.stored_as IS NOT NULL ORDER BY v.id DESC LIMIT ?`,
        contentKey(contentId),
        CONTENT_SCANNED_MAX,
      )
      .map(toVersionRow)
      .find((row) => row.head.contentId === contentId && isUsable(row.folder));
  }

  lastVersions(folder: FolderId, paths: readonly RelPath[]): ReadonlyMap<RelPath, number> {
    const found = new Map<RelPath, number>();
    const num = this.#sql.get("SELECT num FROM folder WHERE id = ?", folder)?.[0] as number | undefined;
    if (num === undefined || this.#sql.get("SELECT 1 FROM version WHERE folder = ? LIMIT 1", num) === undefined)
      return found;
    for (const path of paths) {
      const row = this.#sql.get("SELECT max(version) FROM version WHERE folder = ? AND path = ?", num, path);
      if (row?.[0] != null) found.set(path, row[0] as number);
    }
    return found;
  }

  contentHashes(contentIds: readonly ContentId[]): ReadonlyMap<ContentId, string> {
    const found = new Map<ContentId, string>();
    // Most nodes never had any computed, and lists ask for every file.
    if (this.#sql.get("SELECT 1 FROM content_hash LIMIT 1") === undefined) return found;
    for (const contentId of contentIds) {
      const row = this.#sql.get("SELECT sha256 FROM content_hash WHERE content_id = ?", Buffer.from(contentId, "hex"));
      if (row !== undefined) found.set(contentId, Buffer.from(row[0] as Uint8Array).toString("hex"));
    }
    return found;
  }

  conflicts(folder: FolderId | null, onlyOpen: boolean): readonly ConflictRow[] {
    const conditions = [...(folder === null ? [] : ["folder = ?"]), ...(onlyOpen ? ["resolution IS NULL"] : [])];
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const values = folder === null ? [] : [folder];
    return this.#sql.all(`${CONFLICT} ${where} ORDER BY id LIMIT ?`, ...values, ROWS_MAX).map(toConflictRow);
  }

  conflict(id: number): ConflictRow | undefined {
    const row = this.#sql.get(`${CONFLICT} WHERE id = ?`, id);
    return row === undefined ? undefined : toConflictRow(row);
  }

  openConflictsMark(folder: FolderId): string {
    const row = this.#sql.get("SELECT count(*), sum(id) FROM conflict WHERE folder = ? AND resolution IS NULL", folder);
    return String(row);
  }

  events(options: Parameters<IndexReader["events"]>[0]): readonly EventRow[] {
    const conditions = ["id > ?"];
    const values: SQLInputValue[] = [options.since];
    if (options.folder !== undefined) {
      conditions.push("folder = ?");
      values.push(options.folder);
    }
    if (options.type !== undefined) {
      conditions.push("type = ?");
      values.push(options.type);
    }
    return this.#sql
      .all(`${EVENT} WHERE ${conditions.join(" AND ")} ORDER BY id LIMIT ?`, ...values, options.limit)
      .map(toEventRow);
  }

  lastEvents(limit: number): readonly EventRow[] {
    return this.#sql.all(`${EVENT} ORDER BY id DESC LIMIT ?`, limit).map(toEventRow).reverse();
  }

  note(folder: FolderId, key: string): string | undefined {
    return this.#sql.get("SELECT value FROM note WHERE folder = ? AND key = ?", folder, key)?.[0] as string | undefined;
  }
}

function toVersionRow(row: SqlRow): VersionRow {
  const [folder, path, version, storedAtMs, origin, by, storedAs, record] = row as [
    FolderId,
    RelPath,
    number,
    number,
    string,
    string,
    string | null,
    Uint8Array,
  ];
  const { heads, stamp } = decodeRecord(record);
  return { folder, path, version, head: winnerOf(heads), storedAtMs, origin, by, storedAs, stamp };
}

function toConflictRow(row: SqlRow): ConflictRow {
  const [id, folder, path, copyPath, loser, winner, createdAtMs, resolution, resolvedAtMs, undo] = row as [
    number,
    FolderId,
    RelPath,
    RelPath,
    Uint8Array,
    Uint8Array,
    number,
    string | null,
    number | null,
    string | null,
  ];
  return {
    id,
    folder,
    path,
    copyPath,
    loser: winnerOf(decodeHeads(loser)),
    winner: winnerOf(decodeHeads(winner)),
    createdAtMs,
    resolution,
    resolvedAtMs,
    undo,
  };
}

function toEventRow(row: SqlRow): EventRow {
  const [id, timeMs, type, folder, path, device, user, data] = row as [
    number,
    number,
    string,
    FolderId | null,
    string | null,
    string | null,
    string | null,
    string,
  ];
  return { id, timeMs, type, folder, path, device, user, data: JSON.parse(data) as Record<string, unknown> };
}
