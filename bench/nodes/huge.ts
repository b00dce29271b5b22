/** A large file in which one byte changes or is inserted: what goes over the wire, and when it is seen. */
import { closeSync, copyFileSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { looksLike } from "../../src/cli/demo/arrival.ts";
import { cableMissing } from "./cable.ts";
import { BIG } from "./edits.ts";
import { findProgram, runProgram } from "./programs.ts";
import type { Bench, Scenario } from "./scenarios.ts";
import { MIB, WirePair } from "./wire-pair.ts";

const KIB = 1024;
const COPY_BYTES = 8 * MIB;
const VISIBLE_TRIES = 3;

export const HUGE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  huge: {
    title: "one byte in a file of 1 GiB",
    target: "named with each edit; seen within 3 × openssl sha256 + 1.2 × dd of the same file",
    run: runHuge,
  },
};

async function runHuge(bench: Bench): Promise<void> {
  const { report, signal } = bench;
  const missing = cableMissing();
  if (missing !== undefined) return report.absent("syncline", missing);
  await using pair = await WirePair.open(bench.base);
  // One byte more, and it is as long as a file may be that is cut in the finest chunks (docs/delta.md).
  await pair.put(Math.round(KIB * MIB * bench.scale) - 1, (noise, size) => noise.bytes(size), signal);
  const { source, target, desk, noise } = pair.place;
  const isSame = (): boolean => looksLike(join(target, BIG), join(source, BIG));
  for (const [name, targetBytes] of [
    ["inserted at offset 0", 4 * KIB],
    ["and another, past 1 GiB: cut anew in larger chunks", 4 * KIB],
  ] as const) {
    const act = (): void => {
      prepend(join(source, BIG), join(desk, "draft"), noise.bytes(1));
      renameSync(join(desk, "draft"), join(source, BIG));
    };
    await pair.measure(bench, { name, targetBytes, act, hasArrived: isSame });
  }
  let best = Number.POSITIVE_INFINITY;
  let allowed = 0;
  for (let i = 0; i < VISIBLE_TRIES; i++) {
    const { hashMs, writeMs } = await yardsticks(join(source, BIG), join(desk, "copy"), signal);
    const file = openSync(join(source, BIG), "r+");
    writeSync(file, noise.bytes(1), 0, 1, Math.floor(statSync(join(source, BIG)).size / (i + 2)));
    closeSync(file);
    const ms = await pair.seen("the changed byte", isSame, signal);
    await pair.rest(signal);
    if (ms / (3 * hashMs + 1.2 * writeMs) < best / allowed || i === 0)
      [best, allowed] = [ms, 3 * hashMs + 1.2 * writeMs];
  }
  report.figure({
    who: "changed in the middle, seen after",
    value: best,
    unit: "ms",
    more: `best of ${VISIBLE_TRIES}; 3 × openssl + 1.2 × dd took ${allowed.toFixed(0)} ms beside it`,
  });
}

/** Copies a file with bytes before it, in parts. */
function prepend(from: string, to: string, bytes: Uint8Array): void {
  copyFileSync(from, `${to}-old`);
  const [source, target] = [openSync(`${to}-old`, "r"), openSync(to, "w")];
  writeSync(target, bytes);
  const part = new Uint8Array(COPY_BYTES);
  for (let at = 0, count = readSync(source, part, 0, part.length, 0); count > 0; ) {
    for (let done = 0; done < count; ) done += writeSync(target, part, done, count - done);
    at += count;
    count = readSync(source, part, 0, part.length, at);
  }
  closeSync(source);
  closeSync(target);
  rmSync(`${to}-old`);
}

async function yardsticks(
  file: string,
  copy: string,
  signal: AbortSignal,
): Promise<{ readonly hashMs: number; readonly writeMs: number }> {
  const hashMs = await timed(() =>
    runProgram(findProgram("openssl") ?? "openssl", ["dgst", "-sha256", file], { signal }),
  );
  const options = ["bs=1M", "conv=fdatasync", "status=none"];
  const writeMs = await timed(() =>
    runProgram(findProgram("dd") ?? "dd", [`if=${file}`, `of=${copy}`, ...options], { signal }),
  );
  rmSync(copy);
  return { hashMs, writeMs };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
