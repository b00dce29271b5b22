/** From a write that has ended to its being visible on the other side, in a pair that has nothing else to do. */
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { arrival, isAbsent, looksLike } from "../../src/cli/demo/arrival.ts";
import { Noise } from "./data.ts";
import type { RunningPair } from "./running-pair.ts";

const FILE_BYTES = 4096;
const DEADLINE_MS = 60_000;
/** What else lies in the folder: without it, deleting file after file would look like an accident and be held. */
const OTHER_FILES = 500;
const QUIET_MS = 250;
const MORE_QUIET_MS = 300;

export const CHANGES = ["create", "modify", "rename", "delete"] as const;
export type Change = (typeof CHANGES)[number];

/** Milliseconds for each of `count` changes of each kind. */
export async function measureLatency(
  pair: RunningPair,
  count: number,
  signal: AbortSignal,
): Promise<Readonly<Record<Change, readonly number[]>>> {
  const noise = new Noise(7);
  await putOthers(pair, signal);
  const found: Record<Change, number[]> = { create: [], modify: [], rename: [], delete: [] };
  for (let i = 0; i < count; i++) {
    for (const change of CHANGES) {
      // Not in step with anything that happens at intervals in the program.
      await sleep(QUIET_MS + (noise.number() % MORE_QUIET_MS), undefined, { signal });
      found[change].push(await measureOne(pair, change, `file-${i}`, noise, signal));
    }
  }
  return found;
}

async function putOthers({ name, source, target }: RunningPair, signal: AbortSignal): Promise<void> {
  mkdirSync(join(source, "others"));
  const paths = Array.from({ length: OTHER_FILES }, (_, i) => join("others", `${i}.txt`));
  for (const path of paths) writeFileSync(join(source, path), path);
  const areThere = (): boolean => paths.every((path) => looksLike(join(target, path), join(source, path)));
  const ms = await arrival(areThere, { startedMs: performance.now(), deadlineMs: DEADLINE_MS, signal });
  if (ms === undefined) throw new Error(`${name}: the other files did not arrive in ${DEADLINE_MS / 1000} s`);
}

async function measureOne(
  pair: RunningPair,
  change: Change,
  name: string,
  noise: Noise,
  signal: AbortSignal,
): Promise<number> {
  const [file, copy] = [join(pair.source, name), join(pair.target, name)];
  const [renamed, renamedCopy] = [`${file}-renamed`, `${copy}-renamed`];
  const looks: Readonly<Record<Change, () => boolean>> = {
    create: () => looksLike(copy, file),
    modify: () => looksLike(copy, file),
    rename: () => isAbsent(copy) && looksLike(renamedCopy, renamed),
    delete: () => isAbsent(renamedCopy),
  };
  const content = noise.bytes(FILE_BYTES);
  const acts: Readonly<Record<Change, () => void>> = {
    create: () => writeFileSync(file, content),
    modify: () => appendFileSync(file, content),
    rename: () => renameSync(file, renamed),
    delete: () => rmSync(renamed),
  };
  const startedMs = performance.now();
  acts[change]();
  const ms = await arrival(looks[change], { startedMs, deadlineMs: DEADLINE_MS, signal });
  if (ms === undefined) throw new Error(`${pair.name}: ${change} of ${name} did not arrive in ${DEADLINE_MS / 1000} s`);
  return ms;
}

/** The value that `share` of the numbers do not exceed. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
