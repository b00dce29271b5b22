import { type ErrorCode, SyncError } from "../../shared/errors.ts";

/** Primary result codes of SQLite. Source: https://www.sqlite.org/rescode.html */
const CODES: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  3: ["E_PERMISSION", "the index may not be opened"],
  5: ["E_ALREADY_RUNNING", "another program holds the index"],
  6: ["E_ALREADY_RUNNING", "another program holds the index"],
  8: ["E_PERMISSION", "the index may not be written"],
  10: ["E_WRITE_FAILED", "the disk failed under the index"],
  11: ["E_INDEX_BROKEN", "the index is broken"],
  13: ["E_DISK_FULL", "no space for the index"],
  14: ["E_PERMISSION", "the index cannot be opened"],
  26: ["E_INDEX_BROKEN", "the file is not an index"],
};

/** SQLITE_IOERR_SHMSIZE: the shared memory beside the index cannot grow. */
const SHARED_MEMORY_SIZE = 10 | (19 << 8);

/** Turns a failure of SQLite into the failure a user meets. What is no failure of SQLite, or a bug of ours, stays as it is. */
export function toIndexError(error: unknown, path: string): unknown {
  const code = resultCode(error);
  if (code === undefined) return error;
  const row = CODES[code === SHARED_MEMORY_SIZE ? 13 : code & 0xff];
  if (row === undefined) return error;
  const [syncCode, phrase] = row;
  const detail = (error as Error).message;
  return new SyncError(syncCode, `${path}: ${phrase} (${detail})`, { cause: error, facts: { path, sqliteCode: code } });
}

/** Whether the disk failed a write: what was flushed before it cannot be trusted to one connection any longer (trust P6). */
export function isDiskFailure(error: unknown): boolean {
  return error instanceof SyncError && error.code === "E_WRITE_FAILED";
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_SQLITE_ERROR" || !("errcode" in error))
    return undefined;
  return typeof error.errcode === "number" ? error.errcode : undefined;
}
