import type { Clock } from "../shared/ports.ts";

/** The same is said once in so long, however often it comes. */
const QUIET_MS = 60_000;
const REMEMBERED_MAX = 256;

/** Keeps whoever knocks again and again from filling the log, and from pushing everything else out of the events. */
export class Seldom {
  readonly #clock: Clock;
  readonly #saidAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it is to be said now. */
  isDue(what: string): boolean {
    const now = this.#clock.monotonic();
    const before = this.#saidAt.get(what);
    if (before !== undefined && now - before < QUIET_MS) return false;
    this.#saidAt.delete(what);
    this.#saidAt.set(what, now);
    const [oldest] = this.#saidAt.keys();
    if (this.#saidAt.size > REMEMBERED_MAX && oldest !== undefined) this.#saidAt.delete(oldest);
    return true;
  }
}
