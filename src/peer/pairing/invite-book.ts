/**
 * All invites of this device: the one owner of their state.
 *
 * Kept in memory only, so that a restart ends every invite: a code that
 * survived on disk could be tried three more times after each restart.
 *
 * Invariants:
 * 1. An invite is used at most once, however many sessions hold the right code at the same moment.
 * 2. At most three proofs are ever judged against one invite, sessions that run side by side included.
 * 3. Nothing here is told to a joiner before it proved the code (see `inviter.ts`).
 */
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Clock, Random } from "../../shared/ports.ts";
import { CHANNELS, drawBelow, drawSecret, formatCode } from "./code.ts";
import { LINK_SECRET_BYTES } from "./link.ts";
import type { InviteEndReason, InviteKind, OfferedFolder, Role } from "./messages.ts";

/** What an invite gives to whoever uses it. */
export interface InviteGrant {
  readonly role: Role;
  readonly folders: readonly OfferedFolder[];
}

export interface Invite {
  /** Counts up; names the invite in logs and commands, where the code must not appear. */
  readonly id: number;
  readonly channel: number;
  /** As people type it: `7-482913`. */
  readonly code: string;
  readonly linkSecret: Uint8Array;
  readonly grant: InviteGrant;
  /** Milliseconds since 1970, for display; lifetimes are measured with the clock that never jumps as well. */
  readonly expiresAt: number;
}

export interface InviteEnd {
  readonly reason: InviteEndReason;
  /** The address it was ended from: of the device that used it, or of the last wrong try. */
  readonly by?: string;
  readonly device?: DeviceId;
}

/** One joiner's attempt on an invite, from its first message to its proof. Exactly one of the last three methods ends it. */
export interface InviteRun {
  readonly invite: Invite;
  password(kind: InviteKind): Uint8Array;
  /** The proof was right: undefined when this run now has used the invite, else how it had ended before. */
  succeed(device: DeviceId): InviteEnd | undefined;
  /** The proof was wrong: says how many tries are left. */
  fail(): number;
  /** No proof was made; it counts as no try, because nothing was learned. */
  abandon(): void;
}

interface Entry {
  readonly invite: Invite;
  readonly secret: string;
  readonly bornAt: number;
  /** Proofs judged wrong. After the end they are counted anew, so that an ended code cannot be searched either. */
  wrongTries: number;
  runsInFlight: number;
  end: (InviteEnd & { readonly at: number }) | undefined;
}

const encoder = new TextEncoder();

export class InviteBook {
  readonly #clock: Clock;
  readonly #random: Random;
  #entries: Entry[] = [];
  #nextId = 1;
  /** When invites were killed by wrong tries, on the clock that never jumps. */
  #killedAt: number[] = [];
  #isClosed = false;

  constructor(deps: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /**
   * Makes an invite. `isAsked` says that a person ran `peer invite` for it,
   * which also opens pairing again after too many dead invites.
   */
  create(grant: InviteGrant, options: { readonly isAsked: boolean }): Invite {
    this.#sweep();
    if (options.isAsked) this.#reopen();
    if (this.#isClosed) throw new SyncError("E_PAIRING_CLOSED", "pairing is closed after too many wrong codes");
    if (grant.folders.length > LIMITS.inviteFolders.value) {
      throw new SyncError("E_USAGE", `an invite takes ${LIMITS.inviteFolders.value} folders at most`, {
        hint: "invite with some of them, and share the others afterwards with `syncline folder share`",
      });
    }
    const channel = this.#freeChannel();
    const secret = drawSecret(this.#random);
    const invite: Invite = {
      id: this.#nextId++,
      channel,
      code: formatCode({ channel, secret }),
      linkSecret: this.#random.bytes(LINK_SECRET_BYTES),
      grant,
      expiresAt: this.#clock.now() + LIMITS.inviteMs.value,
    };
    this.#entries.push({
      invite,
      secret,
      bornAt: this.#clock.monotonic(),
      wrongTries: 0,
      runsInFlight: 0,
      end: undefined,
    });
    return invite;
  }

  /** The invites that can be used now. */
  live(): readonly Invite[] {
    this.#sweep();
    return this.#entries.filter((entry) => entry.end === undefined).map((entry) => entry.invite);
  }

  /** The channels to announce: those of live invites, ascending. */
  channels(): readonly number[] {
    return this.live()
      .map((invite) => invite.channel)
      .sort((a, b) => a - b);
  }

  /** Whether the pairing protocol is offered at all: while there is an invite that lives or is remembered. */
  isOpen(): boolean {
    this.#sweep();
    return this.#entries.length > 0;
  }

  /** Whether wrong codes have closed pairing until a person asks for an invite again. */
  isClosed(): boolean {
    return this.#isClosed;
  }

  /** How an invite ended, or undefined while it lives or once it is forgotten. */
  endOf(id: number): InviteEnd | undefined {
    this.#sweep();
    return this.#entries.find((entry) => entry.invite.id === id)?.end;
  }

  /** Ends a live invite at its owner's wish. */
  withdraw(id: number): void {
    this.#sweep();
    const entry = this.#entries.find((candidate) => candidate.invite.id === id && candidate.end === undefined);
    if (entry !== undefined) this.#end(entry, { reason: "withdrawn" });
  }

  /**
   * Opens a run for a joiner at `address` that named `channel`. Undefined when
   * there is nothing to run against: no such invite is remembered, its tries
   * are gone, or as many runs are under way as it has tries left.
   */
  begin(channel: number, address: string): InviteRun | undefined {
    this.#sweep();
    const entry = this.#entryOn(channel);
    if (entry === undefined || entry.wrongTries + entry.runsInFlight >= LIMITS.inviteTries.value) return undefined;
    entry.runsInFlight += 1;
    return this.#run(entry, address);
  }

  #run(entry: Entry, address: string): InviteRun {
    let isOver = false;
    const finish = (): void => {
      if (isOver) throw new Error("bug: a pairing run was ended twice");
      isOver = true;
      entry.runsInFlight -= 1;
      this.#sweep();
    };
    return {
      invite: entry.invite,
      password: (kind) => (kind === "code" ? encoder.encode(entry.secret) : entry.invite.linkSecret),
      succeed: (device) => {
        finish();
        if (entry.end !== undefined) return entry.end;
        this.#end(entry, { reason: "used", by: address, device });
        return undefined;
      },
      fail: () => {
        finish();
        return this.#countWrong(entry, address);
      },
      abandon: finish,
    };
  }

  #countWrong(entry: Entry, address: string): number {
    entry.wrongTries += 1;
    const left = Math.max(0, LIMITS.inviteTries.value - entry.wrongTries);
    if (entry.end !== undefined) return 0;
    if (left === 0) {
      this.#end(entry, { reason: "killed", by: address });
      this.#countKilled(address);
    }
    return left;
  }

  #countKilled(address: string): void {
    this.#killedAt.push(this.#clock.monotonic());
    if (this.#killedAt.length < LIMITS.deadInvitesPerHour.value) return;
    this.#isClosed = true;
    for (const entry of this.#entries) {
      if (entry.end === undefined) this.#end(entry, { reason: "closed", by: address });
    }
  }

  #reopen(): void {
    this.#isClosed = false;
    this.#killedAt = [];
  }

  #end(entry: Entry, end: InviteEnd): void {
    entry.end = { ...end, at: this.#clock.monotonic() };
    entry.wrongTries = 0;
  }

  /** The live invite of a channel, else the one that ended last. */
  #entryOn(channel: number): Entry | undefined {
    const onChannel = this.#entries.filter((entry) => entry.invite.channel === channel);
    return onChannel.find((entry) => entry.end === undefined) ?? onChannel.at(-1);
  }

  /** A channel without a live invite, one that no ended invite is remembered for when there is one, so that the ended code can still be explained. */
  #freeChannel(): number {
    const all = Array.from({ length: CHANNELS }, (_, channel) => channel);
    const isLive = (channel: number): boolean =>
      this.#entries.some((entry) => entry.invite.channel === channel && entry.end === undefined);
    const free = all.filter((channel) => !isLive(channel));
    if (free.length === 0) {
      throw new SyncError("E_USAGE", `${CHANNELS} invites are live, and there are no more channels`, {
        hint: "use one of them, or wait until the oldest expires",
      });
    }
    const fresh = free.filter((channel) => this.#entryOn(channel) === undefined);
    const choice = fresh.length > 0 ? fresh : free;
    return choice[drawBelow(choice.length, this.#random)] ?? 0;
  }

  /** Ends what has expired and forgets what ended long ago. */
  #sweep(): void {
    const now = this.#clock.monotonic();
    const wallNow = this.#clock.now();
    for (const entry of this.#entries) {
      // Both clocks: one stands still while the machine sleeps, the other may be set back.
      const isOld = now - entry.bornAt >= LIMITS.inviteMs.value || wallNow >= entry.invite.expiresAt;
      if (entry.end === undefined && isOld) this.#end(entry, { reason: "expired" });
    }
    const rememberedSince = now - LIMITS.inviteRememberedMs.value;
    this.#entries = this.#entries.filter((entry) => entry.end === undefined || entry.end.at > rememberedSince);
    this.#killedAt = this.#killedAt.filter((at) => at > rememberedSince);
  }
}
