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
import type { AskedCommand } from "../../peer/answer-commands.ts";
import {
  CONNECTION_TIMES,
  Connection,
  type ConnectionEvents,
  type ConnectionTimes,
  type EndReason,
} from "../../peer/connection.ts";
import { ConnectionPairs } from "../../peer/connection-pairs.ts";
import { Listener } from "../../peer/listen.ts";
import type { ChunkSource } from "../../peer/serve-chunks.ts";
import { PAIRING_PROTOCOL, SYNC_PROTOCOL } from "../../peer/tls.ts";
import type { SecureChannel } from "../../peer/transport/transport.ts";
import type { FolderFrameType } from "../../peer/wire/codec.ts";
import { GOODBYE, type Introduction } from "../../peer/wire/greetings.ts";
import { broken } from "../../peer/wire/wire-values.ts";
import { SyncError } from "../../shared/errors.ts";
import { formatHostPort, type HostPort, parseHostPort } from "../../shared/host-port.ts";
import type { DeviceId, FolderId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Clock, Log, Random } from "../../shared/ports.ts";
import { Seldom } from "../seldom.ts";
import type {
  MainCalls,
  MainNote,
  NetCalls,
  NetEvent,
  NetOptions,
  PeerFacts,
  ServedFolder,
  Shares,
  TrustedDevice,
} from "./net-api.ts";
import { NetDevice } from "./net-device.ts";
import { NetFinder } from "./net-finder.ts";
import { NetInvites } from "./net-invites.ts";
import { type JoinDeps, join } from "./net-join.ts";
import { threadLog } from "./net-log.ts";
import { NetProber } from "./net-prober.ts";
import { NetUdp } from "./net-udp.ts";
import type { OfferedFile } from "./offered-files.ts";
import { OpenConnections } from "./open-connections.ts";
import { addressTexts, ownAddresses } from "./own-addresses.ts";
import { withServedLog } from "./served-log.ts";
import { Handed, type Handlers } from "./thread-calls.ts";
import { Traffic } from "./traffic.ts";

const ALIVE_MS = 3000;
/** Goodbyes have so long to leave. */
const FAREWELL_MS = 200;

export interface NetNodeDeps {
  readonly options: NetOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly source: ChunkSource & {
    setFolders(folders: readonly ServedFolder[]): void;
    setOffer(token: FolderId, files: readonly OfferedFile[]): void;
  };
  readonly post: (event: NetEvent, transfer?: readonly ArrayBuffer[]) => void;
  readonly main: MainCalls;
}

export class NetNode implements AsyncDisposable {
  readonly #deps: NetNodeDeps;
  readonly #log: Log;
  readonly #times: ConnectionTimes;
  /** Names this run of the program to peers. */
  readonly #run: bigint;
  readonly #pairs: ConnectionPairs;
  readonly #invites: NetInvites;
  #listener: Listener;
  readonly #finder: NetFinder;
  readonly #prober: NetProber;
  readonly #udp: NetUdp;
  readonly #refusals: Seldom;
  readonly #traffic = new Traffic();
  readonly #open = new OpenConnections();
  readonly #devices = new Map<DeviceId, NetDevice>();
  #isStopping = false;
  #listening: HostPort = { host: "127.0.0.1", port: 0 };
  #shares: Shares = new Map();
  /** Tokens of uploads that are under way, and the one device that may ask for each. */
  readonly #offers = new Map<FolderId, DeviceId>();
  #name: string;
  #removed: readonly DeviceId[] = [];
  /** Methods that main calls. */
  readonly handlers: Handlers<NetCalls>;

  constructor(deps: NetNodeDeps) {
    this.#deps = deps;
    const { options, clock, random, post, main } = deps;
    const { identity } = options;
    this.#log = threadLog(post);
    this.#name = options.name;
    this.#times = { ...CONNECTION_TIMES, ...options.times };
    this.#run = Buffer.from(random.bytes(8)).readBigUInt64LE();
    this.#prober = new NetProber(clock);
    this.#refusals = new Seldom(clock);
    this.#udp = new NetUdp({
      identity,
      log: this.#log,
      introductionTo: (device) => this.#introductionTo(device),
      begin: (channel, events) => {
        const connection = this.#makeConnection(channel, events);
        this.#open.add(connection);
        return connection;
      },
      onEnd: (connection, reason) => {
        this.#lost(connection, reason);
        this.#open.remove(connection);
        this.#traffic.close(connection);
      },
    });
    this.#pairs = new ConnectionPairs({
      self: identity.deviceId,
      introductionTo: (device) => this.#introductionTo(device),
      onConnected: (connection, introduction) => this.#connected(connection, introduction),
      onChanged: (connection, introduction) => this.#report("changed", connection, introduction),
      onLost: (connection, reason) => this.#lost(connection, reason),
    });
    this.#invites = new NetInvites({
      identity,
      clock,
      random,
      name: () => this.#name,
      addresses: () => ownAddresses(this.#listening),
      storePaired: (paired) => main.storePaired(paired),
      post,
      onChange: () => this.#finder.announce(),
    });
    this.#finder = new NetFinder({
      options,
      clock,
      random,
      log: this.#log,
      listening: () => this.#listening,
      channels: () => this.#invites.channels(),
      trusted: () => this.#devices.keys(),
      onFound: (device, addresses) => this.#devices.get(device)?.learn(addresses, "discovered"),
      onCandidates: (candidates) => post({ type: "candidates", candidates }),
      onNetworkChange: () => this.#networkChanged(),
      isComplete: () => this.#isComplete(),
    });
    this.#listener = this.#makeListener();
    this.handlers = this.#makeHandlers();
  }

  /** Binds the listener and begins to look around. Throws E_PORT_TAKEN. */
  async start(): Promise<HostPort> {
    this.#listening = await this.#listener.start(this.#deps.options.listen);
    this.#udp.listen(this.#listening);
    this.#finder.start(this.#deps.options.hasDiscovery);
    return this.#listening;
  }

  #makeListener(): Listener {
    const { clock, options } = this.#deps;
    return new Listener({
      identity: options.identity,
      clock,
      log: this.#log,
      offers: () => (this.#invites.isOpen() ? [SYNC_PROTOCOL, PAIRING_PROTOCOL] : [SYNC_PROTOCOL]),
      onChannel: (channel, release) => this.#accepted(channel, release),
    });
  }

  /** Listens at another address from now on; connections stay. Throws E_PORT_TAKEN, and listens where it did then. */
  async #setListen(at: HostPort): Promise<HostPort> {
    const [before, old] = [this.#listening, this.#listener];
    const next = this.#makeListener();
    // The same port on other addresses is free only once the old listener has let go of it.
    const isSamePort = at.port === before.port;
    if (isSamePort) void old[Symbol.asyncDispose]();
    try {
      this.#listening = await next.start(at);
      this.#listener = next;
    } catch (error) {
      if (isSamePort) {
        this.#listener = this.#makeListener();
        this.#listening = await this.#listener.start(before);
      }
      throw error;
    }
    if (!isSamePort) void old[Symbol.asyncDispose]();
    this.#udp.listen(this.#listening);
    this.#finder.announce();
    this.#introduceAgain(this.#pairs.established());
    return this.#listening;
  }

  /** Says goodbye everywhere and lets go of everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#invites.end();
    await Promise.all([...this.#devices.values()].map((device) => device.end()));
    const connections = this.#pairs.all();
    for (const connection of connections) connection.close({ code: GOODBYE.stopping, message: "Syncline stops there" });
    const parts = [this.#listener, this.#finder, this.#udp];
    await Promise.all(parts.map((part) => part[Symbol.asyncDispose]()));
    const farewells = Promise.all(connections.map(({ gone }) => gone));
    await Promise.race([farewells, this.#deps.clock.sleep(FAREWELL_MS)]);
    this.#deps.source.rest();
  }

  /** Takes what main says in passing. */
  take(note: MainNote): void {
    switch (note.type) {
      case "send":
        this.#open.find(note.connection)?.sendFolderFrame({ type: note.frame, body: note.body });
        return;
      case "taken":
        this.#open.taken(note.connection, note.bytes);
        return;
      case "drop-command":
        this.#open.find(note.connection)?.dropCommand(note.id);
        return;
      case "close":
        this.#open.find(note.connection)?.close({ code: GOODBYE.done, message: "the transfer is over" });
        return;
      case "fault":
        this.#open.find(note.connection)?.fail(broken(note.message));
        return;
    }
  }

  #makeHandlers(): Handlers<NetCalls> {
    return {
      start: () => this.start(),
      setTrust: (devices) => this.#setTrust(devices),
      setShares: async (shares) => this.#setShares(shares),
      setFolders: async (folders) => this.#deps.source.setFolders(folders),
      setOffer: async (device, token, files) => this.#setOffer(device, token, files),
      setName: async (name) => {
        this.#name = name;
        this.#introduceAgain(this.#pairs.established());
      },
      setRemoved: async (devices) => {
        this.#removed = devices;
        this.#introduceAgain(this.#pairs.established());
      },
      setDiscovery: async (isOn) => this.#finder.set(isOn),
      setListen: (at) => this.#setListen(at),
      setAddresses: async (device, addresses) => this.#devices.get(device)?.setAddresses(addresses),
      dialNow: async (device) => {
        for (const known of this.#devices.values()) if (device === null || known.id === device) known.wake();
        this.#finder.refresh();
      },
      drained: async (connection) => await this.#open.find(connection)?.drained(),
      fetchChunks: async (connection, folder, ranges, compression, signal) => {
        const answer = await this.#open.get(connection).fetchChunks(folder, ranges, signal, compression);
        return new Handed(answer, [answer.bytes.buffer]);
      },
      fetchChunkList: async (connection, wanted, signal) => {
        const answer = await this.#open.get(connection).fetchChunkList(wanted, signal);
        return new Handed(answer, answer.list === undefined ? [] : [answer.list.buffer]);
      },
      askCommand: async (connection, command) => this.#open.get(connection).askCommand(command),
      readCommand: async (connection, id, signal) => {
        const part = await this.#open.get(connection).readCommand(id, signal);
        return new Handed(part, [part.bytes.buffer]);
      },
      replyCommand: async (connection, id, bytes) => await this.#open.find(connection)?.replyCommand(id, bytes),
      fetchRegions: async (connection, folder, request, compression, signal) => {
        const answer = await this.#open.get(connection).fetchRegions({ ...request, folder, compression }, signal);
        return new Handed(
          answer,
          answer.answers.flatMap((part) => (part === undefined ? [] : [part.buffer])),
        );
      },
      openUdp: async (connection, ids, signal) => {
        const [udp, introduction] = await this.#udp.open(this.#open.get(connection), ids, signal);
        const facts = this.#factsOf(udp, introduction);
        if (facts === undefined) throw new SyncError("E_PEER_OFFLINE", "the connection over UDP has ended");
        return facts;
      },
      ping: async (connection, signal) => await this.#open.get(connection).ping(signal),
      probe: async (connection, address, signal) => await this.#prober.ask(this.#open.get(connection), address, signal),
      tellRemoved: async (removed, to) => {
        for (const device of to) this.#pairs.connectionOf(device)?.sendDeviceRemoved(removed);
      },
      invite: async (grant, isAsked) => this.#invites.create(grant, isAsked),
      invites: async () => this.#invites.live(),
      cancelInvite: async (id) => this.#invites.cancel(id),
      join: (wish, signal) => join(this.#joinDeps(), wish, signal),
      counters: async () => this.#traffic.counters(this.#open.all()),
      stop: () => this[Symbol.asyncDispose](),
    };
  }

  #accepted(channel: SecureChannel, release: () => void): void {
    const { deviceId, protocol } = channel.peer;
    if (protocol === PAIRING_PROTOCOL) {
      void this.#invites.run(channel).finally(release);
      return;
    }
    release();
    const device = this.#devices.get(deviceId);
    if (device !== undefined && !device.isPaused) {
      void this.#begin(channel);
      return;
    }
    // Not a byte: a stranger learns nothing, and a removed peer no more than that.
    channel.stream.destroy();
    const message = device === undefined ? "it is not paired with this device" : "it is paused here";
    if (this.#refusals.isDue(`${deviceId} ${message}`))
      this.#deps.post({ type: "refused", address: channel.address, device: deviceId, message });
  }

  /** Starts a connection with a trusted device; resolves once it is over. */
  #begin(channel: SecureChannel): Promise<EndReason> {
    const connection = this.#makeConnection(channel, {
      onGreeted: (greeted) => void this.#pairs.greeted(greeted),
      onIntroduced: (introduced, introduction) => this.#pairs.introduced(introduced, introduction),
      onFolderFrame: (from, type, body) => this.#frame(from, type, body),
      onCommand: (from, command, signal) => this.#runCommand(from, command, signal),
      onDeviceRemoved: (from, removed) => this.#deps.post({ type: "device-removed", by: from.device, removed }),
      onProbe: (from, probe) => void this.#prober.answer(from, probe),
      onProbeReply: (_, reply) => this.#prober.replied(reply),
      onEnd: (ended, reason) => this.#ended(ended, reason),
    });
    this.#open.add(connection);
    const refusal = this.#refusalOf(connection.device);
    if (refusal !== undefined) connection.cut({ code: "E_NOT_ALLOWED", message: refusal });
    else if (this.#pairs.add(connection)) connection.start();
    return connection.over;
  }

  #makeConnection(channel: SecureChannel, events: ConnectionEvents): Connection {
    return new Connection({
      channel,
      run: this.#run,
      clock: this.#deps.clock,
      times: this.#times,
      source: withServedLog(this.#deps.source, this.#deps.clock, (served) =>
        this.#log.info("Sent file data", {
          device: channel.peer.deviceId.slice(0, 7),
          address: channel.address,
          ...served,
        }),
      ),
      mayRead: (device, folder) => this.#mayRead(device, folder),
      events,
    });
  }

  async #runCommand(connection: Connection, command: AskedCommand, signal: AbortSignal): Promise<void> {
    const id = this.#open.idOf(connection);
    if (id === undefined) return;
    const onDropped = (): void => this.#deps.post({ type: "command-dropped", connection: id, id: command.id });
    signal.addEventListener("abort", onDropped, { once: true });
    try {
      await this.#deps.main.runCommand(id, command);
    } catch (error) {
      this.#log.error("A peer's command failed", { device: connection.device, error: String(error) });
    } finally {
      signal.removeEventListener("abort", onDropped);
    }
  }

  /** Trust may have ended while a dial was under way. */
  #refusalOf(device: DeviceId): string | undefined {
    if (this.#isStopping || this.#devices.get(device)?.isPaused !== false) return "it is trusted no longer";
    return this.#open.size > LIMITS.connectionsMax.value ? "there are too many connections" : undefined;
  }

  #setOffer(device: DeviceId, token: FolderId, files: readonly OfferedFile[]): void {
    if (files.length === 0) this.#offers.delete(token);
    else this.#offers.set(token, device);
    this.#deps.source.setOffer(token, files);
  }

  #mayRead(device: DeviceId, folder: FolderId): boolean {
    const offeredTo = this.#offers.get(folder);
    if (offeredTo !== undefined) return offeredTo === device && this.#devices.has(device);
    return this.#devices.has(device) && (this.#shares.get(device)?.some(({ id }) => id === folder) ?? false);
  }

  #introductionTo(device: DeviceId): Introduction {
    return {
      name: this.#name,
      program: this.#deps.options.program,
      nowMs: this.#deps.clock.now(),
      addresses: addressTexts(ownAddresses(this.#listening)),
      folders: this.#shares.get(device) ?? [],
      removed: this.#removed,
    };
  }

  #introduceAgain(connections: readonly Connection[]): void {
    for (const connection of connections) connection.introduce(this.#introductionTo(connection.device));
  }

  #connected(connection: Connection, introduction: Introduction): void {
    const device = this.#devices.get(connection.device);
    device?.connected();
    const dialled = connection.channel.isDialled ? parseHostPort(connection.channel.address) : undefined;
    if (dialled !== undefined) device?.learn([dialled], "worked");
    this.#report("connected", connection, introduction);
  }

  /** Undefined once it is over. */
  #factsOf(connection: Connection, { nowMs, ...said }: Introduction): PeerFacts | undefined {
    const id = this.#open.idOf(connection);
    if (id === undefined) return undefined;
    const { transport, address, isDialled } = connection.channel;
    const clockOffsetMs = nowMs - this.#deps.clock.now();
    const { device, features } = connection;
    return { ...said, connection: id, device, features, transport, address, isDialled, clockOffsetMs };
  }

  #report(type: "connected" | "changed", connection: Connection, introduction: Introduction): void {
    const peer = this.#factsOf(connection, introduction);
    if (peer === undefined) return;
    const { device } = connection;
    this.#devices.get(device)?.learnTexts([...seenAt(connection, peer.addresses), ...peer.addresses], "told");
    this.#deps.post({ type, peer });
  }

  #lost(connection: Connection, reason: EndReason): void {
    const id = this.#open.idOf(connection);
    if (id !== undefined) this.#deps.post({ type: "lost", connection: id, device: connection.device, reason });
  }

  #ended(connection: Connection, reason: EndReason): void {
    this.#pairs.ended(connection, reason);
    this.#open.remove(connection);
    this.#traffic.close(connection);
    const { device, channel } = connection;
    this.#log.debug("Connection ended", {
      device,
      address: channel.address,
      code: reason.code,
      reason: reason.message,
    });
    if (this.#pairs.connectionOf(device) === undefined) this.#devices.get(device)?.lost();
  }

  #frame(connection: Connection, frame: FolderFrameType, view: Uint8Array): void {
    const id = this.#open.idOf(connection);
    if (id === undefined) return;
    // A body gathered from several segments has a buffer of its own; any other is a view of a segment.
    const isOwn = view.byteLength === view.buffer.byteLength && view.buffer instanceof ArrayBuffer;
    const body = isOwn ? (view as Uint8Array<ArrayBuffer>) : new Uint8Array(view);
    this.#open.handed(connection, body.byteLength);
    this.#deps.post({ type: "frame", connection: id, frame, body }, [body.buffer]);
  }

  async #setTrust(devices: readonly TrustedDevice[]): Promise<void> {
    const trusted = new Map(devices.map((device) => [device.id, device]));
    const removed = [...this.#devices.values()].filter(({ id }) => !trusted.has(id));
    for (const { id } of removed) this.#devices.delete(id);
    for (const connection of [...this.#pairs.all(), ...this.#udp.all()]) {
      const device = trusted.get(connection.device);
      if (device === undefined) connection.cut({ code: "E_NOT_ALLOWED", message: "it was removed here" });
      else if (device.isPaused) connection.close({ code: GOODBYE.paused, message: "paused by its owner" });
    }
    const ends = removed.map((device) => device.end());
    for (const device of devices) {
      const known = this.#devices.get(device.id);
      if (known !== undefined) ends.push(known.configure(device));
      else if (device.id !== this.#deps.options.identity.deviceId)
        this.#devices.set(device.id, this.#makeDevice(device));
    }
    this.#finder.match();
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
    const hasOther = ({ device }: Connection): boolean =>
      JSON.stringify(before.get(device) ?? []) !== JSON.stringify(shares.get(device) ?? []);
    this.#introduceAgain(this.#pairs.established().filter(hasOther));
  }

  #joinDeps(): JoinDeps {
    const { options, clock, random, main } = this.#deps;
    return {
      identity: options.identity,
      clock,
      random,
      candidates: () => this.#finder.candidates(),
      refresh: () => this.#finder.refresh(),
      acceptOffer: (offer) => main.acceptOffer(offer),
    };
  }

  /** Whether nobody is missing. */
  #isComplete(): boolean {
    const devices = [...this.#devices.values()];
    return (
      devices.length > 0 && devices.every(({ id, isPaused }) => isPaused || this.#pairs.connectionOf(id) !== undefined)
    );
  }

  /** Dials, tells the new addresses and asks for signs of life, all at once. */
  #networkChanged(): void {
    this.#log.info("The network changed", {});
    for (const device of this.#devices.values()) device.wake();
    this.#introduceAgain(this.#pairs.established());
    for (const connection of this.#pairs.established()) void this.#checkLife(connection);
  }

  async #checkLife(connection: Connection): Promise<void> {
    if (await connection.isAlive(ALIVE_MS)) return;
    connection.cut({ code: "E_TIMEOUT", message: "it did not answer after the network changed" });
  }
}

/** Where an accepted connection came from, with the port that the peer says it listens on: helps when it cannot know its own address. */
function seenAt({ channel }: Connection, addresses: readonly string[]): readonly string[] {
  const from = parseHostPort(channel.address);
  const told = addresses.map((text) => parseHostPort(text)).find((address) => address !== undefined);
  if (channel.isDialled || from === undefined || told === undefined) return [];
  return [formatHostPort({ host: from.host.replace(/^::ffff:/, ""), port: told.port })];
}
