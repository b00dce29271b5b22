/** Writes transfers, the sums of background sync, and notices. */
import type { SQLInputValue } from "node:sqlite";
import { assert } from "../../shared/errors.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Statements } from "./statements.ts";
import type { NewNotice, NewTransfer, SyncCount, TransferChange, TransferFile } from "./transfer-port.ts";

const NEW_COLUMNS =
  "key, kind, side, direction, device, user, folder, path, version, local, transport, why, state, code, message, started_at, ended_at, request";

/** The column of each fact that may change. */
const CHANGING = {
  state: "state",
  code: "code",
  message: "message",
  endedAtMs: "ended_at",
  durationMs: "duration_ms",
  transport: "transport",
  why: "why",
  files: "files",
  fileBytes: "file_bytes",
  wireBytes: "wire_bytes",
} as const satisfies Partial<Record<keyof TransferChange, string>>;

const HOUR_MS = 3_600_000;
/** What sync moved is told minute by minute for so long. */
const FINE_MS = 48 * HOUR_MS;
const IS_FINE = "kind = 'sync' AND key LIKE 'sync %'";
const ADDS_UP = `ON CONFLICT (key, side) DO UPDATE SET ended_at = max(ended_at, excluded.ended_at),
  files = files + excluded.files, file_bytes = file_bytes + excluded.file_bytes,
  wire_bytes = wire_bytes + excluded.wire_bytes, saved_delta = saved_delta + excluded.saved_delta,
  saved_reuse = saved_reuse + excluded.saved_reuse, saved_compression = saved_compression + excluded.saved_compression`;

export class TransferTable {
  readonly #sql: Statements;
  #joinedBefore = 0;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  openTransfer(row: NewTransfer): number {
    const added = this.#sql.get(
      `INSERT INTO transfer (${NEW_COLUMNS}) VALUES (${NEW_COLUMNS.replaceAll(/\w+/g, "?")}) RETURNING id`,
      ...[row.key, row.kind, row.side, row.direction, row.device, row.user, row.folder, row.path],
      ...[row.version, row.local, row.transport, row.why, row.state, row.code, row.message],
      ...[row.startedAtMs, row.endedAtMs, row.request],
    );
    assert(added !== undefined, "a transfer without a number");
    const id = added[0] as number;
    this.#forgetOldest(id);
    return id;
  }

  #forgetOldest(last: number): void {
    const before = last - LIMITS.transfersKept.value;
    if (before <= 0) return;
    this.#sql.run("DELETE FROM transfer_file WHERE transfer <= ?", before);
    this.#sql.run("DELETE FROM transfer WHERE id <= ?", before);
  }

  changeTransfer(id: number, change: TransferChange, files: readonly TransferFile[]): void {
    const sets: string[] = [];
    const values: SQLInputValue[] = [];
    for (const [fact, column] of Object.entries(CHANGING) as [keyof typeof CHANGING, string][]) {
      const value = change[fact];
      if (value === undefined) continue;
      sets.push(`${column} = ?`);
      values.push(value);
    }
    if (change.saved !== undefined) {
      sets.push("saved_delta = ?, saved_reuse = ?, saved_compression = ?");
      values.push(change.saved.delta, change.saved.reuse, change.saved.compression);
    }
    if (sets.length > 0) this.#sql.run(`UPDATE transfer SET ${sets.join(", ")} WHERE id = ?`, ...values, id);
    if (files.length > 0) this.#addFiles(id, files);
  }

  #addFiles(id: number, files: readonly TransferFile[]): void {
    const last = this.#sql.get("SELECT coalesce(max(number), 0) FROM transfer_file WHERE transfer = ?", id);
    const first = (last?.[0] as number) + 1;
    for (const [position, file] of files.entries()) {
      if (first + position > LIMITS.transferFilesKept.value) return;
      this.#sql.run(
        "INSERT INTO transfer_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ...[id, first + position, file.path, file.storedAs, file.fileBytes, file.wireBytes],
        ...[file.saved.delta, file.saved.reuse, file.saved.compression],
        ...[file.hash, file.durationMs, file.outcome, file.code, file.message],
      );
    }
  }

  interruptTransfers(nowMs: number): number {
    return this.#sql.run(
      "UPDATE transfer SET state = 'interrupted', ended_at = ? WHERE ended_at IS NULL AND state IN ('running', 'paused')",
      nowMs,
    );
  }

  countSync(counts: readonly SyncCount[], nowMs: number, stretchMs: number): void {
    const startedAtMs = nowMs - (nowMs % stretchMs);
    for (const count of counts) {
      const { device, folder, direction, transport, saved } = count;
      this.#sql.run(
        `INSERT INTO transfer (key, kind, side, direction, device, folder, path, local, transport, state, started_at,
           ended_at, files, file_bytes, wire_bytes, saved_delta, saved_reuse, saved_compression)
         VALUES (?, 'sync', 'served', ?, ?, ?, '', '', ?, 'done', ?, ?, ?, ?, ?, ?, ?, ?) ${ADDS_UP}`,
        ...[`sync ${startedAtMs} ${direction} ${device} ${folder}`, direction, device, folder, transport],
        ...[startedAtMs, nowMs, count.files, count.fileBytes, count.wireBytes],
        ...[saved.delta, saved.reuse, saved.compression],
      );
    }
    this.#joinOld(nowMs);
  }

  /** What is days old is told by the hour: a busy quarter of a year is some thousand rows. */
  #joinOld(nowMs: number): void {
    const before = nowMs - FINE_MS - (nowMs % HOUR_MS);
    if (before <= this.#joinedBefore) return;
    this.#joinedBefore = before;
    this.#sql.run(
      `INSERT INTO transfer (key, kind, side, direction, device, folder, path, local, transport, state, started_at,
         ended_at, files, file_bytes, wire_bytes, saved_delta, saved_reuse, saved_compression)
       SELECT 'hour ' || hour || ' ' || direction || ' ' || device || ' ' || folder, 'sync', 'served', direction, device,
         folder, '', '', max(transport), 'done', hour, max(ended_at), sum(files), sum(file_bytes), sum(wire_bytes),
         sum(saved_delta), sum(saved_reuse), sum(saved_compression)
       FROM (SELECT *, started_at - started_at % ${HOUR_MS} AS hour FROM transfer WHERE started_at < ? AND ${IS_FINE})
       WHERE true GROUP BY hour, direction, device, folder ${ADDS_UP}`,
      before,
    );
    this.#sql.run(`DELETE FROM transfer WHERE started_at < ? AND ${IS_FINE}`, before);
  }

  addNotices(notices: readonly NewNotice[]): readonly number[] {
    const ids = notices.map((notice) => this.#grow(notice) ?? this.#add(notice));
    const last = Math.max(...ids);
    if (last > LIMITS.noticesKept.value)
      this.#sql.run("DELETE FROM notice WHERE id <= ?", last - LIMITS.noticesKept.value);
    return ids;
  }

  /** The same person and the same file, and nobody has heard of it yet: one notice that counts. */
  #grow(notice: NewNotice): number | undefined {
    const grown = this.#sql.get(
      `UPDATE notice SET count = count + ?, last_at = ? WHERE id = (
         SELECT id FROM notice WHERE read_at IS NULL AND owner = ? AND folder = ? AND path = ? AND device = ? AND user IS ?
           AND from_device IS ? AND (delivered_at IS NULL) = (? IS NULL) ORDER BY id DESC LIMIT 1)
       RETURNING id`,
      ...[notice.count, notice.atMs, notice.owner, notice.folder, notice.path, notice.device, notice.user],
      ...[notice.from, notice.deliveredAtMs],
    );
    return grown?.[0] as number | undefined;
  }

  #add(notice: NewNotice): number {
    const added = this.#sql.get(
      `INSERT INTO notice (folder, path, owner, device, user, first_at, last_at, count, from_device, delivered_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      ...[notice.folder, notice.path, notice.owner, notice.device, notice.user, notice.atMs, notice.atMs],
      ...[notice.count, notice.from, notice.deliveredAtMs],
    );
    assert(added !== undefined, "a notice without a number");
    return added[0] as number;
  }

  forgetNotices(ids: readonly number[]): void {
    for (const id of ids) this.#sql.run("DELETE FROM notice WHERE id = ?", id);
  }

  noticesRead(upTo: number, atMs: number, owners: readonly string[]): number {
    return this.#sql.run(
      `UPDATE notice SET read_at = ? WHERE read_at IS NULL AND id <= ? AND owner IN (SELECT value FROM json_each(?))`,
      ...[atMs, upTo, JSON.stringify(owners)],
    );
  }
}
