/** What a pair costs while nothing happens. */
import { setTimeout as sleep } from "node:timers/promises";
import { processorSeconds, residentMiB, sum } from "./processes.ts";
import type { RunningPair } from "./running-pair.ts";

/** Threads of ours that have nothing to do have ended by then, and what they held is given back. */
const SETTLE_MS = 45_000;
const WATCH_MS = 20_000;

export interface Idle {
  readonly sourceMiB: number;
  readonly targetMiB: number;
  /** Of one processor, the busier end. */
  readonly processorPercent: number;
}

/** Watches a pair that has been left alone for a while. */
export async function measureIdle(pair: RunningPair, signal: AbortSignal): Promise<Idle> {
  const { source, target } = await pair.pids();
  await sleep(SETTLE_MS, undefined, { signal });
  const before = [source, target].map((pids) => sum(pids.map(processorSeconds)));
  await sleep(WATCH_MS, undefined, { signal });
  const used = [source, target].map((pids, end) => sum(pids.map(processorSeconds)) - (before[end] ?? 0));
  return {
    sourceMiB: sum(source.map(residentMiB)),
    targetMiB: sum(target.map(residentMiB)),
    processorPercent: (Math.max(...used) / (WATCH_MS / 1000)) * 100,
  };
}
