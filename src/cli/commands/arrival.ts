import type { Status } from "../../shared/api-node.ts";
import type { JoinResult } from "../../shared/api-peers.ts";
import { printable } from "../../shared/printable.ts";
import { LiveArea } from "../render/live-area.ts";
import { Progress } from "../render/progress.ts";
import type { Session } from "../session.ts";

/** A large folder goes on arriving after the command has returned. */
const FOLLOW_MS = 30_000;
/** Until the first index has come, nothing is needed yet and all looks in sync. */
const FIRST_INDEX_MS = 1500;

/** Shows what arrives after a pairing, until all of it is here or half a minute is over. */
export async function followArrival(session: Session, { peer, folders }: JoinResult): Promise<void> {
  const ids = new Set(folders.map(({ id }) => id));
  const area = new LiveArea(session.io);
  const progress = new Progress();
  const startMs = session.io.now().getTime();
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), FOLLOW_MS);
  let hasNeeded = false;
  try {
    for await (const item of session.stream(
      "watch",
      {},
      { signal: AbortSignal.any([session.signal, ending.signal]) },
    )) {
      if (item.type !== "status") continue;
      const need = needOf(item.status, ids);
      hasNeeded ||= need.needFiles > 0;
      const timeMs = session.io.now().getTime();
      if (isInSync(item.status, ids) && (hasNeeded || timeMs - startMs > FIRST_INDEX_MS)) {
        area.clear();
        session.say(`${session.style("green", "✓")} in sync with ${printable(peer.name)}`);
        return;
      }
      progress.add({ timeMs, wireBytes: item.status.traffic.wireBytesReceived, ...need });
      if (need.needFiles > 0) area.draw([progress.line()]);
    }
  } catch (error) {
    if (!ending.signal.aborted) throw error;
    area.clear();
    session.say("  the rest arrives in the background: syncline watch");
  } finally {
    clearTimeout(timer);
    ending.abort();
  }
}

function needOf(status: Status, ids: ReadonlySet<string>): { readonly needFiles: number; readonly needBytes: number } {
  const folders = status.folders.filter(({ id }) => ids.has(id));
  return {
    needFiles: folders.reduce((sum, folder) => sum + folder.needFiles, 0),
    needBytes: folders.reduce((sum, folder) => sum + folder.needBytes, 0),
  };
}

function isInSync(status: Status, ids: ReadonlySet<string>): boolean {
  return status.folders.filter(({ id }) => ids.has(id)).every(({ state }) => state === "in-sync");
}
