/**
 * Slows guessing down: after a few failures each further try has to wait,
 * twice as long each time. Counted for every name and for the whole server, so
 * that neither one name nor many can be tried fast.
 */
import { SyncError } from "../../shared/errors.ts";
import type { Clock } from "../../shared/ports.ts";

const FREE_TRIES = 5;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const NAMES_MAX = 1000;

interface Count {
  readonly failures: number;
  readonly nextMs: number;
}

export class LoginThrottle {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Count>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws E_TOO_MANY_TRIES while the name has to wait. */
  admit(name: string): void {
    const waitMs = (this.#counts.get(name)?.nextMs ?? 0) - this.#clock.monotonic();
    if (waitMs > 0)
      throw new SyncError("E_TOO_MANY_TRIES", "there were too many wrong tries", {
        hint: `wait ${Math.ceil(waitMs / 1000)} s, then try again`,
      });
  }

  failed(name: string): void {
    const failures = (this.#counts.get(name)?.failures ?? 0) + 1;
    const waitMs = failures < FREE_TRIES ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (failures - FREE_TRIES), LONGEST_WAIT_MS);
    // Set anew, so that the map's order is that of the last failure.
    this.#counts.delete(name);
    this.#counts.set(name, { failures, nextMs: this.#clock.monotonic() + waitMs });
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > NAMES_MAX && oldest !== undefined) this.#counts.delete(oldest);
  }

  succeeded(name: string): void {
    this.#counts.delete(name);
  }
}
