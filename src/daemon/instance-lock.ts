/** One daemon for each home. */
import { rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { SyncError } from "../shared/errors.ts";

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * Takes the home's lock, or returns undefined when another process has it.
 *
 * The lock is SQLite's on an empty database: the kernel frees it with the
 * process, however it ends, so that no stale file can block a start. No other
 * code may open the file: closing any descriptor of it would free the lock.
 *
 * `waitMs`: how long another's hold is waited for; a daemon gives those a
 * moment who only look whether one runs.
 */
export async function tryLock(file: string, waitMs: number): Promise<Disposable | undefined> {
  try {
    return lock(file, waitMs);
  } catch (error) {
    const code = (error as { readonly errcode?: number }).errcode;
    if (code === SQLITE_BUSY) return undefined;
    if (code !== SQLITE_CORRUPT && code !== SQLITE_NOTADB) throw unusable(file, error);
  }
  // A power cut may leave anything in the file; nothing in it matters.
  await rm(file, { force: true });
  try {
    return lock(file, waitMs);
  } catch (error) {
    throw unusable(file, error);
  }
}

function lock(file: string, waitMs: number): Disposable {
  const database = new DatabaseSync(file, { timeout: waitMs });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    throw error;
  }
  return { [Symbol.dispose]: () => database.close() };
}

function unusable(file: string, cause: unknown): SyncError {
  return new SyncError("E_START_FAILED", `${file} cannot be locked: ${(cause as Error).message}`, {
    cause,
    hint: "check the permissions of the home and that its disk has space",
  });
}
