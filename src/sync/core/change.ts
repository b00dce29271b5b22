/**
 * Turns what the scanner saw into the record to write. Pure.
 */
import type { FileType, Head } from "../../shared/file-info.ts";
import type { ContentId, ShortId } from "../../shared/ids.ts";
import { bump } from "../../shared/version-vector.ts";
import { joinHeads, winnerOf } from "./heads.ts";

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
export function describes(head: Head, seen: Seen): boolean {
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

/**
 * The heads to commit for a path whose disk differs from its row.
 *
 * A change that is exactly what a peer announced is that version and no new
 * one: a crash between install and commit, or the same file copied by hand to
 * both sides, makes no conflict (trust C5).
 */
export function headsForChange(options: {
  readonly seen: Seen;
  readonly local: readonly Head[];
  readonly remotes: readonly (readonly Head[])[];
  readonly device: ShortId;
  readonly nowSeconds: number;
}): readonly Head[] {
  const { seen, local, remotes, device, nowSeconds } = options;
  const known = remotes.reduce(joinHeads, local);
  if (known.length > 0 && describes(winnerOf(known), seen)) return known;
  return [writeAbove(local, { ...seen, deleted: false }, device, nowSeconds)];
}

/** The heads to commit for a path that is gone from the disk. */
export function headsForDeletion(options: {
  readonly local: readonly Head[];
  readonly remotes: readonly (readonly Head[])[];
  readonly device: ShortId;
  readonly nowMs: number;
}): readonly Head[] {
  const { local, remotes, device, nowMs } = options;
  const known = remotes.reduce(joinHeads, local);
  if (winnerOf(known).deleted) return known;
  const gone = winnerOf(local);
  const tombstone = {
    ...gone,
    contentId: null,
    target: "",
    size: 0,
    deleted: true,
    mtimeNs: BigInt(nowMs) * 1_000_000n,
  };
  return [writeAbove(local, tombstone, device, nowMs / 1000)];
}

/**
 * A new version by this device above `heads`: settles whatever was concurrent
 * among them. The owner of the path stays who it was.
 */
export function writeAbove(
  heads: readonly Head[],
  content: Seen & { readonly deleted: boolean },
  device: ShortId,
  nowSeconds: number,
): Head {
  const before = heads[0];
  return {
    version: bump(
      heads.map((head) => head.version),
      device,
      nowSeconds,
    ),
    author: device,
    type: content.type,
    deleted: content.deleted,
    size: content.size,
    mtimeNs: content.type === "directory" && !content.deleted ? 0n : content.mtimeNs,
    mode: content.mode,
    contentId: content.contentId,
    target: content.target,
    previous: before?.contentId ?? null,
    owner: before?.owner ?? device,
  };
}
