/**
 * One upload or download that somebody asked for here, from its opening to
 * its row's last word. It can be paused, resumed and cancelled from outside
 * while whoever asked reads along; what was verified stays where it is, so
 * that the next attempt goes on there.
 */

import type { FileResult, TransferLine } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import type { Clock, Log } from "../../shared/ports.ts";
import {
  addTransfer,
  addWire,
  chargedTo,
  NO_TRANSFER,
  type TransferBytes,
  type WireBytes,
} from "../../shared/transfer-bytes.ts";
import type { FolderIndex } from "../../sync/index/index-port.ts";
import type { TransferFile, TransferRow, TransferState } from "../../sync/index/transfer-port.ts";

const FILES_AT_ONCE = 200;
/** How long a lost peer is waited for before the transfer gives up. */
const RECONNECT_MS = 30_000;

type Wish = "go" | "pause" | "cancel";

export interface JobDeps {
  readonly index: FolderIndex;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
}

export interface JobProgress {
  path: string;
  state: "reading" | "running" | "paused" | "waiting";
  doneFiles: number;
  files: number | null;
  /** Of the files that are settled. */
  doneBytes: number;
  bytes: number | null;
  wireBytes: number;
}

/** How an attempt tells that it may be tried again once the peer is back. */
function isOffline(error: unknown): boolean {
  return error instanceof SyncError && error.code === "E_PEER_OFFLINE";
}

export class Job {
  readonly row: TransferRow;
  readonly progress: JobProgress = {
    path: "",
    state: "running",
    doneFiles: 0,
    files: null,
    doneBytes: 0,
    bytes: null,
    wireBytes: 0,
  };
  transport: string | null = null;
  why: string | null = null;
  readonly counts = { stored: 0, unchanged: 0, skipped: 0, failed: 0 };
  /** Paths that an earlier attempt has settled. */
  readonly settled = new Set<string>();
  /** Files under way: how far each has come. */
  readonly #underWay = new Set<{ readonly done: number; readonly wire?: number }>();
  readonly #deps: JobDeps;
  readonly #startedAt: number;
  #totals: TransferBytes = NO_TRANSFER;
  /** Bytes that opening and telling took, which no file is charged with yet. */
  #commandBytes = 0;
  #lines: TransferFile[] = [];
  #wish: Wish = "go";
  #attempt = new AbortController();
  #resumed = Promise.withResolvers<void>();
  #pausedMs = 0;
  /** The only file's failure, which is the transfer's own where there is but one. */
  #lastFailure: FileResult | undefined;

  constructor(deps: JobDeps, row: TransferRow) {
    this.#deps = deps;
    this.row = row;
    this.#startedAt = deps.clock.monotonic();
  }

  get id(): number {
    return this.row.id;
  }

  get totals(): TransferBytes {
    return this.#totals;
  }

  get durationMs(): number {
    return Math.max(0, Math.round(this.#deps.clock.monotonic() - this.#startedAt - this.#pausedMs));
  }

  get state(): TransferState {
    return this.#wish === "pause" ? "paused" : "running";
  }

  get files(): number {
    const { stored, unchanged, skipped, failed } = this.counts;
    return stored + unchanged + skipped + failed;
  }

  /** Follows a file until `over` is called. */
  follow(file: { readonly done: number }): () => void {
    this.#underWay.add(file);
    return () => this.#underWay.delete(file);
  }

  get doneBytes(): number {
    return this.progress.doneBytes + [...this.#underWay].reduce((sum, file) => sum + file.done, 0);
  }

  async pause(): Promise<void> {
    if (this.#wish !== "go") return;
    this.#wish = "pause";
    this.#resumed = Promise.withResolvers();
    this.#attempt.abort(new SyncError("E_INTERRUPTED", "paused"));
    await this.#write("paused");
  }

  async resume(): Promise<void> {
    if (this.#wish !== "pause") return;
    this.#wish = "go";
    this.#resumed.resolve();
    await this.#write("running");
  }

  cancel(): void {
    this.#wish = "cancel";
    this.#resumed.resolve();
    this.#attempt.abort(cancelled());
  }

  get isCancelled(): boolean {
    return this.#wish === "cancel";
  }

  /** Runs attempts until one is through: after a pause, and after the peer was away for a while. Says when it begins to wait. */
  async *attempts<T>(
    signal: AbortSignal,
    once: (signal: AbortSignal) => AsyncIterable<T>,
    comesBack: (signal: AbortSignal) => Promise<boolean>,
  ): AsyncGenerator<T | TransferLine> {
    for (;;) {
      this.#attempt = new AbortController();
      if (this.#wish === "cancel") throw cancelled();
      try {
        yield* once(AbortSignal.any([signal, this.#attempt.signal]));
        return;
      } catch (error) {
        if (signal.aborted) throw new SyncError("E_INTERRUPTED", "the transfer was interrupted");
        if (this.#isWish("cancel")) throw cancelled();
        if (this.#isWish("pause")) yield* this.#waitPaused(signal);
        else if (isOffline(error)) yield* this.#waitForPeer(signal, comesBack, error);
        else throw error;
      }
      this.#underWay.clear();
      this.progress.state = "running";
    }
  }

  #isWish(wish: Wish): boolean {
    return this.#wish === wish;
  }

  async *#waitPaused(signal: AbortSignal): AsyncGenerator<TransferLine> {
    const from = this.#deps.clock.monotonic();
    this.progress.state = "paused";
    yield this.line();
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([this.#resumed.promise, promise]);
    this.#pausedMs += this.#deps.clock.monotonic() - from;
    if (signal.aborted) throw new SyncError("E_INTERRUPTED", "the transfer was interrupted");
  }

  async *#waitForPeer(
    signal: AbortSignal,
    comesBack: (signal: AbortSignal) => Promise<boolean>,
    error: unknown,
  ): AsyncGenerator<TransferLine> {
    this.progress.state = "waiting";
    yield this.line();
    const until = AbortSignal.any([signal, this.#attempt.signal, AbortSignal.timeout(RECONNECT_MS)]);
    if (await comesBack(until).catch(() => false)) return;
    if (!this.#isWish("go")) return;
    throw error;
  }

  line(): TransferLine {
    const { path, state, doneFiles, files, bytes } = this.progress;
    return {
      type: "progress",
      id: this.id,
      state,
      path,
      doneFiles,
      files,
      doneBytes: this.doneBytes,
      bytes,
      wireBytes: this.progress.wireBytes,
      transport: this.transport,
    };
  }

  /** Takes a settled file into the sums and the row. */
  async take(taken: FileResult): Promise<TransferLine> {
    const result = taken.outcome === "stored" ? this.#charged(taken) : taken;
    this.settled.add(result.path);
    this.counts[result.outcome === "exists" ? "failed" : result.outcome]++;
    this.progress.doneFiles++;
    this.progress.doneBytes += result.fileBytes;
    // "Bandwidth saved" is told of the files that needed a transfer.
    if (result.outcome === "stored")
      this.#totals = addTransfer(this.#totals, {
        fileBytes: result.fileBytes,
        wire: { sent: 0, received: result.wireBytes },
        saved: result.saved,
      });
    if (result.code !== null) this.#lastFailure = result;
    const { path, storedAs, fileBytes, wireBytes, saved, hash, durationMs, outcome, code, message } = result;
    this.#lines.push({ path, storedAs, fileBytes, wireBytes, saved, hash, durationMs, outcome, code, message });
    if (this.#lines.length >= FILES_AT_ONCE) await this.#write("running");
    return { type: "file", ...result };
  }

  countWire(wire: WireBytes): void {
    this.progress.wireBytes += wire.sent + wire.received;
  }

  /** What a command of this transfer took: it counts with the next file, or with the whole. */
  countCommand(wire: WireBytes): void {
    this.countWire(wire);
    this.#commandBytes += wire.sent + wire.received;
  }

  #charged(result: FileResult): FileResult {
    const bytes = this.#commandBytes;
    this.#commandBytes = 0;
    return { ...result, wireBytes: result.wireBytes + bytes, saved: chargedTo(result.saved, bytes) };
  }

  /** What is to be told of the end before its own telling is counted. */
  ending(error: unknown): Extract<TransferLine, { type: "summary" }> {
    return this.summary(this.#endState(error));
  }

  /** Writes the last word. Returns the summary, or throws what stopped the only file there was. */
  async finish(error: unknown): Promise<Extract<TransferLine, { type: "summary" }>> {
    const state = this.#endState(error);
    const rest = this.#commandBytes;
    this.#commandBytes = 0;
    const { fileBytes, wire, saved } = this.#totals;
    this.#totals = { fileBytes, wire: addWire(wire, { sent: rest, received: 0 }), saved: chargedTo(saved, rest) };
    const failure = error instanceof SyncError ? error : this.#lastFailure;
    await this.#write(state, {
      code: failure?.code ?? null,
      message: failure?.message ?? null,
      endedAtMs: this.#deps.clock.now(),
    });
    this.#deps.log.info("Transfer ended", { ...this.#facts(), state, code: failure?.code ?? null });
    return this.summary(state);
  }

  /** What the whole comes to, as an error: of one file its own. Undefined when all is well. */
  failure(): SyncError | undefined {
    const { failed } = this.counts;
    if (failed === 0) return undefined;
    const last = this.#lastFailure;
    if (this.files === 1 && last?.code != null)
      return new SyncError(last.code as ConstructorParameters<typeof SyncError>[0], last.message ?? last.code);
    return new SyncError("E_PARTIAL", `${failed} of ${this.files} files failed`);
  }

  summary(state: TransferState): Extract<TransferLine, { type: "summary" }> {
    const { fileBytes, wire, saved } = this.#totals;
    return {
      type: "summary",
      id: this.id,
      state,
      files: this.files,
      ...this.counts,
      transport: this.transport,
      why: this.why,
      fileBytes,
      wireBytes: wire.sent + wire.received,
      saved,
      durationMs: this.durationMs,
    };
  }

  #endState(error: unknown): TransferState {
    if (this.#wish === "cancel") return "cancelled";
    if (error instanceof SyncError && error.code === "E_INTERRUPTED") return "interrupted";
    if (error !== undefined) return "failed";
    if (this.counts.failed === 0) return "done";
    return this.counts.failed === this.files ? "failed" : "partial";
  }

  #facts(): Readonly<Record<string, unknown>> {
    const { kind, device, folder, path } = this.row;
    const { fileBytes, wire } = this.#totals;
    return {
      transfer: this.id,
      kind,
      device: device?.slice(0, 7) ?? "self",
      folder,
      path,
      files: this.files,
      bytes: fileBytes,
      wire: wire.sent + wire.received,
      durationMs: this.durationMs,
    };
  }

  async #write(
    state: TransferState,
    end: { readonly code?: string | null; readonly message?: string | null; readonly endedAtMs?: number } = {},
  ): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    const { fileBytes, wire, saved } = this.#totals;
    const sums = { files: this.files, fileBytes, wireBytes: wire.sent + wire.received, saved };
    const { transport, why, durationMs } = this;
    await this.#deps.index.write
      .changeTransfer(this.id, { state, transport, why, durationMs, ...sums, ...end }, lines)
      .catch((error: unknown) => this.#deps.log.warn("A transfer's row was not written", { error: String(error) }));
    this.#deps.onChange();
  }
}

function cancelled(): SyncError {
  return new SyncError("E_INTERRUPTED", "the transfer was cancelled", {
    hint: "take it up again with `syncline transfers retry`",
  });
}
