/** The scan worker as its users see it. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { SyncError } from "../../shared/errors.ts";
import type { FolderId } from "../../shared/ids.ts";
import type { RunScan } from "../executor/inline-disk.ts";
import type { ScanBatch, ScanRequest } from "../folder-disk.ts";
import { fromErrorMessage } from "../index/error-message.ts";
import type { FromScanWorker, ScanWorkerData, ToScanWorker } from "./scan-worker.ts";

export interface ScanClientOptions {
  /** An index that its writer has opened. */
  readonly indexPath: string;
  /** After so long without a scan the thread ends, to give its memory back. */
  readonly idleMs?: number;
}

interface Scanning {
  readonly take: (batch: ScanBatch) => Promise<void>;
  readonly abort: Int32Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Takes batches one after the other. */
  taking: Promise<void>;
}

const IDLE_MS = 30_000;
/** What a scan makes is short-lived: a larger young generation is as fast and took 80 MiB more for 100,000 files. */
const YOUNG_GENERATION_MIB = 8;

/** Runs scans of all folders in one thread, which is there only while it is needed. */
export class ScanClient implements AsyncDisposable {
  readonly #indexPath: string;
  readonly #idleMs: number;
  readonly #scans = new Map<number, Scanning>();
  #worker: Worker | undefined;
  #ending: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;
  #isDisposed = false;

  constructor({ indexPath, idleMs = IDLE_MS }: ScanClientOptions) {
    this.#indexPath = indexPath;
    this.#idleMs = idleMs;
  }

  /** Whether the thread is there. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * How to scan one folder. Each batch waits until the one before was taken; a
   * few are prepared meanwhile. A taker that rejects ends the scan with its reason.
   */
  folder({ folder, root }: { readonly folder: FolderId; readonly root: string }): RunScan {
    return async (request, take, signal) => {
      signal.throwIfAborted();
      const abort = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
      const word = new Int32Array(abort);
      const onAbort = (): void => void Atomics.store(word, 0, 1);
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        await this.#run({ folder, root, request, abort }, word, take);
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    for (const scanning of this.#scans.values()) Atomics.store(scanning.abort, 0, 1);
    this.#end();
    await this.#ending;
  }

  #run(
    scan: { folder: FolderId; root: string; request: ScanRequest; abort: SharedArrayBuffer },
    abort: Int32Array,
    take: Scanning["take"],
  ): Promise<void> {
    if (this.#isDisposed) return Promise.reject(stopped());
    clearTimeout(this.#idle);
    this.#worker ??= this.#startWorker();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#scans.set(id, { take, abort, resolve, reject, taking: Promise.resolve() });
    this.#worker.postMessage({ type: "scan", id, ...scan } satisfies ToScanWorker);
    return promise;
  }

  #startWorker(): Worker {
    const workerData: ScanWorkerData = { indexPath: this.#indexPath };
    const worker = new Worker(new URL(`./scan-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    });
    let failure: unknown;
    worker.on("message", (message: FromScanWorker) => this.#hear(message));
    worker.on("error", (error) => {
      failure = error;
    });
    worker.on("exit", () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const id of [...this.#scans.keys()]) this.#finish(id, (scanning) => scanning.reject(stopped(failure)));
    });
    return worker;
  }

  #hear(message: FromScanWorker): void {
    const { id } = message;
    const scanning = this.#scans.get(id);
    if (scanning === undefined) return;
    switch (message.type) {
      case "batch":
        scanning.taking = scanning.taking.then(() => this.#take(id, scanning, message.batch));
        break;
      case "done":
        void scanning.taking.then(() => this.#finish(id, () => scanning.resolve()));
        break;
      case "failed":
        void scanning.taking.then(() => this.#finish(id, () => scanning.reject(fromErrorMessage(message.error))));
        break;
    }
  }

  async #take(id: number, scanning: Scanning, batch: ScanBatch): Promise<void> {
    if (!this.#scans.has(id)) return;
    try {
      await scanning.take(batch);
      this.#worker?.postMessage({ type: "taken", id } satisfies ToScanWorker);
    } catch (error) {
      Atomics.store(scanning.abort, 0, 1);
      // The worker looks at the word when it goes on, and it waits for this.
      this.#worker?.postMessage({ type: "taken", id } satisfies ToScanWorker);
      this.#finish(id, () => scanning.reject(error));
    }
  }

  #finish(id: number, settle: (scanning: Scanning) => void): void {
    const scanning = this.#scans.get(id);
    if (scanning === undefined) return;
    this.#scans.delete(id);
    settle(scanning);
    if (this.#scans.size > 0 || this.#worker === undefined) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#end(), this.#idleMs).unref();
  }

  /** Lets the worker close what it holds; scans that still run hear that they were stopped. */
  #end(): void {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#ending = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage({ type: "close" } satisfies ToScanWorker);
    this.#worker = undefined;
    for (const id of [...this.#scans.keys()]) this.#finish(id, (scanning) => scanning.reject(stopped()));
  }
}

function stopped(cause?: unknown): SyncError {
  return new SyncError("E_INTERRUPTED", "the scan was stopped", cause === undefined ? {} : { cause });
}
