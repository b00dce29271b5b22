/**
 * The index thread: owns the one writing connection.
 *
 * Calls run in the order in which they came, as many as wait in one
 * transaction up to a batch of rows; answers go back after the commit.
 * Checkpoints fall between batches.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { LIMITS } from "../../shared/limits.ts";
import { type ErrorMessage, toErrorMessage } from "./error-message.ts";
import type { WriteCall } from "./write-group.ts";
import { WriterSession } from "./writer-session.ts";

export interface NumberedCall extends WriteCall {
  readonly id: number;
}

export type ToIndexWorker =
  | { readonly type: "calls"; readonly calls: readonly NumberedCall[] }
  | { readonly type: "close" };

export type NumberedResult =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: ErrorMessage };

export type FromIndexWorker =
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly error: ErrorMessage }
  | { readonly type: "results"; readonly results: readonly NumberedResult[] };

class WriterLoop {
  readonly #port: MessagePort;
  readonly #session: WriterSession;
  readonly #waiting: NumberedCall[] = [];
  #isScheduled = false;
  #isClosing = false;

  constructor(port: MessagePort, session: WriterSession) {
    this.#port = port;
    this.#session = session;
    port.on("message", (message: ToIndexWorker) => this.#take(message));
    this.#post({ type: "ready" });
  }

  #take(message: ToIndexWorker): void {
    if (message.type === "calls") this.#waiting.push(...message.calls);
    else this.#isClosing = true;
    this.#schedule();
  }

  /** The next batch runs after everything that has arrived was taken in. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#runBatch());
  }

  #runBatch(): void {
    this.#isScheduled = false;
    const batch = this.#waiting.splice(0, batchLength(this.#waiting));
    if (batch.length > 0) {
      const results = this.#session.run(batch);
      this.#post({ type: "results", results: batch.map((call, position) => numbered(call.id, results[position])) });
    }
    this.#session.checkpoint(this.#waiting.length > 0);
    if (this.#waiting.length > 0) this.#schedule();
    else if (this.#isClosing) this.#close();
  }

  #close(): void {
    this.#session.close();
    this.#port.close();
  }

  #post(message: FromIndexWorker): void {
    this.#port.postMessage(message);
  }
}

/** How many of the waiting calls fit into one transaction; one at least. */
function batchLength(calls: readonly NumberedCall[]): number {
  let rows = 0;
  let length = 0;
  while (length < calls.length) {
    rows += rowCount(calls[length]);
    if (length > 0 && rows > LIMITS.indexBatchRows.value) break;
    length++;
  }
  return length;
}

function rowCount(call: NumberedCall | undefined): number {
  const longest = call?.args.map((arg) => (Array.isArray(arg) ? arg.length : 1)) ?? [];
  return Math.max(1, ...longest);
}

function numbered(id: number, result: ReturnType<WriterSession["run"]>[number] | undefined): NumberedResult {
  if (result === undefined) throw new Error("bug: a write without a result");
  return result.ok ? { id, ok: true, value: result.value } : { id, ok: false, error: toErrorMessage(result.error) };
}

if (parentPort !== null) {
  try {
    new WriterLoop(parentPort, new WriterSession((workerData as { path: string }).path));
  } catch (error) {
    parentPort.postMessage({ type: "failed", error: toErrorMessage(error) } satisfies FromIndexWorker);
  }
}
