/**
 * Chooses how file bytes are compressed on one connection, from how many of
 * them went out in a millisecond with each choice.
 *
 * Neither the link's rate nor the processor's is asked for: a slow link makes
 * the stronger level the faster one, a fast link makes no compression the
 * fastest, and a busy processor shows in the figures, too.
 *
 * Pure: amounts and times in, choices out.
 */
import type { Level } from "./compression.ts";

export type Choice = Level | "none";

/** A choice is judged by so many file bytes. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** After so many windows the others are tried again: the link or the load may have changed. */
const WINDOWS_BEFORE_RETRY = 32;
/** What spares the network may be a little slower. */
const PREFERENCE: ReadonlyMap<Choice, number> = new Map<Choice, number>([
  [3, 1.15],
  [1, 1.1],
  ["none", 1],
]);
/** From the strongest on; a weaker one is tried only when the one before could be what holds the bytes up. */
const ORDER: readonly Choice[] = [3, 1, "none"];
/** A link that takes less than so much in a millisecond keeps no compressor busy. */
const SLOW_BYTES_PER_MS = 25_000;

export class CompressionChoice {
  readonly #rates = new Map<Choice, number>();
  #current: Choice = 3;
  #bytes = 0;
  #ms = 0;
  #windows = 0;

  get current(): Choice {
    return this.#current;
  }

  /** So many file bytes went out in that time with the current choice. */
  note(bytes: number, ms: number): void {
    this.#bytes += bytes;
    this.#ms += ms;
    if (this.#bytes < WINDOW_BYTES) return;
    this.#rates.set(this.#current, this.#bytes / Math.max(this.#ms, 0.01));
    this.#bytes = 0;
    this.#ms = 0;
    this.#current = this.#next();
  }

  #next(): Choice {
    this.#windows++;
    if (this.#windows >= WINDOWS_BEFORE_RETRY) {
      this.#windows = 0;
      this.#rates.clear();
      return ORDER[0] as Choice;
    }
    const untried = ORDER.find((choice) => !this.#rates.has(choice));
    const last = this.#rates.get(this.#current) ?? 0;
    if (untried !== undefined && last > SLOW_BYTES_PER_MS) return untried;
    let best: Choice = ORDER[0] as Choice;
    for (const choice of ORDER) if (this.#score(choice) > this.#score(best)) best = choice;
    return best;
  }

  #score(choice: Choice): number {
    return (this.#rates.get(choice) ?? 0) * (PREFERENCE.get(choice) ?? 1);
  }
}
