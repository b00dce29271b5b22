/** What a pair costs while nothing happens. */
import { setTimeout as sleep } from "node:timers/promises";
import { processorSeconds, residentMiB, sum } from "./processes.ts";
import type { RunningPair } from "./running-pair.ts";

/** Memory for the work before is given back by then. */
const SETTLE_MS = 45_000;
const WATCH_MS = 30_000;

export interface Idle {
  readonly sourceMiB: number;
  readonly targetMiB: number;
  /** Of one processor, the busier end. */
  readonly processorPercent: number;
}

/** Watches for a while; `scale` shortens it. */
export async function measureIdle(pair: RunningPair, scale: number, signal: AbortSignal): Promise<Idle> {
  const { source, target } = await pair.pids();
  await sleep(SETTLE_MS * Math.min(1, scale), undefined, { signal });
  const watchMs = WATCH_MS * Math.min(1, Math.max(0.2, scale));
  const before = [source, target].map((pids) => sum(pids.map(processorSeconds)));
  await sleep(watchMs, undefined, { signal });
  const used = [source, target].map((pids, end) => sum(pids.map(processorSeconds)) - (before[end] ?? 0));
  return {
    sourceMiB: sum(source.map(residentMiB)),
    targetMiB: sum(target.map(residentMiB)),
    processorPercent: (Math.max(...used) / (watchMs / 1000)) * 100,
  };
}
