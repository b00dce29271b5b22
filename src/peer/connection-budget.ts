import type { Clock } from "../shared/ports.ts";

/** A peer may say so much about itself at once, and so much a second in the long run. */
const BURST = 500;
const PER_SECOND = 5;

/**
 * Bounds what a peer can make main do outside of folders' messages, which have
 * their own back pressure: introductions, removals and probes.
 */
export class Budget {
  readonly #clock: Clock;
  #left = BURST;
  #at: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Takes one; false when there is none left. */
  take(): boolean {
    const now = this.#clock.monotonic();
    this.#left = Math.min(BURST, this.#left + ((now - this.#at) / 1000) * PER_SECOND);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
