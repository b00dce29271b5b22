/**
 * Devices with simulated disks and network where nothing happens but what a
 * test does: for stories that have to be told step by step.
 */

import type { Feature } from "../../src/shared/features.ts";
import type { FolderMessage } from "../../src/shared/messages.ts";
import type { FolderMode } from "../../src/sync/folder-context.ts";
import { EXT4, type Personality } from "../support/sim-disk.ts";
import type { SimCall } from "../support/sim-fs.ts";
import { Ledger } from "./ledger.ts";
import { judge } from "./oracle.ts";
import { Prng } from "./prng.ts";
import { Scheduler } from "./sim-clock.ts";
import { type NetDevice, SimNet } from "./sim-net.ts";
import { SimNode } from "./sim-node.ts";

export interface Said {
  readonly from: string;
  readonly to: string;
  readonly message: FolderMessage;
}

export interface QuietOptions {
  /** Pairs that are connected; every device with the next when left out. */
  readonly links?: readonly string[];
  readonly personality?: Personality;
  readonly ignorePatterns?: Readonly<Record<string, readonly string[]>>;
  /** What connections do not speak. */
  readonly lacks?: readonly Feature[];
  readonly modes?: Readonly<Record<string, FolderMode>>;
}

const SETTLE_MS = 120_000;
const RESCAN_MS = 3_600_000;
const EVENTS_MAX = 400_000;

export class QuietWorld {
  readonly scheduler = new Scheduler();
  readonly said: Said[] = [];
  readonly nodes: ReadonlyMap<string, SimNode>;
  readonly lines: string[] = [];
  /** Runs before each file system call of an engine. */
  beforeCall: (node: SimNode, call: SimCall) => void = () => {};
  readonly #net: SimNet;
  readonly #links: readonly string[];
  #bug: string | undefined;

  constructor(names: string, options: QuietOptions = {}) {
    const trace = (line: string): void => void this.lines.push(`${this.scheduler.nowMs.toFixed(0)} ${line}`);
    const net = {
      delayMaxMs: 2,
      bytesPerMs: 100_000,
      noticeMaxMs: 5,
      lieRate: 0,
      stallRate: 0,
      lacks: options.lacks ?? [],
    };
    this.#net = new SimNet(this.scheduler, new Prng(1, "net"), net, {
      sent: (from: NetDevice, to: NetDevice, message: FolderMessage) =>
        void this.said.push({ from: from.name, to: to.name, message }),
      trace,
    });
    this.#links = options.links ?? [...names].slice(1).map((name, position) => `${names[position]}${name}`);
    const personality = options.personality ?? EXT4;
    this.nodes = new Map(
      [...names].map((name) => [
        name,
        new SimNode({
          name,
          scheduler: this.scheduler,
          prng: new Prng(1, name),
          knobs: { skewMs: 0, personality, canWrite: true, pauseMaxMs: 1, hintLoss: 0, hintMaxMs: 5 },
          settings: {
            mode: options.modes?.[name] ?? "two-way",
            isPaused: false,
            rescanMs: RESCAN_MS,
            ignorePatterns: options.ignorePatterns?.[name] ?? [],
          },
          watcher: {
            trace,
            beforeCall: (node, call) => this.beforeCall(node, call),
            failsCommit: () => false,
            bug: (message) => {
              this.#bug ??= message;
            },
          },
        }),
      ]),
    );
  }

  node(name: string): SimNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no device ${name}`);
    return node;
  }

  start(): void {
    for (const node of this.nodes.values()) node.start();
    this.connect(...this.#links);
  }

  /** Connects pairs of devices that are up. */
  connect(...pairs: readonly string[]): void {
    for (const pair of pairs) this.#net.connect(this.node(pair.charAt(0)), this.node(pair.charAt(1)));
  }

  /** A device takes a connection up anew, as when its rights change. */
  relink(pair: string, name: string): void {
    for (const connection of this.#net.connections) if (connection.name === pair) connection.relink(this.node(name));
  }

  cut(pair: string): void {
    for (const connection of this.#net.connections) if (connection.name === pair) this.#net.cut(connection);
  }

  /** Ends a device's process at once, with its connections. */
  kill(name: string): void {
    const node = this.node(name);
    node.die(false);
    for (const connection of this.#net.connections) if (connection.joins(node)) this.#net.cut(connection, node);
  }

  async run(ms: number): Promise<void> {
    const most = this.scheduler.events + EVENTS_MAX;
    // What the test did since may have woken loops: they put their events in the queue first.
    await new Promise((resolve) => setImmediate(resolve));
    await this.scheduler.runUntil(this.scheduler.nowMs + ms, () => {
      if (this.#bug !== undefined) throw new Error(this.#bug);
      if (this.scheduler.events > most) throw new Error("a storm");
    });
  }

  /** Lets time pass until all devices that are up are in step, then proves that nothing differs and nothing was lost. */
  async settle(): Promise<void> {
    const end = this.scheduler.nowMs + SETTLE_MS;
    const up = [...this.nodes.values()].filter((node) => node.isUp);
    do {
      await this.run(1000);
      if (this.scheduler.nowMs > end)
        throw new Error(
          `never in step:\n${this.lines.slice(-40).join("\n")}\n${up.map((node) => JSON.stringify(node.engine?.status)).join("\n")}`,
        );
    } while (!up.every((node) => node.engine?.status.state === "in-sync"));
    await this.run(1000);
    const faults = judge(up, new Ledger(), { isStrict: true });
    if (faults.length > 0) throw new Error(`${faults.join("\n")}\n${this.lines.slice(-60).join("\n")}`);
  }

  /** What was said since the last time this was asked. */
  hear(): readonly Said[] {
    return this.said.splice(0);
  }
}
