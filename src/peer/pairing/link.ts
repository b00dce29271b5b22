/**
 * The pairing link `syncline:pair?…`: what a QR code carries instead of typed digits.
 *
 * It names the inviter's device id, so the joiner pins the certificate before
 * it says anything, and a 128-bit secret, which takes the code's place in the
 * key exchange. Whoever reads the link can join: it is shown, never announced.
 */
import { SyncError } from "../../shared/errors.ts";
import { formatHostPort } from "../../shared/host-port.ts";
import { type DeviceId, parseDeviceId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { type Address, readAddress } from "../discovery/address.ts";
import { CHANNELS } from "./code.ts";

export interface PairingLink {
  readonly device: DeviceId;
  readonly channel: number;
  readonly secret: Uint8Array;
  readonly addresses: readonly Address[];
}

export const LINK_SECRET_BYTES = 16;
const PREFIX = "syncline:pair?";
const LENGTH_MAX = 4096;

/** Whether a text means to be a link, so that `join` knows which parser answers for its mistakes. */
export function isLink(text: string): boolean {
  return text.trim().toLowerCase().startsWith("syncline:");
}

export function formatLink(link: PairingLink): string {
  const fields = new URLSearchParams({
    d: link.device.replaceAll("-", ""),
    c: String(link.channel),
    k: Buffer.from(link.secret).toString("base64url"),
  });
  for (const address of link.addresses) fields.append("a", formatHostPort(address));
  return PREFIX + fields.toString();
}

/** Parses a link. Unknown fields are ignored, so that later versions can add some; of the addresses, bad ones are skipped. */
export function parseLink(text: string): PairingLink {
  const trimmed = text.trim();
  if (trimmed.length > LENGTH_MAX || trimmed.slice(0, PREFIX.length).toLowerCase() !== PREFIX) throw badLink();
  const fields = new URLSearchParams(trimmed.slice(PREFIX.length));
  const secret = Buffer.from(fields.get("k") ?? "", "base64url");
  const channel = fields.get("c") ?? "";
  if (secret.length !== LINK_SECRET_BYTES || !/^\d$/.test(channel) || Number(channel) >= CHANNELS) throw badLink();
  const addresses = fields
    .getAll("a")
    .slice(0, LIMITS.addressesPerPeer.value)
    .flatMap((address) => readAddress(address) ?? []);
  return {
    device: deviceOf(fields.get("d") ?? ""),
    channel: Number(channel),
    secret: new Uint8Array(secret),
    addresses,
  };
}

function deviceOf(text: string): DeviceId {
  try {
    return parseDeviceId(text);
  } catch (cause) {
    throw badLink(cause);
  }
}

function badLink(cause?: unknown): SyncError {
  return new SyncError("E_USAGE", "that is not a whole pairing link", {
    hint: "copy all of what `syncline peer invite` prints, in quotes: syncline join 'syncline:pair?…'",
    cause,
  });
}
