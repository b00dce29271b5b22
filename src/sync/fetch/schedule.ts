/**
 * Decides who is asked for how much, from what each device did so far.
 *
 * A device gets as much at once as it brings in half a second, so that a slow
 * one never holds much. When nothing is left to ask for, a fast device asks
 * once more for what a slower one holds: the first answer counts.
 *
 * Pure: rates and times in, decisions out; `work-loop.ts` carries them out.
 */

/** What is known of one device. */
export interface LinkRate {
  /** Undefined until its first answer. */
  readonly bytesPerMs: number | undefined;
  /** Asked for and not answered. */
  readonly inFlightBytes: number;
  readonly inFlightCount: number;
}

/** A piece of work that was asked for, and by whom. */
export interface Asked {
  readonly bytes: number;
  readonly sinceMs: number;
  /** What the device had to bring before, this piece included. */
  readonly aheadBytes: number;
  readonly bytesPerMs: number | undefined;
}

const WINDOW_MS = 500;
const WINDOW_BYTES_MIN = 128 * 1024;
const WINDOW_BYTES_FIRST = 512 * 1024;
/** Below what a connection lets through at once, so that small requests find room. */
const WINDOW_BYTES_MAX = 12 * 1024 * 1024;
const WINDOW_COUNT_MAX = 24;
const ASK_MS = 100;
const ASK_BYTES_MIN = 32 * 1024;
const ASK_BYTES_FIRST = 256 * 1024;
const ASK_BYTES_MAX = 1024 * 1024;
/** How much sooner a second answer must be likely before the same is asked twice. */
const STEAL_FACTOR = 2;
const STEAL_AFTER_MS = 50;
/** A device without an answer so far may be at the other end of the world. */
const FIRST_ANSWER_MS = 1000;
const DEADLINE_FACTOR = 10;
const DEADLINE_MS_MIN = 5000;
const DEADLINE_MS_MAX = 60_000;

/** Bytes that may be on their way from a device at once. */
export function windowBytes(bytesPerMs: number | undefined): number {
  if (bytesPerMs === undefined) return WINDOW_BYTES_FIRST;
  return clamp(bytesPerMs * WINDOW_MS, WINDOW_BYTES_MIN, WINDOW_BYTES_MAX);
}

/** Whether a device may be asked for more now. One request is always allowed. */
export function hasRoom({ bytesPerMs, inFlightBytes, inFlightCount }: LinkRate): boolean {
  return inFlightCount === 0 || (inFlightCount < WINDOW_COUNT_MAX && inFlightBytes < windowBytes(bytesPerMs));
}

/** How much one request asks for; `failures` in a row make it smaller, so that a connection that breaks again and again brings something whole. */
export function askBytes(bytesPerMs: number | undefined, failures: number): number {
  const bytes =
    bytesPerMs === undefined ? ASK_BYTES_FIRST : clamp(bytesPerMs * ASK_MS, ASK_BYTES_MIN * 2, ASK_BYTES_MAX);
  return Math.max(ASK_BYTES_MIN, bytes / 2 ** Math.min(failures, 10));
}

/** How a device's rate is taken after an answer that came `tookMs` after the one before, or after it was asked for. */
export function nextRate(bytesPerMs: number | undefined, bytes: number, tookMs: number): number {
  const now = bytes / Math.max(tookMs, 0.1);
  if (bytesPerMs === undefined) return now;
  // What brings much tells much.
  const weight = clamp(bytes / ASK_BYTES_MAX, 0.1, 0.5);
  return bytesPerMs * (1 - weight) + now * weight;
}

/** When an answer is given up where somebody else can be asked. */
export function deadlineMs({ bytesPerMs, aheadBytes }: Omit<Asked, "sinceMs" | "bytes">): number {
  return clamp((aheadBytes / (bytesPerMs ?? 1)) * DEADLINE_FACTOR, DEADLINE_MS_MIN, DEADLINE_MS_MAX);
}

/** How long an answer will still take; one that is late already may take as long again. */
export function remainingMs({ sinceMs, aheadBytes, bytesPerMs }: Asked, nowMs: number): number {
  const elapsed = nowMs - sinceMs;
  const expected = bytesPerMs === undefined ? FIRST_ANSWER_MS : aheadBytes / bytesPerMs;
  return Math.max(expected - elapsed, elapsed - expected, 0);
}

/**
 * Which of the pieces that others hold a device with nothing to do asks for,
 * too: the one that would take longest, where the device is likely to be much
 * sooner. Undefined when there is none.
 */
export function pickSteal(held: readonly Asked[], thief: LinkRate, nowMs: number): number | undefined {
  if (thief.bytesPerMs === undefined) return undefined;
  let best: number | undefined;
  let longest = STEAL_AFTER_MS;
  for (const [i, asked] of held.entries()) {
    const remaining = remainingMs(asked, nowMs);
    const own = (thief.inFlightBytes + asked.bytes) / thief.bytesPerMs;
    if (remaining <= longest || remaining < own * STEAL_FACTOR) continue;
    best = i;
    longest = remaining;
  }
  return best;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
