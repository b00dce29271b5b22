/**
 * A world made from one seed: devices, a network, people, and everything that
 * goes wrong. First chaos; then all is mended and nobody touches anything any
 * more; then the oracle looks at what is left.
 */
import { createHash } from "node:crypto";
import type { RelPath } from "../../src/shared/ids.ts";
import type { FolderMessage } from "../../src/shared/messages.ts";
import { isConflictName } from "../../src/sync/core/conflict-name.ts";
import { winnerOf } from "../../src/sync/core/heads.ts";
import { errnoOf } from "../../src/sync/fs/errno.ts";
import { FsError } from "../../src/sync/fs/filesystem.ts";
import type { SimCall } from "../support/sim-fs.ts";
import { knobsFor, type WorldKnobs } from "./knobs.ts";
import { Ledger, tokensIn, tokensInKeptDirectories, tokensOn, tokensUnderWay } from "./ledger.ts";
import { ackFault, blockedDirectories, judge } from "./oracle.ts";
import { Person } from "./person.ts";
import { Prng } from "./prng.ts";
import { Scheduler } from "./sim-clock.ts";
import { SimIndex } from "./sim-index.ts";
import { type NetDevice, SimNet } from "./sim-net.ts";
import { Died, FOLDER, SimNode } from "./sim-node.ts";

export interface WorldResult {
  readonly seed: number;
  readonly failure: string | undefined;
  /** Equal for equal runs. */
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly facts: Readonly<Record<string, number>>;
}

export interface RunOptions {
  /** Gets every line of the trace. */
  readonly onTrace?: (line: string) => void;
  readonly knobs?: (knobs: WorldKnobs) => WorldKnobs;
  /** To look into the devices when all is over. */
  readonly onEnd?: (nodes: readonly SimNode[]) => void;
}

/** Runs one world to its end. Never throws for what the engine did. */
export async function runWorld(seed: number, options: RunOptions = {}): Promise<WorldResult> {
  const world = new World(seed, options);
  let failure: string | undefined;
  try {
    await world.run();
  } catch (error) {
    failure =
      error instanceof Failure ? error.message : `crashed: ${error instanceof Error ? error.stack : String(error)}`;
  }
  options.onEnd?.(world.nodes);
  return world.result(failure);
}

class Failure extends Error {}

const SETTLE_SLICES_MAX = 60;
const QUIET_SLICES = 3;
const LAST_TRY_MS = 150_000;
const RECENT_LINES = 40;
const RELINKS = 3;
const RELINKS_WITHIN_MS = 400;
/** So that people who answer each step of the engine come to an end. */
const ACTIONS_AT_CALLS_MAX = 40;
/** More is no work but a storm. */
const EVENTS_MAX = 60_000;

const CODES: Readonly<Record<string, readonly (string | number)[]>> = {
  createStage: ["ENOSPC", "EIO", "EMFILE"],
  write: ["ENOSPC", "EIO", 122],
  copy: ["ENOSPC", "EIO", "EACCES"],
  mkdir: ["ENOSPC", "EACCES"],
  link: ["ENOSPC", "EIO", "EMLINK"],
  symlink: ["ENOSPC"],
  sync: ["EIO", "ENOSPC"],
  syncDirectory: ["EIO"],
  syncAll: ["EIO"],
  rename: ["EIO", "EACCES", "ENOSPC"],
  renameNoReplace: ["EIO", "EACCES", "ENOTSUP"],
  exchange: ["EIO", "EACCES", "ENOTSUP"],
  unlink: ["EIO", "EACCES"],
  rmdir: ["EIO", "EACCES"],
  chmod: ["EIO", "EPERM"],
  openRead: ["EIO", "EACCES", "EMFILE", 116],
  openStage: ["EIO", "EMFILE"],
  list: ["EIO", "EACCES", 116],
  read: ["EIO"],
  stat: ["EIO", "EACCES", 116],
};

class World {
  readonly seed: number;
  readonly knobs: WorldKnobs;
  readonly scheduler = new Scheduler();
  readonly ledger = new Ledger();
  readonly net: SimNet;
  readonly nodes: readonly SimNode[];
  readonly people = new Map<SimNode, Person>();
  readonly #prng: Prng;
  readonly #hash = createHash("sha256");
  readonly #options: RunOptions;
  readonly #recent: string[] = [];
  readonly #snapshots = new Map<SimNode, Uint8Array>();
  readonly #unlinkable = new Set<string>();
  #bug: string | undefined;
  #isChaos = true;
  #actionsAtCalls = 0;
  /** Directories that cannot be listed now. */
  readonly #closed = new Set<string>();
  /** What was on a disk when its power went. */
  readonly #before = new Map<
    SimNode,
    {
      readonly kept: ReadonlySet<string>;
      readonly visible: ReadonlySet<string>;
      readonly promised: ReadonlySet<string>;
    }
  >();
  readonly facts: Record<string, number> = {};
  /** Whether an index was lost or set back, so that unseen edits may end in a store. */
  hasLostIndex = false;

  constructor(seed: number, options: RunOptions) {
    this.seed = seed;
    this.#options = options;
    this.#prng = new Prng(seed, "world");
    const drawn = knobsFor(new Prng(seed, "knobs"));
    this.knobs = options.knobs?.(drawn) ?? drawn;
    this.#trace(`knobs ${JSON.stringify(this.knobs)}`);
    this.net = new SimNet(this.scheduler, new Prng(seed, "net"), this.knobs.net, {
      sent: (from, to, message) => this.#sent(from, to, message),
      trace: (line) => this.#trace(line),
    });
    this.nodes = this.knobs.nodes.map((knobs, position) => {
      const name = "ABCDEFG".charAt(position);
      return new SimNode({
        name,
        scheduler: this.scheduler,
        prng: new Prng(seed, name),
        knobs,
        settings: {
          mode: knobs.mode,
          isPaused: false,
          rescanMs: this.knobs.rescanMs,
          ignorePatterns: knobs.ignorePatterns,
        },
        watcher: {
          trace: (line) => this.#trace(line),
          beforeCall: (node, call) => this.#beforeCall(node, call),
          failsCommit: () => this.#isChaos && this.#prng.chance(this.knobs.failsCommit),
          bug: (message) => {
            this.#bug ??= message;
          },
        },
      });
    });
    for (const node of this.nodes) {
      const person = new Person({
        name: node.name,
        fs: node.fs,
        ledger: this.ledger,
        prng: new Prng(seed, `person ${node.name}`),
        knobs: this.knobs.person,
        nowMs: () => this.scheduler.nowMs,
        trace: (line) => this.#trace(line),
      });
      this.people.set(node, person);
    }
  }

  async run(): Promise<void> {
    // What people had before they started to share.
    const before = this.#prng.between(0, Math.ceil(this.knobs.actions / 3));
    for (let action = 0; action < before; action++) this.#personActs();
    for (const node of this.nodes) this.scheduler.after(this.#prng.fraction() * 2000, () => node.start());
    this.#keepConnecting();
    for (let action = before; action < this.knobs.actions; action++) {
      this.scheduler.after(this.#prng.fraction() * this.knobs.chaosMs, () => this.#personActs());
    }
    this.#keepBreaking();
    await this.#until(this.knobs.chaosMs);
    await this.#mend();
    await this.#settle();
    const faults = judge(this.nodes, this.ledger, { isStrict: !this.hasLostIndex });
    if (faults.length > 0) throw new Failure(faults.join("\n"));
  }

  result(failure: string | undefined): WorldResult {
    const { seed, facts } = this;
    return {
      seed,
      failure: failure === undefined ? undefined : `${failure}\n  last lines:\n  ${this.#recent.join("\n  ")}`,
      hash: this.#hash.copy().digest("hex").slice(0, 16),
      events: this.scheduler.events,
      virtualMs: this.scheduler.nowMs,
      facts,
    };
  }

  #trace(line: string): void {
    const timed = `${this.scheduler.nowMs.toFixed(1)} ${line}`;
    this.#hash.update(timed);
    this.#recent.push(timed.slice(0, 300));
    if (this.#recent.length > RECENT_LINES) this.#recent.shift();
    this.#options.onTrace?.(timed);
  }

  #count(fact: string): void {
    this.facts[fact] = (this.facts[fact] ?? 0) + 1;
  }

  async #until(untilMs: number): Promise<void> {
    await this.scheduler.runUntil(untilMs, () => {
      if (this.scheduler.events > EVENTS_MAX) throw new Failure(`a storm: ${this.#standing()}`);
      if (this.#bug !== undefined) throw new Failure(`a bug showed itself: ${this.#bug}`);
    });
  }

  // Chaos.

  #personActs(): void {
    const node = this.#prng.pick(this.nodes);
    // Without power nobody works.
    if (node === undefined || this.#before.has(node)) return;
    this.#count("actions");
    this.people.get(node)?.act();
  }

  #beforeCall(node: SimNode, call: SimCall): void {
    if (!this.#isChaos) return;
    const { actsAtCall, diesAtCall, powerCuts, failsAtCall } = this.knobs;
    if (this.#actionsAtCalls < ACTIONS_AT_CALLS_MAX && this.#prng.chance(actsAtCall)) {
      this.#actionsAtCalls++;
      this.#count("actions at calls");
      const path = call.to ?? call.path;
      const user = path === "" || path.startsWith(".syncline") ? call.path : path;
      // Who takes the name of a conflict copy that is being made leaves it only the store.
      if (isConflictName(path as RelPath)) this.#hideWhatMoves(node, call.path);
      this.#hideWhatIsTaken(node);
      if (user !== "" && !user.startsWith(".syncline") && this.#prng.chance(0.7)) this.people.get(node)?.actAt(user);
      else this.people.get(node)?.act();
    }
    if (this.#prng.chance(diesAtCall)) {
      this.#dies(node, this.#prng.chance(powerCuts));
      throw new Died();
    }
    this.#failsWhereClosed(node, call);
    if (this.#prng.chance(failsAtCall)) {
      const code = this.#prng.pick(CODES[call.name] ?? []);
      if (code === undefined) return;
      this.#count("failed calls");
      this.#trace(`${node.name} ${call.name} ${call.path} fails: ${code}`);
      if (call.name === "list" && !call.path.startsWith(".syncline")) this.#close(node, call.path);
      if (typeof code === "number") throw new FsError(`errno ${code}`, code, call.path, call.name);
      throw new FsError(code, errnoOf(code), call.path, call.name);
    }
  }

  /** What a step has just taken from its path may find its place, or the directory of its copy, taken by what somebody does now. */
  #hideWhatIsTaken(node: SimNode): void {
    for (const token of tokensUnderWay(node.fs, (name) => node.index.read.isStored(FOLDER, name)))
      this.ledger.hidden(token, "taken as somebody did something");
  }

  /** A directory that cannot be listed stays so for a while: no second look tells more than the first. */
  #close(node: SimNode, path: string): void {
    this.#closed.add(`${node.name} ${path}`);
    this.scheduler.after(this.#prng.fraction() * 60_000, () => this.#closed.delete(`${node.name} ${path}`));
  }

  #failsWhereClosed(node: SimNode, call: SimCall): void {
    if (call.name !== "list" || !this.#closed.has(`${node.name} ${call.path}`)) return;
    this.#trace(`${node.name} list ${call.path} fails still`);
    throw new FsError("EACCES", errnoOf("EACCES"), call.path, call.name);
  }

  #hideWhatMoves(node: SimNode, path: string): void {
    if (!node.fs.user.exists(path)) return;
    for (const token of tokensIn(node.fs.user.read(path))) this.ledger.hidden(token, "the name of its copy was taken");
  }

  #dies(node: SimNode, isPowerCut: boolean): void {
    this.#count(isPowerCut ? "power cuts" : "kills");
    if (isPowerCut) {
      this.people.get(node)?.letGo();
      this.#before.set(node, {
        kept: tokensOn(node.fs, "kept"),
        visible: tokensOn(node.fs, "visible"),
        promised: promisedTokens(node, this.ledger),
      });
    }
    // A directory that somebody put in a file's place as it was taken may stay in the store when the process dies just then.
    for (const token of tokensInKeptDirectories(node.fs))
      this.ledger.hidden(token, "in a directory that was taken as a file");
    node.die(isPowerCut);
    for (const connection of this.net.connections) if (connection.joins(node)) this.net.cut(connection, node);
    this.scheduler.after(100 + this.#prng.fraction() * 20_000, () => this.#restart(node));
  }

  #restart(node: SimNode): void {
    if (node.isUp) return;
    if (this.#isChaos && this.#prng.chance(this.knobs.losesIndex)) this.#replaceIndex(node, undefined);
    const old = this.#snapshots.get(node);
    if (this.#isChaos && old !== undefined && this.#prng.chance(this.knobs.restoresIndex))
      this.#replaceIndex(node, old);
    node.start();
    this.#afterPower(node);
  }

  #replaceIndex(node: SimNode, copy: Uint8Array | undefined): void {
    this.#count(copy === undefined ? "lost indexes" : "restored indexes");
    this.#trace(`${node.name} ${copy === undefined ? "loses its index" : "gets an old index"}`);
    node.index.close();
    node.index = new SimIndex(copy);
    this.hasLostIndex = true;
  }

  /** What a power cut may take: what nobody had flushed and nobody else has. What was acknowledged it may not. */
  #afterPower(node: SimNode): void {
    const before = this.#before.get(node);
    if (before === undefined) return;
    this.#before.delete(node);
    const visible = tokensOn(node.fs, "visible");
    const kept = tokensOn(node.fs, "kept");
    const elsewhere = new Set(
      this.nodes.filter((other) => other !== node).flatMap((other) => [...tokensOn(other.fs, "kept")]),
    );
    for (const token of before.promised) {
      if (!visible.has(token))
        this.#bug ??= `${node.name} lost ${token} in a power cut although its index has it as installed`;
    }
    for (const token of before.kept) {
      const entry = this.ledger.entries.get(token);
      if (entry === undefined) continue;
      if (!kept.has(token) && !entry.isDurable && !elsewhere.has(token))
        entry.end ??= "never flushed, and the power went";
      if (!visible.has(token) && before.visible.has(token) && !entry.isDurable)
        entry.hidden ??= "spoiled by a power cut before it was flushed";
    }
  }

  #keepConnecting(): void {
    if (this.#isChaos || this.#unlinkable.size === 0) {
      for (const [a, b] of this.#edges()) {
        if (!a.isUp || !b.isUp || this.#unlinkable.has(a.name + b.name) || this.net.areConnected(a, b)) continue;
        if (!this.#isChaos || this.#prng.chance(0.5)) this.net.connect(a, b);
      }
    }
    this.scheduler.after(500 + this.#prng.fraction() * 1000, () => this.#keepConnecting());
  }

  #edges(): readonly (readonly [SimNode, SimNode])[] {
    const { nodes } = this;
    const edges: [SimNode, SimNode][] = [];
    for (const [i, a] of nodes.entries()) {
      for (const [j, b] of nodes.entries()) {
        if (j <= i) continue;
        const isNext = j === i + 1;
        const isRing = isNext || (i === 0 && j === nodes.length - 1);
        const { topology } = this.knobs;
        if (
          topology === "full" ||
          (topology === "line" && isNext) ||
          (topology === "ring" && isRing) ||
          (topology === "star" && i === 0)
        )
          edges.push([a, b]);
      }
    }
    return edges;
  }

  #keepBreaking(): void {
    const { cutEveryMs, partitionShare, restoresIndex } = this.knobs;
    if (!this.#isChaos) return;
    this.#relinkSome();
    if (cutEveryMs > 0) {
      const connection = this.#prng.pick(this.net.connections);
      if (connection !== undefined) {
        this.net.cut(connection);
        if (this.#prng.chance(partitionShare)) {
          this.#unlinkable.add(connection.name);
          this.scheduler.after(this.#prng.fraction() * 30_000, () => this.#unlinkable.delete(connection.name));
        }
      }
    }
    if (restoresIndex > 0)
      for (const node of this.nodes) if (this.#prng.chance(0.3)) this.#snapshots.set(node, node.index.copy());
    const nextMs = cutEveryMs > 0 ? cutEveryMs : 5000;
    this.scheduler.after(nextMs * 2 * this.#prng.fraction(), () => this.#keepBreaking());
  }

  /** Rights change, some of them while the exchange that the last change began is being opened. */
  #relinkSome(): void {
    for (let times = 0; times < RELINKS; times++) {
      const connection = this.#prng.pick(this.net.connections);
      const node = this.#prng.pick(this.nodes);
      if (connection === undefined || node === undefined) return;
      this.scheduler.after(this.#prng.fraction() * RELINKS_WITHIN_MS, () => connection.relink(node));
    }
  }

  #sent(from: NetDevice, to: NetDevice, message: FolderMessage): void {
    if (message.type !== "index-ack") return;
    const sender = this.nodes.find((node) => node === from);
    const receiver = this.nodes.find((node) => node === to);
    if (sender === undefined || receiver === undefined) return;
    const fault = ackFault(sender, receiver, message);
    if (fault !== undefined) this.#bug ??= fault;
  }

  // The end.

  async #mend(): Promise<void> {
    this.#isChaos = false;
    this.#unlinkable.clear();
    this.net.knobs = { ...this.net.knobs, lieRate: 0, stallRate: 0 };
    this.#trace("all is mended");
    for (const person of this.people.values()) person.letGo();
    // Who sent wrong bytes is asked again on a new connection only.
    for (const connection of this.net.connections) this.net.cut(connection);
    await this.#until(this.scheduler.nowMs + 60_000);
    for (const node of this.nodes) {
      if (!node.isUp) this.#restart(node);
      // Content that a power cut spoiled may look untouched by its stamp: a thorough scan is what finds it.
      node.engine?.rescan(true);
    }
    await this.#until(this.scheduler.nowMs + 30_000);
    for (const node of this.nodes) {
      if (node.settings.mode !== "send-only") continue;
      // Who makes the others follow overrules what only they have.
      const own = tokensOn(node.fs, "visible");
      for (const other of this.nodes) {
        for (const token of tokensOn(other.fs, "visible")) if (!own.has(token)) this.ledger.hidden(token, "overridden");
      }
      await this.#decide(node.engine?.override());
    }
  }

  /** Lets time pass until nothing more is said or written for three scan intervals (promise P7). */
  async #settle(): Promise<void> {
    let quiet = 0;
    // What failed may still be tried again, a minute later at most.
    const isOver = (): boolean =>
      quiet >= QUIET_SLICES && (this.#isStill() || quiet * this.knobs.rescanMs > LAST_TRY_MS);
    for (let slice = 0; !isOver(); slice++) {
      if (slice === SETTLE_SLICES_MAX) throw new Failure(`never quiet: ${this.#standing()}`);
      const before = this.#work();
      for (const node of this.nodes) {
        if (node.engine?.status.held === undefined) continue;
        this.#count("held deletions");
        // Against a folder that only sends, to say no would never end.
        const isOneWay = this.nodes.some((other) => other.settings.mode === "send-only");
        await this.#decide(isOneWay || this.#prng.chance(0.7) ? node.engine.approve() : node.engine.reject());
      }
      await this.#until(this.scheduler.nowMs + this.knobs.rescanMs * 1.1);
      quiet = this.#work() === before ? quiet + 1 : 0;
    }
    if (!this.#isStill()) throw new Failure(`quiet, but not in step: ${this.#standing()}`);
  }

  async #decide(decision: Promise<number> | undefined): Promise<void> {
    let isDone = decision === undefined;
    void decision?.then(() => {
      isDone = true;
    });
    for (let turn = 0; !isDone && turn < 600; turn++) await this.#until(this.scheduler.nowMs + 100);
    if (!isDone) throw new Failure("a person's decision was never taken");
  }

  #work(): number {
    return (
      this.net.messages + this.net.requests + this.nodes.reduce((sum, node) => sum + node.writes + node.changes, 0)
    );
  }

  /** Where something is kept back on purpose, the others rightly wait for it. */
  #isStill(): boolean {
    const isKeptBack =
      blockedDirectories(this.nodes).size > 0 || this.nodes.some((node) => (node.engine?.ownChanges.length ?? 0) > 0);
    return isKeptBack || this.nodes.every((node) => node.engine?.status.state === "in-sync");
  }

  #standing(): string {
    return this.nodes
      .map((node) => {
        const status = node.engine?.status;
        const pending = (["live", "deleted"] as const).flatMap((kind) =>
          node.index.read.pending(FOLDER, kind, "", 20).map((path) => `${kind} ${path}`),
        );
        const peers = node.engine?.peers.map(
          (peer) =>
            `${peer.device[0]}${peer.isActive ? "" : " inactive"}${peer.hasOurs ? "" : " lacks ours"}${peer.haveTheirs ? "" : " we lack theirs"}`,
        );
        return `${node.name} ${status?.state} pending [${pending.join(", ")}] problems ${JSON.stringify(status?.problems.slice(0, 5))} peers [${peers?.join("; ")}]`;
      })
      .join("\n  ");
  }
}

/** Tokens of files that the engine installed and committed, and nobody touched since: a power cut must leave them. */
function promisedTokens(node: SimNode, ledger: Ledger): ReadonlySet<string> {
  const promised = new Set<string>();
  const isRisked = (token: string): boolean => {
    // What the person at this very device wrote and did not flush moves along with what peers do to it.
    const entry = ledger.entries.get(token);
    return entry?.node === node.name && !entry.isDurable;
  };
  for (const row of node.index.read.localBelow(FOLDER, "", "", 10_000)) {
    const winner = winnerOf(row.heads);
    if (winner.deleted || row.stamp === null || winner.author === node.device || winner.type !== "file") continue;
    // Who makes a directory and does not flush it may lose it, and all that was put there.
    if (ancestorsOf(row.path).some((path) => isOwnDirectory(node, path))) continue;
    try {
      const inode = node.fs.disk.inodeAt(row.path as RelPath, "read");
      if (inode.ino !== row.stamp.ino || inode.ctimeNs !== row.stamp.ctimeNs) continue;
      for (const token of tokensIn(new TextDecoder().decode(inode.data))) if (!isRisked(token)) promised.add(token);
    } catch (error) {
      if (!(error instanceof FsError)) throw error;
    }
  }
  return promised;
}

function ancestorsOf(path: RelPath): readonly RelPath[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, position) => parts.slice(0, position + 1).join("/") as RelPath);
}

function isOwnDirectory(node: SimNode, path: RelPath): boolean {
  const row = node.index.read.local(FOLDER, path);
  return row === undefined || winnerOf(row.heads).author === node.device;
}
