/** What a node does by itself now and then: thin versions, drop old tombstones and leftovers. */
import type { DeviceId, ShortId } from "../shared/ids.ts";
import { shortId } from "../shared/ids.ts";
import { reconcileConflicts } from "../sync/conflicts/list.ts";
import { inBackground } from "./in-background.ts";
import type { Node } from "./node.ts";

const FIRST_MS = 5 * 60_000;
const EVERY_MS = 3_600_000;

export function startHousekeeping(node: Node): AsyncDisposable {
  return inBackground((signal) => run(node, signal));
}

async function run(node: Node, signal: AbortSignal): Promise<void> {
  for (let delayMs = FIRST_MS; ; delayMs = EVERY_MS) {
    try {
      await node.parts.clock.sleep(delayMs, signal);
    } catch {
      return;
    }
    for (const { context, config, retention } of node.folders.all) {
      const devices = (Object.keys(config.peers) as DeviceId[]).map((id): ShortId => shortId(id));
      const keptMs = node.parts.context.config.get().keepDays * 86_400_000;
      try {
        const report = await retention.run({ devices, keptMs, signal });
        await reconcileConflicts(context);
        if (report.thinned + report.tombstones + report.freedBytes > 0) context.log.info("Kept house", { ...report });
        if (report.problem !== undefined) context.log.warn(report.problem.message, { code: report.problem.code });
      } catch (error) {
        if (!signal.aborted) context.log.warn("Housekeeping failed; tried again in an hour", { error: String(error) });
      }
    }
  }
}
