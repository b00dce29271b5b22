/**
 * The rows in sight of a list that is longer than a page should hold: they are
 * asked for by their places, a page at a time, and let go when they are far
 * away.
 *
 * Invariants:
 * 1. One question is open at a time; what nobody looks at any more is called off.
 * 2. A refresh never calls off a question: else a list that takes longer than
 *    the next change would never come.
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

export interface RowPage<T> {
  readonly rows: readonly T[];
  /** How many there are in all. */
  readonly total: number;
}

export type AskRows<T> = (place: { offset: number; limit: number }, signal: AbortSignal) => Promise<RowPage<T>>;

const PAGE_ROWS = 200;
/** Pages that are kept around the ones in sight. */
const PAGES_KEPT = 20;

/** Pages from the first to the last, both included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

export class RowWindow<T> {
  /** Of what is asked for: another list has another one. */
  readonly key: string;
  readonly #ask: AskRows<T>;
  readonly #pages: Signal<ReadonlyMap<number, readonly T[]>> = signal(new Map());
  readonly #total: Signal<number | undefined> = signal(undefined);
  readonly #error: Signal<unknown> = signal(undefined);
  readonly #isStopped: Signal<boolean> = signal(false);
  #seen: Span = { first: 0, last: 0 };
  #open: (Span & { readonly stop: AbortController; readonly done: Promise<void> }) | undefined;
  #isStale = false;
  /** Of the last answer. */
  tookMs = 0;

  constructor(key: string, ask: AskRows<T>) {
    this.key = key;
    this.#ask = ask;
  }

  /** Undefined until the first answer. */
  get total(): ReadonlySignal<number | undefined> {
    return this.#total;
  }

  get error(): ReadonlySignal<unknown> {
    return this.#error;
  }

  get isStopped(): ReadonlySignal<boolean> {
    return this.#isStopped;
  }

  /** The row at a place; undefined while it is on its way. */
  at(index: number): T | undefined {
    return this.#pages.value.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** Says which rows are in sight. */
  readonly see = (first: number, last: number): void => {
    this.#seen = { first: Math.floor(first / PAGE_ROWS), last: Math.floor(last / PAGE_ROWS) };
    void this.#fill();
  };

  /** Asks anew for what is in sight, once what is asked now is answered. */
  async refresh(): Promise<void> {
    this.#isStale = true;
    await this.#fill();
  }

  /** Asks anew at once: what was asked before the daemon was lost may never be answered. */
  async renew(): Promise<void> {
    this.#callOff();
    this.#error.value = undefined;
    await this.refresh();
  }

  /** Calls off what is being asked for, and asks no more. */
  stop(): void {
    this.#isStopped.value = true;
    this.#callOff();
  }

  async restart(): Promise<void> {
    this.#isStopped.value = false;
    await this.refresh();
  }

  #callOff(): void {
    this.#open?.stop.abort();
    this.#open = undefined;
  }

  async #fill(): Promise<void> {
    if (this.#isStopped.peek()) return;
    const isFresh = this.#isStale;
    const span = isFresh ? this.#seen : this.#missing();
    if (span === undefined) return;
    const open = this.#open;
    if (open !== undefined && (isFresh || (open.first <= span.first && open.last >= span.last))) return await open.done;
    this.#callOff();
    const stop = new AbortController();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#open = { ...span, stop, done };
    await this.#load(span, isFresh, stop);
    resolve();
  }

  /** Of the pages in sight, those that are not here. */
  #missing(): Span | undefined {
    const pages = this.#pages.peek();
    let { first, last } = this.#seen;
    while (first <= last && pages.has(first)) first++;
    while (last >= first && pages.has(last)) last--;
    return first > last ? undefined : { first, last };
  }

  async #load(span: Span, isFresh: boolean, stop: AbortController): Promise<void> {
    this.#isStale = false;
    const begun = performance.now();
    try {
      const place = { offset: span.first * PAGE_ROWS, limit: (span.last - span.first + 1) * PAGE_ROWS };
      const { rows, total } = await this.#ask(place, stop.signal);
      if (stop.signal.aborted) return;
      this.#pages.value = this.#with(span, rows, isFresh);
      this.#total.value = total;
      this.#error.value = undefined;
      this.tookMs = performance.now() - begun;
    } catch (error) {
      if (stop.signal.aborted) return;
      this.#error.value = error;
      this.#open = undefined;
      return;
    }
    this.#open = undefined;
    await this.#fill();
  }

  /** A fresh answer stands alone: rows of another moment beside it would be twice there, or missing. */
  #with(span: Span, rows: readonly T[], isFresh: boolean): ReadonlyMap<number, readonly T[]> {
    const pages = new Map(isFresh ? [] : this.#pages.peek());
    for (let page = span.first; page <= span.last; page++) {
      const start = (page - span.first) * PAGE_ROWS;
      pages.set(page, rows.slice(start, start + PAGE_ROWS));
    }
    for (const page of pages.keys())
      if (page < span.first - PAGES_KEPT || page > span.last + PAGES_KEPT) pages.delete(page);
    return pages;
  }
}
