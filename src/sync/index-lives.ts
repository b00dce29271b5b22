/**
 * Tells an index from an older copy of itself.
 *
 * Peers hold our records up to a sequence number. When an older copy of the
 * index is restored, it gives those numbers out again, to other records, and
 * nobody would notice. So each run of a folder begins at a number made from
 * the time, above all that any run before can have given; what lies between
 * runs was never given as far as this index knows. A peer that holds a number
 * from such a gap has met a run which this index has forgotten (promise P9).
 */
import type { FolderContext } from "./folder-context.ts";

const LIVES_NOTE = "lives";
const RENEWED_NOTE = "renewed";
/** 2025-01-01. With a million numbers a second they last until the year 2310. */
const NUMBERS_BEGIN_SECONDS = 1_735_689_600;
const NUMBERS_PER_SECOND = 1_000_000;
const GAPS_KEPT = 64;

interface Lives {
  readonly epoch: string;
  /** Numbers above `after` and below `begin` were never given. */
  readonly gaps: readonly { readonly after: number; readonly begin: number }[];
}

/** Begins the numbers of this run. Called once, before anything is committed. */
export async function beginLife(context: FolderContext): Promise<void> {
  const { index, folder, clock } = context;
  const known = index.read.folder(folder);
  if (known === undefined) return;
  const seconds = Math.floor(clock.now() / 1000) - NUMBERS_BEGIN_SECONDS;
  const begin = Math.min(seconds * NUMBERS_PER_SECOND, Number.MAX_SAFE_INTEGER / 2);
  // The clock was set back: the numbers go on as they are.
  if (begin <= known.sequence) return;
  const gaps = [...livesOf(context, known.epoch).gaps, { after: known.sequence, begin }].slice(-GAPS_KEPT);
  const lives: Lives = { epoch: known.epoch, gaps };
  await index.write.skipSequences(folder, begin, [[LIVES_NOTE, JSON.stringify(lives)]]);
}

/** Whether a peer that holds our records up to this number met a run that this index knows nothing of. */
export function isForgotten(context: FolderContext, sequence: number): boolean {
  const known = context.index.read.folder(context.folder);
  if (known === undefined) return false;
  if (sequence > known.sequence) return true;
  return livesOf(context, known.epoch).gaps.some(({ after, begin }) => after < sequence && sequence < begin);
}

function livesOf({ index, folder }: FolderContext, epoch: string): Lives {
  const note = index.read.note(folder, LIVES_NOTE);
  const lives = note === undefined ? undefined : (JSON.parse(note) as Lives);
  return lives?.epoch === epoch ? lives : { epoch, gaps: [] };
}

export function newEpoch({ random }: FolderContext): string {
  return Array.from(random.bytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Names the index anew, in itself and in the marker; a crash between the two is made good by {@link isSameIndex}. */
export async function renewEpoch(context: FolderContext): Promise<string> {
  const { index, folder, disk } = context;
  const epoch = newEpoch(context);
  const before = index.read.folder(folder)?.epoch ?? "";
  await index.write.renewFolder(folder, epoch, [[RENEWED_NOTE, before]]);
  await disk.writeEpoch(epoch);
  await index.write.setNote(folder, RENEWED_NOTE, null);
  return epoch;
}

/** Whether marker and index tell of the same life of the folder. */
export async function isSameIndex(context: FolderContext, epoch: string, markerEpoch: string): Promise<boolean> {
  if (epoch === markerEpoch) return true;
  const { index, folder, disk } = context;
  if (markerEpoch === "" || index.read.note(folder, RENEWED_NOTE) !== markerEpoch) return false;
  await disk.writeEpoch(epoch);
  await index.write.setNote(folder, RENEWED_NOTE, null);
  return true;
}
