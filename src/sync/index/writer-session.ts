import type { DatabaseSync } from "node:sqlite";
import { SqliteIndexWriter } from "./index-writer.ts";
import { openForWriting } from "./open-database.ts";
import { isDiskFailure } from "./sqlite-errors.ts";
import { Statements } from "./statements.ts";
import { runGroup, type WriteCall, type WriteResult } from "./write-group.ts";

/** Pages in the log that are worth moving to the index when nothing else waits (1 MiB). */
const IDLE_LOG_PAGES = 256;
/** Pages after which the log is moved although writes wait (16 MiB): a longer one slows every reader. */
const BUSY_LOG_PAGES = 4096;

interface Connection {
  readonly database: DatabaseSync;
  readonly sql: Statements;
  readonly writer: SqliteIndexWriter;
}

/**
 * The one writer of an index file.
 *
 * After a failed write or flush the connection is given up and the next group
 * starts on a new one, which reads from the disk what really is there: a
 * failed flush is never retried into success (trust P6).
 */
export class WriterSession {
  readonly #path: string;
  #connection: Connection | undefined;

  /** Opens the index, or throws why it cannot. */
  constructor(path: string) {
    this.#path = path;
    this.#connection = connect(path);
  }

  /** Runs writes in one transaction. Never throws: each result tells. */
  run(calls: readonly WriteCall[]): readonly WriteResult[] {
    try {
      this.#connection ??= connect(this.#path);
    } catch (error) {
      return calls.map(() => ({ ok: false, error }));
    }
    const results = runGroup(this.#connection, calls);
    if (results.some((result) => !result.ok && isDiskFailure(result.error))) this.#abandon();
    return results;
  }

  /**
   * Moves committed pages from the log into the index when there are enough
   * of them. A failure costs nothing: the log keeps what it has.
   */
  checkpoint(isBusy: boolean): void {
    try {
      const pages = Number(this.#connection?.sql.get("PRAGMA wal_checkpoint(NOOP)")?.[1] ?? 0);
      if (pages >= (isBusy ? BUSY_LOG_PAGES : IDLE_LOG_PAGES))
        this.#connection?.sql.get("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      this.#abandon();
    }
  }

  close(): void {
    try {
      this.#connection?.sql.exec("PRAGMA optimize");
    } catch {
      // Statistics only: the next close collects them.
    }
    this.#abandon();
  }

  #abandon(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.database.close();
  }
}

function connect(path: string): Connection {
  const database = openForWriting(path);
  const sql = new Statements(database, path);
  return { database, sql, writer: new SqliteIndexWriter(sql) };
}
