/**
 * Keeps one device connected: dials, waits longer after each failure, and
 * tries at once when something changed.
 */
import type { HostPort } from "../shared/host-port.ts";
import type { Clock, Random } from "../shared/ports.ts";
import type { DialFailure, DialOutcome } from "./dial.ts";
import type { SecureChannel } from "./transport/transport.ts";

const FIRST_DELAY_MS = 500;
const DELAY_MS_MAX = 60_000;

export interface ReconnectDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Where to dial now, best first. */
  readonly addresses: () => readonly HostPort[];
  readonly isConnected: () => boolean;
  readonly dial: (addresses: readonly HostPort[], signal: AbortSignal) => Promise<DialOutcome>;
  /** Takes a dialled channel over; resolves once its connection is over. */
  readonly onChannel: (channel: SecureChannel) => Promise<unknown>;
  readonly onFailed: (failures: readonly DialFailure[]) => void;
  readonly onDialling: () => void;
}

/** One loop for one device. Made once the device is trusted and not paused; ended when it no longer is. */
export class Reconnector {
  readonly #deps: ReconnectDeps;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  readonly #stopped: Promise<undefined>;
  #nap = new AbortController();
  #failures = 0;
  /** Whether to rest before the next dial. */
  #isRestDue = false;

  constructor(deps: ReconnectDeps) {
    this.#deps = deps;
    this.#stopped = aborted(this.#stop.signal);
    this.#done = this.#run();
  }

  /** Tries at once: the network, the addresses or the connection changed. */
  wake(): void {
    this.#isRestDue = false;
    this.#failures = 0;
    this.#nap.abort();
  }

  /** A connection is gone that this loop may not have made: tries again, after a moment's rest. */
  lost(): void {
    this.#isRestDue = true;
    this.#nap.abort();
  }

  /** A connection stands: the next failure is a first one again. */
  connected(): void {
    this.#failures = 0;
  }

  /** Ends the loop and the dial in progress; connections that stand are not its business. */
  async end(): Promise<void> {
    this.#stop.abort();
    this.#nap.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // Made before the state is looked at, so that no wake is missed in between.
      this.#nap = new AbortController();
      const isDialDue = !this.#isRestDue && !this.#deps.isConnected() && this.#deps.addresses().length > 0;
      this.#isRestDue = false;
      if (isDialDue) await this.#dial();
      if (!this.#stop.signal.aborted) await this.#rest();
    }
  }

  async #dial(): Promise<void> {
    const { onDialling, dial, addresses, onChannel, onFailed } = this.#deps;
    onDialling();
    const outcome = await dial(addresses(), this.#stop.signal);
    if (this.#stop.signal.aborted) {
      if (outcome.type === "connected") outcome.channel.stream.destroy();
      return;
    }
    if (outcome.type === "failed") {
      this.#failures++;
      onFailed(outcome.failures);
      return;
    }
    await Promise.race([onChannel(outcome.channel), this.#stopped]);
    // When the other one of two crossed connections stays, nothing failed.
    if (!this.#deps.isConnected()) this.#failures++;
    // A wake while the connection stood is old news; a peer that hangs up at once must not make this loop spin.
    this.#nap = new AbortController();
    this.#isRestDue = false;
  }

  /** Sleeps until the next try is due, or something wakes it. While connected only something can. */
  async #rest(): Promise<void> {
    const { clock, random, isConnected, addresses } = this.#deps;
    const longest = Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** Math.max(0, this.#failures - 1));
    const hasToWait = isConnected() || addresses().length === 0;
    const delayMs = hasToWait ? Number.POSITIVE_INFINITY : longest * (0.5 + random.fraction() / 2);
    await (hasToWait ? aborted(this.#nap.signal) : clock.sleep(delayMs, this.#nap.signal).catch(() => {}));
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
