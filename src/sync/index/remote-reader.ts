import type { FolderId, RelPath, ShortId } from "../../shared/ids.ts";
import { decodeHeads } from "./head-codec.ts";
import type { RemoteRow, RemoteState } from "./index-port.ts";
import { ABOVE_ALL_TEXT } from "./page-below.ts";
import { readRemoteState } from "./peer-table.ts";
import { joinPath, splitPath } from "./split-path.ts";
import type { SqlRow, Statements } from "./statements.ts";

const REMOTE = `folder f CROSS JOIN directory d ON d.folder = f.num CROSS JOIN peer p ON p.folder = f.num
  CROSS JOIN remote r ON r.peer = p.num AND r.directory = d.id`;

/** Reads what peers announced, and what of it waits. */
export class RemoteReader {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  remote(folder: FolderId, path: RelPath): readonly RemoteRow[] {
    const { parent, name } = splitPath(path);
    return this.#sql
      .all(
        `SELECT p.device, r.sequence, r.record FROM ${REMOTE} WHERE f.id = ? AND d.path = ? AND r.name = ? ORDER BY p.device`,
        folder,
        parent,
        name,
      )
      .map((row) => toRemoteRow(path, row));
  }

  remoteOf(folder: FolderId, device: ShortId, path: RelPath): RemoteRow | undefined {
    const { parent, name } = splitPath(path);
    const row = this.#sql.get(
      `SELECT p.device, r.sequence, r.record FROM ${REMOTE} WHERE f.id = ? AND d.path = ? AND p.device = ? AND r.name = ?`,
      folder,
      parent,
      device,
      name,
    );
    return row === undefined ? undefined : toRemoteRow(path, row);
  }

  announcedChunkList(folder: FolderId, device: ShortId, path: RelPath): Uint8Array | undefined {
    const { parent, name } = splitPath(path);
    return this.#sql.get(
      `SELECT o.list FROM folder f JOIN peer p ON p.folder = f.num JOIN directory d ON d.folder = f.num
       JOIN offered_list o ON o.peer = p.num AND o.directory = d.id
       WHERE f.id = ? AND p.device = ? AND d.path = ? AND o.name = ?`,
      folder,
      device,
      parent,
      name,
    )?.[0] as Uint8Array | undefined;
  }

  remoteState(folder: FolderId, device: ShortId): RemoteState {
    return readRemoteState(this.#sql, folder, device);
  }

  isAcknowledged(folder: FolderId): boolean {
    const found = this.#sql.get(
      "SELECT 1 FROM folder f JOIN peer p ON p.folder = f.num WHERE f.id = ? AND p.acked_epoch = f.epoch AND p.acked > 0 LIMIT 1",
      folder,
    );
    return found !== undefined;
  }

  pending(folder: FolderId, kind: "live" | "deleted", after: string, limit: number): readonly RelPath[] {
    const { parent, name } = splitPath(after);
    const rows =
      kind === "live"
        ? this.#sql.all(
            `SELECT w.parent, w.name FROM folder f CROSS JOIN waiting w ON w.folder = f.num
             WHERE f.id = ? AND w.deleted = 0 AND (w.parent, w.name) > (?, ?) ORDER BY w.parent, w.name LIMIT ?`,
            folder,
            parent,
            name,
            limit,
          )
        : this.#sql.all(
            `SELECT w.parent, w.name FROM folder f CROSS JOIN waiting w ON w.folder = f.num
             WHERE f.id = ? AND w.deleted = 1 AND (w.parent, w.name) < (?, ?) ORDER BY w.parent DESC, w.name DESC LIMIT ?`,
            folder,
            after === "" ? ABOVE_ALL_TEXT : parent,
            name,
            limit,
          );
    return rows.map((row) => joinPath(row[0] as string, row[1] as string));
  }

  pendingTotals(folder: FolderId): { readonly files: number; readonly bytes: number } {
    const row = this.#sql.get("SELECT waiting, waiting_bytes FROM folder WHERE id = ?", folder);
    return row === undefined ? { files: 0, bytes: 0 } : { files: row[0] as number, bytes: row[1] as number };
  }

  appliedUpTo(folder: FolderId, device: ShortId): number {
    const row = this.#sql.get(
      `SELECT p.received, (SELECT min(sequence) FROM remote INDEXED BY remote_pending WHERE peer = p.num AND pending > 0),
         (SELECT min(first) FROM move WHERE folder = f.num AND peer = p.num AND state = 1)
       FROM folder f JOIN peer p ON p.folder = f.num WHERE f.id = ? AND p.device = ?`,
      folder,
      device,
    );
    if (row === undefined) return 0;
    const [received, firstPending, firstMove] = row as [number, number | null, number | null];
    return Math.min(
      received,
      (firstPending ?? Number.POSITIVE_INFINITY) - 1,
      (firstMove ?? Number.POSITIVE_INFINITY) - 1,
    );
  }
}

function toRemoteRow(path: RelPath, row: SqlRow): RemoteRow {
  const [device, sequence, record] = row as [ShortId, number, Uint8Array];
  return { path, heads: decodeHeads(record), device, sequence };
}
