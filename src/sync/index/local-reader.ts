import type { SQLInputValue } from "node:sqlite";
import type { DiskStamp } from "../../shared/file-info.ts";
import type { ContentId, FolderId, RelPath } from "../../shared/ids.ts";
import { winnerOf } from "../core/heads.ts";
import type { FolderTotals, HistoryRow, LocalRow } from "./index-port.ts";
import { inodeKey } from "./inode-key.ts";
import { PRESENT_FILE } from "./local-kind.ts";
import { pageBelow } from "./page-below.ts";
import { decodeRecord } from "./record-codec.ts";
import { contentKey, joinPath, splitPath } from "./split-path.ts";
import type { SqlRow, Statements } from "./statements.ts";

const ROW = "d.path, l.name, l.sequence, l.record, l.owner";
const DIRECTORIES = "folder f CROSS JOIN directory d ON d.folder = f.num";
const LOCAL = `${DIRECTORIES} CROSS JOIN local l ON l.directory = d.id`;
/** Rows that are counted one by one; beyond them the rest is estimated. */
const COUNTED_MAX = 50_000;
/** Rows looked at for one content, so that a folder of a million empty files costs no more. */
const CONTENT_SCANNED_MAX = 1000;
/** Where not every folder counts, so many times the rows that are wanted are looked at. */
const UNUSABLE_FACTOR = 8;

/** Rows looked at for one inode: a directory has one, and what was made anew since may have left a few. */
const SAME_INODE_MAX = 8;

/** Reads this device's rows. */
export class LocalReader {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  folder(folder: FolderId): { readonly epoch: string; readonly sequence: number } | undefined {
    const row = this.#sql.get("SELECT epoch, sequence FROM folder WHERE id = ?", folder);
    return row === undefined ? undefined : { epoch: row[0] as string, sequence: row[1] as number };
  }

  local(folder: FolderId, path: RelPath): LocalRow | undefined {
    const { parent, name } = splitPath(path);
    const row = this.#sql.get(
      `SELECT ${ROW} FROM ${LOCAL} WHERE f.id = ? AND d.path = ? AND l.name = ?`,
      folder,
      parent,
      name,
    );
    return row === undefined ? undefined : toLocalRow(row);
  }

  localChildren(folder: FolderId, parent: string, after = "", limit = -1): readonly LocalRow[] {
    return this.#sql
      .all(
        `SELECT ${ROW} FROM ${LOCAL} WHERE f.id = ? AND d.path = ? AND l.name > ? ORDER BY l.name LIMIT ?`,
        folder,
        parent,
        splitPath(after).name,
        limit,
      )
      .map(toLocalRow);
  }

  localBelow(folder: FolderId, parent: string, after: string, limit: number): readonly LocalRow[] {
    return pageBelow<SqlRow>(parent, after, limit, {
      ofDirectory: (directory, afterName, count) =>
        this.#sql.all(
          `SELECT ${ROW} FROM ${LOCAL} WHERE f.id = ? AND d.path = ? AND l.name > ? ORDER BY l.name LIMIT ?`,
          folder,
          directory,
          afterName,
          count,
        ),
      ofDirectories: (lower, upper, count) =>
        this.#sql.all(
          `SELECT ${ROW} FROM ${LOCAL} WHERE f.id = ? AND d.path > ? AND d.path < ? ORDER BY d.path, l.name LIMIT ?`,
          folder,
          lower,
          upper,
          count,
        ),
    }).map(toLocalRow);
  }

  localSince(folder: FolderId, sequence: number, limit: number): readonly LocalRow[] {
    return this.#sql
      .all(
        `SELECT ${ROW} FROM folder f CROSS JOIN local l ON l.folder = f.num CROSS JOIN directory d ON d.id = l.directory
         WHERE f.id = ? AND l.sequence > ? ORDER BY l.sequence LIMIT ?`,
        folder,
        sequence,
        limit,
      )
      .map(toLocalRow);
  }

  localByContent(
    contentId: ContentId,
    limit: number,
    isUsable?: (folder: FolderId) => boolean,
  ): readonly { readonly folder: FolderId; readonly row: LocalRow }[] {
    const rows = this.#sql.all(
      `SELECT ${ROW}, f.id FROM (SELECT * FROM local WHERE content = ? LIMIT ?) l
       JOIN directory d ON d.id = l.directory JOIN folder f ON f.num = l.folder WHERE l.kind = ${PRESENT_FILE} LIMIT ?`,
      contentKey(contentId),
      CONTENT_SCANNED_MAX,
      isUsable === undefined ? limit : limit * UNUSABLE_FACTOR,
    );
    const found: { readonly folder: FolderId; readonly row: LocalRow }[] = [];
    for (const each of rows) {
      const folder = each[5] as FolderId;
      if (found.length >= limit) break;
      if (isUsable?.(folder) === false) continue;
      const row = toLocalRow(each);
      if (winnerOf(row.heads).contentId === contentId) found.push({ folder, row });
    }
    return found;
  }

  directoriesAt(folder: FolderId, { dev, ino }: Pick<DiskStamp, "dev" | "ino">): readonly LocalRow[] {
    const rows = this.#sql.all(
      `SELECT ${ROW} FROM local l CROSS JOIN directory d ON d.id = l.directory CROSS JOIN folder f ON f.num = l.folder
       WHERE l.inode = ? AND f.id = ? LIMIT ?`,
      inodeKey(ino),
      folder,
      SAME_INODE_MAX,
    );
    return rows.map(toLocalRow).filter(({ stamp }) => stamp?.ino === ino && stamp.dev === dev);
  }

  totals(folder: FolderId): FolderTotals {
    const row = this.#sql.get("SELECT files, directories, symlinks, bytes FROM folder WHERE id = ?", folder);
    const [files = 0, directories = 0, symlinks = 0, bytes = 0] = (row ?? []) as readonly number[];
    return { files, directories, symlinks, bytes };
  }

  hasFiles(): boolean {
    return this.#sql.get("SELECT 1 FROM folder WHERE files > 0 LIMIT 1") !== undefined;
  }

  /** Exact for all rows and for the last 50,000; between, a share of the whole. */
  localTotalsSince(folder: FolderId, sequence: number): { readonly files: number; readonly bytes: number } {
    const known = this.#sql.get("SELECT num, sequence, entries, bytes FROM folder WHERE id = ?", folder);
    if (known === undefined) return { files: 0, bytes: 0 };
    const [num, last, entries, bytes] = known as [number, number, number, number];
    if (sequence <= 0) return { files: entries, bytes };
    const counted = this.#sql.get(
      "SELECT count(*), coalesce(sum(size), 0) FROM (SELECT size FROM local WHERE folder = ? AND sequence > ? LIMIT ?)",
      num,
      sequence,
      COUNTED_MAX,
    ) as SqlRow;
    if ((counted[0] as number) < COUNTED_MAX) return { files: counted[0] as number, bytes: counted[1] as number };
    const files = Math.min(entries, last - sequence);
    return { files, bytes: Math.round((bytes * files) / entries) };
  }

  chunkList(contentId: ContentId): Uint8Array | undefined {
    return this.#sql.get("SELECT list FROM chunk_list WHERE content_id = ?", Buffer.from(contentId, "hex"))?.[0] as
      | Uint8Array
      | undefined;
  }

  /** A value that still stands is in the local row, one that ended in the history; never both for one moment. */
  historyAt(folder: FolderId, below: string, atMs: number, after: string, limit: number): readonly HistoryRow[] {
    const own = below !== "" && after === "" ? this.#historyOf(folder, below, atMs) : [];
    const start = after === below ? "" : after;
    const rest = pageBelow<SqlRow>(below, start, limit - own.length, {
      ofDirectory: (directory, afterName, count) =>
        this.#historyRows(folder, "d.path = ? AND l.name > ?", [directory, afterName], atMs, count),
      ofDirectories: (lower, upper, count) =>
        this.#historyRows(folder, "d.path > ? AND d.path < ?", [lower, upper], atMs, count),
    });
    return [...own, ...rest].map(toHistoryRow);
  }

  #historyOf(folder: FolderId, path: string, atMs: number): readonly SqlRow[] {
    const { parent, name } = splitPath(path);
    return this.#historyRows(folder, "d.path = ? AND l.name = ?", [parent, name], atMs, 1);
  }

  #historyRows(
    folder: FolderId,
    where: string,
    values: readonly SQLInputValue[],
    atMs: number,
    limit: number,
  ): readonly SqlRow[] {
    return this.#sql.all(
      `SELECT d.path AS parent, l.name AS name, l.since, l.record FROM ${LOCAL}
       WHERE f.id = ? AND ${where} AND l.since <= ?
       UNION ALL
       SELECT d.path, l.name, l.since, l.record FROM ${DIRECTORIES} CROSS JOIN history l ON l.directory = d.id
       WHERE f.id = ? AND ${where} AND l.since <= ? AND l.until > ?
       ORDER BY parent, name LIMIT ?`,
      folder,
      ...values,
      atMs,
      folder,
      ...values,
      atMs,
      atMs,
      limit,
    );
  }
}

function toLocalRow(row: SqlRow): LocalRow {
  const [parent, name, sequence, record, owner] = row as [string, string, number, Uint8Array, string | null];
  const { heads, stamp } = decodeRecord(record);
  return { path: joinPath(parent, name), heads, stamp, sequence, owner: owner ?? winnerOf(heads).owner };
}

function toHistoryRow(row: SqlRow): HistoryRow {
  const [parent, name, fromMs, record] = row as [string, string, number, Uint8Array];
  return { path: joinPath(parent, name), fromMs, head: winnerOf(decodeRecord(record).heads) };
}
