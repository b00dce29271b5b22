/** Copies a tree that the other side has nothing of. */
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Tree } from "./data.ts";
import { CAN_MEASURE, forgetPeak, peakMiB, processorSeconds, sum } from "./processes.ts";
import { findProgram, runProgram } from "./programs.ts";
import type { Copier, RunningPair } from "./running-pair.ts";

const LOOK_MS = 50;
/** No program needs longer, at full size, on a machine that is worth measuring on. */
const DEADLINE_MS = 20 * 60_000;

export interface ColdCopy {
  readonly seconds: number;
  /** Most memory of the source's and the target's processes, in MiB; undefined where it cannot be read. */
  readonly peak: { readonly source: number; readonly target: number } | undefined;
  /** Processor seconds of both ends. */
  readonly processorSeconds: number | undefined;
}

/**
 * The tree is moved into the source by one rename, so that writing it is not
 * part of the time, and out again when the pair has stopped: see `takeBack`.
 */
export async function copyThroughPair(pair: RunningPair, tree: Tree, signal: AbortSignal): Promise<ColdCopy> {
  await flushDisks();
  const pids = await pair.pids();
  const all = [...pids.source, ...pids.target];
  for (const pid of all) forgetPeak(pid);
  const before = sum(all.map(processorSeconds));
  const startedMs = performance.now();
  renameSync(tree.path, join(pair.source, "tree"));
  await pair.nudge();
  while (!(await pair.isDone(tree.files))) {
    if (performance.now() - startedMs > DEADLINE_MS)
      throw new Error(`${pair.name} did not finish in ${DEADLINE_MS / 60_000} minutes`);
    await sleep(LOOK_MS, undefined, { signal });
  }
  const seconds = (performance.now() - startedMs) / 1000;
  if (!CAN_MEASURE) return { seconds, peak: undefined, processorSeconds: undefined };
  return {
    seconds,
    peak: { source: sum(pids.source.map(peakMiB)), target: sum(pids.target.map(peakMiB)) },
    processorSeconds: sum(all.map(processorSeconds)) - before,
  };
}

/** Moves the tree out again. The pair has to be stopped by then: it would take this for a deletion. */
export function takeBack(pair: RunningPair, tree: Tree): void {
  renameSync(join(pair.source, "tree"), tree.path);
}

/** Throws when what arrived differs. */
export async function assertSame(pair: RunningPair): Promise<void> {
  const diff = findProgram("diff");
  if (diff !== undefined) await runProgram(diff, ["-r", "-q", join(pair.source, "tree"), join(pair.target, "tree")]);
}

export async function copyWith(copier: Copier, tree: Tree, base: string, signal: AbortSignal): Promise<number> {
  const target = join(base, `${copier.name.replaceAll(/\W+/g, "-")}-target`);
  mkdirSync(target);
  await flushDisks();
  return (await copier.copy(tree.path, target, signal)) / 1000;
}

/** What others have left to be written would be part of the next measurement. */
async function flushDisks(): Promise<void> {
  const sync = findProgram("sync");
  if (sync !== undefined) await runProgram(sync, []);
}
