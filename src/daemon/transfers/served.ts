/**
 * What peers' uploads and downloads of this node's folders come to here: a row
 * each, events, log lines, and notices to the owners.
 */

import type { FileResult } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId, FolderId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Clock, Log } from "../../shared/ports.ts";
import type { FolderIndex } from "../../sync/index/index-port.ts";
import type { TransferFile, TransferRow, TransferTotals } from "../../sync/index/transfer-port.ts";
import type { Actor } from "../api/actor.ts";

interface Open {
  readonly row: TransferRow;
  readonly begun: number;
  totals: TransferTotals;
  failed: number;
}

export class ServedTransfers {
  readonly #index: FolderIndex;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #open = new Map<string, Open>();

  constructor(deps: { readonly index: FolderIndex; readonly clock: Clock; readonly log: Log }) {
    this.#index = deps.index;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Opens a peer's transfer, or again one that was interrupted. Throws E_NOT_ALLOWED for a key that is another's. */
  async open(
    actor: Actor,
    facts: {
      readonly key: string;
      readonly kind: "upload" | "download";
      readonly folder: FolderId;
      readonly path: string;
      readonly version?: number | undefined;
    },
  ): Promise<void> {
    const device = actor.device;
    if (device === null) return;
    const id = keyOf(device, facts.key);
    const known = this.#open.get(id);
    if (known !== undefined) return;
    const ofPeer = [...this.#open.values()].filter(({ row }) => row.device === device);
    if (ofPeer.length >= LIMITS.transfersPerPeer.value)
      throw new SyncError("E_NOT_ALLOWED", `more than ${LIMITS.transfersPerPeer.value} transfers at once`, {
        hint: "wait until some are done",
      });
    const row = await this.#rowFor(actor, device, facts);
    const { files, fileBytes, wireBytes, saved } = row;
    this.#open.set(id, {
      row,
      begun: this.#clock.monotonic(),
      totals: { files, fileBytes, wireBytes, saved },
      failed: 0,
    });
    this.#log.info(facts.kind === "upload" ? "A device uploads" : "A device downloads", {
      device: actor.deviceName,
      user: actor.user,
      folder: facts.folder,
      path: facts.path,
      transfer: row.id,
    });
  }

  async #rowFor(
    actor: Actor,
    device: DeviceId,
    facts: {
      readonly key: string;
      readonly kind: "upload" | "download";
      readonly folder: FolderId;
      readonly path: string;
      readonly version?: number | undefined;
    },
  ): Promise<TransferRow> {
    const key = keyOf(device, facts.key);
    const before = this.#index.read.transferByKey(key, "served");
    if (before !== undefined) {
      await this.#index.write.changeTransfer(before.id, { state: "running", code: null, message: null });
      return before;
    }
    const id = await this.#index.write.openTransfer({
      key,
      kind: facts.kind,
      side: "served",
      direction: facts.kind === "upload" ? "in" : "out",
      device,
      user: actor.user,
      folder: facts.folder,
      path: facts.path,
      version: facts.version ?? null,
      local: "",
      transport: null,
      why: null,
      state: "running",
      code: null,
      message: null,
      startedAtMs: this.#clock.now(),
      endedAtMs: null,
      request: null,
    });
    const row = this.#index.read.transfer(id);
    if (row === undefined) throw new Error("bug: a transfer without its row");
    return row;
  }

  /** The open transfer of a peer under a key. Throws E_TRANSFER_NOT_FOUND. */
  find(device: DeviceId, key: string, kind: "upload" | "download"): TransferRow {
    const open = this.#open.get(keyOf(device, key));
    if (open === undefined || open.row.kind !== kind)
      throw new SyncError("E_TRANSFER_NOT_FOUND", "this transfer is not open here");
    return open.row;
  }

  /** Adds what was received. */
  async add(device: DeviceId, key: string, results: readonly FileResult[]): Promise<void> {
    const open = this.#open.get(keyOf(device, key));
    if (open === undefined || results.length === 0) return;
    for (const result of results) {
      const isStored = result.outcome === "stored";
      const { delta, reuse, compression } = open.totals.saved;
      open.totals = {
        files: open.totals.files + 1,
        fileBytes: open.totals.fileBytes + (isStored ? result.fileBytes : 0),
        wireBytes: open.totals.wireBytes + result.wireBytes,
        saved: {
          delta: delta + result.saved.delta,
          reuse: reuse + result.saved.reuse,
          compression: compression + result.saved.compression,
        },
      };
      if (result.code !== null) open.failed++;
    }
    await this.#index.write.changeTransfer(
      open.row.id,
      { ...open.totals, durationMs: this.#durationOf(open), transport: results[0]?.transport ?? null },
      results.map(lineOf),
    );
  }

  /** Ends a transfer as the asking side says; of an upload the sums are this side's own. */
  async close(
    device: DeviceId,
    key: string,
    said: {
      readonly state: "done" | "partial" | "failed" | "cancelled" | "interrupted" | "paused";
      readonly totals: TransferTotals;
      readonly transport: string | null;
      readonly code: string | null;
      readonly message: string | null;
    },
  ): Promise<TransferRow | undefined> {
    const id = keyOf(device, key);
    const open = this.#open.get(id);
    if (open === undefined) return undefined;
    const isPaused = said.state === "paused";
    if (!isPaused) this.#open.delete(id);
    const { state, code, message, transport } = said;
    const sums = open.row.kind === "upload" ? open.totals : said.totals;
    const endedAtMs = isPaused ? null : this.#clock.now();
    await this.#index.write.changeTransfer(open.row.id, {
      ...sums,
      ...{ state, code, message, endedAtMs, durationMs: this.#durationOf(open) },
      ...(transport === null ? {} : { transport }),
    });
    this.#log.info(open.row.kind === "upload" ? "A device's upload ended" : "A device's download ended", {
      ...{ transfer: open.row.id, state, code, folder: open.row.folder, path: open.row.path },
      ...{ files: sums.files, bytes: sums.fileBytes, wire: sums.wireBytes },
    });
    return open.row;
  }

  /** The connection with a device is gone: what it had open is interrupted until it opens it again. */
  async lost(device: DeviceId): Promise<void> {
    for (const [id, open] of this.#open) {
      if (open.row.device !== device) continue;
      this.#open.delete(id);
      await this.#index.write.changeTransfer(open.row.id, {
        state: "interrupted",
        endedAtMs: this.#clock.now(),
        durationMs: this.#durationOf(open),
        code: "E_PEER_OFFLINE",
        message: "the connection was lost",
      });
    }
  }

  #durationOf({ row, begun }: Open): number {
    return row.durationMs + Math.max(0, Math.round(this.#clock.monotonic() - begun));
  }
}

/** A peer's keys are its own: none can be mistaken for another's. */
function keyOf(device: DeviceId, key: string): string {
  return `${device} ${key}`;
}

function lineOf(result: FileResult): TransferFile {
  const { path, storedAs, fileBytes, wireBytes, saved, hash, durationMs, outcome, code, message } = result;
  return { path, storedAs, fileBytes, wireBytes, saved, hash, durationMs, outcome, code, message };
}
