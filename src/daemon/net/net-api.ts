/**
 * What main and the net thread say to each other, and the types that the rest
 * of the daemon meets. `NetClient` is the door on main's side.
 */

import type { AskedCommand } from "../../peer/answer-commands.ts";
import type { ReplyPart } from "../../peer/ask-commands.ts";
import type { ConnectionTimes, FetchedList } from "../../peer/connection.ts";
import type { Costed } from "../../peer/connection-requests.ts";
import type { KnownAddress } from "../../peer/discovery/address-book.ts";
import type { Candidate } from "../../peer/discovery/discovery.ts";
import type { Identity } from "../../peer/identity.ts";
import type { Invite, InviteEnd, InviteGrant } from "../../peer/pairing/invite-book.ts";
import type { JoinerDetails, Offer } from "../../peer/pairing/messages.ts";
import type { StreamIds } from "../../peer/transport/udp.ts";
import type { FolderFrameType } from "../../peer/wire/codec.ts";
import type { Command } from "../../peer/wire/command.ts";
import type { FetchChunkList } from "../../peer/wire/fetch.ts";
import type { SharedFolder } from "../../peer/wire/greetings.ts";
import type { HostPort } from "../../shared/host-port.ts";
import type { DeviceId, FolderId } from "../../shared/ids.ts";
import type { ChunkRequest, RegionRequest, Switch } from "../../shared/messages.ts";
import type { LogFields } from "../../shared/ports.ts";
import type { WireBytes } from "../../shared/transfer-bytes.ts";
import type { OfferedFile } from "./offered-files.ts";

/** How the net thread starts. */
export interface NetOptions {
  readonly identity: Identity;
  readonly listen: HostPort;
  /** What people call this device. */
  readonly name: string;
  /** "syncline/0.1.0", told to trusted peers. */
  readonly program: string;
  /** The index, opened read-only for serving. */
  readonly indexFile: string;
  /** Whether to look for devices by mDNS and to be found. */
  readonly hasDiscovery: boolean;
  /** Discovery over loopback too, and on another port than 5353: for several nodes on one machine. */
  readonly discovery?: { readonly withLoopback: boolean; readonly port?: number };
  /** Shorter bounds of time, for tests. */
  readonly times?: Partial<ConnectionTimes>;
}

/** A device that this one trusts. Whatever is not listed is cut and refused. */
export interface TrustedDevice {
  readonly id: DeviceId;
  readonly addresses: readonly KnownAddress[];
  /** Neither dialled nor let in. */
  readonly isPaused: boolean;
}

/** The folders each device may know of and read. A device that is not listed shares nothing. */
export type Shares = ReadonlyMap<DeviceId, readonly SharedFolder[]>;

/** Where a folder's bytes lie, for serving. */
export interface ServedFolder {
  readonly id: FolderId;
  readonly root: string;
}

/** An established connection as it was when it was reported. */
export interface PeerFacts {
  readonly connection: number;
  readonly device: DeviceId;
  readonly name: string;
  readonly program: string;
  readonly features: readonly string[];
  readonly transport: "tcp" | "udp";
  readonly address: string;
  readonly isDialled: boolean;
  /** The peer's clock minus ours, as far as the way over the network lets one know. */
  readonly clockOffsetMs: number;
  /** The folders that the peer shares with this device. */
  readonly folders: readonly SharedFolder[];
  readonly addresses: readonly string[];
  /** Devices that the peer trusts no longer. */
  readonly removed: readonly DeviceId[];
}

export interface LostReason {
  /** E_PEER_OFFLINE, E_TIMEOUT, E_PROTOCOL, E_INCOMPATIBLE, E_NOT_ALLOWED, E_PAUSED, stopping, duplicate, … */
  readonly code: string;
  readonly message: string;
  /** The peer ended it; else this side. */
  readonly isByPeer: boolean;
}

/** How the dialling of a device stands while it is not connected. */
export interface DialState {
  readonly device: DeviceId;
  readonly state: "connecting" | "offline" | "refused";
  /** What went wrong at each address; for people. */
  readonly message: string | null;
}

export interface InviteInfo {
  readonly id: number;
  readonly code: string;
  readonly link: string;
  readonly expiresAtMs: number;
  readonly grant: InviteGrant;
}

/** How an invite, or one try on it, went. */
export interface InviteReport {
  readonly address: string;
  readonly device: DeviceId;
  /** paired, wrong, too-late, declined, no-invite or failed. */
  readonly outcome: string;
  readonly inviteId: number | null;
  readonly triesLeft: number | null;
  readonly message: string;
}

/** A device that has just proven an invite, to be stored before it hears that it is paired. */
export interface PairedDevice {
  readonly device: DeviceId;
  readonly words: string;
  readonly details: JoinerDetails;
  readonly invite: Invite;
  /** Where it came from. */
  readonly address: string;
}

/** The offer of a device that proved the code that a person typed here. */
export interface JoinOffer {
  readonly device: DeviceId;
  readonly address: string;
  readonly offer: Offer;
  readonly words: string;
}

export interface JoinWish {
  /** A code such as "7-482913", or a link. */
  readonly code: string;
  /** Where the inviter is; else it is found by mDNS, or at the link's addresses. */
  readonly at: HostPort | null;
}

export type JoinedDevice = JoinOffer;

export interface PeerTraffic {
  readonly device: DeviceId;
  readonly sent: number;
  readonly received: number;
}

/** Wire bytes since the start, as the raw sockets count, closed connections included. */
export interface NetCounters {
  readonly sent: number;
  readonly received: number;
  readonly peers: readonly PeerTraffic[];
}

export interface ProbeOutcome {
  readonly isReachable: boolean;
  readonly detail: string;
}

/** What the net thread reports; each call returns before the next comes. */
export type NetEvent =
  | { readonly type: "connected"; readonly peer: PeerFacts }
  /** A peer introduced itself anew: other folders, name or addresses. */
  | { readonly type: "changed"; readonly peer: PeerFacts }
  | { readonly type: "lost"; readonly connection: number; readonly device: DeviceId; readonly reason: LostReason }
  | {
      readonly type: "frame";
      readonly connection: number;
      readonly frame: FolderFrameType;
      readonly body: Uint8Array<ArrayBuffer>;
    }
  | { readonly type: "dial"; readonly dial: DialState }
  /** Addresses of a device, best first, to be remembered. */
  | { readonly type: "addresses"; readonly device: DeviceId; readonly addresses: readonly KnownAddress[] }
  /** `by` says that it trusts `removed` no longer. */
  | { readonly type: "device-removed"; readonly by: DeviceId; readonly removed: DeviceId }
  | { readonly type: "invite"; readonly report: InviteReport }
  | { readonly type: "invite-ended"; readonly inviteId: number; readonly end: InviteEnd }
  /** Nobody wants the rest of the answer to a peer's command. */
  | { readonly type: "command-dropped"; readonly connection: number; readonly id: number }
  | { readonly type: "candidates"; readonly candidates: readonly Candidate[] }
  /** Somebody without trust knocked. */
  | { readonly type: "refused"; readonly address: string; readonly device: DeviceId | null; readonly message: string }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
      readonly fields: LogFields;
    };

/** What main may call in the net thread. */
export interface NetCalls {
  /** Binds the listener; says where. Rejects with E_PORT_TAKEN. */
  start(): Promise<HostPort>;
  setTrust(devices: readonly TrustedDevice[]): Promise<void>;
  setShares(shares: Shares): Promise<void>;
  setFolders(folders: readonly ServedFolder[]): Promise<void>;
  /** Serves exactly these files to one device under a token that stands for a folder; none: no longer. */
  setOffer(device: DeviceId, token: FolderId, files: readonly OfferedFile[]): Promise<void>;
  setName(name: string): Promise<void>;
  /** Devices whose trust ended here; peers hear of them. */
  setRemoved(devices: readonly DeviceId[]): Promise<void>;
  setDiscovery(isOn: boolean): Promise<void>;
  setListen(at: HostPort): Promise<HostPort>;
  setAddresses(device: DeviceId, addresses: readonly KnownAddress[]): Promise<void>;
  dialNow(device: DeviceId | null): Promise<void>;
  drained(connection: number): Promise<void>;
  /** File bytes one behind the other, and where each range begins; -1 for what is not there. */
  fetchChunks(
    connection: number,
    folder: FolderId,
    ranges: readonly ChunkRequest[],
    compression: Switch,
  ): Promise<FetchedChunks>;
  fetchChunkList(connection: number, wanted: Omit<FetchChunkList, "offset">): Promise<FetchedChunkList>;
  /** Sends a command to a peer; says the number by which its answer is read. */
  askCommand(connection: number, command: Command): Promise<number>;
  /** The next bytes of a command's answer. */
  readCommand(connection: number, id: number): Promise<ReplyPart>;
  /** Sends bytes of the answer to a peer's command; resolves when more may come. */
  replyCommand(connection: number, id: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  fetchRegions(
    connection: number,
    folder: FolderId,
    request: RegionRequest,
    compression: Switch,
  ): Promise<FetchedRegions>;
  /** Opens a connection over UDP beside this one; the other end does the same, with the numbers the other way round. */
  openUdp(connection: number, ids: StreamIds): Promise<PeerFacts>;
  ping(connection: number): Promise<number>;
  probe(connection: number, address: string): Promise<ProbeOutcome>;
  tellRemoved(removed: DeviceId, to: readonly DeviceId[]): Promise<void>;
  invite(grant: InviteGrant, isAsked: boolean): Promise<InviteInfo>;
  invites(): Promise<readonly InviteInfo[]>;
  cancelInvite(id: number): Promise<void>;
  join(wish: JoinWish): Promise<JoinedDevice>;
  counters(): Promise<NetCounters>;
  /** Says goodbye everywhere and lets go of everything. */
  stop(): Promise<void>;
}

export interface FetchedChunks {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly offsets: readonly number[];
  readonly wire: WireBytes;
}

export interface FetchedRegions {
  /** Undefined for what is not there. */
  readonly answers: readonly (Uint8Array<ArrayBuffer> | undefined)[];
  readonly wire: WireBytes;
}

export type FetchedChunkList = Costed<FetchedList>;

/** What the net thread may ask of main. */
export interface MainCalls {
  /** Stores a newly paired device durably, and trusts it. When it rejects, the joiner is not told that it is paired. */
  storePaired(paired: PairedDevice): Promise<void>;
  /** Decides on an offer: stores it and says who joins, or throws to turn it down. */
  acceptOffer(offer: JoinOffer): Promise<JoinerDetails>;
  /** Runs a peer's command; settles when it has finished. `command-dropped` tells that nobody wants the rest. */
  runCommand(connection: number, command: AskedCommand): Promise<void>;
}

/** What main says without waiting for an answer. */
export type MainNote =
  | {
      readonly type: "send";
      readonly connection: number;
      readonly frame: FolderFrameType;
      readonly body: Uint8Array<ArrayBuffer>;
    }
  /** The engine has taken so many bytes of frames; more may come. */
  | { readonly type: "taken"; readonly connection: number; readonly bytes: number }
  /** Nobody reads the answer to a command any more. */
  | { readonly type: "drop-command"; readonly connection: number; readonly id: number }
  /** A connection over UDP is not needed any more. */
  | { readonly type: "close"; readonly connection: number }
  /** What a connection's frames said broke the protocol: it ends. */
  | { readonly type: "fault"; readonly connection: number; readonly message: string };
