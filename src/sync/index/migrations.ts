import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { SyncError } from "../../shared/errors.ts";
import { addChunks } from "./migrate-chunks.ts";
import { addMoves } from "./migrate-moves.ts";
import { SCHEMA_1 } from "./schema.ts";
import { SCHEMA_2 } from "./transfer-schema.ts";
import { USERS } from "./user-table.ts";

/** One step from the version before to `version`. */
export interface Migration {
  readonly version: number;
  readonly up: (database: DatabaseSync) => void;
}

/** Whom this device holds to as a path's owner where its record names another, which is rare. */
const OWNERS = `
  ALTER TABLE local ADD COLUMN owner TEXT;
  CREATE INDEX local_owner ON local (folder) WHERE owner IS NOT NULL;
`;

/** What users know a content by: its SHA-256, where somebody had it computed. The oldest go beyond a number. */
const CONTENT_HASHES = `
  CREATE TABLE content_hash (
    id INTEGER PRIMARY KEY,
    content_id BLOB NOT NULL UNIQUE,
    sha256 BLOB NOT NULL
  ) STRICT;
`;

/** Which of a file's versions a download was of; null: the one that was there. */
const TRANSFER_VERSIONS = "ALTER TABLE transfer ADD COLUMN version INTEGER";

/** Every step there ever was, in order. A step that was released never changes; what it must become is the next step. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, up: (database) => database.exec(SCHEMA_1) },
  { version: 2, up: (database) => database.exec(SCHEMA_2) },
  { version: 3, up: addMoves },
  { version: 4, up: (database) => database.exec(OWNERS) },
  { version: 5, up: addChunks },
  { version: 6, up: (database) => database.exec(USERS) },
  { version: 7, up: (database) => database.exec(CONTENT_HASHES) },
  { version: 8, up: (database) => database.exec(TRANSFER_VERSIONS) },
];

/** "Sync" in ASCII: tells an index from any other SQLite file. */
const APPLICATION_ID = 0x53796e63;

/** Refuses an index that a newer Syncline wrote, or a file that is something else. Reads only. */
export function checkVersion(database: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  const version = readPragma(database, "user_version");
  const latest = migrations.at(-1)?.version ?? 0;
  if (version > latest) {
    throw new SyncError("E_INDEX_NEWER", `${path} has index version ${version}, newer than ${latest}`, {
      facts: { path, version },
    });
  }
  const hasTables = readPragma(database, "schema_version") > 0;
  if (hasTables && readPragma(database, "application_id") !== APPLICATION_ID) {
    throw new SyncError("E_INDEX_BROKEN", `${path} is not an index of Syncline`, { facts: { path } });
  }
}

/**
 * Brings an index to the newest version: one transaction a step, so that a
 * crash leaves the version before or after it, whole. The file as it was is
 * kept beside it first, as `PATH.vN.bak`.
 */
export function migrate(database: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  const version = readPragma(database, "user_version");
  const steps = migrations.filter((step) => step.version > version);
  if (steps.length === 0) return;
  if (version > 0) backUp(database, path, `${path}.v${version}.bak`);
  for (const step of steps) {
    database.exec("BEGIN IMMEDIATE");
    try {
      step.up(database);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${step.version}; COMMIT`);
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** Copies the index, whole and durable under its final name or not there at all. */
function backUp(database: DatabaseSync, path: string, target: string): void {
  if (path === ":memory:") return;
  const partial = `${target}.partial`;
  rmSync(partial, { force: true });
  database.prepare("VACUUM INTO ?").run(partial);
  syncFile(partial);
  renameSync(partial, target);
  syncFile(dirname(target));
}

function syncFile(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readPragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
