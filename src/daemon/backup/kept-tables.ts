/** The rows of the index that cannot be had again from folders and peers. */
import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { SyncError } from "../../shared/errors.ts";
import { openForReading, openForWriting } from "../../sync/index/open-database.ts";
import type { BackupContent } from "./backup-content.ts";

type Tables = BackupContent["tables"];

/** Accounts. Their sessions are not kept: whoever is signed in signs in again. */
const KEPT_TABLES = ["user"];

/** Reads them, also while a daemon writes. */
export function readKeptTables(indexPath: string): Tables {
  if (!existsSync(indexPath)) return {};
  const database = openForReading(indexPath);
  try {
    const found = KEPT_TABLES.filter((table) => columnsOf(database, table).length > 0);
    return Object.fromEntries(
      found.map((table) => [table, database.prepare(`SELECT * FROM "${table}"`).all() as Tables[string]]),
    );
  } finally {
    database.close();
  }
}

/** Makes an index that holds them and nothing else. Columns that this version no longer has are left out. */
export function writeKeptTables(indexPath: string, tables: Tables): void {
  const database = openForWriting(indexPath);
  try {
    database.exec("BEGIN IMMEDIATE");
    for (const [table, rows] of Object.entries(tables)) insertRows(database, table, rows);
    database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    database.close();
  }
}

function insertRows(database: DatabaseSync, table: string, rows: Tables[string]): void {
  if (rows.length === 0) return;
  const known = KEPT_TABLES.includes(table) ? columnsOf(database, table) : [];
  if (known.length === 0)
    throw new SyncError("E_BACKUP_BROKEN", `the backup holds rows of "${table}", which this version does not know`);
  for (const row of rows) {
    const columns = Object.keys(row).filter((column) => known.includes(column));
    const names = columns.map((column) => `"${column}"`).join(", ");
    const marks = columns.map(() => "?").join(", ");
    database
      .prepare(`INSERT INTO "${table}" (${names}) VALUES (${marks})`)
      .run(...columns.map((column) => row[column] ?? null));
  }
}

function columnsOf(database: DatabaseSync, table: string): readonly string[] {
  return database
    .prepare(`PRAGMA table_info("${table}")`)
    .all()
    .map(({ name }) => String(name));
}
