/**
 * Sends small new contents along with their records, so that a small edit is
 * one message and needs no question.
 *
 * Only what a person changed here just now, for a peer that has everything that
 * was before: never in bulk, and nothing that the peer holds already under
 * another name or as a version. What is sent is read while the file is as the
 * index has it, and proven by the receiver.
 */
import type { DiskStamp } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { IndexRecord } from "../../shared/messages.ts";
import { winnerOf } from "../core/heads.ts";
import type { FolderContext } from "../folder-context.ts";
import { isHeldThere, type Receiver } from "./held-there.ts";

/** An update waits so long for the disk, which may have a large file in hand; then it goes without. */
const READ_MS = 30;

interface Wanted {
  readonly position: number;
  readonly path: RelPath;
  readonly stamp: DiskStamp;
}

/** The records, with contents where that pays. */
export async function withContents(
  context: FolderContext,
  records: readonly IndexRecord[],
  receiver: Receiver,
): Promise<readonly IndexRecord[]> {
  const wanted = contentsToSend(context, records, receiver);
  if (wanted.length === 0) return records;
  const contents = await readSoon(context, wanted);
  const all = [...records];
  for (const [i, { position }] of wanted.entries()) {
    const content = contents[i];
    const record = all[position];
    if (content !== undefined && record !== undefined) all[position] = { ...record, content };
  }
  return all;
}

function contentsToSend(
  context: FolderContext,
  records: readonly IndexRecord[],
  receiver: Receiver,
): readonly Wanted[] {
  if (records.length > LIMITS.pushedRecords.value) return [];
  const wanted: Wanted[] = [];
  let bytes = 0;
  // What another record of the same update takes away is moved, not new.
  const moved = new Set(records.map(({ info }) => winnerOf(info.heads).previous));
  for (const [position, { sequence, info }] of records.entries()) {
    const winner = winnerOf(info.heads);
    const { type, deleted, size, contentId, author } = winner;
    if (type !== "file" || deleted || contentId === null || author !== context.self) continue;
    if (size === 0 || size > LIMITS.smallFileBytes.value || bytes + size > LIMITS.pushedBytes.value) continue;
    if (moved.has(contentId) || isHeldThere(context, contentId, receiver, info.path)) continue;
    const row = context.index.read.local(context.folder, info.path);
    if (row === undefined || row.sequence !== sequence || row.stamp === null) continue;
    wanted.push({ position, path: info.path, stamp: row.stamp });
    bytes += size;
  }
  return wanted;
}

async function readSoon(
  { disk, clock, log }: FolderContext,
  wanted: readonly Wanted[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const timer = new AbortController();
  const tooLate = clock.sleep(READ_MS, timer.signal).then(
    () => [],
    () => [],
  );
  const read = disk.readUnchanged(wanted.map(({ path, stamp }) => ({ path, stamp }))).catch((error: unknown) => {
    log.debug("Contents not sent along", { error: String(error) });
    return [];
  });
  const contents = await Promise.race([read, tooLate]);
  timer.abort();
  return contents;
}
