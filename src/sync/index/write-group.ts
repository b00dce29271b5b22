/**
 * Runs several writes in one transaction.
 *
 * A flush to the disk costs more than the rows, so writes that wait together
 * are committed together. Each still stands alone: one that throws is undone
 * by itself and the others go on; but what the disk refuses undoes them all,
 * and each caller is told.
 */
import type { DatabaseSync } from "node:sqlite";
import { SyncError } from "../../shared/errors.ts";
import type { SqliteIndexWriter } from "./index-writer.ts";
import type { Statements } from "./statements.ts";

type MethodOf<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T];

export type WriteMethod = Exclude<MethodOf<SqliteIndexWriter>, "rolledBack">;

/** One write as data: it may have come from another thread. */
export interface WriteCall {
  readonly method: WriteMethod;
  readonly args: readonly unknown[];
}

export type WriteResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

/** Thrown through a group to undo it whole. */
const FATAL_CODES: ReadonlySet<string> = new Set([
  "E_DISK_FULL",
  "E_WRITE_FAILED",
  "E_INDEX_BROKEN",
  "E_PERMISSION",
  "E_ALREADY_RUNNING",
]);

export interface WriterConnection {
  readonly database: DatabaseSync;
  readonly sql: Statements;
  readonly writer: SqliteIndexWriter;
}

/** Runs `calls` in their order. Never throws; when a result is not ok, nothing of that call is in the index. `beforeCommit` may throw to fail the commit. */
export function runGroup(
  connection: WriterConnection,
  calls: readonly WriteCall[],
  beforeCommit?: () => void,
): readonly WriteResult[] {
  const { database, sql, writer } = connection;
  try {
    sql.exec("BEGIN IMMEDIATE");
    const results = calls.map((call) => runCall(connection, call));
    beforeCommit?.();
    sql.exec("COMMIT");
    return results;
  } catch (error) {
    writer.rolledBack();
    const failure = rollBack(database) ?? error;
    return calls.map(() => ({ ok: false, error: failure }));
  }
}

function runCall({ database, sql, writer }: WriterConnection, call: WriteCall): WriteResult {
  sql.exec("SAVEPOINT call");
  try {
    const method = writer[call.method] as (...args: unknown[]) => unknown;
    const value = method.apply(writer, [...call.args]);
    sql.exec("RELEASE call");
    return { ok: true, value };
  } catch (error) {
    if (!database.isTransaction || (error instanceof SyncError && FATAL_CODES.has(error.code))) throw error;
    sql.exec("ROLLBACK TO call; RELEASE call");
    writer.rolledBack();
    return { ok: false, error };
  }
}

/** Undoes what is open. Returns the failure of that, if it failed: then the connection is of no use. */
function rollBack(database: DatabaseSync): unknown {
  try {
    if (database.isTransaction) database.exec("ROLLBACK");
    return undefined;
  } catch (error) {
    return error;
  }
}
