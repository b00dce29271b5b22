import type { ShortId } from "./ids.ts";

/**
 * The history of one version of a path: for each device that took part, the
 * counter it last wrote. Sorted by device, no zero counters. Immutable.
 */
export type VersionVector = readonly (readonly [device: ShortId, counter: number])[];

/** Exclusive upper bound of a counter. A peer that sends a larger one breaks the protocol. */
export const COUNTER_MAX: number = 2 ** 52;

export type Ordering = "equal" | "before" | "after" | "concurrent";

/** The counter of `device` in `vector`; 0 when it took no part. */
export function counterOf(vector: VersionVector, device: ShortId): number {
  return vector.find(([id]) => id === device)?.[1] ?? 0;
}

/**
 * Orders two histories. "before" means that everything `a` has seen, `b` has
 * seen too, and more. Source: Parker et al., Detection of Mutual
 * Inconsistency in Distributed Systems, 1983.
 */
export function compare(a: VersionVector, b: VersionVector): Ordering {
  let aLeads = false;
  let bLeads = false;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = a[i];
    const y = b[j];
    if (y === undefined || (x !== undefined && x[0] < y[0])) {
      aLeads = true;
      i++;
    } else if (x === undefined || y[0] < x[0]) {
      bLeads = true;
      j++;
    } else {
      if (x[1] > y[1]) aLeads = true;
      if (y[1] > x[1]) bLeads = true;
      i++;
      j++;
    }
  }
  if (aLeads) return bLeads ? "concurrent" : "after";
  return bLeads ? "before" : "equal";
}

/** The least vector that has seen everything both have. */
export function merge(a: VersionVector, b: VersionVector): VersionVector {
  const counters = new Map(a);
  for (const [device, counter] of b) counters.set(device, Math.max(counter, counters.get(device) ?? 0));
  return [...counters].sort(([x], [y]) => (x < y ? -1 : 1));
}

/**
 * A vector above all of `seen`, with `device`'s counter raised.
 *
 * The counter is max(previous + 1, seconds now): a device whose index was
 * lost still writes versions above its own old ones (Syncthing #3876).
 */
export function bump(seen: readonly VersionVector[], device: ShortId, nowSeconds: number): VersionVector {
  const merged = seen.reduce(merge, [] as VersionVector);
  const clamped = Math.max(1, Math.min(Math.floor(nowSeconds), COUNTER_MAX - 2 ** 20));
  const counter = Math.min(Math.max(counterOf(merged, device) + 1, clamped), COUNTER_MAX - 1);
  return merge(merged, [[device, counter]]);
}
