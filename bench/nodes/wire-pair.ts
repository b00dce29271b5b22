/** Two nodes on a cable of their own, and what goes over it. */
import { closeSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { arrival, looksLike } from "../../src/cli/demo/arrival.ts";
import { inSync, LocalNode } from "../../src/cli/demo/local-node.ts";
import { Cable } from "./cable.ts";
import { Noise } from "./data.ts";
import { BIG, type Edit, type Place } from "./edits.ts";
import type { Bench } from "./scenarios.ts";

export const MIB: number = 1024 * 1024;
export const PORT = 4777;
const DEADLINE_MS = 240_000;
/** Nothing of an edit comes later; the next sign of life does. */
const QUIET_MS = 600;
const PART_BYTES = 4 * MIB;

export type MakeBytes = (noise: Noise, size: number) => Uint8Array;

export class WirePair implements AsyncDisposable {
  readonly cable = new Cable();
  readonly nodes: readonly [LocalNode, LocalNode];
  readonly place: Place;

  private constructor(base: string, hasDiscovery: boolean) {
    const node = (end: "left" | "right", name: string): LocalNode =>
      new LocalNode(base, name, {
        via: this.cable.via(end),
        settings: [
          ...["--listen", `${this.cable.addresses[end]}:${PORT}`, "--dashboard", "off"],
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

  static async open(
    base: string,
    { hasDiscovery = false }: { readonly hasDiscovery?: boolean } = {},
  ): Promise<WirePair> {
    const pair = new WirePair(base, hasDiscovery);
    try {
      const [source, target] = pair.nodes;
      await source.up();
      const { code } = await source.invite();
      await target.join(code, `${pair.cable.addresses.left}:${PORT}`);
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Shares another folder, beside the first one. */
  async shareAnother({ source: here, target: there }: Place["second"]): Promise<void> {
    const [source, target] = this.nodes;
    mkdirSync(here);
    const { folder } = await source.ask<{ folder: { id: string } }>(["folder", "add", here]);
    await source.run(["folder", "share", folder.id, "--to", target.name]);
    await target.run(["folder", "add", there, "--folder-id", folder.id]);
    await target.run(["folder", "share", folder.id, "--to", source.name]);
  }

  /** Puts the file {@link BIG} there, by one rename. */
  begin(size: number, makeBytes: MakeBytes): void {
    const { source, desk, noise } = this.place;
    const draft = openSync(join(desk, BIG), "w");
    for (let left = size; left > 0; left -= PART_BYTES) writeSync(draft, makeBytes(noise, Math.min(left, PART_BYTES)));
    closeSync(draft);
    renameSync(join(desk, BIG), join(source, BIG));
  }

  async put(size: number, makeBytes: MakeBytes, signal: AbortSignal): Promise<void> {
    const { source, target } = this.place;
    this.begin(size, makeBytes);
    await this.seen("the file itself", () => looksLike(join(target, BIG), join(source, BIG)), signal);
    await this.rest(signal);
  }

  /** Milliseconds until it is there. */
  async seen(what: string, isThere: () => boolean, signal: AbortSignal): Promise<number> {
    const ms = await arrival(isThere, { startedMs: performance.now(), deadlineMs: DEADLINE_MS, signal });
    if (ms !== undefined) return ms;
    const states = await Promise.all(this.nodes.map((node) => node.status()));
    throw new Error(`${what} did not arrive: ${states.map(({ state }) => state).join(", ")}`);
  }

  /** Until both say that they are in step, and nothing has moved on the cable for a while. */
  async rest(signal: AbortSignal): Promise<void> {
    await inSync(this.nodes, DEADLINE_MS, signal);
    for (let before = -1; before !== this.cable.count().bytes; ) {
      before = this.cable.count().bytes;
      await sleep(QUIET_MS, undefined, { signal });
    }
  }

  /** What the node itself says of its wire. */
  async wireBytesTold(): Promise<number> {
    const { traffic } = await this.nodes[0].status();
    return traffic.wireBytesSent + traffic.wireBytesReceived;
  }

  /** Makes an edit and reports what it cost. */
  async measure({ report, signal }: Bench, edit: Edit): Promise<void> {
    if (edit.prepare !== undefined) {
      edit.prepare(this.place);
      await sleep(QUIET_MS, undefined, { signal });
      await this.rest(signal);
    }
    const before = this.cable.count();
    const told = await this.wireBytesTold();
    edit.act(this.place);
    const ms = await this.seen(edit.name, () => edit.hasArrived(this.place), signal);
    await this.rest(signal);
    const after = this.cable.count();
    const target = edit.targetBytes === null ? "" : `target ${edit.targetBytes.toLocaleString("en-US")}; `;
    const own = (await this.wireBytesTold()) - told;
    report.figure({
      who: edit.name,
      value: after.bytes - before.bytes,
      unit: "bytes",
      more: `${target}${after.packets - before.packets} packets, ${own.toLocaleString("en-US")} of them told by the node; seen after ${ms.toFixed(0)} ms`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
    this.cable[Symbol.dispose]();
  }
}
