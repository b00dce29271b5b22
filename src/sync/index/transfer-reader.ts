/** Reads transfers, the sums of background sync, and notices. */
import type { SQLInputValue } from "node:sqlite";
import type { SqlRow, Statements } from "./statements.ts";
import type {
  HistorySum,
  NoticeRow,
  TransferFile,
  TransferFilter,
  TransferOrder,
  TransferPage,
  TransferReader,
  TransferRow,
  TransferSide,
  TransferTotals,
} from "./transfer-port.ts";

const TRANSFER = `SELECT id, key, kind, side, direction, device, user, folder, path, version, local, transport, why, state,
  code, message, started_at, ended_at, duration_ms, request, files, file_bytes, wire_bytes, saved_delta, saved_reuse,
  saved_compression FROM transfer`;
const FILE = `SELECT path, stored_as, file_bytes, wire_bytes, saved_delta, saved_reuse, saved_compression, hash,
  duration_ms, outcome, code, message FROM transfer_file`;
const NOTICE = `SELECT id, folder, path, owner, device, user, first_at, last_at, count, from_device, delivered_at,
  read_at FROM notice`;
const SUMS = `SELECT coalesce(sum(files), 0), coalesce(sum(file_bytes), 0), coalesce(sum(wire_bytes), 0),
  coalesce(sum(saved_delta), 0), coalesce(sum(saved_reuse), 0), coalesce(sum(saved_compression), 0),
  coalesce(sum(duration_ms), 0), count(*) FROM transfer`;

const ORDERS: Readonly<Record<TransferOrder, string>> = {
  newest: "id DESC",
  size: "file_bytes DESC, id DESC",
  duration: "duration_ms DESC, id DESC",
};

/** Rows of all bytes on a connection: see SyncCount. */
const IS_WIRE = "kind = 'sync' AND folder = ''";
const HISTORY = `SELECT started_at - started_at % ? AS start, device,
  coalesce(sum(wire_bytes) FILTER (WHERE ${IS_WIRE} AND direction = 'out'), 0),
  coalesce(sum(wire_bytes) FILTER (WHERE ${IS_WIRE} AND direction = 'in'), 0),
  coalesce(sum(file_bytes), 0), coalesce(sum(saved_delta), 0), coalesce(sum(saved_reuse), 0),
  coalesce(sum(saved_compression), 0) FROM transfer`;

export class TransferTableReader implements TransferReader {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  transfers(filter: TransferFilter, page: TransferPage): readonly TransferRow[] {
    const { before, limit, offset = 0, order = "newest" } = page;
    const { where, values } = conditionOf(filter, before);
    return this.#sql
      .all(`${TRANSFER} ${where} ORDER BY ${ORDERS[order]} LIMIT ? OFFSET ?`, ...values, limit, offset)
      .map(toTransferRow);
  }

  transfer(id: number): TransferRow | undefined {
    const row = this.#sql.get(`${TRANSFER} WHERE id = ?`, id);
    return row === undefined ? undefined : toTransferRow(row);
  }

  transferByKey(key: string, side: TransferSide): TransferRow | undefined {
    const row = this.#sql.get(`${TRANSFER} WHERE key = ? AND side = ?`, key, side);
    return row === undefined ? undefined : toTransferRow(row);
  }

  transferFiles(id: number, options: { readonly after: number; readonly limit: number }): readonly TransferFile[] {
    return this.#sql
      .all(`${FILE} WHERE transfer = ? AND number > ? ORDER BY number LIMIT ?`, id, options.after, options.limit)
      .map(toTransferFile);
  }

  transferTotals(filter: TransferFilter): TransferTotals & { readonly transfers: number; readonly durationMs: number } {
    const { where, values } = conditionOf(filter, undefined);
    const row = this.#sql.get(`${SUMS} ${where}`, ...values) as unknown as readonly number[];
    const [
      files = 0,
      fileBytes = 0,
      wireBytes = 0,
      delta = 0,
      reuse = 0,
      compression = 0,
      durationMs = 0,
      transfers = 0,
    ] = row;
    return { files, fileBytes, wireBytes, saved: { delta, reuse, compression }, durationMs, transfers };
  }

  history(
    { fromMs, toMs, device }: Parameters<TransferReader["history"]>[0],
    stretchMs: number,
  ): readonly HistorySum[] {
    const onlyDevice = device === undefined ? "" : "AND device = ?";
    const rows = this.#sql.all(
      `${HISTORY} WHERE device IS NOT NULL AND started_at >= ? AND started_at < ? ${onlyDevice} GROUP BY 1, 2 ORDER BY 1, 2`,
      ...[stretchMs, fromMs, toMs, ...(device === undefined ? [] : [device])],
    );
    return rows.map((row) => {
      const [startMs, from, sent, received, fileBytes, delta, reuse, compression] = row;
      return { startMs, device: from, sent, received, fileBytes, saved: { delta, reuse, compression } } as HistorySum;
    });
  }

  notices(options: Parameters<TransferReader["notices"]>[0]): readonly NoticeRow[] {
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    if (options.undeliveredTo === undefined) conditions.push("delivered_at IS NOT NULL");
    else {
      conditions.push("delivered_at IS NULL AND (owner = ? OR owner LIKE ?)");
      values.push(options.undeliveredTo, `%@${options.undeliveredTo}`);
    }
    if (options.owner !== undefined) {
      conditions.push("owner = ?");
      values.push(options.owner);
    }
    if (options.unreadOnly === true) conditions.push("read_at IS NULL");
    return this.#sql
      .all(`${NOTICE} WHERE ${conditions.join(" AND ")} ORDER BY id DESC LIMIT ?`, ...values, options.limit)
      .map(toNoticeRow);
  }

  unreadNotices(owners: readonly string[]): number {
    const row = this.#sql.get(
      `SELECT count(*) FROM notice WHERE read_at IS NULL AND delivered_at IS NOT NULL
         AND owner IN (SELECT value FROM json_each(?))`,
      JSON.stringify(owners),
    );
    return row?.[0] as number;
  }
}

function conditionOf(
  filter: TransferFilter,
  before: number | undefined,
): { readonly where: string; readonly values: readonly SQLInputValue[] } {
  const tests: readonly (readonly [string, SQLInputValue | undefined])[] = [
    ["id < ?", before],
    ["coalesce(ended_at, 9e15) >= ?", filter.fromMs],
    ["started_at < ?", filter.toMs],
    ["device = ?", filter.device],
    ["direction = ?", filter.direction],
    ["kind = ?", filter.kind],
    ["state = ?", filter.state],
    ["folder = ?", filter.folder],
    ["(kind <> 'sync') = ?", numberOf(filter.isByHand)],
    ["(ended_at IS NOT NULL) = ?", numberOf(filter.isOver)],
    ["instr(lower(folder || '/' || path), ?) > 0", filter.contains?.toLowerCase()],
  ];
  const asked = tests.flatMap(([test, value]) => (value === undefined ? [] : [[test, value] as const]));
  return {
    where: `WHERE ${[`NOT (${IS_WIRE})`, ...asked.map(([test]) => test)].join(" AND ")}`,
    values: asked.map(([, value]) => value),
  };
}

function numberOf(flag: boolean | undefined): number | undefined {
  return flag === undefined ? undefined : Number(flag);
}

function toTransferRow(row: SqlRow): TransferRow {
  const [id, key, kind, side, direction, device, user, folder, path, version, local, transport, why, state] = row;
  const [code, message, startedAtMs, endedAtMs, durationMs, request] = row.slice(14);
  const [files, fileBytes, wireBytes, delta, reuse, compression] = row.slice(20);
  const texts = { key, kind, side, direction, device, user, folder, path, local, transport, why, state, code, message };
  const numbers = { id, version, startedAtMs, endedAtMs, durationMs, request, files, fileBytes, wireBytes };
  return { ...texts, ...numbers, saved: { delta, reuse, compression } } as unknown as TransferRow;
}

function toTransferFile(row: SqlRow): TransferFile {
  const [path, storedAs, fileBytes, wireBytes, delta, reuse, compression, hash, durationMs, outcome, code, message] =
    row;
  const facts = { path, storedAs, fileBytes, wireBytes, hash, durationMs, outcome, code, message };
  return { ...facts, saved: { delta, reuse, compression } } as unknown as TransferFile;
}

function toNoticeRow(row: SqlRow): NoticeRow {
  const [id, folder, path, owner, device, user, firstAtMs, lastAtMs, count, from, deliveredAtMs, readAtMs] = row;
  const facts = { id, folder, path, owner, device, user, firstAtMs, lastAtMs, count, from, deliveredAtMs, readAtMs };
  return facts as unknown as NoticeRow;
}
