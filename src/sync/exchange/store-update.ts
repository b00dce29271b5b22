import type { IndexRecord, IndexUpdate } from "../../shared/messages.ts";
import type { FolderContext } from "../folder-context.ts";
import { firstOf } from "../index/move-table.ts";
import type { PeerLink } from "../peer-link.ts";
import { packList } from "./announced-list.ts";

/**
 * Stores what a peer announced, records and moves in the order of their
 * numbers. Returns false when it could not take a move: then all before it is
 * stored, and the rest has to be told again, record by record.
 */
export async function storeUpdate(context: FolderContext, link: PeerLink, update: IndexUpdate): Promise<boolean> {
  const { index, folder } = context;
  let rest = update.records;
  for (const move of update.moves) {
    const first = firstOf(move);
    await storeRecords(
      context,
      link,
      update,
      rest.filter(({ sequence }) => sequence < first),
      first - 1,
    );
    rest = rest.filter(({ sequence }) => sequence > move.sequence);
    if (!(await index.write.receiveMove(folder, link.device, update.epoch, move))) return false;
  }
  await storeRecords(context, link, update, rest, update.lastSequence);
  return true;
}

async function storeRecords(
  { index, folder }: FolderContext,
  link: PeerLink,
  { epoch }: IndexUpdate,
  records: readonly IndexRecord[],
  upTo: number,
): Promise<void> {
  const rows = records.map((record) => ({
    sequence: record.sequence,
    info: record.info,
    chunkList: packList(record),
  }));
  await index.write.commitRemote(folder, link.device, epoch, upTo, rows);
}
