/**
 * What connections say about themselves rather than about folders: hello,
 * introduction, goodbye, removals and probes.
 */
import { create } from "@bufbuild/protobuf";
import { type DeviceId, type FolderId, parseDeviceId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { fromBytes, toBytes } from "./codec.ts";
import {
  DeviceRemovedSchema,
  FolderShareSchema,
  GoodbyeSchema,
  HelloSchema,
  IntroductionSchema,
  ProbeMeSchema,
  ProbeReplySchema,
} from "./messages_pb.ts";
import { checkRepeats } from "./proto-reader.ts";
import {
  broken,
  codeFrom,
  folderIdFrom,
  MESSAGE_CHARACTERS_MAX,
  NAME_CHARACTERS_MAX,
  shownText,
} from "./wire-values.ts";

const FEATURES_MAX = 64;
const FEATURE_CHARACTERS_MAX = 64;
const ADDRESS_CHARACTERS_MAX = 300;

/** First on every connection. Holds nothing that a stranger could learn from. */
export interface Hello {
  readonly features: readonly string[];
  /** Drawn when the process started; another one from the same device tells that it was restarted. */
  readonly run: bigint;
}

/** Who is there and what is shared; sent after the hello, and again when it changes. */
export interface Introduction {
  readonly name: string;
  readonly program: string;
  /** The sender's clock. */
  readonly nowMs: number;
  /** HOST:PORT where it listens. */
  readonly addresses: readonly string[];
  /** The folders it shares with the receiver. */
  readonly folders: readonly SharedFolder[];
  /** Devices whose trust its person ended: what they write is not relayed to it. */
  readonly removed: readonly DeviceId[];
}

export interface SharedFolder {
  readonly id: FolderId;
  readonly label: string;
}

/** Why a connection is ended: a code of errors.ts, or a word of {@link GOODBYE} for what is no error. */
export interface Goodbye {
  readonly code: string;
  readonly message: string;
}

/** Reasons to end a connection at which nothing went wrong. */
export const GOODBYE = {
  stopping: "stopping",
  duplicate: "duplicate",
  paused: "E_PAUSED",
  /** What the connection was opened for is over. */
  done: "done",
} as const;

export function encodeHello({ features, run }: Hello): Uint8Array<ArrayBuffer> {
  return toBytes(HelloSchema, create(HelloSchema, { features: [...features], run }));
}

export function decodeHello(body: Uint8Array): Hello {
  checkRepeats(body, { 1: FEATURES_MAX });
  const { features, run } = fromBytes(HelloSchema, body);
  if (features.some((feature) => feature.length > FEATURE_CHARACTERS_MAX))
    throw broken("a feature whose name is too long");
  return { features, run };
}

export function encodeIntroduction({
  name,
  program,
  nowMs,
  addresses,
  folders,
  removed,
}: Introduction): Uint8Array<ArrayBuffer> {
  const message = create(IntroductionSchema, {
    name: shownText(name, NAME_CHARACTERS_MAX),
    program,
    nowMs: BigInt(Math.trunc(nowMs)),
    addresses: addresses.slice(0, LIMITS.addressesPerPeer.value),
    folders: folders.map(({ id, label }) =>
      create(FolderShareSchema, { id, label: shownText(label, NAME_CHARACTERS_MAX) }),
    ),
    removed: removed.slice(-LIMITS.removedDevices.value),
  });
  return toBytes(IntroductionSchema, message);
}

export function decodeIntroduction(body: Uint8Array): Introduction {
  checkRepeats(body, {
    4: LIMITS.addressesPerPeer.value,
    5: LIMITS.foldersPerPeer.value,
    6: LIMITS.removedDevices.value,
  });
  const { name, program, nowMs, addresses, folders, removed } = fromBytes(IntroductionSchema, body);
  if (addresses.some((address) => address.length > ADDRESS_CHARACTERS_MAX)) throw broken("an address that is too long");
  return {
    name: shownText(name, NAME_CHARACTERS_MAX),
    program: shownText(program, NAME_CHARACTERS_MAX),
    nowMs: Number(nowMs),
    addresses,
    folders: folders.map(({ id, label }) => ({ id: folderIdFrom(id), label: shownText(label, NAME_CHARACTERS_MAX) })),
    removed: removed.map(deviceIdFrom),
  };
}

export function encodeGoodbye({ code, message }: Goodbye): Uint8Array<ArrayBuffer> {
  return toBytes(GoodbyeSchema, create(GoodbyeSchema, { code, message: shownText(message, MESSAGE_CHARACTERS_MAX) }));
}

export function decodeGoodbye(body: Uint8Array): Goodbye {
  const { code, message } = fromBytes(GoodbyeSchema, body);
  return {
    code: /^[a-z]{1,32}$/.test(code) ? code : codeFrom(code),
    message: shownText(message, MESSAGE_CHARACTERS_MAX),
  };
}

export function encodeDeviceRemoved(device: DeviceId): Uint8Array<ArrayBuffer> {
  return toBytes(DeviceRemovedSchema, create(DeviceRemovedSchema, { device }));
}

export function decodeDeviceRemoved(body: Uint8Array): DeviceId {
  return deviceIdFrom(fromBytes(DeviceRemovedSchema, body).device);
}

function deviceIdFrom(text: string): DeviceId {
  try {
    return parseDeviceId(text);
  } catch (cause) {
    throw broken("what is no device id", cause);
  }
}

export interface ProbeMe {
  readonly id: number;
  readonly address: string;
}

export function encodeProbeMe(probe: ProbeMe): Uint8Array<ArrayBuffer> {
  return toBytes(ProbeMeSchema, create(ProbeMeSchema, probe));
}

export function decodeProbeMe(body: Uint8Array): ProbeMe {
  const { id, address } = fromBytes(ProbeMeSchema, body);
  if (address.length > ADDRESS_CHARACTERS_MAX) throw broken("an address that is too long");
  return { id, address };
}

export interface ProbeReply {
  readonly id: number;
  readonly isReachable: boolean;
  readonly detail: string;
}

export function encodeProbeReply({ id, isReachable, detail }: ProbeReply): Uint8Array<ArrayBuffer> {
  const message = create(ProbeReplySchema, {
    id,
    reachable: isReachable,
    detail: shownText(detail, MESSAGE_CHARACTERS_MAX),
  });
  return toBytes(ProbeReplySchema, message);
}

export function decodeProbeReply(body: Uint8Array): ProbeReply {
  const { id, reachable, detail } = fromBytes(ProbeReplySchema, body);
  return { id, isReachable: reachable, detail: shownText(detail, MESSAGE_CHARACTERS_MAX) };
}
