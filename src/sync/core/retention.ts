/** Decides which kept versions go. Pure: the version store carries it out. */
import { LIMITS } from "../../shared/limits.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Up to an age, one version a step is kept. Beyond the last row the configured time decides. */
const STEPS: readonly { readonly untilMs: number; readonly stepMs: number }[] = [
  { untilMs: HOUR_MS, stepMs: 10 * MINUTE_MS },
  { untilMs: 2 * DAY_MS, stepMs: HOUR_MS },
  { untilMs: Number.POSITIVE_INFINITY, stepMs: DAY_MS },
];

/** What retention needs to know of a kept version. */
export interface KeptVersion {
  readonly path: string;
  readonly version: number;
  readonly storedAtMs: number;
  readonly size: number;
}

/**
 * Lists the versions of one path that thinning lets go: those older than
 * `keptMs`, and all but the newest of each step. Steps lie on the calendar, not
 * on now, so that each run keeps what the one before kept.
 *
 * Invariant: nothing younger than a day is listed, whatever the steps say.
 */
export function thin<V extends KeptVersion>(versions: readonly V[], nowMs: number, keptMs: number): readonly V[] {
  const kept = new Set<string>();
  return versions
    .toSorted((a, b) => b.storedAtMs - a.storedAtMs || b.version - a.version)
    .filter(({ storedAtMs }) => {
      const ageMs = nowMs - storedAtMs;
      const { stepMs } = STEPS.find(({ untilMs }) => ageMs < untilMs) ?? { stepMs: DAY_MS };
      const step = `${stepMs}:${Math.floor(storedAtMs / stepMs)}`;
      const isFirst = !kept.has(step);
      kept.add(step);
      return !isFresh(ageMs) && (!isFirst || ageMs >= keptMs);
    });
}

/** Lists the oldest versions whose sizes make up `bytes`, or all that may go where there is not enough. */
export function freeUp<V extends KeptVersion>(versions: readonly V[], nowMs: number, bytes: number): readonly V[] {
  const freed: V[] = [];
  let sum = 0;
  for (const version of versions.toSorted((a, b) => a.storedAtMs - b.storedAtMs || a.version - b.version)) {
    if (sum >= bytes || isFresh(nowMs - version.storedAtMs)) break;
    freed.push(version);
    sum += version.size;
  }
  return freed;
}

/** Free bytes below which versions give way. */
export function reserveBytes(totalBytes: number): number {
  return Math.min(LIMITS.freeReserveBytes.value, totalBytes * LIMITS.freeReserveFraction.value);
}

/** The time that retention believes in. */
export interface SteadyTime {
  /** What it was when last looked at, ms since 1970; kept over restarts. */
  readonly believedMs: number;
  /** The monotonic clock then; undefined after a restart. */
  readonly monotonicMs: number | undefined;
}

/**
 * Moves the believed time on, so that a wall clock that jumps years ahead
 * expires nothing (trust D16).
 *
 * It follows the wall clock at no more than twice the speed of the monotonic
 * one, plus a day per restart: after a long time switched off versions stay
 * longer than asked, never shorter. A wall clock that goes back is followed at once.
 */
export function steadyTime(before: SteadyTime | undefined, wallMs: number, monotonicMs: number): SteadyTime {
  if (before === undefined) return { believedMs: wallMs, monotonicMs };
  const stepMs = before.monotonicMs === undefined ? DAY_MS : 2 * Math.max(0, monotonicMs - before.monotonicMs);
  return { believedMs: Math.min(wallMs, before.believedMs + stepMs), monotonicMs };
}

function isFresh(ageMs: number): boolean {
  return ageMs < LIMITS.versionsFreshMs.value;
}
