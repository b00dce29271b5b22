import type { DiskStamp } from "../../shared/file-info.ts";

/** What kernels without finer stamps round times down to. */
const TICK_NS = 10_000_000n;
/** A time so far ahead of the clock says nothing: it was set by hand, or the clock was set back. */
const AHEAD_NS = 60_000_000_000n;

/** What no disk ever says, so that the stamp matches nothing. */
const SMUDGED_NS = -1n;

/**
 * Takes from a stamp the power to prove that a file did not change, where it
 * has none: a write in the same tick of the file system's clock as the read
 * would leave it as it is (the "racily clean" problem of git).
 *
 * `openedNs` is the time at which reading began. The next scan then reads the
 * file again, and by then its stamp proves something.
 */
export function withoutRace(stamp: DiskStamp, openedNs: bigint, grainNs: number): DiskStamp {
  const grain = BigInt(Math.ceil(grainNs));
  const earliest = openedNs - (grain > TICK_NS ? grain : TICK_NS);
  const isRecent = (timeNs: bigint): boolean => timeNs > earliest && timeNs < openedNs + AHEAD_NS;
  return isRecent(stamp.ctimeNs) || isRecent(stamp.mtimeNs) ? { ...stamp, ctimeNs: SMUDGED_NS } : stamp;
}

/** Whether a stamp says only what was there when the file was read, and proves nothing about later. */
export function isSmudged(stamp: DiskStamp): boolean {
  return stamp.ctimeNs === SMUDGED_NS;
}
