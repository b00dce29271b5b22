/** The inviting side of pairing in the net thread: the book of invites, and a run for each stranger that knocks. */

import type { Identity } from "../../peer/identity.ts";
import { bindingAtInviter } from "../../peer/pairing/binding.ts";
import { type Invite, InviteBook, type InviteGrant } from "../../peer/pairing/invite-book.ts";
import type { NewPeer } from "../../peer/pairing/inviter.ts";
import { formatLink } from "../../peer/pairing/link.ts";
import type { Offer } from "../../peer/pairing/messages.ts";
import { type InviterResult, runInviter } from "../../peer/pairing/run-inviter.ts";
import type { SecureChannel } from "../../peer/transport/transport.ts";
import type { HostPort } from "../../shared/host-port.ts";
import type { Clock, Random } from "../../shared/ports.ts";
import type { InviteInfo, InviteReport, MainCalls, NetEvent } from "./net-api.ts";

export interface NetInvitesDeps {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly name: () => string;
  readonly addresses: () => readonly HostPort[];
  readonly storePaired: MainCalls["storePaired"];
  readonly post: (event: NetEvent) => void;
  /** The channels to announce may have changed. */
  readonly onChange: () => void;
}

export class NetInvites {
  readonly #deps: NetInvitesDeps;
  readonly #book: InviteBook;
  readonly #stop = new AbortController();
  /** Invites whose end was not reported yet. */
  readonly #open = new Set<number>();

  constructor(deps: NetInvitesDeps) {
    this.#deps = deps;
    this.#book = new InviteBook(deps);
  }

  /** Whether strangers may knock at all. */
  isOpen(): boolean {
    return this.#book.isOpen();
  }

  channels(): readonly number[] {
    return this.#book.channels();
  }

  create(grant: InviteGrant, isAsked: boolean): InviteInfo {
    const invite = this.#book.create(grant, { isAsked });
    this.#open.add(invite.id);
    this.#deps.onChange();
    void this.#watch(invite);
    return this.#infoOf(invite);
  }

  live(): readonly InviteInfo[] {
    return this.#book.live().map((invite) => this.#infoOf(invite));
  }

  cancel(id: number): void {
    this.#book.withdraw(id);
    this.#reportEnds();
  }

  /** Runs a stranger's try. Never rejects: what went wrong is reported. */
  async run(channel: SecureChannel): Promise<void> {
    const { identity, clock, random } = this.#deps;
    const result = await runInviter(channel.stream, {
      book: this.#book,
      random,
      clock,
      binding: bindingAtInviter(identity, channel.socket),
      joiner: channel.peer.deviceId,
      address: channel.address,
      offerFor: (invite) => this.#offerFor(invite),
      signal: this.#stop.signal,
      onPaired: (peer: NewPeer) => this.#deps.storePaired({ ...peer, address: channel.address }),
    });
    this.#deps.post({ type: "invite", report: reportOf(channel, result) });
    this.#reportEnds();
  }

  end(): void {
    this.#stop.abort();
  }

  #offerFor({ grant }: Invite): Offer {
    return {
      deviceName: this.#deps.name(),
      role: grant.role,
      folders: grant.folders,
      addresses: this.#deps.addresses(),
    };
  }

  #infoOf({ id, code, channel, linkSecret, expiresAt, grant }: Invite): InviteInfo {
    const { identity, addresses } = this.#deps;
    const link = formatLink({ device: identity.deviceId, channel, secret: linkSecret, addresses: addresses() });
    return { id, code, link, expiresAtMs: expiresAt, grant };
  }

  /** Reports the end by age, which no run brings about. */
  async #watch(invite: Invite): Promise<void> {
    const { clock } = this.#deps;
    while (this.#open.has(invite.id) && !this.#stop.signal.aborted) {
      await clock.sleep(Math.max(1000, invite.expiresAt - clock.now()), this.#stop.signal).catch(() => {});
      this.#reportEnds();
    }
  }

  #reportEnds(): void {
    let hasChanged = false;
    for (const id of this.#open) {
      const end = this.#book.endOf(id);
      if (end === undefined && this.#book.live().some((invite) => invite.id === id)) continue;
      this.#open.delete(id);
      hasChanged = true;
      this.#deps.post({ type: "invite-ended", inviteId: id, end: end ?? { reason: "expired" } });
    }
    if (hasChanged) this.#deps.onChange();
  }
}

function reportOf({ address, peer }: SecureChannel, result: InviterResult): InviteReport {
  const common = { address, device: peer.deviceId, outcome: result.type, inviteId: null, triesLeft: null };
  switch (result.type) {
    case "paired":
      return { ...common, inviteId: result.peer.invite.id, message: `paired with ${result.peer.details.deviceName}` };
    case "wrong":
      return {
        ...common,
        inviteId: result.invite.id,
        triesLeft: result.triesLeft,
        message: `a wrong code; tries left: ${result.triesLeft}`,
      };
    case "too-late":
      return { ...common, inviteId: result.invite.id, message: `the right code, but too late: ${result.end.reason}` };
    case "declined":
      return { ...common, inviteId: result.invite.id, message: `the joiner turned it down: ${result.code}` };
    case "no-invite":
      return { ...common, message: `no invite on channel ${result.channel}` };
    case "failed":
      return { ...common, message: result.error instanceof Error ? result.error.message : String(result.error) };
  }
}
