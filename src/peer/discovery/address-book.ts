/**
 * Where a paired device was found so far, best first.
 *
 * Pure functions over a list that the caller stores with the peer. Addresses
 * named by a person are never pushed out by learned ones.
 */

import { formatHostPort } from "../../shared/host-port.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Address } from "./address.ts";

export type AddressOrigin = "static" | "worked" | "discovered" | "told";

export interface KnownAddress {
  readonly address: Address;
  /** static: named by a person; worked: a connection was made there; discovered: by mDNS; told: by the device itself or another peer. */
  readonly origin: AddressOrigin;
  /** When it was last confirmed, in milliseconds since 1970. */
  readonly seenAt: number;
}

const RANK: Readonly<Record<AddressOrigin, number>> = { static: 0, worked: 1, discovered: 2, told: 3 };

/** Adds addresses to what is known, in the order in which to dial, bounded. One address stays once, with its better origin. */
export function learnAddresses(
  known: readonly KnownAddress[],
  found: readonly KnownAddress[],
): readonly KnownAddress[] {
  const byText = new Map<string, KnownAddress>();
  for (const entry of [...known, ...found]) {
    const text = formatHostPort(entry.address);
    const before = byText.get(text);
    byText.set(text, before === undefined ? entry : merged(before, entry));
  }
  return [...byText.values()].sort(byDialOrder).slice(0, LIMITS.addressesPerPeer.value);
}

function merged(a: KnownAddress, b: KnownAddress): KnownAddress {
  const origin = RANK[a.origin] <= RANK[b.origin] ? a.origin : b.origin;
  return { address: a.address, origin, seenAt: Math.max(a.seenAt, b.seenAt) };
}

function byDialOrder(a: KnownAddress, b: KnownAddress): number {
  return RANK[a.origin] - RANK[b.origin] || b.seenAt - a.seenAt;
}
