/**
 * The net thread as main sees it: typed calls, and events in the order in
 * which they happened.
 */
import { Worker } from "node:worker_threads";
import type { AskedCommand } from "../../peer/answer-commands.ts";
import type { KnownAddress } from "../../peer/discovery/address-book.ts";
import type { Candidate } from "../../peer/discovery/discovery.ts";
import type { InviteEnd, InviteGrant } from "../../peer/pairing/invite-book.ts";
import type { JoinerDetails } from "../../peer/pairing/messages.ts";
import type { StreamIds } from "../../peer/transport/udp.ts";
import { decodeFolderMessage, type FolderFrameType } from "../../peer/wire/codec.ts";
import { SyncError } from "../../shared/errors.ts";
import type { HostPort } from "../../shared/host-port.ts";
import type { DeviceId, FolderId } from "../../shared/ids.ts";
import type { FolderMessage } from "../../shared/messages.ts";
import type { Log } from "../../shared/ports.ts";
import { joinHeads } from "../../sync/core/heads.ts";
import type {
  DialState,
  InviteInfo,
  InviteReport,
  JoinedDevice,
  JoinOffer,
  JoinWish,
  LostReason,
  MainCalls,
  MainNote,
  NetCalls,
  NetCounters,
  NetEvent,
  NetOptions,
  PairedDevice,
  PeerFacts,
  ServedFolder,
  Shares,
  TrustedDevice,
} from "./net-api.ts";
import { NetPeer } from "./net-peer.ts";
import type { OfferedFile } from "./offered-files.ts";
import { ThreadCalls, type ThreadPort } from "./thread-calls.ts";

/** What main does about what happens. Calls come one after the other; those that return a promise are not waited for unless said so. */
export interface NetEvents {
  onConnected(peer: NetPeer): void;
  /** The peer's name, addresses or shared folders are others now. */
  onChanged(peer: NetPeer): void;
  onLost(peer: NetPeer, reason: LostReason): void;
  /** A folder's message. While promises of many messages are pending, the peer's socket is not read: that is the back pressure. */
  onMessage(peer: NetPeer, message: FolderMessage): Promise<void> | void;
  /** Runs a command of the peer's. Resolves when it has finished, in failure too; the signal aborts when nobody wants the rest. */
  onCommand(peer: NetPeer, command: PeerCommand, signal: AbortSignal): Promise<void>;
  onDial(state: DialState): void;
  /** Addresses to remember, best first. */
  onAddresses(device: DeviceId, addresses: readonly KnownAddress[]): void;
  onDeviceRemoved(by: DeviceId, removed: DeviceId): void;
  onInvite(report: InviteReport): void;
  onInviteEnded(inviteId: number, end: InviteEnd): void;
  onCandidates(candidates: readonly Candidate[]): void;
  onRefused(refusal: { readonly address: string; readonly device: DeviceId | null; readonly message: string }): void;
  /** Stores a newly paired device durably and trusts it (`setTrust`, `setShares`) before it resolves; rejecting tells the joiner nothing. */
  onPaired(paired: PairedDevice): Promise<void>;
  /** Decides on the offer of a join that is under way: stores it and says who joins, or throws to turn it down. */
  onOffer(offer: JoinOffer): Promise<JoinerDetails>;
  /** The thread ended by itself: a bug. */
  onFailure(error: Error): void;
}

/** A command as a peer asked for it, with the way back. */
export interface PeerCommand {
  readonly route: string;
  /** JSON, as the peer wrote it. */
  readonly input: string;
  /** Whoever asks there is no admin there. */
  readonly isLimited: boolean;
  /** Proves the account that asks; "": the device itself asks. */
  readonly session: string;
  /** Sends bytes of the answer; resolves when more may come. What nobody wants any more is dropped. */
  reply(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** The thread at the other end: a worker, or, in tests, the same code behind a message channel. */
export interface NetThread extends ThreadPort {
  on(event: "message" | "error" | "exit", listener: (value: unknown) => void): unknown;
  terminate(): Promise<unknown>;
}

export type StartThread = (options: NetOptions) => NetThread;

const STOP_MS = 3000;

function startWorker(options: NetOptions): NetThread {
  return new Worker(new URL("./net-worker.ts", import.meta.url), { workerData: options }) as unknown as NetThread;
}

export class NetClient implements AsyncDisposable {
  readonly #thread: NetThread;
  readonly #calls: ThreadCalls<NetCalls, MainCalls>;
  readonly #events: NetEvents;
  readonly #log: Log;
  readonly #peers = new Map<number, NetPeer>();
  /** Connections that broke the protocol: nothing more is taken from them until they are reported as lost. */
  readonly #faulty = new Set<number>();
  /** Connections over UDP, each beside one of `#peers`. */
  readonly #udpPeers = new Map<number, NetPeer>();
  /** What runs for peers, by connection and number. */
  readonly #running = new Map<string, AbortController>();
  readonly #exited: Promise<void>;
  #listening: HostPort = { host: "127.0.0.1", port: 0 };
  #isStopping = false;

  constructor(thread: NetThread, events: NetEvents, log: Log) {
    this.#thread = thread;
    this.#events = events;
    this.#log = log;
    this.#calls = new ThreadCalls<NetCalls, MainCalls>(thread);
    this.#calls.serve({
      storePaired: (paired) => events.onPaired(paired),
      acceptOffer: (offer) => events.onOffer(offer),
      runCommand: (connection, command) => this.#runCommand(connection, command),
    });
    thread.on("message", (message) => this.#take(message));
    thread.on("error", (error) => this.#failed(error instanceof Error ? error : new Error(String(error))));
    this.#exited = new Promise((resolve) => {
      thread.on("exit", () => {
        this.#failed(new SyncError("E_INTERRUPTED", "the net thread has ended"));
        resolve();
      });
    });
  }

  readonly #takers: { readonly [K in NetEvent["type"]]: (event: Extract<NetEvent, { type: K }>) => void } = {
    connected: ({ peer }) => this.#connected(peer),
    changed: ({ peer }) => this.#changed(peer),
    lost: ({ connection, reason }) => this.#lost(connection, reason),
    frame: ({ connection, frame, body }) => this.#frame(connection, frame, body),
    dial: ({ dial }) => this.#events.onDial(dial),
    addresses: ({ device, addresses }) => this.#events.onAddresses(device, addresses),
    "device-removed": ({ by, removed }) => this.#events.onDeviceRemoved(by, removed),
    invite: ({ report }) => this.#events.onInvite(report),
    "invite-ended": ({ inviteId, end }) => this.#events.onInviteEnded(inviteId, end),
    "command-dropped": ({ connection, id }) => this.#running.get(commandKey(connection, id))?.abort(),
    candidates: ({ candidates }) => this.#events.onCandidates(candidates),
    refused: (event) => this.#events.onRefused(event),
    log: ({ level, message, fields }) => this.#log[level](message, fields),
  };

  /** Starts the thread and binds its listener. Rejects with E_PORT_TAKEN and leaves nothing behind. */
  static async start(
    options: NetOptions,
    events: NetEvents,
    log: Log,
    startThread: StartThread = startWorker,
  ): Promise<NetClient> {
    const thread = startThread(options);
    const client = new NetClient(thread, events, log);
    try {
      await client.#start();
      return client;
    } catch (error) {
      client.#isStopping = true;
      await thread.terminate();
      throw error;
    }
  }

  async #start(): Promise<void> {
    this.#listening = await this.#calls.call("start", []);
  }

  /** Where it listens, the port that was picked included. */
  get listening(): HostPort {
    return this.#listening;
  }

  /** The connections that stand. */
  get peers(): readonly NetPeer[] {
    return [...this.#peers.values()];
  }

  /** The connection with a device, if one stands. */
  peerOf(device: DeviceId): NetPeer | undefined {
    return this.peers.find((peer) => peer.device === device);
  }

  /** Says whom this device trusts; dials them, and has cut everybody else when it resolves. */
  async setTrust(devices: readonly TrustedDevice[]): Promise<void> {
    await this.#calls.call("setTrust", [devices]);
  }

  /** Says which folders each device may know and read; from then on, and for answers in progress too. */
  async setShares(shares: Shares): Promise<void> {
    await this.#calls.call("setShares", [shares]);
  }

  /** Says where the folders lie, for serving. */
  async setFolders(folders: readonly ServedFolder[]): Promise<void> {
    await this.#calls.call("setFolders", [folders]);
  }

  /** Offers files to one device for an upload, under a token; none: the offer ends. */
  async setOffer(device: DeviceId, token: FolderId, files: readonly OfferedFile[]): Promise<void> {
    await this.#calls.call("setOffer", [device, token, files]);
  }

  async setName(name: string): Promise<void> {
    await this.#calls.call("setName", [name]);
  }

  async setDiscovery(isOn: boolean): Promise<void> {
    await this.#calls.call("setDiscovery", [isOn]);
  }

  /** Listens at another address from now on. Throws E_PORT_TAKEN, and listens where it did then. */
  async setListen(at: HostPort): Promise<void> {
    this.#listening = await this.#calls.call("setListen", [at]);
  }

  /** Replaces the addresses that are configured or remembered for a device, and dials it when they are new. */
  async setAddresses(device: DeviceId, addresses: readonly KnownAddress[]): Promise<void> {
    await this.#calls.call("setAddresses", [device, addresses]);
  }

  /** Dials a device, or all that are not connected, without waiting for the next try. */
  async dialNow(device: DeviceId | null = null): Promise<void> {
    await this.#calls.call("dialNow", [device]);
  }

  /** Says which devices are trusted here no longer: peers stop relaying what those write. */
  async setRemoved(devices: readonly DeviceId[]): Promise<void> {
    await this.#calls.call("setRemoved", [devices]);
  }

  /** Tells connected devices that `removed` is trusted here no longer. */
  async tellRemoved(removed: DeviceId, to: readonly DeviceId[]): Promise<void> {
    await this.#calls.call("tellRemoved", [removed, to]);
  }

  /** Makes an invite. `isAsked`: a person ran `peer invite` for it. */
  async invite(grant: InviteGrant, options: { readonly isAsked: boolean }): Promise<InviteInfo> {
    return await this.#calls.call("invite", [grant, options.isAsked]);
  }

  /** The invites that can be used now. */
  async invites(): Promise<readonly InviteInfo[]> {
    return await this.#calls.call("invites", []);
  }

  async cancelInvite(id: number): Promise<void> {
    await this.#calls.call("cancelInvite", [id]);
  }

  /** Pairs with the device that made a code or link. `onOffer` is called on the way. */
  async join(wish: JoinWish, signal: AbortSignal): Promise<JoinedDevice> {
    return await this.#calls.call("join", [wish], signal);
  }

  /** Opens a connection over UDP for file data beside the one that stands; the other end has to do the same. Rejects with E_NO_TRANSPORT, or with the signal's reason. */
  async openUdp(beside: NetPeer, ids: StreamIds, signal: AbortSignal): Promise<NetPeer> {
    const facts = await this.#calls.call("openUdp", [beside.connection, ids], AbortSignal.any([signal, beside.over]));
    const peer = this.#peerOf(facts);
    this.#udpPeers.set(peer.connection, peer);
    return peer;
  }

  /** Lets go of a connection over UDP. */
  closeUdp({ connection }: NetPeer): void {
    if (this.#udpPeers.has(connection)) this.#note({ type: "close", connection });
  }

  async counters(): Promise<NetCounters> {
    return await this.#calls.call("counters", []);
  }

  /** Says goodbye to all peers and ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    await this.#calls.call("stop", [], AbortSignal.timeout(STOP_MS)).catch((error: unknown) => {
      this.#log.warn("The net thread did not stop in good order", { error: String(error) });
    });
    await this.#thread.terminate();
    await this.#exited;
  }

  #take(message: unknown): void {
    if (this.#calls.take(message)) return;
    const { event } = message as { readonly event: NetEvent };
    (this.#takers[event.type] as (event: NetEvent) => void)(event);
  }

  #connected(facts: PeerFacts): void {
    const peer = this.#peerOf(facts);
    this.#peers.set(peer.connection, peer);
    this.#events.onConnected(peer);
  }

  #peerOf(facts: PeerFacts): NetPeer {
    return new NetPeer({ calls: this.#calls, note: (note, transfer) => this.#note(note, transfer) }, facts);
  }

  #changed(facts: PeerFacts): void {
    const peer = this.#peers.get(facts.connection);
    if (peer === undefined) return;
    peer.update(facts);
    this.#events.onChanged(peer);
  }

  #lost(connection: number, reason: LostReason): void {
    this.#udpPeers.get(connection)?.end();
    this.#udpPeers.delete(connection);
    const peer = this.#peers.get(connection);
    if (peer === undefined) return;
    this.#peers.delete(connection);
    this.#faulty.delete(connection);
    peer.end();
    this.#events.onLost(peer, reason);
  }

  #frame(connection: number, type: FolderFrameType, body: Uint8Array): void {
    const peer = this.#peers.get(connection);
    if (peer === undefined || this.#faulty.has(connection)) return;
    const bytes = body.byteLength;
    const taken = (): void => this.#note({ type: "taken", connection, bytes });
    let message: FolderMessage;
    try {
      message = decodeFolderMessage(type, body, (heads) => joinHeads(heads, []));
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      this.#faulty.add(connection);
      this.#note({ type: "fault", connection, message: error.message });
      return;
    }
    const done = this.#events.onMessage(peer, message);
    if (done === undefined) taken();
    else void done.finally(taken);
  }

  async #runCommand(connection: number, { id, ...command }: AskedCommand): Promise<void> {
    const peer = this.#peers.get(connection);
    if (peer === undefined) return;
    const stop = new AbortController();
    const key = commandKey(connection, id);
    this.#running.set(key, stop);
    const reply = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> =>
      await this.#calls.call("replyCommand", [connection, id, bytes]);
    try {
      await this.#events.onCommand(peer, { ...command, reply }, AbortSignal.any([stop.signal, peer.over]));
    } finally {
      this.#running.delete(key);
    }
  }

  #note(note: MainNote, transfer: readonly ArrayBuffer[] = []): void {
    if (!this.#isStopping) this.#thread.postMessage(note, transfer);
  }

  #failed(error: Error): void {
    this.#calls.end(error);
    for (const peer of [...this.#peers.values(), ...this.#udpPeers.values()])
      this.#lost(peer.connection, { code: "E_INTERRUPTED", message: error.message, isByPeer: false });
    if (!this.#isStopping) this.#events.onFailure(error);
    this.#isStopping = true;
  }
}

function commandKey(connection: number, id: number): string {
  return `${connection} ${id}`;
}
