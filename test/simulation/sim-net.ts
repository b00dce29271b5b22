/**
 * The network between simulated devices.
 *
 * A connection carries messages in order, late, until it breaks; what was
 * under way then is lost, and each end learns of it in its own time. Nothing
 * else is ever lost or swapped: that is what TLS over TCP promises.
 */
import type { Feature } from "../../src/shared/features.ts";
import type { ContentId, FolderId, RelPath, ShortId } from "../../src/shared/ids.ts";
import type { ChunkRequest, FolderMessage, RegionRequest, WantedRegion } from "../../src/shared/messages.ts";
import type { Answered, ListAnswer, WantedList } from "../../src/sync/fetch/fetch-context.ts";
import type { PeerLink } from "../../src/sync/peer-link.ts";
import type { Prng } from "./prng.ts";
import type { Scheduler } from "./sim-clock.ts";

/** A device, as far as the network knows it. */
export interface NetDevice {
  readonly name: string;
  readonly device: ShortId;
  readonly folder: FolderId;
  readonly canWrite: boolean;
  attach(link: SimLink): void;
  detach(link: SimLink): void;
  receive(link: SimLink, message: FolderMessage): Promise<void>;
  /** Bytes of a version as the disk has them now; undefined when it is another version. */
  serve(request: ChunkRequest): Uint8Array | undefined;
  /** How a region follows from what its query describes. */
  serveRegion(path: RelPath, contentId: ContentId, region: WantedRegion): Uint8Array | undefined;
  serveList(wanted: WantedList): ListAnswer | undefined;
}

export interface NetKnobs {
  readonly delayMaxMs: number;
  readonly bytesPerMs: number;
  /** How long an end may take to notice that the connection broke. */
  readonly noticeMaxMs: number;
  readonly lieRate: number;
  readonly stallRate: number;
  /** What connections do not speak. */
  readonly lacks: readonly Feature[];
}

export interface NetWatcher {
  sent(from: NetDevice, to: NetDevice, message: FolderMessage): void;
  trace(line: string): void;
}

const QUEUE_MAX = 4;
const DEADLINE_MS = 60_000;

export class SimNet {
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  readonly watcher: NetWatcher;
  knobs: NetKnobs;
  readonly #connections = new Set<SimConnection>();
  messages = 0;
  requests = 0;

  constructor(scheduler: Scheduler, prng: Prng, knobs: NetKnobs, watcher: NetWatcher) {
    this.scheduler = scheduler;
    this.prng = prng;
    this.knobs = knobs;
    this.watcher = watcher;
  }

  get connections(): readonly SimConnection[] {
    return [...this.#connections];
  }

  areConnected(a: NetDevice, b: NetDevice): boolean {
    return this.connections.some((connection) => connection.joins(a) && connection.joins(b));
  }

  connect(a: NetDevice, b: NetDevice): void {
    this.watcher.trace(`connect ${a.name}${b.name}`);
    const connection = new SimConnection(this, a, b);
    this.#connections.add(connection);
    connection.open();
  }

  /** Breaks a connection. `dead` is an end that has crashed and will not notice anything. */
  cut(connection: SimConnection, dead?: NetDevice): void {
    if (!this.#connections.delete(connection)) return;
    this.watcher.trace(`cut ${connection.name}`);
    connection.cut(dead);
  }

  /** Milliseconds that something of this size takes. */
  delay(bytes: number): number {
    return 1 + this.prng.fraction() * this.knobs.delayMaxMs + bytes / this.knobs.bytesPerMs;
  }
}

export class SimConnection {
  readonly name: string;
  readonly #net: SimNet;
  readonly #links: readonly [SimLink, SimLink];
  isUp = true;

  constructor(net: SimNet, a: NetDevice, b: NetDevice) {
    this.name = `${a.name}${b.name}`;
    this.#net = net;
    this.#links = [new SimLink(net, this, a, b), new SimLink(net, this, b, a)];
    this.#links[0].other = this.#links[1];
    this.#links[1].other = this.#links[0];
  }

  joins(device: NetDevice): boolean {
    return this.#links.some((link) => link.owner === device);
  }

  open(): void {
    for (const link of this.#links) this.#net.scheduler.after(this.#net.delay(0), () => link.begin());
  }

  /** One end begins anew on the same connection, as when rights change. */
  relink(device: NetDevice): void {
    for (const link of this.#links) if (link.owner === device) link.beginAnew();
  }

  cut(dead: NetDevice | undefined): void {
    this.isUp = false;
    for (const link of this.#links) {
      if (link.owner === dead) link.lose(false);
      else {
        const delayMs = this.#net.prng.fraction() * this.#net.knobs.noticeMaxMs;
        this.#net.scheduler.after(delayMs, () => link.lose(true));
      }
    }
  }
}

/** One end of a connection. */
export class SimLink implements PeerLink {
  readonly device: ShortId;
  readonly name: string;
  readonly folder: FolderId;
  readonly canWrite: boolean;
  readonly isAdmin = true;
  readonly distrusts: ReadonlySet<ShortId> = new Set();
  readonly owner: NetDevice;
  readonly peer: NetDevice;
  other!: SimLink;
  readonly #net: SimNet;
  readonly #connection: SimConnection;
  #state: "new" | "open" | "lost" = "new";
  /** Sent and not dealt with yet. */
  #queued = 0;
  #lastArrivalMs = 0;
  #dealing: Promise<void> = Promise.resolve();
  readonly #early: FolderMessage[] = [];
  readonly #waiting = new Set<(error: Error | undefined) => void>();
  readonly #drains: (() => void)[] = [];

  constructor(net: SimNet, connection: SimConnection, owner: NetDevice, peer: NetDevice) {
    this.#net = net;
    this.#connection = connection;
    this.owner = owner;
    this.peer = peer;
    this.device = peer.device;
    this.name = peer.name;
    this.folder = owner.folder;
    this.canWrite = peer.canWrite;
  }

  /** Devices of one version. */
  speaks(feature: Feature): boolean {
    return !this.#net.knobs.lacks.includes(feature);
  }

  begin(): void {
    if (this.#state !== "new" || !this.#connection.isUp) return;
    this.#state = "open";
    this.owner.attach(this);
    for (const message of this.#early.splice(0)) this.#deal(message);
  }

  beginAnew(): void {
    if (this.#state !== "open") return;
    this.owner.detach(this);
    this.owner.attach(this);
  }

  /** The connection is gone; `isNoticed` tells whether this end lives to see it. */
  lose(isNoticed: boolean): void {
    const wasOpen = this.#state === "open";
    this.#state = "lost";
    for (const settle of [...this.#waiting]) settle(new Error("connection lost"));
    for (const resolve of this.#drains.splice(0)) resolve();
    if (isNoticed && wasOpen) this.owner.detach(this);
  }

  send(message: FolderMessage): void {
    if (this.#state !== "open") return;
    this.#net.watcher.sent(this.owner, this.peer, message);
    this.#net.messages++;
    this.#queued++;
    const now = this.#net.scheduler.nowMs;
    const size = message.type === "index-update" ? 300 * message.records.length : 100;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, now + this.#net.delay(size));
    this.#net.scheduler.after(this.#lastArrivalMs - now, () => {
      if (this.#connection.isUp) this.other.#arrive(message);
    });
  }

  #arrive(message: FolderMessage): void {
    if (this.#state === "new") this.#early.push(message);
    else if (this.#state === "open") this.#deal(message);
  }

  #deal(message: FolderMessage): void {
    this.#dealing = this.#dealing.then(async () => {
      if (this.#state !== "open") return;
      this.#net.watcher.trace(`${this.peer.name}>${this.owner.name} ${shown(message)}`);
      await this.owner.receive(this, message);
      this.other.#dealt();
    });
  }

  #dealt(): void {
    this.#queued--;
    if (this.#queued < QUEUE_MAX) for (const resolve of this.#drains.splice(0)) resolve();
  }

  drained(): Promise<void> {
    if (this.#queued < QUEUE_MAX || this.#state !== "open") return Promise.resolve();
    return new Promise((resolve) => this.#drains.push(resolve));
  }

  fetchChunks(
    requests: readonly ChunkRequest[],
    signal: AbortSignal,
  ): Promise<Answered<readonly (Uint8Array | undefined)[]>> {
    return this.#ask(signal, () => {
      const answers = requests.map((request) => this.peer.serve(request));
      return { answers, bytes: answers.reduce((sum, answer) => sum + (answer?.length ?? 0), 0) };
    }).then(({ answer, wire }) => ({ answer: answer.map((bytes) => this.#lied(bytes)), wire }));
  }

  fetchRegions(
    { path, contentId, regions }: RegionRequest,
    signal: AbortSignal,
  ): Promise<Answered<readonly (Uint8Array | undefined)[]>> {
    return this.#ask(signal, () => {
      const answers = regions.map((region) => this.peer.serveRegion(path, contentId, region));
      return { answers, bytes: answers.reduce((sum, answer) => sum + (answer?.length ?? 0), 0) };
    }).then(({ answer, wire }) => ({ answer: answer.map((bytes) => this.#lied(bytes)), wire }));
  }

  fetchChunkList(wanted: WantedList, signal: AbortSignal): Promise<Answered<ListAnswer | undefined>> {
    return this.#ask(signal, () => {
      const answers = this.peer.serveList(wanted);
      return { answers, bytes: answers?.bytes.length ?? 0 };
    }).then(({ answer, wire }) => {
      const bytes = this.#lied(answer?.bytes);
      return { answer: bytes === undefined ? undefined : { relatedBytes: null, base: null, ...answer, bytes }, wire };
    });
  }

  #lied(bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (bytes === undefined || bytes.length === 0 || !this.#net.prng.chance(this.#net.knobs.lieRate)) return bytes;
    this.#net.watcher.trace(`${this.peer.name} lies to ${this.owner.name}`);
    const wrong = bytes.slice();
    const place = this.#net.prng.between(0, wrong.length - 1);
    wrong[place] = (wrong[place] ?? 0) ^ 0x20;
    return wrong;
  }

  #ask<T>(signal: AbortSignal, serve: () => { readonly answers: T; readonly bytes: number }): Promise<Answered<T>> {
    const { scheduler, prng, knobs } = this.#net;
    this.#net.requests++;
    return new Promise<Answered<T>>((resolve, reject) => {
      if (this.#state !== "open") return reject(new Error("connection lost"));
      const end = (error: Error | undefined): void => {
        if (!this.#waiting.delete(end)) return;
        cancelDeadline();
        signal.removeEventListener("abort", abort);
        if (error !== undefined) reject(error);
      };
      const abort = (): void => end(new Error("aborted"));
      this.#waiting.add(end);
      signal.addEventListener("abort", abort, { once: true });
      const cancelDeadline = scheduler.after(DEADLINE_MS, () => end(new Error("no answer in time")));
      if (prng.chance(knobs.stallRate)) return;
      scheduler.after(this.#net.delay(100), () => {
        if (!this.#connection.isUp) return;
        const { answers, bytes } = serve();
        scheduler.after(this.#net.delay(bytes), () => {
          if (!this.#connection.isUp || !this.#waiting.has(end)) return;
          end(undefined);
          resolve({ answer: answers, wire: { sent: 100, received: bytes } });
        });
      });
    });
  }
}

function shown(message: FolderMessage): string {
  switch (message.type) {
    case "folder-state":
      return `state ${message.epoch.slice(0, 4)}:${message.sequence} holds ${message.heldEpoch.slice(0, 4)}:${message.heldSequence}`;
    case "index-update":
      return `update ${message.afterSequence}..${message.lastSequence} ${message.moves
        .map(({ from, to, author, counter, count }) => `MOVE ${from}>${to} ${author[0]}${counter} (${count}) `)
        .join("")}${message.records
        .map(
          ({ info }) =>
            `${info.path}=${info.heads.map((head) => `${head.deleted ? "x" : head.type[0]}${JSON.stringify(head.version.map(([device, counter]) => `${device[0]}${counter}`))}`).join("|")}`,
        )
        .join(" ")}`;
    case "index-ack":
      return `ack ${message.received}/${message.applied} ${message.problems.map((problem) => `${problem.path}:${problem.code}`).join(" ")}`;
    default:
      return JSON.stringify(message);
  }
}
