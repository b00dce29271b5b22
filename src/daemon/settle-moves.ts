/** At the start: what a move into another folder had brought to its new place, when a crash cut it off, leaves its old one. */
import { type BegunMove, begunMoves } from "../sync/versions/begun-moves.ts";
import { settleMove } from "../sync/versions/move-across.ts";
import type { FolderRuntime } from "./folder-runtime.ts";
import { inBackground } from "./in-background.ts";
import type { Node } from "./node.ts";

const LOOK_MS = 500;

export function settleMoves(node: Node): AsyncDisposable {
  return inBackground((signal) => run(node, signal));
}

async function run(node: Node, signal: AbortSignal): Promise<void> {
  const found = node.folders.all.flatMap((from) => begunMoves(from.context).map((begun) => ({ from, begun })));
  await Promise.all(
    found.map(async ({ from, begun }) => {
      try {
        await settle(node, from, begun, signal);
      } catch (error) {
        if (!signal.aborted)
          from.context.log.warn("A move that was cut off was not settled", { path: begun.path, error: String(error) });
      }
    }),
  );
}

/** What is on both disks is known when both were looked at. */
async function settle(node: Node, from: FolderRuntime, begun: BegunMove, signal: AbortSignal): Promise<void> {
  while (node.folders.find(from.id) === from) {
    const to = node.folders.find(begun.folder);
    if (to === undefined) return;
    if (hasLooked(from) && hasLooked(to)) {
      await settleMove({ from: from.context, to: to.context }, begun, signal);
      return;
    }
    await node.parts.clock.sleep(LOOK_MS, signal);
  }
}

function hasLooked({ folder }: FolderRuntime): boolean {
  return folder.status.state === "in-sync" || folder.status.state === "syncing";
}
