import type { DatabaseSync } from "node:sqlite";
import type { FolderIndex, IndexReader, IndexWriter } from "./index-port.ts";
import { SqliteIndexReader } from "./index-reader.ts";
import { SqliteIndexWriter } from "./index-writer.ts";
import { openForWriting } from "./open-database.ts";
import { QueuedWriter } from "./queued-writer.ts";
import { Statements } from "./statements.ts";
import { runGroup, type WriteMethod } from "./write-group.ts";

/** An index that someone owns and has to close. */
export interface OwnedIndex extends FolderIndex, AsyncDisposable {}

export interface OpenIndexOptions {
  /** Called before each commit; throwing fails it as a disk would. For fault injection. */
  readonly beforeCommit?: () => void;
}

/**
 * Opens an index in this thread, on one connection that reads and writes:
 * `:memory:` for simulated devices, or a file for tools. A write is durable
 * before its call returns. The daemon uses `startIndex` instead.
 */
export function openIndex(path: string, options: OpenIndexOptions = {}): OwnedIndex {
  return new LocalIndex(openForWriting(path), path, options);
}

class LocalIndex implements OwnedIndex {
  readonly read: IndexReader;
  readonly write: IndexWriter;
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync, path: string, options: OpenIndexOptions) {
    const sql = new Statements(database, path);
    const writer = new SqliteIndexWriter(sql);
    // Nobody here finds a quiet moment for it, so SQLite does it at a commit.
    sql.exec("PRAGMA wal_autocheckpoint = 1000");
    this.#database = database;
    this.read = new SqliteIndexReader(sql);
    this.write = new QueuedWriter(async (method: WriteMethod, args) => {
      const [result] = runGroup({ database, sql, writer }, [{ method, args }], options.beforeCommit);
      if (result === undefined) throw new Error("bug: a write without a result");
      if (!result.ok) throw result.error;
      return result.value;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close();
  }
}
