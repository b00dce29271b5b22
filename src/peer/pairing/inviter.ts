/**
 * The inviter's side of one pairing, message by message.
 *
 * Knows no stream and no time: `run-inviter.ts` feeds it what arrives and
 * sends what it answers. A stranger gets at most two messages from it: a share,
 * which is noise to whoever does not know the code, and `wrong`. All else, how
 * an invite ended included, is said only to a joiner that proved the code.
 */
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId } from "../../shared/ids.ts";
import type { Random } from "../../shared/ports.ts";
import { SCALAR_RANDOM_BYTES } from "./cpace.ts";
import type { Invite, InviteBook, InviteEnd, InviteRun } from "./invite-book.ts";
import { beginExchange, type ChannelBinding, type ExchangeKeys, inviterKeys, isSameTag } from "./key-exchange.ts";
import type { JoinerDetails, Offer, PairingMessage, StartMessage } from "./messages.ts";

export interface InviterDeps {
  readonly book: InviteBook;
  readonly random: Random;
  readonly binding: ChannelBinding;
  /** The joiner's device, as TLS proved it. */
  readonly joiner: DeviceId;
  /** Where the joiner comes from; shown when its run fails. */
  readonly address: string;
  /** What this device tells a joiner that used the invite. */
  readonly offerFor: (invite: Invite) => Offer;
}

export interface NewPeer {
  readonly device: DeviceId;
  readonly words: string;
  readonly details: JoinerDetails;
  readonly invite: Invite;
}

export type InviterOutcome =
  /** To be stored now; then {@link Inviter.stored} gives the last message. */
  | { readonly type: "paired"; readonly peer: NewPeer }
  | { readonly type: "wrong"; readonly invite: Invite; readonly triesLeft: number }
  | { readonly type: "too-late"; readonly invite: Invite; readonly end: InviteEnd }
  | { readonly type: "declined"; readonly invite: Invite; readonly code: string }
  | { readonly type: "no-invite"; readonly channel: number };

export interface InviterStep {
  readonly send: readonly PairingMessage[];
  /** Set when the run is over. */
  readonly outcome?: InviterOutcome;
}

type State =
  | { readonly type: "new" }
  | { readonly type: "proving"; readonly run: InviteRun; readonly keys: ExchangeKeys }
  | { readonly type: "proven"; readonly invite: Invite; readonly words: string }
  | { readonly type: "over" };

export class Inviter {
  readonly #deps: InviterDeps;
  #state: State = { type: "new" };

  constructor(deps: InviterDeps) {
    this.#deps = deps;
  }

  /** Takes one message. Throws E_PROTOCOL for one that does not belong here; the caller then hangs up and calls {@link cancel}. */
  receive(message: PairingMessage): InviterStep {
    const state = this.#state;
    if (state.type === "new" && message.type === "start") return this.#start(message);
    if (state.type === "proving" && message.type === "proof") return this.#judge(state.run, state.keys, message.tag);
    if (state.type === "proven" && message.type === "details") {
      this.#state = { type: "over" };
      const peer = { device: this.#deps.joiner, words: state.words, details: message.details, invite: state.invite };
      return { send: [], outcome: { type: "paired", peer } };
    }
    if (state.type === "proven" && message.type === "declined") {
      this.#state = { type: "over" };
      return { send: [], outcome: { type: "declined", invite: state.invite, code: message.code } };
    }
    throw new SyncError("E_PROTOCOL", `the joiner sent "${message.type}" out of turn`);
  }

  /** The message that ends the run, once the new peer is stored. */
  stored(): PairingMessage {
    return { type: "done" };
  }

  /** Gives the invite free again when the connection ended before a proof. */
  cancel(): void {
    if (this.#state.type === "proving") this.#state.run.abandon();
    this.#state = { type: "over" };
  }

  #start(message: StartMessage): InviterStep {
    const { book, address, binding, random } = this.#deps;
    const run = book.begin(message.channel, address);
    if (run === undefined) {
      this.#state = { type: "over" };
      return { send: [], outcome: { type: "no-invite", channel: message.channel } };
    }
    const { kind, channel } = message;
    const inputs = { kind, channel, password: run.password(kind), binding };
    try {
      const secret = beginExchange(inputs, random.bytes(SCALAR_RANDOM_BYTES));
      this.#state = { type: "proving", run, keys: inviterKeys(secret, message.share) };
      return { send: [{ type: "share", share: secret.share }] };
    } catch (error) {
      run.abandon();
      this.#state = { type: "over" };
      throw error;
    }
  }

  #judge(run: InviteRun, keys: ExchangeKeys, tag: Uint8Array): InviterStep {
    this.#state = { type: "over" };
    const { invite } = run;
    if (!isSameTag(keys.joinerTag, tag)) {
      const triesLeft = run.fail();
      return { send: [{ type: "wrong", triesLeft }], outcome: { type: "wrong", invite, triesLeft } };
    }
    const end = run.succeed(this.#deps.joiner);
    if (end !== undefined) {
      const message = { type: "ended", tag: keys.inviterTag, reason: end.reason, by: end.by } as const;
      return { send: [message], outcome: { type: "too-late", invite, end } };
    }
    this.#state = { type: "proven", invite, words: keys.words };
    return { send: [{ type: "offer", tag: keys.inviterTag, offer: this.#deps.offerFor(invite) }] };
  }
}
