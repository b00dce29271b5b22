/**
 * `npm run bench`: the figures that are promised, measured here and now, beside
 * other programs on the same data.
 *
 *     npm run bench -- --list
 *     npm run bench -- --only large,latency --scale 0.1 --no-rivals
 *
 * Rates say little about another machine; what counts is the ratio to others
 * measured in the same minutes. Nothing else should be running: the load is
 * printed with each scenario.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureIndex } from "./index.ts";
import { benchKernels } from "./kernels.ts";
import { measureMeetings } from "./meeting.ts";
import { DASHBOARD_SCENARIOS } from "./nodes/dashboard.ts";
import { HUGE_SCENARIOS } from "./nodes/huge.ts";
import { loadText, Report } from "./nodes/report.ts";
import { measureScan } from "./nodes/scan.ts";
import { NODE_SCENARIOS, type Scenario } from "./nodes/scenarios.ts";
import { SEVERAL_SCENARIOS } from "./nodes/several.ts";
import { WIRE_SCENARIOS } from "./nodes/wire.ts";
import { benchRegionLoops } from "./regions.ts";
import { benchThreads } from "./threads.ts";

const PART_SCENARIOS: Readonly<Record<string, Scenario>> = {
  kernels: {
    title: "cutting and hashing, one thread; scalar and pure are what tests compare with",
    target: "read, cut and hash ≥ 1,500 MB/s with the native hash, ≥ 600 without; cut, simd ≥ 3,500",
    run: async ({ report }) => {
      for (const { name, megabytesPerSecond, limit } of benchKernels()) {
        report.figure({ who: name, value: megabytesPerSecond, unit: "MB/s", more: limit });
      }
    },
  },
  regions: {
    title: "loops of the region codec, one thread, per byte of a region of two chunks",
    target: "",
    run: async ({ report }) => {
      for (const { name, megabytesPerSecond, limit } of benchRegionLoops()) {
        report.figure({ who: name, value: megabytesPerSecond, unit: "MB/s", more: limit });
      }
    },
  },
  threads: {
    title: "read, cut and hash one large file, best of nine",
    target: "two threads at least 1.8 times one, with both cores free",
    run: async ({ base, report, scale }) => {
      const { one, two, work } = benchThreads(base, Math.max(64, Math.round(512 * scale)) * 1_048_576);
      report.figures({ who: "one thread", value: one, unit: "MB/s" }, [
        { who: "two threads", value: two, unit: "MB/s" },
      ]);
      report.figure({ who: "processor time of two", value: work, unit: "× one's" });
    },
  },
  index: {
    title: "rows of the index",
    target: "",
    run: async ({ report, scale }) => {
      const { rows, ...rates } = await measureIndex(Math.max(1000, Math.round(100_000 * scale)));
      report.figure({ who: "rows", value: rows, unit: "" });
      for (const [name, value] of Object.entries(rates)) report.figure({ who: inWords(name), value, unit: "" });
    },
  },
  meeting: {
    title: "two indexes meet for the first time, both in this process",
    target: "equal ≤ 1 KiB, 1,000 differences ≤ 150 KiB among 1,000,000 records",
    run: async ({ report, scale }) => {
      const rows = Math.max(2000, Math.round(1_000_000 * scale));
      for await (const { name, ...cost } of measureMeetings(rows, 1000)) {
        report.figure({ who: `${name}: compared`, value: cost.compareBytes, unit: "bytes" });
        report.figure({ who: `${name}: records`, value: cost.recordBytes, unit: "bytes" });
        report.figure({ who: `${name}: in all`, value: cost.compareBytes + cost.recordBytes, unit: "bytes" });
        report.figure({ who: `${name}: in all, never compressed`, value: cost.plainBytes, unit: "bytes" });
        report.figure({ who: `${name}: time`, value: Math.round(cost.seconds * 10) / 10, unit: "s" });
        report.figure({ who: `${name}: longest hold of main`, value: Math.round(cost.lagMs), unit: "ms" });
        report.figure({ who: `${name}: memory on top`, value: Math.round(cost.rssMiB), unit: "MiB" });
      }
    },
  },
  scan: {
    title: "files of 1 to 4 KiB, scanned into an index",
    target: "",
    run: async ({ base, report, scale, signal }) => {
      const rates = await measureScan(base, Math.max(1000, Math.round(50_000 * scale)), signal);
      report.figure({ who: "first scan", value: rates.firstPerSecond, unit: "files/s" });
      report.figure({ who: "unchanged", value: rates.unchangedPerSecond, unit: "files/s" });
    },
  },
};

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...NODE_SCENARIOS,
  ...WIRE_SCENARIOS,
  ...HUGE_SCENARIOS,
  ...SEVERAL_SCENARIOS,
  ...DASHBOARD_SCENARIOS,
  ...PART_SCENARIOS,
};

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    scale: { type: "string", default: "1" },
    rivals: { type: "boolean", default: true },
    list: { type: "boolean", default: false },
  },
  allowNegative: true,
});

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());

if (values.list) for (const [name, { title }] of Object.entries(SCENARIOS)) console.log(`${name.padEnd(14)}${title}`);
else process.exitCode = await runChosen();

async function runChosen(): Promise<number> {
  const names = values.only?.split(",") ?? Object.keys(SCENARIOS);
  const unknown = names.filter((name) => !(name in SCENARIOS));
  const scale = Number(values.scale);
  if (unknown.length > 0) return refuse(`no ${unknown.join(", ")}; there are ${Object.keys(SCENARIOS).join(", ")}`);
  if (!(scale > 0 && scale <= 10)) return refuse("--scale takes a number up to 10; 1 is what the targets are about");
  return await runAll(names, scale);
}

function refuse(message: string): number {
  process.stderr.write(`bench: ${message}\n`);
  return 2;
}

/** "localRowsPerSecond" and "rssMiB" as a person writes them. */
function inWords(name: string): string {
  return name.replaceAll(/[A-Z](?=[a-z]{2})/g, (letter) => ` ${letter.toLowerCase()}`).replace("MiB", " MiB");
}

async function runAll(names: readonly string[], scale: number): Promise<number> {
  const report = new Report((line) => console.log(line));
  const [processor] = cpus();
  console.log(
    `${cpus().length} × ${processor?.model.trim() ?? "?"}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}, load ${loadText()}, scale ${scale}`,
  );
  let failures = 0;
  for (const name of names) {
    if (stop.signal.aborted) return 130;
    if (!(await runOne(name, scale, report))) failures++;
  }
  return stop.signal.aborted ? 130 : Math.min(failures, 1);
}

async function runOne(name: string, scale: number, report: Report): Promise<boolean> {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) return false;
  const base = mkdtempSync(join(tmpdir(), "syncline-bench-"));
  report.title(name, scenario.title, scenario.target);
  try {
    mkdirSync(base, { recursive: true });
    await scenario.run({ base, scale, hasRivals: values.rivals, report, signal: stop.signal });
    return true;
  } catch (error) {
    if (!stop.signal.aborted) report.absent("failed", error instanceof Error ? error.message : String(error));
    return false;
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}
