/**
 * How the devices that can be asked have done: how fast each is, what it has
 * to bring, and who sent wrong bytes. Shared by everything that is fetched at
 * the same time.
 */
import type { Clock } from "../../shared/ports.ts";
import type { FetchLink } from "./fetch-context.ts";
import { type Asked, type LinkRate, nextRate } from "./schedule.ts";

interface Entry {
  bytesPerMs: number | undefined;
  inFlightBytes: number;
  inFlightCount: number;
  lastAnswerMs: number;
  failures: number;
}

export class LinkBook {
  readonly #clock: Clock;
  readonly #entries = new Map<FetchLink, Entry>();
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  rateOf(link: FetchLink): LinkRate {
    return this.#entry(link);
  }

  failuresOf(link: FetchLink): number {
    return this.#entry(link).failures;
  }

  /** Notes a question; the answer is `answered` or `failed`. */
  ask(link: FetchLink, bytes: number): Asked {
    const entry = this.#entry(link);
    entry.inFlightBytes += bytes;
    entry.inFlightCount++;
    return { bytes, sinceMs: this.#clock.monotonic(), aheadBytes: entry.inFlightBytes, bytesPerMs: entry.bytesPerMs };
  }

  answered(link: FetchLink, asked: Asked, arrivedBytes: number): void {
    const entry = this.#end(link, asked);
    const now = this.#clock.monotonic();
    if (arrivedBytes > 0) {
      entry.bytesPerMs = nextRate(entry.bytesPerMs, arrivedBytes, now - Math.max(asked.sinceMs, entry.lastAnswerMs));
      entry.failures = 0;
    }
    entry.lastAnswerMs = now;
    this.#wake();
  }

  /** The answer did not come; `isLate` when it was given up because it took too long. */
  failed(link: FetchLink, asked: Asked, isLate: boolean): void {
    const entry = this.#end(link, asked);
    entry.failures++;
    if (isLate) entry.bytesPerMs = Math.min(entry.bytesPerMs ?? 1, 1) / 2;
    this.#wake();
  }

  /** Nobody waits for the answer any more: another device was sooner. */
  dropped(link: FetchLink, asked: Asked): void {
    const entry = this.#end(link, asked);
    const elapsed = this.#clock.monotonic() - asked.sinceMs;
    // At most so fast, else it would have come.
    const most = asked.aheadBytes / Math.max(elapsed, 1);
    entry.bytesPerMs = Math.min(entry.bytesPerMs ?? most, most);
    this.#wake();
  }

  /** A link that is gone never comes back. */
  forget(link: FetchLink): void {
    this.#entries.delete(link);
    this.#wake();
  }

  /** Calls back at each change, until the returned function is called. */
  watch(onChange: () => void): () => void {
    this.#waiting.add(onChange);
    return () => this.#waiting.delete(onChange);
  }

  #entry(link: FetchLink): Entry {
    const known = this.#entries.get(link);
    if (known !== undefined) return known;
    const entry = { bytesPerMs: undefined, inFlightBytes: 0, inFlightCount: 0, lastAnswerMs: 0, failures: 0 };
    this.#entries.set(link, entry);
    return entry;
  }

  #end(link: FetchLink, asked: Asked): Entry {
    const entry = this.#entry(link);
    entry.inFlightBytes = Math.max(0, entry.inFlightBytes - asked.bytes);
    entry.inFlightCount = Math.max(0, entry.inFlightCount - 1);
    return entry;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
