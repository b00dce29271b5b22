/**
 * Holds deletions that look like an accident.
 *
 * Deletions of a rolling window are counted against the most files the folder
 * held in that time. Held at the origin before announcing, and at each
 * receiver before applying. Pure: the window is data that the caller keeps
 * (and writes down, so that a restart forgets nothing).
 */
import { LIMITS } from "../../shared/limits.ts";

interface Sample {
  readonly atMs: number;
  readonly files: number;
}

/** What the brake remembers, oldest first; at most one sample a second. */
export interface BrakeWindow {
  /** Deletions let through. */
  readonly deletions: readonly Sample[];
  /** How many files the folder held: only what no later sample exceeds. */
  readonly most: readonly Sample[];
}

export type BrakeVerdict =
  | { readonly type: "pass"; readonly window: BrakeWindow }
  | {
      readonly type: "hold";
      readonly window: BrakeWindow;
      /** Deletions in the window with those now held. */
      readonly counted: number;
      readonly most: number;
      /** For E_MANY_DELETES. */
      readonly reason: string;
    };

export const EMPTY_WINDOW: BrakeWindow = { deletions: [], most: [] };
const SLOT_MS = 1000;

/** Notes how many live files the folder holds. */
export function observeFiles(window: BrakeWindow, files: number, nowMs: number): BrakeWindow {
  const recent = prune(window, nowMs);
  const larger = recent.most.filter((sample) => sample.files > files);
  const atMs = slot(nowMs);
  // A larger sample of the same second stays as long as this one would, so this one can never decide.
  return { ...recent, most: larger.at(-1)?.atMs === atMs ? larger : [...larger, { atMs, files }] };
}

/**
 * Judges deletions that wait, all of them at once.
 *
 * `deletions` counts files and symlinks that would go, those held before
 * included; left out are paths whose content is live elsewhere in the folder,
 * overwrites, and what an explicit command or an approval named. `files` is
 * how many live files the folder holds before they go.
 *
 * Invariants:
 * 1. All or nothing: a hold lets none of them through and counts none.
 * 2. Slicing does not help: the sum over the window decides.
 */
export function judgeDeletions(window: BrakeWindow, deletions: number, files: number, nowMs: number): BrakeVerdict {
  const current = observeFiles(window, files, nowMs);
  if (deletions === 0) return { type: "pass", window: current };
  const counted = current.deletions.reduce((sum, sample) => sum + sample.files, deletions);
  const most = current.most.reduce((max, sample) => Math.max(max, sample.files), 0);
  const reason = holdReason(counted, most);
  if (reason !== undefined) return { type: "hold", window: current, counted, most, reason };
  return { type: "pass", window: { ...current, deletions: add(current.deletions, deletions, slot(nowMs)) } };
}

function holdReason(counted: number, most: number): string | undefined {
  const { brakeAbsolute, brakeAllOf, brakeCount, brakeFraction, brakeWindowMs } = LIMITS;
  const told = `${counted} of ${most} files deleted within ${brakeWindowMs.value / 60_000} minutes`;
  if (counted > brakeAbsolute.value) return `${told}: more than ${brakeAbsolute.value}`;
  if (counted > brakeCount.value && counted > most * brakeFraction.value) {
    return `${told}: more than ${brakeCount.value} and more than ${brakeFraction.value * 100} %`;
  }
  return most >= brakeAllOf.value && counted >= most ? `${told}: all there were` : undefined;
}

/** Drops what left the window. A sample from the future (the clock went back) counts as one of now. */
function prune(window: BrakeWindow, nowMs: number): BrakeWindow {
  const keep = (samples: readonly Sample[]): readonly Sample[] =>
    samples
      .filter((sample) => sample.atMs > nowMs - LIMITS.brakeWindowMs.value)
      .map((sample) => (sample.atMs > nowMs ? { ...sample, atMs: slot(nowMs) } : sample));
  return { deletions: keep(window.deletions), most: keep(window.most) };
}

function add(samples: readonly Sample[], files: number, atMs: number): readonly Sample[] {
  const last = samples.at(-1);
  return last?.atMs === atMs
    ? [...samples.slice(0, -1), { atMs, files: last.files + files }]
    : [...samples, { atMs, files }];
}

/** Rounded up, so that a sample never leaves the window early. */
function slot(nowMs: number): number {
  return Math.ceil(nowMs / SLOT_MS) * SLOT_MS;
}
