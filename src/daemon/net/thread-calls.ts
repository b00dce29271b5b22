/**
 * Calls between two threads: arguments go over, a result or a typed error
 * comes back, and an abort on one side aborts on the other.
 */
import type { Transferable } from "node:worker_threads";
import { ERRORS, type ErrorCode, SyncError } from "../../shared/errors.ts";

/** The end of a channel between threads: a worker, or a worker's parent port. */
export interface ThreadPort {
  postMessage(message: unknown, transfer?: readonly Transferable[]): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
}

type AnyMethod = (...args: never[]) => Promise<unknown>;
type Methods<T> = { readonly [K in keyof T]: AnyMethod };
type ArgsOf<F> = F extends (...args: infer A) => unknown ? A : never;
type ResultOf<F> = F extends (...args: never[]) => Promise<infer R> ? R : never;

/** Answers to the other side's calls; each gets a signal behind its arguments. */
export type Handlers<T extends Methods<T>> = {
  readonly [K in keyof T]: (
    ...args: [...ArgsOf<T[K]>, signal: AbortSignal]
  ) => Promise<ResultOf<T[K]> | Handed<ResultOf<T[K]>>>;
};

/** A result whose buffers change hands instead of being copied. */
export class Handed<T> {
  readonly value: T;
  readonly transfer: readonly Transferable[];

  constructor(value: T, transfer: readonly Transferable[]) {
    this.value = value;
    this.transfer = transfer;
  }
}

interface SentError {
  readonly code: string | null;
  readonly message: string;
  readonly hint: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly isAbort: boolean;
}

type CallMessage =
  | { readonly call: "ask"; readonly id: number; readonly method: string; readonly args: readonly unknown[] }
  | { readonly call: "abort"; readonly id: number }
  | { readonly call: "answer"; readonly id: number; readonly value: unknown }
  | { readonly call: "error"; readonly id: number; readonly error: SentError };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Both directions of calls over one port. `Theirs` are the other side's methods, `Ours` this side's. */
export class ThreadCalls<Theirs extends Methods<Theirs>, Ours extends Methods<Ours>> {
  readonly #port: ThreadPort;
  #handlers: Handlers<Ours> | undefined;
  readonly #waiting = new Map<number, Waiting>();
  readonly #running = new Map<number, AbortController>();
  #nextId = 1;
  #endError: unknown;

  constructor(port: ThreadPort) {
    this.#port = port;
  }

  /** Says who answers the other side's calls; before any message is taken. */
  serve(handlers: Handlers<Ours>): void {
    this.#handlers = handlers;
  }

  /** Calls the other side. Rejects with its error, with the signal's reason, or when the thread has ended. */
  call<K extends keyof Theirs & string>(
    method: K,
    args: ArgsOf<Theirs[K]>,
    signal?: AbortSignal,
    transfer: readonly Transferable[] = [],
  ): Promise<ResultOf<Theirs[K]>> {
    if (this.#endError !== undefined) return Promise.reject(this.#endError);
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const abort = (): void => {
      this.#post({ call: "abort", id });
      this.#waiting.delete(id);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiting.set(id, { resolve, reject });
    this.#post({ call: "ask", id, method, args: args as readonly unknown[] }, transfer);
    return promise.finally(() => signal?.removeEventListener("abort", abort)) as Promise<ResultOf<Theirs[K]>>;
  }

  /** Takes a message if it belongs to a call. */
  take(message: unknown): boolean {
    if (typeof message !== "object" || message === null || !("call" in message)) return false;
    this.#take(message as CallMessage);
    return true;
  }

  /** Rejects all calls, now and later: the other thread has ended. */
  end(error: unknown): void {
    this.#endError = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    for (const controller of this.#running.values()) controller.abort(error);
  }

  #take(message: CallMessage): void {
    switch (message.call) {
      case "ask":
        void this.#answer(message.id, message.method, message.args);
        return;
      case "abort":
        this.#running.get(message.id)?.abort(new SyncError("E_INTERRUPTED", "the caller gave up"));
        return;
      case "answer":
        this.#waiting.get(message.id)?.resolve(message.value);
        break;
      case "error":
        this.#waiting.get(message.id)?.reject(errorFrom(message.error));
        break;
    }
    this.#waiting.delete(message.id);
  }

  async #answer(id: number, method: string, args: readonly unknown[]): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      const handler = this.#handlers?.[method as keyof Ours] as
        | ((...rest: readonly unknown[]) => Promise<unknown>)
        | undefined;
      if (handler === undefined) throw new Error(`bug: a call of ${method}, which nobody answers`);
      const value = await handler(...args, controller.signal);
      if (value instanceof Handed) this.#post({ call: "answer", id, value: value.value }, value.transfer);
      else this.#post({ call: "answer", id, value });
    } catch (error) {
      this.#post({ call: "error", id, error: errorToSend(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  #post(message: CallMessage, transfer: readonly Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

function errorToSend(error: unknown): SentError {
  const isAbort = error instanceof Error && error.name === "AbortError";
  if (error instanceof SyncError)
    return { code: error.code, message: error.message, hint: error.hint, facts: plain(error.facts), isAbort };
  return {
    code: null,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    hint: "",
    facts: {},
    isAbort,
  };
}

/** Facts that a thread can be sent. */
function plain(facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(facts)) as Record<string, unknown>;
}

function errorFrom({ code, message, hint, facts, isAbort }: SentError): Error {
  if (code !== null && code in ERRORS) return new SyncError(code as ErrorCode, message, { hint, facts });
  const error = new Error(message);
  if (isAbort) error.name = "AbortError";
  return error;
}
