/**
 * What the two sides of a pairing say, and its bytes.
 *
 *     joiner → inviter   start    how it was invited, channel, share
 *     inviter → joiner   share    share
 *     joiner → inviter   proof    tag                     (the joiner has the key)
 *     inviter → joiner   wrong    tries left
 *                      | ended    tag, why, by whom       (the inviter has it, too)
 *                      | offer    tag, what is offered
 *     joiner → inviter   details  who joins
 *                      | declined error code
 *     inviter → joiner   done                             (stored)
 *
 * One message is a type byte and its fields in order: numbers in one byte,
 * texts and lists behind their length. `frames.ts` puts a length before it.
 */
import { SyncError } from "../../shared/errors.ts";
import { formatHostPort } from "../../shared/host-port.ts";
import { type FolderId, parseFolderId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { type Address, readAddress } from "../discovery/address.ts";
import { ByteReader, ByteWriter } from "./byte-fields.ts";
import { CHANNELS } from "./code.ts";
import { SHARE_BYTES, TAG_BYTES } from "./cpace.ts";

export type InviteKind = "code" | "link";
export type Role = "user" | "admin";
export type Rights = "read" | "write";
/** How an invite ended. killed: by three wrong tries; closed: because too many others were killed. */
export type InviteEndReason = "used" | "expired" | "killed" | "closed" | "withdrawn";

export interface OfferedFolder {
  readonly id: FolderId;
  readonly label: string;
  readonly rights: Rights;
}

export interface Offer {
  readonly deviceName: string;
  /** The joiner's role on the inviting device. */
  readonly role: Role;
  readonly folders: readonly OfferedFolder[];
  readonly addresses: readonly Address[];
}

export interface JoinerDetails {
  readonly deviceName: string;
  readonly addresses: readonly Address[];
}

export interface StartMessage {
  readonly type: "start";
  readonly kind: InviteKind;
  readonly channel: number;
  readonly share: Uint8Array;
}
export interface ShareMessage {
  readonly type: "share";
  readonly share: Uint8Array;
}
export interface ProofMessage {
  readonly type: "proof";
  readonly tag: Uint8Array;
}
export interface WrongMessage {
  readonly type: "wrong";
  readonly triesLeft: number;
}
export interface EndedMessage {
  readonly type: "ended";
  readonly tag: Uint8Array;
  readonly reason: InviteEndReason;
  /** From where it was ended, where somebody else did it. */
  readonly by: string | undefined;
}
export interface OfferMessage {
  readonly type: "offer";
  readonly tag: Uint8Array;
  readonly offer: Offer;
}
export interface DetailsMessage {
  readonly type: "details";
  readonly details: JoinerDetails;
}
export interface DeclinedMessage {
  readonly type: "declined";
  readonly code: string;
}
export interface DoneMessage {
  readonly type: "done";
}

export type PairingMessage =
  | StartMessage
  | ShareMessage
  | ProofMessage
  | WrongMessage
  | EndedMessage
  | OfferMessage
  | DetailsMessage
  | DeclinedMessage
  | DoneMessage;

const ADDRESSES_MAX = 8;
const ADDRESS_BYTES_MAX = 80;
const NAME_BYTES_MAX = 64;
const LABEL_BYTES_MAX = 128;
const FOLDER_ID_BYTES_MAX = 64;
const ERROR_CODE_BYTES_MAX = 40;

const TYPES = ["start", "share", "proof", "wrong", "ended", "offer", "details", "declined", "done"] as const;
const KINDS = ["code", "link"] as const;
const ROLES = ["user", "admin"] as const;
const RIGHTS = ["read", "write"] as const;
const REASONS = ["used", "expired", "killed", "closed", "withdrawn"] as const;

/** Writes one message. Names are cut and cleaned to what a reader accepts, surplus addresses dropped. */
export function encodeMessage(message: PairingMessage): Uint8Array {
  const writer = new ByteWriter();
  writer.choice(TYPES, message.type);
  switch (message.type) {
    case "start":
      writer.choice(KINDS, message.kind).number(message.channel).raw(message.share);
      break;
    case "share":
      writer.raw(message.share);
      break;
    case "proof":
      writer.raw(message.tag);
      break;
    case "wrong":
      writer.number(message.triesLeft);
      break;
    case "ended":
      writer
        .raw(message.tag)
        .choice(REASONS, message.reason)
        .text(message.by ?? "", ADDRESS_BYTES_MAX);
      break;
    case "offer":
      writer.raw(message.tag);
      writeOffer(writer, message.offer);
      break;
    case "details":
      writer.text(message.details.deviceName, NAME_BYTES_MAX);
      writeAddresses(writer, message.details.addresses);
      break;
    case "declined":
      writer.text(message.code, ERROR_CODE_BYTES_MAX);
      break;
    case "done":
      break;
  }
  const bytes = writer.finish();
  if (bytes.length > LIMITS.pairingMessageBytes.value) throw new Error("bug: a pairing message exceeds its limit");
  return bytes;
}

/** Reads one whole message. Throws E_PROTOCOL for anything but its exact form; changes nothing before that is known. */
export function decodeMessage(bytes: Uint8Array): PairingMessage {
  if (bytes.length > LIMITS.pairingMessageBytes.value)
    throw new SyncError("E_PROTOCOL", "a pairing message is too long");
  const reader = new ByteReader(bytes);
  const message = readMessage(reader);
  reader.end();
  return message;
}

function readMessage(reader: ByteReader): PairingMessage {
  const type = reader.choice(TYPES);
  switch (type) {
    case "start":
      return { type, kind: reader.choice(KINDS), channel: reader.number(CHANNELS - 1), share: reader.raw(SHARE_BYTES) };
    case "share":
      return { type, share: reader.raw(SHARE_BYTES) };
    case "proof":
      return { type, tag: reader.raw(TAG_BYTES) };
    case "wrong":
      return { type, triesLeft: reader.number(LIMITS.inviteTries.value) };
    case "ended":
      return {
        type,
        tag: reader.raw(TAG_BYTES),
        reason: reader.choice(REASONS),
        by: reader.text(ADDRESS_BYTES_MAX) || undefined,
      };
    case "offer":
      return { type, tag: reader.raw(TAG_BYTES), offer: readOffer(reader) };
    case "details":
      return { type, details: { deviceName: readName(reader), addresses: readAddresses(reader) } };
    case "declined":
      return { type, code: reader.text(ERROR_CODE_BYTES_MAX) };
    case "done":
      return { type };
  }
}

function writeOffer(writer: ByteWriter, offer: Offer): void {
  writer.text(offer.deviceName, NAME_BYTES_MAX).choice(ROLES, offer.role).number(offer.folders.length);
  for (const folder of offer.folders) {
    writer.text(folder.id, FOLDER_ID_BYTES_MAX).text(folder.label, LABEL_BYTES_MAX).choice(RIGHTS, folder.rights);
  }
  writeAddresses(writer, offer.addresses);
}

function readOffer(reader: ByteReader): Offer {
  const deviceName = readName(reader);
  const role = reader.choice(ROLES);
  const folders = Array.from({ length: reader.number(LIMITS.inviteFolders.value) }, () => ({
    id: readFolderId(reader),
    label: reader.text(LABEL_BYTES_MAX),
    rights: reader.choice(RIGHTS),
  }));
  return { deviceName, role, folders, addresses: readAddresses(reader) };
}

function readFolderId(reader: ByteReader): FolderId {
  const text = reader.text(FOLDER_ID_BYTES_MAX);
  try {
    return parseFolderId(text);
  } catch (cause) {
    throw malformed("a folder id has another form", cause);
  }
}

function readName(reader: ByteReader): string {
  const name = reader.text(NAME_BYTES_MAX);
  if (name === "") throw malformed("a device has no name");
  return name;
}

function writeAddresses(writer: ByteWriter, addresses: readonly Address[]): void {
  const texts = addresses.map(formatHostPort).filter((text) => text.length <= ADDRESS_BYTES_MAX);
  writer.number(Math.min(texts.length, ADDRESSES_MAX));
  for (const text of texts.slice(0, ADDRESSES_MAX)) writer.text(text, ADDRESS_BYTES_MAX);
}

function readAddresses(reader: ByteReader): readonly Address[] {
  return Array.from({ length: reader.number(ADDRESSES_MAX) }, () => {
    const address = readAddress(reader.text(ADDRESS_BYTES_MAX));
    if (address === undefined) throw malformed("an address has another form");
    return address;
  });
}

function malformed(reason: string, cause?: unknown): SyncError {
  return new SyncError("E_PROTOCOL", `the other side's pairing message is malformed: ${reason}`, { cause });
}
