/** What `npm run bench` measures, by name, each beside other programs on the same data. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { assertSame, type ColdCopy, copyThroughPair, copyWith, takeBack } from "./cold.ts";
import { makeLargeFile, makeSmallFiles, type Tree } from "./data.ts";
import { DD } from "./dd.ts";
import { measureIdle } from "./idle.ts";
import { CHANGES, measureLatency, quantile } from "./latency.ts";
import type { Figure, Report } from "./report.ts";
import { measureRestart } from "./restart.ts";
import { RSYNC, RSYNC_OVER_SSH } from "./rsync.ts";
import type { Copier, Rival, RunningPair } from "./running-pair.ts";
import { SynclinePair } from "./syncline.ts";
import { SYNCTHING } from "./syncthing.ts";
import { UNISON } from "./unison.ts";

const GIB = 2 ** 30;
const KIB = 1024;

/** What a scenario gets. Its directory is its own and is removed afterwards. */
export interface Bench {
  readonly base: string;
  /** 1 is the size that the targets are about. */
  readonly scale: number;
  readonly hasRivals: boolean;
  readonly report: Report;
  readonly signal: AbortSignal;
}

export interface Scenario {
  readonly title: string;
  /** What we want to reach; "" where nothing was set. */
  readonly target: string;
  readonly run: (bench: Bench) => Promise<void>;
}

const COPIERS = [DD, RSYNC, RSYNC_OVER_SSH, UNISON];

export const NODE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  large: {
    title: "one incompressible file of 1 GiB, cold",
    target: "≥ 300 MB/s, or 80 % of dd where that is less",
    run: (bench) => {
      const make = (path: string): Tree => makeLargeFile(path, Math.round(GIB * bench.scale));
      return runCold(bench, make, (tree, seconds) => ({ value: tree.bytes / 1e6 / seconds, unit: "MB/s" }), COPIERS);
    },
  },
  small: {
    title: "10,000 files of 1 to 16 KiB, cold",
    target: "≥ 3,000 files/s",
    run: (bench) => {
      const make = (path: string): Tree => makeSmallFiles(path, files(10_000, bench), 16 * KIB);
      return runCold(bench, make, filesPerSecond, [RSYNC, RSYNC_OVER_SSH, UNISON]);
    },
  },
  many: {
    title: "100,000 files of 1 to 4 KiB, cold",
    target: "≤ 40 s, ≤ 350 MiB each",
    run: (bench) => {
      const make = (path: string): Tree => makeSmallFiles(path, files(100_000, bench), 4 * KIB);
      return runCold(bench, make, (_, seconds) => ({ value: seconds, unit: "s" }), [RSYNC, RSYNC_OVER_SSH, UNISON]);
    },
  },
  latency: {
    title: "from a write to its being visible on the other side, in an idle pair",
    target: "p50 ≤ 120 ms, p95 ≤ 300 ms",
    run: runLatency,
  },
  restart: {
    title: "start with 100,000 unchanged files, until in sync",
    target: "≤ 3 s",
    run: runRestart,
  },
  idle: {
    title: "idle with 10,000 files",
    target: "≤ 200 MiB each, < 1 % of a processor",
    run: runIdle,
  },
};

function files(count: number, { scale }: Bench): number {
  return Math.max(10, Math.round(count * scale));
}

type Rate = (tree: Tree, seconds: number) => { readonly value: number; readonly unit: string };

const filesPerSecond: Rate = (tree, seconds) => ({ value: tree.files / seconds, unit: "files/s" });

/** Ours first, then the others on the very same files. */
async function runCold(
  bench: Bench,
  makeTree: (path: string) => Tree,
  rate: Rate,
  copiers: readonly Rival<Copier>[],
): Promise<void> {
  const tree = makeTree(join(bench.base, "tree"));
  const pair = await SynclinePair.open(bench.base);
  const ours = await copyAndStop(bench, pair, tree, rate);
  const others = bench.hasRivals ? await copyWithRivals(bench, tree, rate, copiers) : [];
  bench.report.figures(ours, others);
}

async function copyAndStop(bench: Bench, pair: RunningPair, tree: Tree, rate: Rate): Promise<Figure> {
  let copied: ColdCopy;
  let more = "";
  try {
    copied = await copyThroughPair(pair, tree, bench.signal);
    await assertSame(pair);
    if (pair instanceof SynclinePair) more = await factsOf(pair, tree);
  } finally {
    await pair[Symbol.asyncDispose]();
  }
  takeBack(pair, tree);
  rmSync(pair.target, { recursive: true, force: true });
  return {
    who: pair.name,
    ...rate(tree, copied.seconds),
    more: [costOf(copied), more, pair.note ?? ""].filter(Boolean).join("; "),
  };
}

async function copyWithRivals(
  bench: Bench,
  tree: Tree,
  rate: Rate,
  copiers: readonly Rival<Copier>[],
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const rival of copiers) {
    const copier = await openRival(bench, rival);
    if (copier === undefined) continue;
    const seconds = await copyWith(copier, tree, bench.base, bench.signal);
    figures.push({ who: copier.name, ...rate(tree, seconds), more: copier.note });
  }
  const syncthing = await openRival(bench, SYNCTHING);
  if (syncthing !== undefined) figures.push(await copyAndStop(bench, syncthing, tree, rate));
  return figures;
}

/** Undefined, and one line printed, when the rival cannot be measured here. */
async function openRival<T>(bench: Bench, rival: Rival<T>): Promise<T | undefined> {
  if (rival.missing === undefined) return await rival.open(bench.base);
  bench.report.absent(rival.name, rival.missing);
  return undefined;
}

function costOf({ peak, processorSeconds }: ColdCopy): string {
  if (peak === undefined || processorSeconds === undefined) return "";
  return `at most ${peak.source} + ${peak.target} MiB, ${processorSeconds.toFixed(1)} s of processor`;
}

async function factsOf(pair: SynclinePair, tree: Tree): Promise<string> {
  const statuses = await pair.statuses();
  const lag = Math.max(...statuses.map(({ process }) => process.loopLagMs.p99));
  const { wireBytesSent, wireBytesReceived } = statuses[0].traffic;
  const wire = ((wireBytesSent + wireBytesReceived) / tree.bytes) * 100;
  return `${wire.toFixed(1)} % of the bytes on the wire; main loop late by ${lag.toFixed(0)} ms p99`;
}

async function runLatency(bench: Bench): Promise<void> {
  const count = Math.max(3, Math.round(50 * bench.scale));
  await latencyOf(bench, await SynclinePair.open(bench.base), count);
  const syncthing = bench.hasRivals ? await openRival(bench, SYNCTHING) : undefined;
  // Each takes it more than a second.
  if (syncthing !== undefined) await latencyOf(bench, syncthing, Math.ceil(count / 5));
}

async function latencyOf(bench: Bench, pair: RunningPair, count: number): Promise<void> {
  try {
    const found = await measureLatency(pair, count, bench.signal);
    for (const change of CHANGES) {
      const [p50, p95] = [quantile(found[change], 0.5), quantile(found[change], 0.95)];
      bench.report.figure({
        who: `${pair.name}, ${change}`,
        value: p50,
        unit: "ms p50",
        more: `${p95.toFixed(0)} ms p95`,
      });
    }
  } finally {
    await pair[Symbol.asyncDispose]();
  }
}

async function runRestart(bench: Bench): Promise<void> {
  const tree = makeSmallFiles(join(bench.base, "tree"), files(100_000, bench), 4 * KIB);
  const ours = await restartOf(bench, await SynclinePair.open(bench.base), tree);
  const syncthing = bench.hasRivals ? await openRival(bench, SYNCTHING) : undefined;
  bench.report.figures(ours, syncthing === undefined ? [] : [await restartOf(bench, syncthing, tree)]);
}

async function restartOf(bench: Bench, pair: RunningPair, tree: Tree): Promise<Figure> {
  try {
    await copyThroughPair(pair, tree, bench.signal);
    const { upSeconds, inSyncSeconds } = await measureRestart(pair, tree.files, bench.signal);
    return { who: pair.name, value: inSyncSeconds, unit: "s", more: `up after ${upSeconds.toFixed(2)} s` };
  } finally {
    await pair[Symbol.asyncDispose]();
    takeBack(pair, tree);
  }
}

async function runIdle(bench: Bench): Promise<void> {
  const tree = makeSmallFiles(join(bench.base, "tree"), files(10_000, bench), 16 * KIB);
  await idleOf(bench, await SynclinePair.open(bench.base), tree);
  const syncthing = bench.hasRivals ? await openRival(bench, SYNCTHING) : undefined;
  if (syncthing !== undefined) await idleOf(bench, syncthing, tree);
}

async function idleOf(bench: Bench, pair: RunningPair, tree: Tree): Promise<void> {
  try {
    await copyThroughPair(pair, tree, bench.signal);
    const { sourceMiB, targetMiB, processorPercent } = await measureIdle(pair, bench.signal);
    bench.report.figure({
      who: `${pair.name}, memory`,
      value: Math.max(sourceMiB, targetMiB),
      unit: "MiB",
      more: "the larger end",
    });
    bench.report.figure({ who: `${pair.name}, processor`, value: processorPercent, unit: "%", more: "the busier end" });
  } finally {
    await pair[Symbol.asyncDispose]();
    takeBack(pair, tree);
  }
}
