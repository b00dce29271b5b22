import type { Clock } from "../shared/ports.ts";

/** A reason of its own: without one, each abort makes an exception with a stack. */
const WOKEN = "woken";

/** Wakes one loop. Rings between waits are kept, so that none is missed. */
export class Bell {
  readonly #clock: Clock;
  #isRung = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, or after `timeoutMs` (undefined: never by time), or on abort. */
  async wait(timeoutMs: number | undefined, signal: AbortSignal): Promise<void> {
    if (!this.#isRung && !signal.aborted) {
      const timer = new AbortController();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true, signal: timer.signal });
        if (timeoutMs !== undefined) this.#clock.sleep(timeoutMs, timer.signal).then(resolve, () => undefined);
      });
      this.#wake = undefined;
      timer.abort(WOKEN);
    }
    this.#isRung = false;
  }
}
