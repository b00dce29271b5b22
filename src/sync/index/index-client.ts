import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { SyncError } from "../../shared/errors.ts";
import { fromErrorMessage } from "./error-message.ts";
import type { IndexReader, IndexWriter } from "./index-port.ts";
import { SqliteIndexReader } from "./index-reader.ts";
import type { FromIndexWorker, NumberedCall, ToIndexWorker } from "./index-worker.ts";
import { openForReading } from "./open-database.ts";
import type { OwnedIndex } from "./open-index.ts";
import { QueuedWriter } from "./queued-writer.ts";
import { StretchStatements } from "./stretch-statements.ts";

/**
 * Opens an index whose writer lives in a thread of its own; reads go over a
 * read-only connection here. Resolves when the index is there and of this
 * version; rejects with why not (E_INDEX_NEWER, E_INDEX_BROKEN, …).
 */
export async function startIndex(path: string): Promise<OwnedIndex> {
  const remote = new RemoteWriterThread(path);
  await remote.ready;
  const reader = openReader(path);
  const write: IndexWriter = new QueuedWriter((method, args) => remote.call(method, args));
  return {
    read: reader.read,
    write,
    async [Symbol.asyncDispose](): Promise<void> {
      // The writer closes last: it then folds the log into the index.
      reader[Symbol.dispose]();
      await remote.close();
    },
  };
}

/** Opens an index for reading, in any thread, once its writer has opened it. */
export function openReader(path: string): { readonly read: IndexReader } & Disposable {
  const database = openForReading(path);
  return {
    read: new SqliteIndexReader(new StretchStatements(database, path)),
    [Symbol.dispose]: () => database.close(),
  };
}

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The thread that writes, seen from outside: calls made in one turn travel in one message. */
class RemoteWriterThread {
  readonly ready: Promise<void>;
  readonly #path: string;
  readonly #worker: Worker;
  readonly #waiters = new Map<number, Waiter>();
  readonly #exited: Promise<unknown>;
  #outbox: NumberedCall[] = [];
  #lastId = 0;
  #stopped: Error | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#worker = new Worker(new URL(`./index-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: { path },
    });
    this.#exited = once(this.#worker, "exit");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#worker.on("message", (message: FromIndexWorker) => {
      if (message.type === "ready") resolve();
      else if (message.type === "failed") reject(fromErrorMessage(message.error));
      else this.#takeResults(message);
    });
    this.#worker.on("error", (error) => this.#stop(error));
    this.#worker.on("exit", () => this.#stop(undefined));
    this.ready.catch(() => {});
    void this.#exited.finally(() => reject(this.#stopped)).catch(() => {});
  }

  call(method: NumberedCall["method"], args: readonly unknown[]): Promise<unknown> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = ++this.#lastId;
    this.#waiters.set(id, { resolve, reject });
    this.#outbox.push({ id, method, args });
    if (this.#outbox.length === 1) queueMicrotask(() => this.#send());
    return promise;
  }

  /** Waits until every call made so far was answered and the index is closed. */
  async close(): Promise<void> {
    this.#send();
    this.#worker.postMessage({ type: "close" } satisfies ToIndexWorker);
    await this.#exited;
  }

  /** What cannot be sent (a bug of the caller) fails its own calls and no others. */
  #send(): void {
    if (this.#outbox.length === 0) return;
    const calls = this.#outbox;
    this.#outbox = [];
    try {
      this.#worker.postMessage({ type: "calls", calls } satisfies ToIndexWorker);
    } catch (error) {
      for (const { id } of calls) this.#answer(id, (waiter) => waiter.reject(error));
    }
  }

  #takeResults({ results }: Extract<FromIndexWorker, { type: "results" }>): void {
    for (const result of results) {
      this.#answer(result.id, (waiter) =>
        result.ok ? waiter.resolve(result.value) : waiter.reject(fromErrorMessage(result.error)),
      );
    }
  }

  #answer(id: number, answer: (waiter: Waiter) => void): void {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    if (waiter !== undefined) answer(waiter);
  }

  /** The thread is gone: whoever waits hears it, and so does whoever comes later. */
  #stop(cause: unknown): void {
    this.#stopped ??= new SyncError("E_WRITE_FAILED", `the writer of ${this.#path} has stopped`, {
      hint: "restart Syncline: `syncline down`, then `syncline up`",
      cause,
    });
    for (const waiter of this.#waiters.values()) waiter.reject(this.#stopped);
    this.#waiters.clear();
  }
}
