import { assert, SyncError } from "../../shared/errors.ts";
import type { FolderId } from "../../shared/ids.ts";
import { isLive, typeOf } from "./local-kind.ts";
import type { Statements } from "./statements.ts";

/** A folder's row while a transaction works on it. */
export interface FolderState {
  readonly num: number;
  readonly id: FolderId;
  readonly epoch: string;
  sequence: number;
  files: number;
  directories: number;
  symlinks: number;
  bytes: number;
  entries: number;
  waiting: number;
  waitingBytes: number;
}

const SELECT =
  "SELECT num, epoch, sequence, files, directories, symlinks, bytes, entries, waiting, waiting_bytes FROM folder WHERE id = ?";
const UPDATE = `UPDATE folder SET sequence = ?, files = ?, directories = ?, symlinks = ?, bytes = ?, entries = ?,
  waiting = ?, waiting_bytes = ? WHERE num = ?`;

/** The folders the index knows, with their counters. */
export class FolderTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  find(id: FolderId): FolderState | undefined {
    const row = this.#sql.get(SELECT, id);
    if (row === undefined) return undefined;
    const [num, epoch, sequence, files, directories, symlinks, bytes, entries, waiting, waitingBytes] = row as [
      number,
      string,
      ...number[],
    ];
    assert(waitingBytes !== undefined, "the folder table has other columns");
    return {
      num,
      id,
      epoch,
      sequence,
      files,
      directories,
      symlinks,
      bytes,
      entries,
      waiting,
      waitingBytes,
    } as FolderState;
  }

  /** Throws E_FOLDER_NOT_FOUND before `openFolder` and after `forgetFolder`. */
  get(id: FolderId): FolderState {
    const folder = this.find(id);
    if (folder === undefined)
      throw new SyncError("E_FOLDER_NOT_FOUND", `the index does not know the folder ${id}`, { facts: { folder: id } });
    return folder;
  }

  add(id: FolderId, epoch: string): void {
    this.#sql.run("INSERT INTO folder (id, epoch) VALUES (?, ?)", id, epoch);
  }

  /** Starts a new index for a folder: nothing in it, sequences from the beginning. */
  restart(num: number, epoch: string): void {
    this.#sql.run(
      `UPDATE folder SET epoch = ?, sequence = 0, files = 0, directories = 0, symlinks = 0, bytes = 0, entries = 0,
        waiting = 0, waiting_bytes = 0 WHERE num = ?`,
      epoch,
      num,
    );
  }

  /** Another name for the same index. */
  renew(num: number, epoch: string): void {
    this.#sql.run("UPDATE folder SET epoch = ? WHERE num = ?", epoch, num);
  }

  remove(num: number): void {
    this.#sql.run("DELETE FROM folder WHERE num = ?", num);
  }

  /** Writes the counters back, at the end of each write that may have moved them. */
  save(folder: FolderState): void {
    const { sequence, files, directories, symlinks, bytes, entries, waiting, waitingBytes, num } = folder;
    this.#sql.run(UPDATE, sequence, files, directories, symlinks, bytes, entries, waiting, waitingBytes, num);
  }
}

/** Counts a local row in (`times` 1) or out (-1). */
export function count(folder: FolderState, kind: number, size: number, times: 1 | -1): void {
  folder.entries += times;
  if (!isLive(kind)) return;
  const type = typeOf(kind);
  if (type === "file") {
    folder.files += times;
    folder.bytes += times * size;
  } else if (type === "directory") folder.directories += times;
  else folder.symlinks += times;
}
