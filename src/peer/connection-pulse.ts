/**
 * Whether the other end lives: pings after some silence, and says when there
 * was none for too long. Owned by one connection.
 */
import type { Clock } from "../shared/ports.ts";

export interface PulseTimes {
  readonly pingAfterMs: number;
  readonly deadAfterMs: number;
}

export interface PulseDeps extends PulseTimes {
  readonly clock: Clock;
  readonly sendPing: () => void;
  readonly onDead: () => void;
}

export class Pulse {
  readonly #deps: PulseDeps;
  readonly #stop = new AbortController();
  #heardAt: number;
  #pingedAt = Number.NEGATIVE_INFINITY;
  #isHeld = false;
  /** When each unanswered ping was sent, and who waits for its answer. */
  readonly #pings: { readonly sentAt: number; readonly answered: (rttMs: number) => void }[] = [];

  constructor(deps: PulseDeps) {
    this.#deps = deps;
    this.#heardAt = deps.clock.monotonic();
    void this.#run();
  }

  /** Bytes came. */
  heard(): void {
    this.#heardAt = this.#deps.clock.monotonic();
  }

  /** While this side does not read, silence says nothing about the peer; it is pinged all the same, to know that we live. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.heard();
  }

  /** Asks the peer and resolves with the time its answer took. Never settles when there is none: race it. */
  ping(): Promise<number> {
    return new Promise((resolve) => {
      this.#send(resolve);
    });
  }

  answered(): void {
    const ping = this.#pings.shift();
    ping?.answered(this.#deps.clock.monotonic() - ping.sentAt);
  }

  end(): void {
    this.#stop.abort();
  }

  #send(answered: (rttMs: number) => void): void {
    const now = this.#deps.clock.monotonic();
    this.#pingedAt = now;
    this.#pings.push({ sentAt: now, answered });
    this.#deps.sendPing();
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps;
    try {
      while (!this.#stop.signal.aborted) {
        this.#check(clock.monotonic());
        await clock.sleep(this.#untilDue(clock.monotonic()), this.#stop.signal);
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  #check(now: number): void {
    const { pingAfterMs, deadAfterMs, onDead } = this.#deps;
    if (this.#isHeld) this.#heardAt = Math.max(this.#heardAt, now - pingAfterMs);
    if (now - this.#heardAt >= deadAfterMs) {
      this.end();
      onDead();
    } else if (this.#nextPingAt() <= now) this.#send(() => {});
  }

  #nextPingAt(): number {
    return Math.max(this.#heardAt, this.#pingedAt) + this.#deps.pingAfterMs;
  }

  #untilDue(now: number): number {
    const deadAt = this.#heardAt + this.#deps.deadAfterMs;
    return Math.max(1, Math.min(this.#nextPingAt(), deadAt) - now);
  }
}
