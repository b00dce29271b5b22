/**
 * The net thread: owns the listener, every socket, the dialling, pairing and
 * discovery, and serves chunks by itself.
 *
 * Invariants:
 * 1. A connection exists only with a device that is trusted and not paused
 *    now; `setTrust` has cut all others when it resolves.
 * 2. Which folders a peer may read is asked for each frame served.
 * 3. Frames that main has not taken yet are bounded: above that, the peer's
 *    socket is not read.
 */
import { connect as connectTcp } from "node:net";
import { CONNECTION_TIMES, Connection, type ConnectionTimes, type EndReason } from "../../peer/connection.ts";
import { ConnectionPairs } from "../../peer/connection-pairs.ts";
import type { Candidate, Discovery } from "../../peer/discovery/discovery.ts";
import { MdnsDiscovery } from "../../peer/discovery/mdns.ts";
import { matchSaltedId } from "../../peer/discovery/salted-id.ts";
import { Listener } from "../../peer/listen.ts";
import type { ChunkSource } from "../../peer/serve-chunks.ts";
import { PAIRING_PROTOCOL, type Protocol, SYNC_PROTOCOL } from "../../peer/tls.ts";
import type { SecureChannel } from "../../peer/transport/transport.ts";
import type { FolderFrameType } from "../../peer/wire/codec.ts";
import { GOODBYE, type Introduction, type ProbeMe, type ProbeReply } from "../../peer/wire/greetings.ts";
import { broken } from "../../peer/wire/wire-values.ts";
import { SyncError } from "../../shared/errors.ts";
import { formatHostPort, type HostPort, parseHostPort } from "../../shared/host-port.ts";
import type { DeviceId, FolderId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Clock, Log, Random } from "../../shared/ports.ts";
import type {
  MainCalls,
  MainNote,
  NetCalls,
  NetEvent,
  NetOptions,
  PeerFacts,
  ProbeOutcome,
  ServedFolder,
  Shares,
  TrustedDevice,
} from "./net-api.ts";
import { NetDevice } from "./net-device.ts";
import { NetInvites } from "./net-invites.ts";
import { join } from "./net-join.ts";
import { threadLog } from "./net-log.ts";
import { addressTexts, networkFingerprint, ownAddresses } from "./own-addresses.ts";
import { Handed, type Handlers } from "./thread-calls.ts";
import { Traffic } from "./traffic.ts";

/** Frames of one peer that main has not taken yet; more are left in the socket. */
const UNTAKEN_BYTES_MAX = 4 * 1024 * 1024;
const NETWORK_LOOK_MS = 5000;
const PROBE_MS = 5000;
const ALIVE_MS = 3000;
/** Goodbyes have so long to leave. */
const FAREWELL_MS = 200;

export interface NetNodeDeps {
  readonly options: NetOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly source: ChunkSource & { setFolders(folders: readonly ServedFolder[]): void };
  readonly post: (event: NetEvent, transfer?: readonly ArrayBuffer[]) => void;
  readonly main: MainCalls;
}

interface OpenConnection {
  readonly id: number;
  readonly connection: Connection;
  untakenBytes: number;
  facts: PeerFacts | undefined;
  readonly probes: Map<number, (reply: ProbeReply) => void>;
  isProbing: boolean;
}

export class NetNode implements AsyncDisposable {
  readonly #deps: NetNodeDeps;
  readonly #log: Log;
  readonly #times: ConnectionTimes;
  /** Names this run of the program to peers. */
  readonly #run: bigint;
  readonly #pairs: ConnectionPairs;
  readonly #invites: NetInvites;
  readonly #listener: Listener;
  readonly #traffic = new Traffic();
  readonly #devices = new Map<DeviceId, NetDevice>();
  readonly #open = new Map<Connection, OpenConnection>();
  readonly #byId = new Map<number, OpenConnection>();
  readonly #stop = new AbortController();
  #discovery: Discovery | undefined;
  #listening: HostPort = { host: "127.0.0.1", port: 0 };
  #shares: Shares = new Map();
  #name: string;
  #nextConnection = 1;
  #nextProbe = 1;
  /** Methods that main calls. */
  readonly handlers: Handlers<NetCalls>;

  constructor(deps: NetNodeDeps) {
    this.#deps = deps;
    const { options, clock, random } = deps;
    this.#log = threadLog(deps.post);
    this.#name = options.name;
    this.#times = { ...CONNECTION_TIMES, ...options.times };
    this.#run = Buffer.from(random.bytes(8)).readBigUInt64LE();
    this.#pairs = new ConnectionPairs({
      self: options.identity.deviceId,
      introductionTo: (device) => this.#introductionTo(device),
      onConnected: (connection, introduction) => this.#connected(connection, introduction),
      onChanged: (connection, introduction) => this.#changed(connection, introduction),
      onLost: (connection, reason) => this.#lost(connection, reason),
    });
    this.#invites = new NetInvites({
      identity: options.identity,
      clock,
      random,
      name: () => this.#name,
      addresses: () => ownAddresses(this.#listening),
      storePaired: (paired) => deps.main.storePaired(paired),
      post: deps.post,
      onChange: () => this.#announce(),
    });
    this.#listener = new Listener({
      identity: options.identity,
      clock,
      log: this.#log,
      offers: () => this.#offers(),
      onChannel: (channel, release) => this.#accepted(channel, release),
    });
    this.handlers = this.#makeHandlers();
  }

  /** Binds the listener and begins to look around. Throws E_PORT_TAKEN. */
  async start(): Promise<HostPort> {
    this.#listening = await this.#listener.start(this.#deps.options.listen);
    this.#setDiscovery(this.#deps.options.hasDiscovery);
    void this.#watchNetwork();
    return this.#listening;
  }

  /** Says goodbye everywhere and lets go of everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#invites.end();
    const discovery = this.#discovery;
    this.#discovery = undefined;
    await Promise.all([...this.#devices.values()].map((device) => device.end()));
    const connections = this.#pairs.all();
    for (const connection of connections) connection.close({ code: GOODBYE.stopping, message: "Syncline stops there" });
    await this.#listener[Symbol.asyncDispose]();
    await discovery?.[Symbol.asyncDispose]();
    const farewells = Promise.all(connections.map(({ gone }) => gone));
    await Promise.race([farewells, this.#deps.clock.sleep(FAREWELL_MS)]);
    this.#deps.source.rest();
  }

  /** Takes what main says in passing. */
  take(note: MainNote): void {
    const open = this.#byId.get(note.connection);
    if (open === undefined) return;
    switch (note.type) {
      case "send":
        open.connection.sendFolderFrame({ type: note.frame, body: note.body });
        return;
      case "taken":
        open.untakenBytes -= note.bytes;
        if (open.untakenBytes <= UNTAKEN_BYTES_MAX / 2) open.connection.hold(false);
        return;
      case "fault":
        open.connection.fail(broken(note.message));
        return;
    }
  }

  #makeHandlers(): Handlers<NetCalls> {
    return {
      start: () => this.start(),
      setTrust: (devices) => this.#setTrust(devices),
      setShares: async (shares) => this.#setShares(shares),
      setFolders: async (folders) => this.#deps.source.setFolders(folders),
      setName: async (name) => {
        this.#name = name;
        this.#introduceAgain(this.#pairs.established());
      },
      setDiscovery: async (isOn) => this.#setDiscovery(isOn),
      setAddresses: async (device, addresses) => this.#devices.get(device)?.setAddresses(addresses),
      dialNow: async (device) => {
        for (const known of this.#devices.values()) if (device === null || known.id === device) known.wake();
        this.#discovery?.refresh();
      },
      drained: (connection) => this.#byId.get(connection)?.connection.drained() ?? Promise.resolve(),
      fetchChunks: async (connection, folder, ranges, signal) => {
        const answer = await this.#connection(connection).fetchChunks(folder, ranges, signal);
        return new Handed(answer, [answer.bytes.buffer]);
      },
      fetchChunkList: async (connection, folder, path, contentId, signal) => {
        const list = await this.#connection(connection).fetchChunkList(folder, path, contentId, signal);
        return list === undefined ? undefined : new Handed(list, [list.buffer]);
      },
      ping: (connection, signal) => this.#connection(connection).ping(signal),
      probe: (connection, address, signal) => this.#probe(connection, address, signal),
      tellRemoved: async (removed, to) => {
        for (const device of to) this.#pairs.connectionOf(device)?.sendDeviceRemoved(removed);
      },
      invite: async (grant, isAsked) => this.#invites.create(grant, isAsked),
      invites: async () => this.#invites.live(),
      cancelInvite: async (id) => this.#invites.cancel(id),
      join: (wish, signal) => join(this.#joinDeps(), wish, signal),
      counters: async () => this.#traffic.counters([...this.#open.keys()]),
      stop: () => this[Symbol.asyncDispose](),
    };
  }

  #offers(): readonly Protocol[] {
    return this.#invites.isOpen() ? [SYNC_PROTOCOL, PAIRING_PROTOCOL] : [SYNC_PROTOCOL];
  }

  #accepted(channel: SecureChannel, release: () => void): void {
    const { deviceId, protocol } = channel.peer;
    if (protocol === PAIRING_PROTOCOL) {
      void this.#invites.run(channel).finally(release);
      return;
    }
    release();
    const device = this.#devices.get(deviceId);
    const refusal =
      device === undefined ? "it is not paired with this device" : device.isPaused ? "it is paused here" : undefined;
    if (refusal !== undefined) {
      // Not a byte: a stranger learns nothing, and a removed peer no more than that.
      channel.stream.destroy();
      this.#deps.post({ type: "refused", address: channel.address, device: deviceId, message: refusal });
      return;
    }
    void this.#begin(channel);
  }

  /** Starts a connection with a trusted device; resolves once it is over. */
  #begin(channel: SecureChannel): Promise<EndReason> {
    const connection = new Connection({
      channel,
      run: this.#run,
      clock: this.#deps.clock,
      times: this.#times,
      source: this.#deps.source,
      mayRead: (device, folder) => this.#mayRead(device, folder),
      events: {
        onGreeted: (greeted) => void this.#pairs.greeted(greeted),
        onIntroduced: (introduced, introduction) => this.#pairs.introduced(introduced, introduction),
        onFolderFrame: (from, type, body) => this.#frame(from, type, body),
        onDeviceRemoved: (from, removed) => this.#deps.post({ type: "device-removed", by: from.device, removed }),
        onProbe: (from, probe) => void this.#answerProbe(from, probe),
        onProbeReply: (from, reply) => this.#open.get(from)?.probes.get(reply.id)?.(reply),
        onEnd: (ended, reason) => this.#ended(ended, reason),
      },
    });
    const id = this.#nextConnection++;
    const open: OpenConnection = {
      id,
      connection,
      untakenBytes: 0,
      facts: undefined,
      probes: new Map(),
      isProbing: false,
    };
    this.#open.set(connection, open);
    this.#byId.set(id, open);
    const isTrusted = this.#devices.get(connection.device)?.isPaused === false && !this.#stop.signal.aborted;
    if (!isTrusted) connection.cut({ code: "E_NOT_ALLOWED", message: "it is trusted no longer" });
    else if (this.#open.size > LIMITS.connectionsMax.value)
      connection.cut({ code: "E_NOT_ALLOWED", message: "there are too many connections" });
    else if (this.#pairs.add(connection)) connection.start();
    return connection.over;
  }

  #mayRead(device: DeviceId, folder: FolderId): boolean {
    return this.#devices.has(device) && (this.#shares.get(device)?.some(({ id }) => id === folder) ?? false);
  }

  #introductionTo(device: DeviceId): Introduction {
    return {
      name: this.#name,
      program: this.#deps.options.program,
      nowMs: this.#deps.clock.now(),
      addresses: addressTexts(ownAddresses(this.#listening)),
      folders: this.#shares.get(device) ?? [],
    };
  }

  #introduceAgain(connections: readonly Connection[]): void {
    for (const connection of connections) connection.introduce(this.#introductionTo(connection.device));
  }

  #connected(connection: Connection, introduction: Introduction): void {
    const device = this.#devices.get(connection.device);
    device?.connected();
    const facts = this.#learn(connection, introduction);
    if (facts === undefined) return;
    if (connection.channel.isDialled) {
      const address = parseHostPort(connection.channel.address);
      if (address !== undefined) device?.learn([address], "worked");
    }
    this.#deps.post({ type: "connected", peer: facts });
  }

  #changed(connection: Connection, introduction: Introduction): void {
    const facts = this.#learn(connection, introduction);
    if (facts !== undefined) this.#deps.post({ type: "changed", peer: facts });
  }

  #learn(connection: Connection, introduction: Introduction): PeerFacts | undefined {
    const open = this.#open.get(connection);
    if (open === undefined) return undefined;
    const { name, program, nowMs, folders, addresses } = introduction;
    const { transport, address, isDialled } = connection.channel;
    const clockOffsetMs = nowMs - this.#deps.clock.now();
    const features = connection.features;
    open.facts = {
      connection: open.id,
      device: connection.device,
      name,
      program,
      features,
      transport,
      address,
      isDialled,
      clockOffsetMs,
      folders,
      addresses,
    };
    this.#devices.get(connection.device)?.learnTexts([...this.#seenAt(connection, addresses), ...addresses], "told");
    return open.facts;
  }

  /** Where an accepted connection came from, with the port that the peer says it listens on: helps when it cannot know its own address. */
  #seenAt({ channel }: Connection, addresses: readonly string[]): readonly string[] {
    const from = parseHostPort(channel.address);
    const told = addresses.map((text) => parseHostPort(text)).find((address) => address !== undefined);
    if (channel.isDialled || from === undefined || told === undefined) return [];
    return [formatHostPort({ host: from.host.replace(/^::ffff:/, ""), port: told.port })];
  }

  #lost(connection: Connection, reason: EndReason): void {
    const open = this.#open.get(connection);
    if (open === undefined) return;
    this.#deps.post({ type: "lost", connection: open.id, device: connection.device, reason });
  }

  #ended(connection: Connection, reason: EndReason): void {
    this.#pairs.ended(connection, reason);
    const open = this.#open.get(connection);
    if (open === undefined) return;
    this.#open.delete(connection);
    this.#byId.delete(open.id);
    this.#traffic.close(connection);
    this.#log.debug("Connection ended", {
      device: connection.device,
      address: connection.channel.address,
      code: reason.code,
      reason: reason.message,
    });
    // The device's loop dials when it should; a peer that stops or pauses is dialled later.
    if (
      reason.code !== GOODBYE.stopping &&
      reason.code !== GOODBYE.paused &&
      this.#pairs.connectionOf(connection.device) === undefined
    ) {
      if (!connection.channel.isDialled) this.#devices.get(connection.device)?.wake();
    }
  }

  #frame(connection: Connection, frame: FolderFrameType, view: Uint8Array): void {
    const open = this.#open.get(connection);
    if (open === undefined) return;
    const isOwn = view.byteLength === view.buffer.byteLength && view.buffer instanceof ArrayBuffer;
    const body = isOwn ? (view as Uint8Array<ArrayBuffer>) : new Uint8Array(view);
    open.untakenBytes += body.byteLength;
    if (open.untakenBytes > UNTAKEN_BYTES_MAX) connection.hold(true);
    this.#deps.post({ type: "frame", connection: open.id, frame, body }, [body.buffer]);
  }

  async #setTrust(devices: readonly TrustedDevice[]): Promise<void> {
    const trusted = new Map(devices.map((device) => [device.id, device]));
    const ends: Promise<void>[] = [];
    for (const [id, device] of this.#devices) {
      if (trusted.has(id)) continue;
      this.#devices.delete(id);
      ends.push(device.end());
    }
    for (const connection of this.#pairs.all()) {
      const device = trusted.get(connection.device);
      if (device === undefined) connection.cut({ code: "E_NOT_ALLOWED", message: "it was removed here" });
      else if (device.isPaused) connection.close({ code: GOODBYE.paused, message: "paused by its owner" });
    }
    for (const device of devices) {
      const known = this.#devices.get(device.id);
      if (known !== undefined) ends.push(known.configure(device));
      else if (device.id !== this.#deps.options.identity.deviceId)
        this.#devices.set(device.id, this.#makeDevice(device));
    }
    this.#match(this.#discovery?.candidates() ?? []);
    await Promise.all(ends);
  }

  #makeDevice(device: TrustedDevice): NetDevice {
    const { options, clock, random, post } = this.#deps;
    return new NetDevice(
      {
        identity: options.identity,
        clock,
        random,
        post,
        isConnected: (id) => this.#pairs.connectionOf(id) !== undefined,
        onChannel: (channel) => this.#begin(channel),
      },
      device,
    );
  }

  #setShares(shares: Shares): void {
    const before = this.#shares;
    this.#shares = shares;
    const isOther = ({ device }: Connection): boolean =>
      JSON.stringify(before.get(device) ?? []) !== JSON.stringify(shares.get(device) ?? []);
    this.#introduceAgain(this.#pairs.established().filter(isOther));
  }

  #connection(id: number): Connection {
    const open = this.#byId.get(id);
    if (open === undefined) throw new SyncError("E_PEER_OFFLINE", "the connection has ended");
    return open.connection;
  }

  async #probe(connection: number, address: string, signal: AbortSignal): Promise<ProbeOutcome> {
    const open = this.#byId.get(connection);
    if (open === undefined) throw new SyncError("E_PEER_OFFLINE", "the connection has ended");
    const id = this.#nextProbe++;
    const { promise, resolve, reject } = Promise.withResolvers<ProbeReply>();
    const stop = (): void => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    open.probes.set(id, resolve);
    void open.connection.over.then(() => reject(new SyncError("E_PEER_OFFLINE", "the connection has ended")));
    try {
      open.connection.sendProbe({ id, address });
      const { isReachable, detail } = await promise;
      return { isReachable, detail };
    } finally {
      signal.removeEventListener("abort", stop);
      open.probes.delete(id);
    }
  }

  /** Tries the port that a peer names, at the address it is connected from and nowhere else: a probe must not search other networks. */
  async #answerProbe(connection: Connection, { id, address }: ProbeMe): Promise<void> {
    const open = this.#open.get(connection);
    if (open === undefined || open.isProbing) return;
    open.isProbing = true;
    const port = parseHostPort(address)?.port;
    const host = parseHostPort(connection.channel.address)?.host;
    const outcome =
      host === undefined || port === undefined ? "the address cannot be read" : await tryPort({ host, port });
    open.isProbing = false;
    connection.sendProbeReply({ id, isReachable: outcome === undefined, detail: outcome ?? "connected" });
  }

  #joinDeps(): Parameters<typeof join>[0] {
    const { options, clock, random, main } = this.#deps;
    return {
      identity: options.identity,
      clock,
      random,
      candidates: () => this.#discovery?.candidates() ?? [],
      refresh: () => this.#discovery?.refresh(),
      acceptOffer: (offer) => main.acceptOffer(offer),
    };
  }

  #setDiscovery(isOn: boolean): void {
    if (!isOn) {
      void this.#discovery?.[Symbol.asyncDispose]();
      this.#discovery = undefined;
      return;
    }
    if (this.#discovery !== undefined) return;
    const { options, clock, random } = this.#deps;
    this.#discovery = new MdnsDiscovery({
      device: options.identity.deviceId,
      clock,
      random,
      log: this.#log,
      onEvent: () => this.#discovered(),
      ...options.discovery,
    });
    this.#discovery.start();
    this.#announce();
  }

  #announce(): void {
    this.#discovery?.announce({ port: this.#listening.port, channels: this.#invites.channels() });
  }

  #discovered(): void {
    const candidates = this.#discovery?.candidates() ?? [];
    this.#match(candidates);
    this.#deps.post({ type: "candidates", candidates });
  }

  /** Takes addresses of trusted devices from what was found on the network. */
  #match(candidates: readonly Candidate[]): void {
    for (const { id, addresses } of candidates) {
      const device = matchSaltedId(id, this.#devices.keys());
      if (device !== undefined) this.#devices.get(device)?.learn(addresses, "discovered");
    }
  }

  /** Dials and asks for signs of life at once when the machine's addresses change. */
  async #watchNetwork(): Promise<void> {
    let before = networkFingerprint();
    while (!this.#stop.signal.aborted) {
      await this.#deps.clock.sleep(NETWORK_LOOK_MS, this.#stop.signal).catch(() => {});
      const now = networkFingerprint();
      if (now === before || this.#stop.signal.aborted) continue;
      before = now;
      this.#log.info("The network changed", {});
      for (const device of this.#devices.values()) device.wake();
      this.#introduceAgain(this.#pairs.established());
      for (const connection of this.#pairs.established()) void this.#checkLife(connection);
    }
  }

  async #checkLife(connection: Connection): Promise<void> {
    if (await connection.isAlive(ALIVE_MS)) return;
    connection.cut({ code: "E_TIMEOUT", message: "it did not answer after the network changed" });
  }
}

/** Undefined when something accepts there, else what went wrong. */
function tryPort(at: HostPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: at.host, port: at.port });
    const finish = (outcome: string | undefined): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(PROBE_MS, () => finish("no answer"));
    socket.once("connect", () => finish(undefined));
    socket.once("error", (error) => finish(error.message));
  });
}
