/** What a node does by itself now and then: thin versions, drop old tombstones and leftovers. */
import type { DeviceId, ShortId } from "../shared/ids.ts";
import { shortId } from "../shared/ids.ts";
import { runRetention } from "../sync/versions/retention-run.ts";
import type { Node } from "./node.ts";

const FIRST_MS = 5 * 60_000;
const EVERY_MS = 3_600_000;

export function startHousekeeping(node: Node): AsyncDisposable {
  const stop = new AbortController();
  const done = run(node, stop.signal);
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      stop.abort();
      await done;
    },
  };
}

async function run(node: Node, signal: AbortSignal): Promise<void> {
  for (let delayMs = FIRST_MS; ; delayMs = EVERY_MS) {
    try {
      await node.parts.clock.sleep(delayMs, signal);
    } catch {
      return;
    }
    for (const { folder, context, config } of node.folders.all) {
      const devices = (Object.keys(config.peers) as DeviceId[]).map((id): ShortId => shortId(id));
      const keptMs = node.parts.context.config.get().keepDays * 86_400_000;
      await folder
        .command(() => runRetention(context, { devices, keptMs }))
        .catch((error: unknown) => context.log.warn("Housekeeping failed; tried again in an hour", { error: String(error) }));
    }
  }
}
