/** Keeps a transfer below a rate. Pure: the caller tells the time and waits. */
import { SyncError } from "./errors.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1000, m: 1_000_000, g: 1_000_000_000 };
const RATE_MIN = 1000;
const RATE_MAX = 1e12;

/** Reads `20M`, `500k`, `1.5G`, `2MB/s`: bytes a second, in powers of 1000. Throws E_USAGE. */
export function parseRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:b?(?:\/s)?)?$/i.exec(text.trim());
  const rate = match === null ? Number.NaN : Number(match[1]) * (UNITS[match[2]?.toLowerCase() ?? ""] ?? Number.NaN);
  if (rate >= RATE_MIN && rate <= RATE_MAX) return Math.round(rate);
  throw new SyncError("E_USAGE", `"${text}" is not a rate`, {
    hint: "write it as 500k, 20M or 1G: bytes a second, 1k at least",
  });
}

/** What may go at once after a pause: bounds how far a short look can be off. */
const BURST_MS = 100;

export class RateLimit {
  readonly #bytesPerMs: number;
  /** When all that was granted so far will have gone out at the rate. */
  #freeAtMs = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** Grants `bytes` and says how long to wait before they are asked for. `nowMs` is of a clock that never jumps. */
  take(bytes: number, nowMs: number): number {
    const startMs = Math.max(this.#freeAtMs, nowMs - BURST_MS);
    this.#freeAtMs = startMs + bytes / this.#bytesPerMs;
    return Math.max(0, startMs - nowMs);
  }
}
