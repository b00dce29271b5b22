/** How long a node with unchanged files needs after a start until it knows that it is in step. */
import { setTimeout as sleep } from "node:timers/promises";
import type { RunningPair } from "./running-pair.ts";

const LOOK_MS = 20;
const DEADLINE_MS = 5 * 60_000;

export interface Restart {
  /** Until the start has returned, or the interface answers. */
  readonly upSeconds: number;
  /** Until the first scan has ended and both ends say that all is in step. */
  readonly inSyncSeconds: number;
}

export async function measureRestart(pair: RunningPair, files: number, signal: AbortSignal): Promise<Restart> {
  await pair.stopTarget();
  const startedMs = performance.now();
  await pair.startTarget();
  const upSeconds = (performance.now() - startedMs) / 1000;
  while (!(await pair.isDone(files))) {
    if (performance.now() - startedMs > DEADLINE_MS)
      throw new Error(`${pair.name} was not in step after ${DEADLINE_MS / 1000} s`);
    await sleep(LOOK_MS, undefined, { signal });
  }
  return { upSeconds, inSyncSeconds: (performance.now() - startedMs) / 1000 };
}
