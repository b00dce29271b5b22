/** A large file that two devices have, one of them behind a slow link. */
import { copyFileSync, mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { arrival, haveSameBytes, looksLike } from "../../src/cli/demo/arrival.ts";
import { inSync, LocalNode } from "../../src/cli/demo/local-node.ts";
import { Cable, cableMissing } from "./cable.ts";
import { makeLargeFile } from "./data.ts";
import type { Bench, Scenario } from "./scenarios.ts";
import { MIB, PORT } from "./wire-pair.ts";

const FILE_BYTES = 200 * MIB;
const FAST_BYTES_PER_SECOND = 40_000_000;
const SLOW_BYTES_PER_SECOND = 1_000_000;
const DEADLINE_MS = 240_000;
const NAME = "large.bin";

export const SEVERAL_SCENARIOS: Readonly<Record<string, Scenario>> = {
  several: {
    title: "a file of 200 MiB from a device at 40 MB/s and one at 1 MB/s, over the kernel's own shaping",
    target: "≥ 80 % of the rate that the fast one has alone",
    run: runSeveral,
  },
};

async function runSeveral(bench: Bench): Promise<void> {
  const { report, signal } = bench;
  const missing = cableMissing();
  if (missing !== undefined) return report.absent("syncline", missing);
  const size = Math.round(FILE_BYTES * bench.scale);
  const tree = makeLargeFile(join(bench.base, "tree"), size);
  const alone = await fetchFrom(bench, join(bench.base, "alone"), join(tree.path, NAME), { isSlowThere: false });
  const both = await fetchFrom(bench, join(bench.base, "both"), join(tree.path, NAME), { isSlowThere: true });
  signal.throwIfAborted();
  report.figures(
    { who: "both", value: size / 1e6 / both.seconds, unit: "MB/s", more: `${both.wire} over the slow one` },
    [{ who: "the fast one alone", value: size / 1e6 / alone.seconds, unit: "MB/s", more: "" }],
  );
}

/** How long the file takes to a third device that is told of it by those who have it. */
async function fetchFrom(
  { signal }: Bench,
  base: string,
  file: string,
  { isSlowThere }: { readonly isSlowThere: boolean },
): Promise<{ readonly seconds: number; readonly wire: string }> {
  mkdirSync(base);
  using first = new Cable();
  using second = new Cable({ beside: first });
  const node = (cable: Cable, end: "left" | "right", name: string, address: string): LocalNode =>
    new LocalNode(base, name, {
      via: cable.via(end),
      settings: ["--listen", `${address}:${PORT}`, "--dashboard", "off", "--no-discovery"],
    });
  const lap = node(first, "right", "lap", "0.0.0.0");
  const fast = node(first, "left", "fast", first.addresses.left);
  const slow = node(second, "left", "slow", second.addresses.left);
  const senders = isSlowThere ? [fast, slow] : [fast];
  await using stop = new AsyncDisposableStack();
  for (const each of [lap, ...senders]) stop.use(each);
  await lap.up();
  for (const [i, sender] of senders.entries()) {
    const { code } = await lap.invite();
    await sender.join(code, `${[first, second][i]?.addresses.right}:${PORT}`);
  }
  await inSync([lap, ...senders], DEADLINE_MS, signal);
  const { folders } = await lap.status();
  const folder = folders[0]?.id ?? "";
  await lap.run(["folder", "pause", folder]);
  for (const sender of senders) {
    copyFileSync(file, join(sender.folder, NAME));
    utimesSync(join(sender.folder, NAME), 1_700_000_000, 1_700_000_000);
  }
  for (const sender of senders) await sender.run(["folder", "rescan", folder]);
  await arrival(() => false, { startedMs: performance.now(), deadlineMs: 5000, signal });
  first.limit("left", FAST_BYTES_PER_SECOND);
  second.limit("left", SLOW_BYTES_PER_SECOND);
  const before = second.count().bytes;
  const startedMs = performance.now();
  await lap.run(["folder", "resume", folder]);
  const [here, there] = [join(lap.folder, NAME), join(fast.folder, NAME)];
  const ms = await arrival(() => looksLike(here, there), { startedMs, deadlineMs: DEADLINE_MS, signal });
  if (ms === undefined || !(await haveSameBytes(here, there))) throw new Error("the file did not arrive");
  return { seconds: ms / 1000, wire: `${((second.count().bytes - before) / 1e6).toFixed(1)} MB` };
}
