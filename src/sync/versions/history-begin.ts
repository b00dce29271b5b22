/** Since when an index can say what a folder held. */
import type { FolderContext } from "../folder-context.ts";

const NOTE = "history-begin";

/**
 * Notes that everything in the folder is known from now on. The folder's loop
 * calls it after a full scan; only the first of an index's life counts.
 * Without it, what the first scan had not yet met at some moment would seem
 * to have been made later.
 */
export async function noteHistoryBegin(context: FolderContext): Promise<void> {
  const { index, folder, clock } = context;
  const epoch = index.read.folder(folder)?.epoch;
  if (epoch === undefined || historyBegin(context) !== undefined) return;
  await index.write.setNote(folder, NOTE, `${epoch} ${clock.now()}`);
}

/** When the history began; undefined while nothing is known for sure. A new epoch begins a new one. */
export function historyBegin(context: FolderContext): number | undefined {
  const { index, folder } = context;
  const [epoch, timeMs] = (index.read.note(folder, NOTE) ?? "").split(" ");
  return epoch !== "" && epoch === index.read.folder(folder)?.epoch ? Number(timeMs) : undefined;
}
