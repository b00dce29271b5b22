import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { checkVersion, MIGRATIONS, type Migration, migrate } from "./migrations.ts";
import { toIndexError } from "./sqlite-errors.ts";

/** KiB of pages that the writing connection keeps; the working set of a million rows' random index. */
const WRITER_CACHE_KIB = 16 * 1024;
/** Each reading connection keeps less: the system's cache has the rest. */
const READER_CACHE_KIB = 4 * 1024;
/** A reader waits only while another connection recovers or closes the index. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the index for its one writer, making or migrating it when needed.
 *
 * Every commit is flushed (`synchronous = FULL`): what is acknowledged to a
 * peer must survive a power cut. No memory map: an I/O error must be an error
 * code, not a signal. Checkpoints are the writer's business, between batches.
 *
 * Throws E_INDEX_NEWER or E_INDEX_BROKEN and leaves the file as it is.
 */
export function openForWriting(path: string, migrations: readonly Migration[] = MIGRATIONS): DatabaseSync {
  if (path !== ":memory:" && existsSync(path)) {
    open(path, { readOnly: true }, (database) => checkVersion(database, path, migrations)).close();
  }
  return open(path, { readOnly: false }, (database) => {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA cache_size = -${WRITER_CACHE_KIB};
    `);
    migrate(database, path, migrations);
  });
}

/** Opens an index that a writer has opened before, for reading in any thread. */
export function openForReading(path: string): DatabaseSync {
  return open(path, { readOnly: true }, (database) => {
    database.exec(`PRAGMA cache_size = -${READER_CACHE_KIB}`);
    checkVersion(database, path, MIGRATIONS);
  });
}

function open(
  path: string,
  options: { readonly readOnly: boolean },
  prepare: (database: DatabaseSync) => void,
): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, {
      readOnly: options.readOnly,
      timeout: BUSY_TIMEOUT_MS,
      enableForeignKeyConstraints: false,
    });
    database.exec("PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0");
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    throw toIndexError(error, path);
  }
}
