/** Bytes that one edit costs on the wire, between two nodes on a cable of their own. */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { arrival, haveSameBytes, looksLike } from "../../src/cli/demo/arrival.ts";
import { inSync, LocalNode } from "../../src/cli/demo/local-node.ts";
import { Cable, cableMissing } from "./cable.ts";
import { Noise } from "./data.ts";
import { BIG, type Edit, FILE_EDITS, type Place, REUSE_EDITS, SMALL_EDITS } from "./edits.ts";
import type { Bench, Scenario } from "./scenarios.ts";

const MIB = 1024 * 1024;
const PORT = 4777;
const DEADLINE_MS = 120_000;
/** Nothing of an edit comes later; the next sign of life does. */
const QUIET_MS = 600;
/** By then a new device has announced itself often enough to wait for minutes before the next time. */
const IDLE_SETTLE_MS = 45_000;
const IDLE_MS = 60_000;
const PART_BYTES = 4 * MIB;

export const WIRE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  wire: {
    title: "bytes on the wire for edits of an incompressible file of 100 MiB, both directions, all headers",
    target: "named with each edit",
    run: (bench) => runEdits(bench, (noise, size) => noise.bytes(size), [...FILE_EDITS, ...SMALL_EDITS]),
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
    run: (bench) => runEdits(bench, (noise, size) => noise.bytes(size), REUSE_EDITS, { isTwice: true }),
  },
  quiet: {
    title: "bytes on the wire in an idle minute, with discovery",
    target: "≤ 2 KiB",
    run: runIdleMinute,
  },
};

/** A pair on a cable. */
class WirePair implements AsyncDisposable {
  readonly cable = new Cable();
  readonly nodes: readonly [LocalNode, LocalNode];
  readonly place: Place;

  private constructor(base: string, hasDiscovery: boolean) {
    const node = (end: "left" | "right", name: string): LocalNode =>
      new LocalNode(base, name, {
        via: this.cable.via(end),
        settings: [
          ...["--listen", `${Cable.ADDRESSES[end]}:${PORT}`, "--dashboard", "off"],
          ...(hasDiscovery ? [] : ["--no-discovery"]),
        ],
      });
    this.nodes = [node("left", "desk"), node("right", "lap")];
    const [source, target] = this.nodes;
    const desk = join(base, "drafts");
    mkdirSync(desk);
    const second = { source: join(base, "desk-second"), target: join(base, "lap-second") };
    this.place = { source: source.folder, target: target.folder, second, desk, noise: new Noise(3) };
  }

  static async open(base: string, { hasDiscovery }: { readonly hasDiscovery: boolean }): Promise<WirePair> {
    const pair = new WirePair(base, hasDiscovery);
    try {
      const [source, target] = pair.nodes;
      await source.up();
      const { code } = await source.invite();
      await target.join(code, `${Cable.ADDRESSES.left}:${PORT}`);
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Shares another folder, beside the first one. */
  async shareAnother({ source: here, target: there }: NonNullable<Place["second"]>): Promise<void> {
    const [source, target] = this.nodes;
    mkdirSync(here);
    const { folder } = await source.ask<{ folder: { id: string } }>(["folder", "add", here]);
    await source.run(["folder", "share", folder.id, "--to", target.name]);
    await target.run(["folder", "add", there, "--folder-id", folder.id]);
    await target.run(["folder", "share", folder.id, "--to", source.name]);
  }

  /** Until both say that they are in step, and nothing has moved on the cable for a while. */
  async rest(signal: AbortSignal): Promise<void> {
    await inSync(this.nodes, DEADLINE_MS, signal);
    for (let before = -1; before !== this.cable.count().bytes; ) {
      before = this.cable.count().bytes;
      await sleep(QUIET_MS, undefined, { signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
    this.cable[Symbol.dispose]();
  }
}

type MakeBytes = (noise: Noise, size: number) => Uint8Array;

async function runEdits(
  bench: Bench,
  makeBytes: MakeBytes,
  edits: readonly Edit[],
  { isTwice = false }: { readonly isTwice?: boolean } = {},
): Promise<void> {
  const missing = cableMissing();
  if (missing !== undefined) return bench.report.absent("syncline", missing);
  await using pair = await WirePair.open(bench.base, { hasDiscovery: false });
  await put(pair, Math.round(100 * MIB * bench.scale), makeBytes, bench.signal);
  if (isTwice) await pair.shareAnother(pair.place.second);
  for (const edit of edits) await measure(bench, pair, edit);
  await pair.rest(bench.signal);
  for (const { source, target } of [pair.place, pair.place.second]) await assertSameFiles(source, target);
}

async function assertSameFiles(source: string, target: string): Promise<void> {
  const names = existsSync(source) ? readdirSync(source, { withFileTypes: true }) : [];
  for (const { name } of names.filter((entry) => entry.isFile()))
    if (!(await haveSameBytes(join(source, name), join(target, name))))
      throw new Error(`${name} arrived with other bytes`);
}

async function put(pair: WirePair, size: number, makeBytes: MakeBytes, signal: AbortSignal): Promise<void> {
  const { source, target, desk, noise } = pair.place;
  const draft = openSync(join(desk, BIG), "w");
  for (let left = size; left > 0; left -= PART_BYTES) writeSync(draft, makeBytes(noise, Math.min(left, PART_BYTES)));
  closeSync(draft);
  renameSync(join(desk, BIG), join(source, BIG));
  await seen(pair, "the file itself", () => looksLike(join(target, BIG), join(source, BIG)), signal);
  await pair.rest(signal);
}

async function seen(pair: WirePair, what: string, isThere: () => boolean, signal: AbortSignal): Promise<number> {
  const ms = await arrival(isThere, { startedMs: performance.now(), deadlineMs: DEADLINE_MS, signal });
  if (ms !== undefined) return ms;
  const states = await Promise.all(pair.nodes.map((node) => node.status()));
  throw new Error(`${what} did not arrive: ${states.map(({ state }) => state).join(", ")}`);
}

async function measure({ report, signal }: Bench, pair: WirePair, edit: Edit): Promise<void> {
  if (edit.prepare !== undefined) {
    edit.prepare(pair.place);
    await sleep(QUIET_MS, undefined, { signal });
    await pair.rest(signal);
  }
  const before = pair.cable.count();
  const told = await wireBytesTold(pair);
  edit.act(pair.place);
  const ms = await seen(pair, edit.name, () => edit.hasArrived(pair.place), signal);
  await pair.rest(signal);
  const after = pair.cable.count();
  const target = edit.targetBytes === null ? "" : `target ${edit.targetBytes.toLocaleString("en-US")}; `;
  const own = (await wireBytesTold(pair)) - told;
  report.figure({
    who: edit.name,
    value: after.bytes - before.bytes,
    unit: "bytes",
    more: `${target}${after.packets - before.packets} packets, ${own.toLocaleString("en-US")} of them told by the node; seen after ${ms.toFixed(0)} ms`,
  });
}

/** What the node itself says of its wire. */
async function wireBytesTold(pair: WirePair): Promise<number> {
  const { traffic } = await pair.nodes[0].status();
  return traffic.wireBytesSent + traffic.wireBytesReceived;
}

async function runIdleMinute(bench: Bench): Promise<void> {
  const missing = cableMissing();
  if (missing !== undefined) return bench.report.absent("syncline", missing);
  await using pair = await WirePair.open(bench.base, { hasDiscovery: true });
  await put(pair, MIB, (noise, size) => noise.bytes(size), bench.signal);
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

const VOCABULARY = 4000;
const WORD_LETTERS = 11;

/** Words as a text has them: few often, most seldom; in lines. */
function words(vocabulary: readonly string[], noise: Noise, size: number): Uint8Array {
  const text = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const rank = noise.number() / 2 ** 32;
    const word = vocabulary[Math.floor(rank ** 3 * VOCABULARY)] ?? "";
    const end = noise.number() % 12 === 0 ? "\n" : " ";
    at += text.write(`${word}${end}`, at, "latin1");
  }
  return text;
}

function makeVocabulary(): readonly string[] {
  const noise = new Noise(11);
  const letters = "eeeetttaaooiinnsshhrrdlucmwfgypbvk";
  const letter = (): string => letters[noise.number() % letters.length] ?? "e";
  return Array.from({ length: VOCABULARY }, () =>
    Array.from({ length: 2 + (noise.number() % WORD_LETTERS) }, letter).join(""),
  );
}
