import { randomBytes, randomInt } from "node:crypto";
import type { Clock, Log, Random } from "../../src/shared/ports.ts";

/** A clock that stands still until told to move; sleepers wake in order of their time. */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 1000;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  constructor(wall = Date.UTC(2026, 6, 1)) {
    this.#wall = wall;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.push({ at: this.#monotonic + delayMs, wake: resolve });
      signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  }

  advance(byMs: number, options: { readonly wall?: boolean; readonly monotonic?: boolean } = {}): void {
    if (options.wall !== false) this.#wall += byMs;
    if (options.monotonic !== false) this.#monotonic += byMs;
    const due = this.#sleepers.filter((sleeper) => sleeper.at <= this.#monotonic);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.at > this.#monotonic);
    for (const sleeper of due.sort((a, b) => a.at - b.at)) sleeper.wake();
  }
}

export const realRandom: Random = {
  bytes: (count) => new Uint8Array(randomBytes(count)),
  fraction: () => randomInt(2 ** 32) / 2 ** 32,
};

/** A short deterministic stream of bytes (mulberry32), for tests that need the same draw each time. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
    fraction: () => next() / 2 ** 32,
  };
}

export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
