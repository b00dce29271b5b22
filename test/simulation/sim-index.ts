/**
 * A device's index: the real one in memory. What was committed survives a
 * crash; writes that wait in the queue do not.
 */
import type { DatabaseSync } from "node:sqlite";
import { SyncError } from "../../src/shared/errors.ts";
import type { FolderIndex, IndexReader } from "../../src/sync/index/index-port.ts";
import { SqliteIndexReader } from "../../src/sync/index/index-reader.ts";
import { SqliteIndexWriter } from "../../src/sync/index/index-writer.ts";
import { openForWriting } from "../../src/sync/index/open-database.ts";
import { QueuedWriter } from "../../src/sync/index/queued-writer.ts";
import { Statements } from "../../src/sync/index/statements.ts";
import { runGroup, type WriteMethod } from "../../src/sync/index/write-group.ts";

/** What the index asks of the life that uses it. */
export interface IndexLife {
  /** Waits a moment; never comes back once the life is over. */
  pause(): Promise<void>;
  /** Whether the disk refuses this commit. */
  failsCommit(): boolean;
  /** Changes whenever anything waited for has come. */
  eventNumber(): number;
}

export class SimIndex {
  readonly #database: DatabaseSync;
  readonly #parts: { readonly sql: Statements; readonly writer: SqliteIndexWriter };
  readonly #read: IndexReader;

  constructor(copy?: Uint8Array) {
    this.#database = openForWriting(":memory:");
    if (copy !== undefined) this.#database.deserialize(copy);
    const sql = new Statements(this.#database, ":memory:");
    this.#parts = { sql, writer: new SqliteIndexWriter(sql) };
    this.#read = new SqliteIndexReader(sql);
  }

  get read(): IndexReader {
    return this.#read;
  }

  /** For looking into it by hand. */
  query(sql: string): readonly unknown[] {
    return this.#database.prepare(sql).all();
  }

  /** Everything committed so far, to be restored later. */
  copy(): Uint8Array {
    return this.#database.serialize();
  }

  /** The index for one life of the device. */
  forLife(life: IndexLife): FolderIndex {
    let last: Promise<unknown> = Promise.resolve();
    const run = (method: WriteMethod, args: readonly unknown[]): Promise<unknown> => {
      const done = last
        .catch(() => undefined)
        .then(async () => {
          await life.pause();
          const [result] = runGroup({ database: this.#database, ...this.#parts }, [{ method, args }], () => {
            if (life.failsCommit()) throw new SyncError("E_DISK_FULL", "no space left for the index");
          });
          await life.pause();
          if (result?.ok !== true) throw result?.error;
          return result.value;
        });
      last = done;
      return done;
    };
    return { read: withoutSpinning(this.#read, life), write: new QueuedWriter(run) };
  }

  close(): void {
    this.#database.close();
  }
}

/** An engine that asks for work so often between two events goes round in circles. */
const ASKED_MAX = 2000;

function withoutSpinning(read: IndexReader, life: IndexLife): IndexReader {
  let event = -1;
  let asked = 0;
  return new Proxy(read, {
    get(target, key) {
      const method = Reflect.get(target, key) as (...args: unknown[]) => unknown;
      if (key !== "pending") return method.bind(target);
      return (...args: unknown[]): unknown => {
        const now = life.eventNumber();
        asked = now === event ? asked + 1 : 0;
        event = now;
        if (asked > ASKED_MAX) throw new Error("bug: the engine spins without waiting for anything");
        return method.apply(target, args);
      };
    },
  });
}
