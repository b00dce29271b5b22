/** Takes directories that were moved on this device's disk into the index. */
import type { FolderContext } from "./folder-context.ts";
import type { ScannedMove } from "./folder-disk.ts";
import type { PendingMove } from "./index/index-port.ts";

/**
 * Commits what a scan found moved; one whose place is still taken comes after
 * those that make room. What the index refuses is left: the scan then meets
 * each path by itself. Returns whether anything was committed.
 */
export async function commitMoves(context: FolderContext, found: readonly ScannedMove[]): Promise<boolean> {
  let waiting = found;
  for (;;) {
    const occupied: ScannedMove[] = [];
    for (const move of waiting) if ((await commitMove(context, move)) === "occupied") occupied.push(move);
    if (occupied.length === waiting.length) return occupied.length < found.length;
    waiting = occupied;
  }
}

async function commitMove(context: FolderContext, found: ScannedMove): Promise<"moved" | "occupied" | "refused"> {
  const { index, folder, self, clock } = context;
  const announced = index.read
    .pendingMoves(folder)
    .find(({ move }) => move.from === found.from && move.to === found.to);
  if (announced !== undefined && (await adopt(context, found, announced))) return "moved";
  const { from, to, stamp } = found;
  const result = await index.write.moveDirectory(folder, { from, to, stamp, author: self }, clock.now());
  if (result.type === "moved") tellMoved(context, { ...found, records: result.move.count, origin: "local" });
  return result.type;
}

/**
 * What a peer announced and is found done was done by a rename that a crash
 * cut off from its commit, or by the same hand on both devices: it is that
 * move and no new one. It is acknowledged, so it is made durable first.
 */
async function adopt(
  { index, folder, disk, clock }: FolderContext,
  { from, to, stamp }: ScannedMove,
  { device, move }: PendingMove,
): Promise<boolean> {
  const last = move.sequence;
  if ((await index.write.checkMove(folder, device, last)).type !== "ready") return false;
  await disk.flushNames([from, to]);
  await index.write.applyMove(folder, device, { last, stamp, nowMs: clock.now() });
  return true;
}

/** One event for each end of a move: what lies below follows. */
export function tellMoved(
  { emit, self, log }: FolderContext,
  move: {
    readonly from: ScannedMove["from"];
    readonly to: ScannedMove["to"];
    readonly records: number;
    readonly origin: "local" | "peer" | "command";
    readonly device?: typeof self;
  },
): void {
  const { from, to, records, origin, device = self } = move;
  log.info("Directory moved", { from, to, records, origin });
  emit({ type: "file.deleted", path: from, device, data: { size: 0, origin, movedTo: to } });
  emit({ type: "file.changed", path: to, device, data: { size: 0, origin, movedFrom: from } });
}
