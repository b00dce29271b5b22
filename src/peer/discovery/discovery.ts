/**
 * Finding devices on the local network: the port that the daemon talks to.
 *
 * A hint and nothing more: it grants no trust, never changes what is known of
 * a trusted device, and everything in it may be forged. Who is really at an
 * address is proven by TLS.
 */
import type { Address } from "./address.ts";
import type { SaltedId } from "./salted-id.ts";

/** A device that seems to be on the local network. */
export interface Candidate {
  /** Names the device to those who know its id, to nobody else. */
  readonly id: SaltedId;
  /** Channels of its live invites, ascending. */
  readonly channels: readonly number[];
  /** Where to dial it, best first; never empty. */
  readonly addresses: readonly Address[];
}

/** What this device says of itself. */
export interface Announcement {
  /** Where it listens. */
  readonly port: number;
  /** Channels of live invites; of their codes nothing is said. */
  readonly channels: readonly number[];
}

export type DiscoveryEvent =
  /** New, or found with other addresses or channels than before. */
  { readonly type: "found"; readonly candidate: Candidate } | { readonly type: "lost"; readonly id: SaltedId };

export interface Discovery extends AsyncDisposable {
  /** Begins to listen. Finding nothing, or having no network yet, is no error. */
  start(): void;
  /** Announces this device, or stops doing so. Each call makes it unlinkable with what it announced before. */
  announce(announcement: Announcement | undefined): void;
  /** Asks the network now, instead of waiting for the next turn. */
  refresh(): void;
  /** Everything that seems to be there now. */
  candidates(): readonly Candidate[];
}
