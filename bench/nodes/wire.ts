/** Bytes that one edit costs on the wire, between two nodes on a cable of their own. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { haveSameBytes, looksLike } from "../../src/cli/demo/arrival.ts";
import { cableMissing } from "./cable.ts";
import { BIG, type Edit, FILE_EDITS, REUSE_EDITS, SMALL_EDITS } from "./edits.ts";
import { findProgram, runProgram } from "./programs.ts";
import type { Bench, Scenario } from "./scenarios.ts";
import { type MakeBytes, MIB, WirePair } from "./wire-pair.ts";
import { makeVocabulary, words } from "./words.ts";

/** By then a new device has announced itself often enough to wait for minutes before the next time. */
const IDLE_SETTLE_MS = 45_000;
const IDLE_MS = 60_000;
const KIB = 1024;

const noiseBytes: MakeBytes = (noise, size) => noise.bytes(size);

export const WIRE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  wire: {
    title: "bytes on the wire for edits of an incompressible file of 100 MiB, both directions, all headers",
    target: "named with each edit",
    run: (bench) => runEdits(bench, noiseBytes, [...FILE_EDITS, ...SMALL_EDITS]),
  },
  "wire-text": {
    title: "the same on words of text",
    target: "named with each edit",
    run: (bench) => {
      const vocabulary = makeVocabulary();
      return runEdits(bench, (noise, size) => words(vocabulary, noise, size), FILE_EDITS);
    },
  },
  "wire-reuse": {
    title: "bytes on the wire for what is here already, in another file, another folder or a store",
    target: "named with each edit",
    run: (bench) => runEdits(bench, noiseBytes, REUSE_EDITS, { isTwice: true }),
  },
  "wire-release": {
    title: "bytes on the wire for the next release of a source archive (uncompressed tar, of this project's history)",
    target: "fewer than rsync -z -B 1024 counts, without headers",
    run: runRelease,
  },
  "wire-resume": {
    title: "a file that changes at its source when half of it is here, over a link of 4 MB/s",
    target: "what was fetched is not fetched again: the file's size and 15 % in all",
    run: runResume,
  },
  quiet: {
    title: "bytes on the wire in an idle minute, with discovery",
    target: "≤ 2 KiB",
    run: runIdleMinute,
  },
};

/** Says why when there can be no cable here. */
function isMissing(bench: Bench): boolean {
  const missing = cableMissing();
  if (missing !== undefined) bench.report.absent("syncline", missing);
  return missing !== undefined;
}

async function runEdits(
  bench: Bench,
  makeBytes: MakeBytes,
  edits: readonly Edit[],
  { isTwice = false }: { readonly isTwice?: boolean } = {},
): Promise<void> {
  if (isMissing(bench)) return;
  await using pair = await WirePair.open(bench.base);
  await putAndCompare(bench, pair, Math.round(100 * MIB * bench.scale), makeBytes);
  if (isTwice) await pair.shareAnother(pair.place.second);
  for (const edit of edits) await pair.measure(bench, edit);
  await pair.rest(bench.signal);
  for (const { source, target } of [pair.place, pair.place.second]) await assertSameFiles(source, target);
}

/** The file itself, and how what the node counts compares with the interface. */
async function putAndCompare(bench: Bench, pair: WirePair, size: number, makeBytes: MakeBytes): Promise<void> {
  const [before, told] = [pair.cable.count().bytes, await pair.wireBytesTold()];
  await pair.put(size, makeBytes, bench.signal);
  const [bytes, own] = [pair.cable.count().bytes - before, (await pair.wireBytesTold()) - told];
  const share = ((bytes - own) / bytes) * 100;
  bench.report.figure({
    who: "the file itself",
    value: bytes,
    unit: "bytes",
    more: `${own.toLocaleString("en-US")} told by the node, ${share.toFixed(2)} % less (target: 5 %)`,
  });
}

async function assertSameFiles(source: string, target: string): Promise<void> {
  const names = existsSync(source) ? readdirSync(source, { withFileTypes: true }) : [];
  for (const { name } of names.filter((entry) => entry.isFile()))
    if (!(await haveSameBytes(join(source, name), join(target, name))))
      throw new Error(`${name} arrived with other bytes`);
}

const RELEASES = [60, 30, 0] as const;

async function runRelease(bench: Bench): Promise<void> {
  const { report, signal, base } = bench;
  if (isMissing(bench)) return;
  const archives = RELEASES.map((back) => archiveOf(`HEAD~${back}`));
  if (archives.some((archive) => archive === undefined)) return report.absent("syncline", "needs git and its history");
  await using pair = await WirePair.open(base);
  const [first = new Uint8Array(0), ...next] = archives.map((archive) => archive ?? new Uint8Array(0));
  await pair.put(first.length, () => first, signal);
  let before = first;
  for (const [i, archive] of next.entries()) {
    await pair.measure(bench, {
      name: `release ${i + 1} of ${(archive.length / MIB).toFixed(1)} MiB`,
      targetBytes: await rsyncBytes(base, before, archive),
      act: ({ source, desk }) => {
        writeFileSync(join(desk, BIG), archive);
        renameSync(join(desk, BIG), join(source, BIG));
      },
      hasArrived: ({ source, target }) => looksLike(join(target, BIG), join(source, BIG)),
    });
    before = archive;
  }
  await assertSameFiles(pair.place.source, pair.place.target);
}

function archiveOf(commit: string): Uint8Array | undefined {
  try {
    return execFileSync("git", ["archive", "--format=tar", commit], {
      cwd: join(import.meta.dirname, "../.."),
      maxBuffer: 1024 * MIB,
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return undefined;
  }
}

/** What rsync says that it sent and received; null where it is not installed. */
async function rsyncBytes(base: string, before: Uint8Array, next: Uint8Array): Promise<number | null> {
  const program = findProgram("rsync");
  if (program === undefined) return null;
  const [old, wanted] = [join(base, "rsync-old"), join(base, "rsync-new")];
  writeFileSync(old, before);
  writeFileSync(wanted, next);
  const told = await runProgram(program, [
    "-z",
    "-B",
    "1024",
    "--no-whole-file",
    "--ignore-times",
    "--stats",
    wanted,
    old,
  ]);
  const count = (what: string): number =>
    Number(new RegExp(`Total bytes ${what}: ([\\d,.]+)`).exec(told)?.[1]?.replaceAll(/[,.]/g, ""));
  return count("sent") + count("received");
}

const RESUME_BYTES_PER_SECOND = 4_000_000;

async function runResume(bench: Bench): Promise<void> {
  if (isMissing(bench)) return;
  const { report, signal } = bench;
  await using pair = await WirePair.open(bench.base);
  await pair.rest(signal);
  pair.cable.limit("left", RESUME_BYTES_PER_SECOND);
  const { source, target, desk, noise } = pair.place;
  const size = Math.round(40 * MIB * bench.scale);
  const before = pair.cable.count().bytes;
  pair.begin(size, noiseBytes);
  await pair.seen("half of the file", () => stagedBytes(target) > size / 2, signal);
  writeFileSync(join(desk, BIG), Buffer.concat([noise.bytes(KIB), readFileSync(join(source, BIG))]));
  renameSync(join(desk, BIG), join(source, BIG));
  await pair.seen("the file itself", () => looksLike(join(target, BIG), join(source, BIG)), signal);
  await pair.rest(signal);
  await assertSameFiles(source, target);
  report.figure({
    who: "of the file's size",
    value: ((pair.cable.count().bytes - before) / size) * 100,
    unit: "%",
    more: "1 KiB was inserted at its head meanwhile",
  });
}

/** What is really there of files that are being put together. */
function stagedBytes(folder: string): number {
  const stage = join(folder, ".syncline/stage");
  return readdirSync(stage).reduce((sum, name) => {
    const stat = statSync(join(stage, name), { throwIfNoEntry: false });
    return sum + (stat?.blocks ?? 0) * 512;
  }, 0);
}

async function runIdleMinute(bench: Bench): Promise<void> {
  if (isMissing(bench)) return;
  await using pair = await WirePair.open(bench.base, { hasDiscovery: true });
  await pair.put(MIB, noiseBytes, bench.signal);
  await sleep(IDLE_SETTLE_MS, undefined, { signal: bench.signal });
  const before = pair.cable.count();
  await sleep(IDLE_MS, undefined, { signal: bench.signal });
  const after = pair.cable.count();
  bench.report.figure({
    who: "a minute",
    value: after.bytes - before.bytes,
    unit: "bytes",
    more: `${after.packets - before.packets} packets`,
  });
}
