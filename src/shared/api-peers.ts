/** The shapes of paired devices and of pairing. Part of api.ts, which has the rules. */
import { z } from "zod";
import { absolutePath, bytes, changed, folderRef, nothing, peerRef, rights, role, time } from "./api-pieces.ts";

export const peerState = z.enum(["connecting", "connected", "offline", "paused", "refused"]);

export const peerStatus = z.object({
  id: z.string(),
  name: z.string(),
  state: peerState,
  /** Null while not connected; so are `address` and `rttMs`. */
  transport: z.enum(["tcp", "udp"]).nullable(),
  address: z.string().nullable(),
  rttMs: z.number().nullable(),
  /** What that device lacks of ours. */
  needFiles: z.number().int(),
  needBytes: bytes,
  lastSeen: time.nullable(),
  /** Why it is offline or refused, when that is known. */
  message: z.string().nullable(),
  /** Folders that it shares with this device, and this device not with it; known while it is connected. */
  offers: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      /** Whether the folder is here, and only to be shared back. */
      isHere: z.boolean(),
    }),
  ),
});

const sharedFolder = z.object({ id: z.string(), label: z.string(), rights });

const peer = peerStatus.extend({
  role,
  paused: z.boolean(),
  /** Configured and learned, HOST:PORT. */
  addresses: z.array(z.string()),
  folders: z.array(sharedFolder),
  /** Three words that both ends show, null when it was added by id. */
  words: z.array(z.string()).nullable(),
  /** Whether that device said that it no longer trusts this one. */
  removedUs: z.boolean(),
});

const invite = z.object({
  code: z.string(),
  link: z.string(),
  folders: z.array(z.string()),
  role,
  rights,
  expires: time,
});

const joinStep = z.object({
  type: z.literal("progress"),
  step: z.enum(["searching", "connecting", "pairing", "sharing"]),
  message: z.string(),
});

const joinResult = z.object({
  type: z.literal("result"),
  peer: z.object({ id: z.string(), name: z.string() }),
  words: z.array(z.string()),
  /** Empty when the invite shared none. */
  folders: z.array(z.object({ id: z.string(), label: z.string(), path: z.string(), isNew: z.boolean() })),
});

const aboutPeer = z.strictObject({ peer: peerRef });

export const PEER_SHAPES = {
  join: {
    input: z.strictObject({
      /** The code or the link. Never logged. */
      code: z.string().min(1).max(4096),
      /** Null: below the home directory, named after the label. Several folders: each in a directory of its own below it. */
      path: absolutePath.nullable().default(null),
      /** HOST:PORT instead of discovery. */
      at: z.string().nullable().default(null),
      /** Allows a directory that is too broad. */
      force: z.boolean().default(false),
      /** Takes only this one of the invite's folders. */
      folderId: z.string().optional(),
    }),
    output: z.discriminatedUnion("type", [joinStep, joinResult]),
  },
  peerInvite: {
    input: z.strictObject({
      /** Empty: the only folder there is. */
      folders: z.array(folderRef).default([]),
      /** Shares no folder. */
      none: z.boolean().default(false),
      role: role.default("user"),
      rights: rights.default("write"),
      /** A person asked for it: opens pairing again after too many wrong codes closed it. */
      asked: z.boolean().default(true),
    }),
    output: invite,
  },
  peerList: { input: nothing, output: z.object({ peers: z.array(peer) }) },
  peerShow: { input: aboutPeer, output: peer },
  peerAdd: {
    input: z.strictObject({
      device: z.string().min(1).max(255),
      name: z.string().min(1).max(64).optional(),
      addresses: z.array(z.string()).default([]),
      role: role.default("user"),
    }),
    output: peer,
  },
  peerRename: { input: aboutPeer.extend({ name: z.string().min(1).max(64) }), output: peer },
  peerRole: { input: aboutPeer.extend({ role }), output: peer },
  peerPause: { input: aboutPeer, output: changed },
  peerResume: { input: aboutPeer, output: changed },
  peerRemove: { input: aboutPeer, output: z.object({ id: z.string(), name: z.string() }) },
  peerPing: {
    input: aboutPeer.extend({ count: z.coerce.number().int().min(1).max(1000).default(3) }),
    output: z.discriminatedUnion("type", [
      z.object({
        type: z.literal("pong"),
        sequence: z.number().int(),
        rttMs: z.number(),
        address: z.string(),
        transport: z.enum(["tcp", "udp"]),
      }),
      z.object({
        type: z.literal("summary"),
        peer: z.string(),
        sent: z.number().int(),
        received: z.number().int(),
        minMs: z.number().nullable(),
        meanMs: z.number().nullable(),
        maxMs: z.number().nullable(),
      }),
    ]),
  },
} as const;

export type PeerStatus = z.output<typeof peerStatus>;
export type Peer = z.output<typeof peer>;
export type Invite = z.output<typeof invite>;
export type JoinResult = z.output<typeof joinResult>;
