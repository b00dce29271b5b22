/**
 * Uploads from this page: files go to the daemon piece by piece, each piece
 * with its hash; the daemon puts whole files in their place. What is there
 * already is never sent again, so that an upload goes on after a pause, a lost
 * daemon, or a page that was loaded anew and is given the same files.
 */
import { type Signal, signal } from "@preact/signals";
import type { Batch, BatchFileState, SettledFile } from "../../shared/api-browser.ts";
import { callAt, callSession, Failure, isLost, putBytes } from "./client.ts";
import type { Picked } from "./dropped-files.ts";

export interface UploadPlace {
  readonly peer: string | undefined;
  readonly folder: string;
  readonly path: string;
  readonly onDuplicate: Batch["onDuplicate"];
}

export interface FileProgress {
  readonly name: string;
  readonly doneBytes: number;
  readonly bytes: number;
}

export interface Fault {
  readonly name: string;
  readonly message: string;
}

/**
 * "sending": bytes go to the daemon. "placing": all are there, it puts them in their place. "waiting": for the
 * daemon to come back. "unfinished": this page was loaded anew and must be given the files again.
 */
export type UploadState = "sending" | "paused" | "waiting" | "placing" | "held" | "done" | "undone" | "unfinished";

export interface Upload {
  readonly batch: Batch;
  readonly state: UploadState;
  readonly files: number;
  readonly bytes: number;
  readonly sentBytes: number;
  readonly bytesPerSecond: number;
  readonly now: readonly FileProgress[];
  readonly faults: readonly Fault[];
}

export const uploads: Signal<readonly Upload[]> = signal([]);

const FILES_AT_ONCE = 4;
const FIRST_PIECE = 1024 * 1024;
const PIECE_MIN = 256 * 1024;
const PIECE_MAX = 8 * 1024 * 1024;
const QUICK_MS = 300;
const SLOW_MS = 2000;
const SHOW_MS = 250;
const LOOK_MS = 400;
const RETRY_MS = 1000;
const FAULTS_SHOWN = 50;

const running = new Map<string, Sender>();

/** Begins an upload. Throws Failure when the place takes none. */
export async function startUpload(place: UploadPlace, picked: readonly Picked[]): Promise<void> {
  const { peer, folder, path, onDuplicate } = place;
  const batch = await callSession("batchOpen", { peer: peer ?? "self", folder, path, onDuplicate });
  begin(batch, picked);
}

/** Goes on with an upload that an earlier page began: the same files again. */
export function resumeUpload({ batch }: Upload, picked: readonly Picked[]): void {
  begin(batch, picked);
}

export function pauseUpload({ batch }: Upload): void {
  running.get(batch.id)?.pause();
}

export function continueUpload({ batch }: Upload): void {
  running.get(batch.id)?.go();
}

/** Tries again what the daemon holds. */
export async function retryUpload({ batch }: Upload): Promise<void> {
  show(await callSession("batchSeal", { id: batch.id }), { state: "placing" });
  const sender = running.get(batch.id) ?? new Sender(batch, []);
  running.set(batch.id, sender);
  sender.go();
}

/** Ends an upload, or puts one that is over out of sight. What is in its place stays. */
export async function removeUpload({ batch }: Upload): Promise<void> {
  running.get(batch.id)?.stop();
  running.delete(batch.id);
  await callSession("batchRemove", { id: batch.id });
  uploads.value = uploads.value.filter((one) => one.batch.id !== batch.id);
}

/** Uploads that the daemon knows of and this page does not run. */
export async function loadUploads(): Promise<void> {
  const { batches } = await callSession("batchList", {});
  const own = uploads.value.filter(({ batch }) => running.has(batch.id));
  const others = batches.filter(({ id }) => !running.has(id)).map(asFound);
  uploads.value = [...own, ...others];
  for (const { batch, state } of others) {
    if (state !== "placing") continue;
    const sender = new Sender(batch, []);
    running.set(batch.id, sender);
    sender.go();
  }
}

function asFound(batch: Batch): Upload {
  const states = { open: "unfinished", sealed: "placing", held: "held", done: "done", undone: "undone" } as const;
  const files = batch.settled + batch.waitingFiles;
  const facts = { batch, files, bytes: 0, sentBytes: 0, bytesPerSecond: 0, now: [], faults: [] };
  return { ...facts, state: states[batch.state] };
}

function begin(batch: Batch, picked: readonly Picked[]): void {
  const sender = new Sender(batch, picked);
  running.set(batch.id, sender);
  sender.go();
}

function show(batch: Batch, changes: Partial<Upload>): void {
  const known = uploads.value.find((one) => one.batch.id === batch.id);
  const next = { ...(known ?? asFound(batch)), ...changes, batch };
  uploads.value =
    known === undefined ? [next, ...uploads.value] : uploads.value.map((one) => (one === known ? next : one));
}

class Sender {
  #batch: Batch;
  readonly #waiting: Picked[];
  readonly #files: number;
  readonly #bytes: number;
  readonly #now = new Map<string, { doneBytes: number; readonly bytes: number }>();
  readonly #faults: Fault[] = [];
  #sentBytes = 0;
  #state: UploadState = "sending";
  #pieceBytes = FIRST_PIECE;
  #run: AbortController | undefined;
  #begun = { ms: performance.now(), bytes: 0 };

  constructor(batch: Batch, picked: readonly Picked[]) {
    this.#batch = batch;
    this.#waiting = [...picked];
    this.#files = picked.filter(({ file }) => file !== null).length;
    this.#bytes = picked.reduce((sum, { file }) => sum + (file?.size ?? 0), 0);
  }

  pause(): void {
    this.stop();
    this.#state = "paused";
    this.#show();
  }

  stop(): void {
    this.#run?.abort();
    this.#run = undefined;
  }

  go(): void {
    if (this.#run !== undefined) return;
    const run = new AbortController();
    this.#run = run;
    this.#state = "sending";
    this.#begun = { ms: performance.now(), bytes: this.#sentBytes };
    const timer = setInterval(() => this.#show(), SHOW_MS);
    this.#show();
    void this.#all(run.signal)
      .catch((error: unknown) => {
        if (run.signal.aborted) return;
        this.#state = "held";
        this.#fault("", error);
      })
      .finally(() => {
        clearInterval(timer);
        if (this.#run === run) this.#run = undefined;
        this.#show();
      });
  }

  async #all(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: FILES_AT_ONCE }, () => this.#work(signal)));
    signal.throwIfAborted();
    this.#state = "placing";
    if (this.#batch.state === "open")
      this.#batch = await this.#patiently(() => callSession("batchSeal", { id: this.#batch.id }), signal);
    await this.#followPlacing(signal);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let one = this.#waiting.shift(); one !== undefined; one = this.#waiting.shift()) {
      try {
        if (one.file === null) await this.#makeDirectory(one.name, signal);
        else await this.#send(one.name, one.file, signal);
      } catch (error) {
        if (signal.aborted) {
          this.#waiting.unshift(one);
          return;
        }
        if (isOver(error)) throw error;
        this.#fault(one.name, error);
      } finally {
        this.#now.delete(one.name);
      }
    }
  }

  /** Where something is, its directory is made with it; one with nothing in it is made by itself. */
  async #makeDirectory(name: string, signal: AbortSignal): Promise<void> {
    const { peer, folder, path } = this.#batch;
    const input = { folder, path: path === "" ? name : `${path}/${name}` };
    await this.#patiently(() => callAt(peer === "self" ? undefined : peer, "mkdir", input), signal);
  }

  async #send(name: string, file: File, signal: AbortSignal): Promise<void> {
    const facts = { id: this.#batch.id, name, size: file.size, mtimeMs: file.lastModified };
    const progress = { doneBytes: 0, bytes: file.size };
    this.#now.set(name, progress);
    const ask = (): Promise<BatchFileState> => this.#patiently(() => callSession("batchFile", facts), signal);
    let here = await ask();
    for (;;) {
      this.#sentBytes += here.received - progress.doneBytes;
      progress.doneBytes = here.received;
      if (here.state === "whole" || here.state === "settled") return;
      const begun = performance.now();
      const bytes = await file.slice(here.received, here.received + this.#pieceBytes).arrayBuffer();
      try {
        const start = here.received;
        here = await this.#patiently(() => putBytes({ ...facts, start, bytes }, signal), signal);
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== "E_UPLOAD_OFFSET") throw error;
        here = await ask();
      }
      this.#adapt(performance.now() - begun);
    }
  }

  /** Pieces as large as go through in a moment. */
  #adapt(ms: number): void {
    if (ms < QUICK_MS) this.#pieceBytes = Math.min(PIECE_MAX, this.#pieceBytes * 2);
    else if (ms > SLOW_MS) this.#pieceBytes = Math.max(PIECE_MIN, this.#pieceBytes / 2);
  }

  /** Waits for a daemon that is lost: what was begun goes on when it is back. */
  async #patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        const result = await work();
        if (this.#state === "waiting") this.#state = "sending";
        return result;
      } catch (error) {
        signal.throwIfAborted();
        if (!isLost(error)) throw error;
        this.#state = "waiting";
        await pause(RETRY_MS);
        signal.throwIfAborted();
      }
    }
  }

  async #followPlacing(signal: AbortSignal): Promise<void> {
    for (let since = 0; ; ) {
      const { files, ...batch } = await this.#patiently(
        () => callSession("batchShow", { id: this.#batch.id, since }),
        signal,
      );
      this.#batch = batch;
      since += files.length;
      for (const file of files) this.#note(file);
      const isOverNow = batch.state !== "sealed" && batch.state !== "open";
      if (isOverNow && since >= batch.settled) {
        this.#state = batch.state === "held" ? "held" : batch.state === "undone" ? "undone" : "done";
        return;
      }
      this.#state = "placing";
      this.#show();
      if (files.length === 0) await pause(LOOK_MS);
      signal.throwIfAborted();
    }
  }

  #note({ name, outcome, message }: SettledFile): void {
    if (outcome === "failed" || outcome === "exists") this.#fault(name, new Error(message ?? outcome));
  }

  #fault(name: string, error: unknown): void {
    if (this.#faults.length >= FAULTS_SHOWN) return;
    this.#faults.push({ name, message: error instanceof Error ? error.message : String(error) });
  }

  #show(): void {
    const seconds = (performance.now() - this.#begun.ms) / 1000;
    show(this.#batch, {
      state: this.#state,
      files: Math.max(this.#files, this.#batch.settled + this.#batch.waitingFiles),
      bytes: this.#bytes,
      sentBytes: this.#sentBytes,
      bytesPerSecond: seconds < 0.5 ? 0 : (this.#sentBytes - this.#begun.bytes) / seconds,
      now: [...this.#now].map(([name, progress]) => ({ name, ...progress })),
      faults: [...this.#faults],
    });
  }
}

/** What ends an upload as a whole, not a file of it. */
function isOver(error: unknown): boolean {
  return (
    error instanceof Failure &&
    ["E_BATCH_NOT_FOUND", "E_TRANSFER_OVER", "E_NOT_SIGNED_IN", "E_DISK_FULL"].includes(error.code)
  );
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

addEventListener("beforeunload", (event) => {
  if (uploads.value.some(({ state }) => state === "sending" || state === "waiting")) event.preventDefault();
});
