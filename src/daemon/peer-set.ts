/**
 * The paired devices of a node: whom the net thread may talk to, which
 * connection serves which folder.
 *
 * The configuration says who is trusted with what; this class tells the net
 * thread, and ties each connection to the folders that both sides share.
 */
import type { KnownAddress } from "../peer/discovery/address-book.ts";
import type { Config, PeerConfig } from "../shared/config-schema.ts";
import { formatHostPort, parseHostPort } from "../shared/host-port.ts";
import { type DeviceId, type FolderId, parseShortId, type ShortId, shortId } from "../shared/ids.ts";
import type { FolderMessage } from "../shared/messages.ts";
import type { FolderSet } from "./folder-set.ts";
import type { DialState, InviteReport, LostReason, PeerFacts, Shares } from "./net/net-api.ts";
import type { NetClient } from "./net/net-client.ts";
import type { NetPeer } from "./net/net-peer.ts";
import type { NodeParts } from "./node-parts.ts";
import { DaemonLink } from "./peer-link.ts";
import type { PeerMemory } from "./peer-memory.ts";

const PING_MS = 10_000;

interface Connection {
  readonly peer: NetPeer;
  readonly links: Map<FolderId, DaemonLink>;
  /** Openings for folders that are not tied to the connection yet. */
  readonly early: Map<FolderId, FolderMessage>;
  rttMs: number | null;
}

export interface PeerView {
  readonly id: DeviceId;
  readonly config: PeerConfig;
  readonly state: "connecting" | "connected" | "offline" | "paused" | "refused";
  readonly message: string | null;
  readonly facts: PeerFacts | undefined;
  readonly rttMs: number | null;
  readonly lastSeenMs: number | null;
  readonly removedUs: boolean;
}

export class PeerSet {
  readonly #parts: NodeParts;
  readonly #net: NetClient;
  readonly #folders: FolderSet;
  readonly #memory: PeerMemory;
  readonly #connections = new Map<NetPeer, Connection>();
  readonly #dials = new Map<DeviceId, DialState>();
  readonly #refusals = new Map<DeviceId, LostReason>();
  readonly #removedUs = new Set<DeviceId>();
  /** What peers were told that they share. A folder opens on a connection only after that, or the peer would not know what is meant. */
  #announced: Shares = new Map();
  #removedTold = "";

  constructor(deps: {
    readonly parts: NodeParts;
    readonly net: NetClient;
    readonly folders: FolderSet;
    readonly memory: PeerMemory;
  }) {
    this.#parts = deps.parts;
    this.#net = deps.net;
    this.#folders = deps.folders;
    this.#memory = deps.memory;
  }

  /** Tells the net thread who is trusted with what. Resolves when it holds. */
  async apply(config: Config): Promise<void> {
    const devices = (Object.entries(config.peers) as [DeviceId, PeerConfig][]).map(([id, peer]) => ({
      id,
      addresses: [...staticAddresses(peer), ...this.#memory.addresses(id)],
      isPaused: peer.paused,
    }));
    await this.#net.setFolders(
      Object.entries(config.folders).map(([id, { path }]) => ({ id: id as FolderId, root: path })),
    );
    const shares = sharesOf(config);
    const isAnnounced = this.#net.setShares(shares);
    this.#announced = shares;
    this.relink();
    await isAnnounced;
    await this.#net.setTrust(devices);
    await this.#tellRemoved(config);
    this.relink();
  }

  /**
   * Peers hear of whom this device no longer trusts, and relay nothing that those write. What they held back
   * until a device is trusted again is asked for anew.
   */
  async #tellRemoved(config: Config): Promise<void> {
    const again = this.#memory.removed.filter((device) => Object.hasOwn(config.peers, device));
    for (const device of again) this.#memory.clearRemoved(device);
    const removed = this.#memory.removed;
    if (this.#removedTold !== removed.join()) await this.#net.setRemoved(removed);
    this.#removedTold = removed.join();
    if (again.length > 0) await Promise.all(this.#folders.all.map((runtime) => runtime.askAnew()));
  }

  /** Ties every connection to the folders that both sides share now. */
  relink(): void {
    for (const connection of this.#connections.values()) this.#relink(connection);
  }

  connected(peer: NetPeer): void {
    const { device, facts } = peer;
    const connection: Connection = { peer, links: new Map(), early: new Map(), rttMs: null };
    this.#connections.set(peer, connection);
    this.#dials.delete(device);
    this.#refusals.delete(device);
    this.#removedUs.delete(device);
    this.#memory.setSeen(device, this.#parts.clock.now());
    this.#parts.log.info("Connected", {
      device: facts.name,
      address: facts.address,
      dialled: facts.isDialled,
      program: facts.program,
    });
    this.#parts.events.add({
      type: "peer.connected",
      device,
      data: { name: this.nameOf(device), address: facts.address },
    });
    void this.measure(device);
    this.#relink(connection);
  }

  changed(peer: NetPeer): void {
    const connection = this.#connections.get(peer);
    if (connection !== undefined) this.#relink(connection);
  }

  lost(peer: NetPeer, reason: LostReason): void {
    const connection = this.#connections.get(peer);
    if (connection === undefined) return;
    this.#connections.delete(peer);
    for (const link of connection.links.values()) this.#unlink(link);
    const { device } = peer;
    this.#memory.setSeen(device, this.#parts.clock.now());
    if (reason.isByPeer && reason.code === "E_NOT_ALLOWED") this.#refusals.set(device, reason);
    this.#parts.log.info("Connection ended", {
      device: this.nameOf(device),
      code: reason.code,
      reason: reason.message,
      byPeer: reason.isByPeer,
    });
    this.#parts.events.add({
      type: "peer.lost",
      device,
      data: { name: this.nameOf(device), code: reason.code, message: reason.message },
    });
  }

  dialled(state: DialState): void {
    const before = this.#dials.get(state.device);
    this.#dials.set(state.device, state);
    if (before?.state !== state.state && state.message !== null) {
      this.#parts.log.debug("Not connected", {
        device: this.nameOf(state.device),
        state: state.state,
        message: state.message,
      });
    }
  }

  /** How a try on an invite went: a person sees from where somebody tried. */
  tried(report: InviteReport): void {
    const { address, outcome, triesLeft, message } = report;
    const log = this.#parts.log;
    if (outcome === "paired") return;
    log.warn("A try to pair failed", { address, outcome, triesLeft, message });
    this.#parts.events.add({
      type: "auth.refused",
      device: report.device,
      data: { address, outcome, triesLeft, message },
    });
  }

  /** Somebody without trust knocked. */
  refused(refusal: { readonly address: string; readonly device: DeviceId | null; readonly message: string }): void {
    this.#parts.log.info("Refused a connection", { address: refusal.address, reason: refusal.message });
  }

  rememberAddresses(device: DeviceId, addresses: readonly KnownAddress[]): void {
    this.#memory.setAddresses(device, addresses);
  }

  /** Forgets a device that was removed from the configuration, and tells the others. */
  async forget(device: DeviceId): Promise<void> {
    this.#memory.setRemoved(device, this.#parts.clock.now());
    this.#dials.delete(device);
    this.#refusals.delete(device);
    this.#removedUs.delete(device);
    await this.#tellRemoved(this.#parts.context.config.get());
  }

  /** `by` told that it no longer trusts `removed`. */
  removed(by: DeviceId, removed: DeviceId): void {
    const isUs = removed === this.#parts.identity.deviceId;
    if (isUs) this.#removedUs.add(by);
    const name = isUs ? "this device" : this.nameOf(removed);
    this.#parts.log.warn("A device was removed by a peer", { by: this.nameOf(by), removed: name });
    this.#parts.events.add({ type: "peer.removed", device: by, data: { removed, name } });
  }

  /** Hands a message to its folder; resolves when it is dealt with. */
  async take(peer: NetPeer, message: FolderMessage): Promise<void> {
    const connection = this.#connections.get(peer);
    const link = connection?.links.get(message.folder);
    if (link === undefined) {
      if (
        message.type === "folder-state" &&
        message.opening !== 0 &&
        peer.facts.folders.some(({ id }) => id === message.folder)
      )
        connection?.early.set(message.folder, message);
      this.#parts.log.debug("Message for a folder that is not shared", { folder: message.folder, type: message.type });
      return;
    }
    await this.#runtimeOf.get(link)?.folder.receive(link, message);
  }

  get views(): readonly PeerView[] {
    const { peers } = this.#parts.context.config.get();
    return (Object.entries(peers) as [DeviceId, PeerConfig][]).map(([id, config]) => this.#view(id, config));
  }

  view(id: DeviceId): PeerView | undefined {
    return this.views.find((view) => view.id === id);
  }

  /** Where a device was reached or said to be, as HOST:PORT. */
  knownAddresses(device: DeviceId): readonly string[] {
    return this.#memory.addresses(device).map(({ address }) => formatHostPort(address));
  }

  /** What people here call the device that a record names. */
  nameOfShort(device: ShortId): string {
    if (device === this.#parts.identity.shortId) return this.#parts.context.config.get().name;
    const { peers } = this.#parts.context.config.get();
    const known = (Object.keys(peers) as DeviceId[]).find((id) => shortId(id) === device);
    return known === undefined ? device.slice(0, 7) : this.nameOf(known);
  }

  /** What people here call an owner: a device, or an account as `bob@desk`. */
  ownerName(owner: string): string {
    const at = owner.lastIndexOf("@");
    const device = parseShortId(owner.slice(at + 1));
    if (device === undefined) return owner;
    return at === -1 ? this.nameOfShort(device) : `${owner.slice(0, at)}@${this.nameOfShort(device)}`;
  }

  nameOf(device: DeviceId): string {
    return this.#parts.context.config.get().peers[device]?.name ?? device.slice(0, 7);
  }

  /** The connection to a device. */
  connectionOf(device: DeviceId): NetPeer | undefined {
    return this.#net.peerOf(device);
  }

  /** Milliseconds to a device and back; null when it is not connected or does not answer. */
  async measure(device: DeviceId): Promise<number | null> {
    const connection = this.#connectionOf(device);
    if (connection === undefined) return null;
    try {
      connection.rttMs = await connection.peer.ping(AbortSignal.timeout(PING_MS));
      return connection.rttMs;
    } catch {
      return null;
    }
  }

  #connectionOf(device: DeviceId): Connection | undefined {
    return [...this.#connections.values()].findLast((connection) => connection.peer.device === device);
  }

  #view(id: DeviceId, config: PeerConfig): PeerView {
    const connection = this.#connectionOf(id);
    const dial = this.#dials.get(id);
    const refusal = this.#refusals.get(id);
    const base = {
      id,
      config,
      facts: connection?.peer.facts,
      rttMs: connection?.rttMs ?? null,
      lastSeenMs: this.#memory.lastSeenMs(id),
      removedUs: this.#removedUs.has(id),
    };
    if (config.paused) return { ...base, state: "paused", message: null };
    if (connection !== undefined) return { ...base, state: "connected", message: null };
    if (base.removedUs) return { ...base, state: "refused", message: "it no longer trusts this device; pair again" };
    if (refusal !== undefined) return { ...base, state: "refused", message: refusal.message };
    return { ...base, state: dial?.state ?? "offline", message: dial?.message ?? null };
  }

  #relink(connection: Connection): void {
    const { peer, links, early } = connection;
    const { facts } = peer;
    const config = this.#parts.context.config.get();
    const role = config.peers[facts.device]?.role;
    const theirs = new Set(facts.folders.map(({ id }) => id));
    const distrusts = new Set(facts.removed.map(shortId));
    for (const [id, link] of links) {
      const grant = config.folders[id]?.peers[facts.device];
      const isSame =
        grant !== undefined &&
        theirs.has(id) &&
        (grant.rights === "write") === link.canWrite &&
        (role === "admin") === link.isAdmin &&
        distrusts.symmetricDifference(link.distrusts).size === 0;
      if (!isSame || this.#folders.find(id) !== this.#runtimeOf.get(link)) {
        links.delete(id);
        this.#unlink(link);
      }
    }
    for (const runtime of this.#folders.all) {
      const grant = config.folders[runtime.id]?.peers[facts.device];
      if (grant === undefined || !theirs.has(runtime.id) || links.has(runtime.id)) continue;
      if (this.#announced.get(facts.device)?.some(({ id }) => id === runtime.id) !== true) continue;
      const link = new DaemonLink({
        peer,
        name: this.nameOf(facts.device),
        folder: runtime.id,
        canWrite: grant.rights === "write",
        isAdmin: role === "admin",
        distrusts,
      });
      links.set(runtime.id, link);
      this.#runtimeOf.set(link, runtime);
      runtime.folder.attach(link);
      const opening = early.get(runtime.id);
      early.delete(runtime.id);
      if (opening !== undefined) void runtime.folder.receive(link, opening);
    }
  }

  readonly #runtimeOf = new WeakMap<DaemonLink, FolderSet["all"][number]>();

  #unlink(link: DaemonLink): void {
    link.end();
    this.#runtimeOf.get(link)?.folder.detach(link);
  }
}

function staticAddresses(peer: PeerConfig): readonly KnownAddress[] {
  return peer.addresses.flatMap((text) => {
    const address = parseHostPort(text);
    return address === undefined ? [] : [{ address, origin: "static" as const, seenAt: 0 }];
  });
}

function sharesOf(config: Config): Shares {
  const shares = new Map<DeviceId, { id: FolderId; label: string }[]>();
  for (const [id, folder] of Object.entries(config.folders) as [FolderId, Config["folders"][FolderId]][]) {
    for (const device of Object.keys(folder.peers) as DeviceId[]) {
      shares.set(device, [...(shares.get(device) ?? []), { id, label: folder.label }]);
    }
  }
  return shares;
}
