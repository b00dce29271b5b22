/**
 * Virtual time.
 *
 * Whatever waits is an event in one queue, ordered by time and then by when it
 * was put there. One event runs, then all promises that it settled, then the
 * next: so a seed decides every interleaving.
 */
import type { Clock } from "../../src/shared/ports.ts";

interface SimEvent {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

export class Scheduler {
  readonly #heap: SimEvent[] = [];
  #order = 0;
  #nowMs = 0;
  #events = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many events ran: a measure of work. */
  get events(): number {
    return this.#events;
  }

  /** Runs something later. Returns what cancels it. */
  after(delayMs: number, run: () => void): () => void {
    const event: SimEvent = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run, isCancelled: false };
    push(this.#heap, event);
    return () => {
      event.isCancelled = true;
    };
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Lets the time pass up to `untilMs`. Throws what `check`, called after each event, throws. */
  async runUntil(untilMs: number, check: () => void): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      pop(this.#heap);
      if (next.isCancelled) continue;
      this.#nowMs = next.atMs;
      this.#events++;
      next.run();
      await promisesSettled();
      check();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }
}

/** Everything in the simulation waits for events only, so one turn of the real loop settles all promises. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const START_MS = 1_750_000_000_000;

/** One device's clock; its idea of the date may be wrong. */
export class SimClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #skewMs: number;

  constructor(scheduler: Scheduler, skewMs: number) {
    this.#scheduler = scheduler;
    this.#skewMs = skewMs;
  }

  now(): number {
    return Math.floor(START_MS + this.#skewMs + this.#scheduler.nowMs);
  }

  monotonic(): number {
    return this.#scheduler.nowMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const stop = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      // As of Node's timers: never less than a millisecond.
      const cancel = this.#scheduler.after(Math.max(1, delayMs), () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      signal?.addEventListener("abort", stop, { once: true });
    });
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: SimEvent[], event: SimEvent): void {
  let place = heap.push(event) - 1;
  while (place > 0) {
    const parent = (place - 1) >> 1;
    const above = heap[parent] as SimEvent;
    if (!isBefore(event, above)) break;
    heap[place] = above;
    place = parent;
  }
  heap[place] = event;
}

function pop(heap: SimEvent[]): void {
  const last = heap.pop() as SimEvent;
  if (heap.length === 0) return;
  let place = 0;
  for (;;) {
    let child = place * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as SimEvent, heap[child] as SimEvent)) child++;
    const below = heap[child] as SimEvent;
    if (!isBefore(below, last)) break;
    heap[place] = below;
    place = child;
  }
  heap[place] = last;
}
