/**
 * Turns what the scanner saw into the record to write. Pure.
 */
import type { FileType, Head } from "../../shared/file-info.ts";
import type { ContentId, ShortId } from "../../shared/ids.ts";
import { bump, counterOf } from "../../shared/version-vector.ts";
import { compareHeads, joinHeads, losersOf, winnerOf } from "./heads.ts";

/** The counter of what was found: below all that a clock gives. */
const FOUND_SECONDS = 1;

/** What the disk holds at a path, as the record has it. */
export interface Seen {
  readonly type: FileType;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly mode: number;
  readonly contentId: ContentId | null;
  readonly target: string;
}

/** Whether a head describes what was seen, to the last bit that syncs. */
function describes(head: Head, seen: Seen): boolean {
  return (
    !head.deleted &&
    head.type === seen.type &&
    head.contentId === seen.contentId &&
    head.target === seen.target &&
    head.size === seen.size &&
    head.mode === seen.mode &&
    (seen.type === "directory" || head.mtimeNs === seen.mtimeNs)
  );
}

/** What is known of a path when this device changes it. */
export interface KnownBefore {
  /** The heads of this device's row. */
  readonly local: readonly Head[];
  /**
   * Those of them whose content never came here: no path of this device shows
   * it, so whoever changes the path here has not seen it and does not overrule
   * it (promise P1). They stay heads of their own.
   */
  readonly unseen: readonly Head[];
  /** Whether the disk showed the winner of `local` when it was last looked at. */
  readonly isShown: boolean;
  readonly remotes: readonly (readonly Head[])[];
  readonly device: ShortId;
}

/**
 * The heads to commit for a path whose disk differs from its row.
 *
 * A change that is exactly what a peer announced is that version and no new
 * one: a crash between install and commit, or the same file copied by hand to
 * both sides, makes no conflict (trust C5). But what the disk showed before
 * must not stay a head: whoever took it away overruled it.
 */
export function headsForChange(known: KnownBefore, seen: Seen, nowSeconds: number): readonly Head[] {
  const all = known.remotes.reduce(joinHeads, known.local);
  const shown = known.isShown ? winnerOf(known.local) : undefined;
  const isOverruled = all.length > 0 && losersOf(all).some((loser) => loser === shown);
  if (all.length > 0 && !isOverruled && describes(winnerOf(all), seen)) return all;
  // Only the stamp is another: a hard link was made, a mode set and set back. Nobody changed anything.
  if (shown !== undefined && describes(shown, seen)) return known.local;
  return writeBeside(known, { ...seen, deleted: false }, nowSeconds);
}

/**
 * The heads to commit for a path that an index finds which was lost and begins
 * anew (trust P9).
 *
 * What is found is older than all that others know, this device's own later
 * versions included: it may have been put back. So it does not count on from
 * the counter that peers remember, whether their records come before the scan
 * or after it.
 */
export function headsForFound(known: KnownBefore, seen: Seen): readonly Head[] {
  const all = known.remotes.reduce(joinHeads, [] as readonly Head[]);
  if (all.length > 0 && describes(winnerOf(all), seen)) return all;
  return [writeAbove([], { ...seen, deleted: false }, known.device, FOUND_SECONDS)];
}

/** The heads to commit for a path that is gone from the disk. */
export function headsForDeletion(known: KnownBefore, nowMs: number): readonly Head[] {
  const all = known.remotes.reduce(joinHeads, known.local);
  if (winnerOf(all).deleted) return all;
  return writeBeside(known, tombstoneOf(winnerOf(known.local), nowMs), nowMs / 1000);
}

/** What a path shows once it is gone. */
export function tombstoneOf(gone: Seen, nowMs: number): Seen & { readonly deleted: boolean } {
  return { ...gone, contentId: null, target: "", size: 0, deleted: true, mtimeNs: BigInt(nowMs) * 1_000_000n };
}

/** The heads to commit for a path whose conflict was dealt with by changing the copy: the winner once more, above the loser. */
export function headsForSettlement(known: KnownBefore, nowSeconds: number): readonly Head[] {
  return writeBeside(known, winnerOf(known.local), nowSeconds);
}

/**
 * A new version above what was seen, beside what was not.
 *
 * The disk shows the new version, so it must win among the heads of the row.
 * An unseen head that would win is left out: its peers' records bring it back
 * as something to be applied.
 */
function writeBeside(
  known: KnownBefore,
  content: Seen & { readonly deleted: boolean },
  nowSeconds: number,
): readonly Head[] {
  const { local, unseen, remotes, device } = known;
  const seen = local.filter((head) => !unseen.includes(head));
  const head = writeAbove(seen, content, device, nowSeconds, [...local, ...remotes.flat()]);
  return joinHeads(
    [head],
    unseen.filter((other) => compareHeads(head, other) < 0),
  );
}

/**
 * A new version by this device above `heads`: settles whatever was concurrent
 * among them. The owner of the path stays who it was. `others` are versions
 * that it does not overrule; only this device's own counter is never used
 * twice.
 */
export function writeAbove(
  heads: readonly Head[],
  content: Seen & { readonly deleted: boolean },
  device: ShortId,
  nowSeconds: number,
  others: readonly Head[] = [],
): Head {
  const before = heads[0] ?? others[0];
  const ownCounter = others.reduce((most, head) => Math.max(most, counterOf(head.version, device)), 0);
  const seen = heads.map((head) => head.version);
  return {
    version: bump(ownCounter > 0 ? [...seen, [[device, ownCounter]]] : seen, device, nowSeconds),
    author: device,
    type: content.type,
    deleted: content.deleted,
    size: content.size,
    mtimeNs: content.type === "directory" && !content.deleted ? 0n : content.mtimeNs,
    mode: content.mode,
    contentId: content.contentId,
    target: content.target,
    previous: heads[0]?.contentId ?? null,
    owner: before?.owner ?? device,
  };
}
