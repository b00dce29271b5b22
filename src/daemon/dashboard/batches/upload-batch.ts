/**
 * One upload from a browser. Files come in pieces and wait until they are
 * whole; then they go into their folder by the same engine as `syncline
 * upload`, in rounds of many. What stops a round holds the batch: nothing that
 * came is lost, and it is tried again when a person says so.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Batch, BatchFileState, SettledFile } from "../../../shared/api-browser.ts";
import type { FileResult, TransferLine } from "../../../shared/api-transfers.ts";
import { SyncError } from "../../../shared/errors.ts";
import { LIMITS } from "../../../shared/limits.ts";
import type { Clock, Log } from "../../../shared/ports.ts";
import type { RequestContext } from "../../api/node-service.ts";
import { KeyedLock } from "../../transfers/keyed-lock.ts";
import type { UploadRequest } from "../../transfers/upload.ts";
import type { BatchDirectory, BatchFacts, FileFacts } from "./batch-directory.ts";
import type { BatchPart } from "./batch-part.ts";

/** A round begins with so much, or when the last file is here. */
const ROUND_FILES = 200;
const ROUND_BYTES = 64 * 1024 * 1024;
/** What one upload may name; the rest goes with the next round. */
const SOURCES_MAX = 5000;
const SETTLED_AT_ONCE = 1000;
/** More files than a page sends at once. */
const GROWING_MAX = 32;

export interface UploadBatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly deviceName: () => string;
  readonly upload: (request: UploadRequest, context: RequestContext) => AsyncIterable<TransferLine>;
}

export class UploadBatch {
  readonly #deps: UploadBatchDeps;
  readonly #directory: BatchDirectory;
  readonly #locks = new KeyedLock();
  readonly #stop = new AbortController();
  /** Whole files by name, with what tells them from others. */
  readonly #whole = new Map<string, string>();
  readonly #settledNames = new Set<string>();
  /** Parts that grew last, so that not every piece has all before it read and proven again. */
  readonly #growing = new Map<string, { readonly version: string; readonly part: BatchPart }>();
  #facts: BatchFacts;
  readonly #settled: SettledFile[];
  #waitingFiles: number;
  #waitingBytes: number;
  #movedBytes = 0;
  #transfer: number | null = null;
  #fault: { readonly code: string; readonly message: string } | null = null;
  #round: Promise<void> | undefined;

  private constructor(
    deps: UploadBatchDeps,
    directory: BatchDirectory,
    facts: BatchFacts,
    before: { readonly settled: readonly SettledFile[]; readonly waiting: readonly FileFacts[] },
  ) {
    this.#deps = deps;
    this.#directory = directory;
    this.#facts = facts;
    this.#settled = [...before.settled];
    for (const { name } of before.settled) this.#settledNames.add(name);
    for (const file of before.waiting) this.#whole.set(file.name, versionOf(file));
    this.#waitingFiles = before.waiting.length;
    this.#waitingBytes = before.waiting.reduce((sum, { size }) => sum + size, 0);
  }

  static async begin(deps: UploadBatchDeps, directory: BatchDirectory, facts: BatchFacts): Promise<UploadBatch> {
    await directory.writeFacts(facts);
    return new UploadBatch(deps, directory, facts, { settled: [], waiting: [] });
  }

  /** Takes up a batch that an earlier run of the daemon left. */
  static async load(deps: UploadBatchDeps, directory: BatchDirectory): Promise<UploadBatch> {
    const before = { settled: await directory.readSettled(), waiting: await directory.waiting() };
    const batch = new UploadBatch(deps, directory, await directory.readFacts(), before);
    batch.#poke();
    return batch;
  }

  get facts(): BatchFacts {
    return this.#facts;
  }

  get view(): Batch {
    const { id, peer, folder, path, onDuplicate, createdMs } = this.#facts;
    const count = (isCounted: (file: SettledFile) => boolean): number => this.#settled.filter(isCounted).length;
    return {
      ...{ id, peer, folder, path, onDuplicate, state: this.#state },
      createdAt: new Date(createdMs).toISOString(),
      waitingFiles: this.#waitingFiles,
      waitingBytes: this.#waitingBytes,
      transfer: this.#transfer,
      movedBytes: this.#movedBytes,
      settled: this.#settled.length,
      stored: count(({ outcome }) => outcome === "stored"),
      failed: count(({ outcome }) => outcome === "failed" || outcome === "exists"),
      code: this.#fault?.code ?? null,
      message: this.#fault?.message ?? null,
    };
  }

  get #state(): Batch["state"] {
    if (this.#facts.isUndone) return "undone";
    if (this.#fault !== null) return "held";
    if (!this.#facts.isSealed) return "open";
    return this.#round === undefined && this.#waitingFiles === 0 ? "done" : "sealed";
  }

  settledSince(since: number): readonly SettledFile[] {
    return this.#settled.slice(since, since + SETTLED_AT_ONCE);
  }

  async fileState(file: FileFacts): Promise<BatchFileState> {
    return await this.#locks.with(file.name, async () => {
      const known = this.#known(file);
      if (known !== undefined) return known;
      const { received } = await this.#partOf(file);
      return { state: received === 0 ? "none" : "partial", received };
    });
  }

  /** Takes bytes from `start` on. Throws E_UPLOAD_OFFSET, E_BAD_DATA, E_DISK_FULL. */
  async put(
    file: FileFacts,
    piece: { readonly start: number; readonly bytes: Uint8Array; readonly sha256: Uint8Array },
  ): Promise<BatchFileState> {
    return await this.#locks.with(file.name, () => this.#put(file, piece));
  }

  /** No more files come; or: what is held is tried again. */
  async seal(): Promise<void> {
    this.#fault = null;
    if (!this.#facts.isSealed) await this.#setFacts({ isSealed: true });
    this.#poke();
  }

  /** Stops what runs, and keeps everything. */
  async close(): Promise<void> {
    this.#stop.abort(new SyncError("E_INTERRUPTED", "the daemon is stopping"));
    await this.#round;
  }

  async remove(): Promise<void> {
    await this.close();
    await this.#directory.remove();
  }

  async #setFacts(changes: Partial<BatchFacts>): Promise<void> {
    this.#facts = { ...this.#facts, ...changes };
    await this.#directory.writeFacts(this.#facts);
  }

  #known(file: FileFacts): BatchFileState | undefined {
    if (this.#whole.get(file.name) === versionOf(file)) return { state: "whole", received: file.size };
    return this.#settledNames.has(file.name) ? { state: "settled", received: file.size } : undefined;
  }

  async #put(
    file: FileFacts,
    { start, bytes, sha256 }: { readonly start: number; readonly bytes: Uint8Array; readonly sha256: Uint8Array },
  ): Promise<BatchFileState> {
    this.#assertOpen();
    const known = this.#known(file);
    if (known !== undefined) return known;
    const part = await this.#partOf(file);
    if (start !== part.received)
      throw new SyncError("E_UPLOAD_OFFSET", `${part.received} bytes of ${file.name} are here, not ${start}`);
    if (start + bytes.length > file.size) throw new SyncError("E_USAGE", `${file.name} is longer than was said`);
    const found = createHash("sha256").update(bytes).digest();
    if (sha256.length !== found.length || !timingSafeEqual(found, sha256))
      throw new SyncError("E_BAD_DATA", `what came of ${file.name} does not match its SHA-256`, {
        hint: "send this piece again",
      });
    if (start === 0) await this.#assertSpace(file);
    // What a write that fails has left is read against the notes.
    this.#growing.delete(file.name);
    if (bytes.length > 0) await part.add(bytes, found.toString("hex"));
    if (part.received < file.size) {
      this.#keepGrowing(file, part);
      return { state: "partial", received: part.received };
    }
    await this.#directory.takeWhole(part, file);
    this.#whole.set(file.name, versionOf(file));
    this.#waitingFiles++;
    this.#waitingBytes += file.size;
    this.#poke();
    return { state: "whole", received: file.size };
  }

  async #partOf(file: FileFacts): Promise<BatchPart> {
    const known = this.#growing.get(file.name);
    return known?.version === versionOf(file) ? known.part : await this.#directory.part(file);
  }

  #keepGrowing(file: FileFacts, part: BatchPart): void {
    this.#growing.set(file.name, { version: versionOf(file), part });
    const [oldest] = this.#growing.keys();
    if (this.#growing.size > GROWING_MAX && oldest !== undefined) this.#growing.delete(oldest);
  }

  #assertOpen(): void {
    if (this.#facts.isSealed)
      throw new SyncError("E_TRANSFER_OVER", "this upload takes no more files", { hint: "start another one" });
    if (this.#settled.length + this.#whole.size >= LIMITS.batchFiles.value)
      throw new SyncError("E_USAGE", `one upload takes ${LIMITS.batchFiles.value} files`, {
        hint: "start another one",
      });
  }

  async #assertSpace({ name, size }: FileFacts): Promise<void> {
    const { bavail, bsize } = await statfs(this.#directory.path);
    const free = bavail * bsize - LIMITS.freeReserveBytes.value;
    if (size > free)
      throw new SyncError("E_DISK_FULL", `${name} has ${size} bytes, and there is room for ${Math.max(0, free)} here`, {
        hint: "free some space on the machine that runs this dashboard",
      });
  }

  /** Begins a round when there is reason to. */
  #poke(): void {
    if (this.#round !== undefined || this.#fault !== null || this.#waitingFiles === 0 || this.#stop.signal.aborted)
      return;
    const isMuch = this.#waitingFiles >= ROUND_FILES || this.#waitingBytes >= ROUND_BYTES;
    if (!isMuch && !this.#facts.isSealed) return;
    this.#round = this.#runRound()
      .catch((error: unknown) => this.#hold(error))
      .finally(() => {
        this.#round = undefined;
        this.#transfer = null;
        this.#movedBytes = 0;
        this.#poke();
      });
  }

  #hold(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const { code, message } = error instanceof SyncError ? error : { code: "E_INTERNAL", message: String(error) };
    this.#fault = { code, message };
    this.#deps.log.warn("An upload from a browser is held", { batch: this.#facts.id, code, message });
  }

  async #runRound(): Promise<void> {
    const { peer, folder, path, onDuplicate, user, role } = this.#facts;
    const { directory, names } = await this.#directory.round();
    const sources = names.slice(0, SOURCES_MAX).map((name) => ({ path: join(directory, name), name }));
    if (sources.length === 0) {
      // Somebody cleared the directory: what waited there is gone.
      this.#waitingFiles = 0;
      this.#waitingBytes = 0;
      return;
    }
    const request: UploadRequest = {
      ...{ peer, folder, path, isDirectory: true, sources, isTemporary: false, onDuplicate },
      ...{ transport: "auto", delta: "auto", compression: "auto", resume: true },
    };
    const actor = { device: null, deviceName: this.#deps.deviceName(), user, role };
    let isThrough = false;
    const settled: SettledFile[] = [];
    try {
      for await (const line of this.#deps.upload(request, { actor, signal: this.#stop.signal })) {
        if (line.type === "started") this.#transfer = line.id;
        else if (line.type === "progress") this.#movedBytes = line.doneBytes;
        else if (line.type === "file") settled.push(settledOf(line, path));
        else isThrough = true;
      }
    } catch (error) {
      // Of some files that failed each has said so itself.
      if (!isThrough) throw error;
    } finally {
      await this.#settle(settled, isThrough ? names.slice(0, SOURCES_MAX) : []);
    }
  }

  async #settle(files: readonly SettledFile[], tops: readonly string[]): Promise<void> {
    await this.#directory.addSettled(files);
    await this.#directory.removeSettled([...files.map(({ name }) => name), ...tops]);
    for (const file of files) {
      this.#settled.push(file);
      this.#settledNames.add(file.name);
      this.#whole.delete(file.name);
      this.#waitingBytes = Math.max(0, this.#waitingBytes - file.size);
      this.#waitingFiles = Math.max(0, this.#waitingFiles - 1);
    }
  }
}

function versionOf({ size, mtimeMs }: FileFacts): string {
  return `${size} ${mtimeMs}`;
}

function settledOf({ path, storedAs, fileBytes, outcome, hash, code, message }: FileResult, base: string): SettledFile {
  const name = base === "" ? path : path.slice(base.length + 1);
  return { name, storedAs, size: fileBytes, outcome, hash, code, message };
}
