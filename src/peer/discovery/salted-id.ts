/**
 * A device's name on the local network: its id, hashed with a salt that changes.
 *
 * Peers that know the id recognise it; to others it is noise, and after the
 * salt has changed they cannot tell that it is still the same device.
 */
import { createHash } from "node:crypto";
import { base32, type DeviceId } from "../../shared/ids.ts";
import type { Random } from "../../shared/ports.ts";

export interface SaltedId {
  /** Base32 of 8 bytes. */
  readonly salt: string;
  /** Base32 of 16 bytes. */
  readonly hash: string;
}

const SALT_BYTES = 8;
const HASH_BYTES = 16;
const SALT = /^[A-Z2-7]{13}$/;
const HASH = /^[A-Z2-7]{26}$/;

/** Salts a device id anew. */
export function saltId(device: DeviceId, random: Random): SaltedId {
  const salt = base32(random.bytes(SALT_BYTES));
  return { salt, hash: hashOf(device, salt) };
}

/** Checks the form of a salted id from the network. */
export function parseSaltedId(salt: unknown, hash: unknown): SaltedId | undefined {
  if (typeof salt !== "string" || typeof hash !== "string") return undefined;
  return SALT.test(salt) && HASH.test(hash) ? { salt, hash } : undefined;
}

/** Which of the known devices a salted id stands for, if any. */
export function matchSaltedId(id: SaltedId, known: Iterable<DeviceId>): DeviceId | undefined {
  for (const device of known) {
    if (hashOf(device, id.salt) === id.hash) return device;
  }
  return undefined;
}

function hashOf(device: DeviceId, salt: string): string {
  const digest = createHash("sha256").update(`syncline discovery\0${salt}\0${device}`).digest();
  return base32(digest.subarray(0, HASH_BYTES));
}
