/**
 * The joiner's side of one pairing, message by message.
 *
 * Knows no stream and no time; `run-joiner.ts` drives it. It believes nothing
 * but `wrong` before the inviter has proven that it knows the code, too.
 */
import { SyncError } from "../../shared/errors.ts";
import type { Random } from "../../shared/ports.ts";
import { SCALAR_RANDOM_BYTES } from "./cpace.ts";
import {
  beginExchange,
  type ExchangeInputs,
  type ExchangeKeys,
  type ExchangeSecret,
  isSameTag,
  joinerKeys,
} from "./key-exchange.ts";
import type { InviteEndReason, JoinerDetails, Offer, PairingMessage, StartMessage } from "./messages.ts";

export type JoinerOutcome =
  /** The inviter is proven; the caller answers with {@link Joiner.accept} or {@link Joiner.decline}. */
  | { readonly type: "offered"; readonly offer: Offer; readonly words: string }
  /** Both sides have what they need; the inviter has stored it. */
  | { readonly type: "done" }
  | { readonly type: "wrong"; readonly triesLeft: number }
  | { readonly type: "ended"; readonly reason: InviteEndReason; readonly by: string | undefined };

export interface JoinerStep {
  readonly send: readonly PairingMessage[];
  readonly outcome?: JoinerOutcome;
}

type State =
  | { readonly type: "started" }
  | { readonly type: "proving"; readonly keys: ExchangeKeys }
  | { readonly type: "deciding" }
  | { readonly type: "accepted" }
  | { readonly type: "over" };

export class Joiner {
  readonly #kind: ExchangeInputs["kind"];
  readonly #channel: number;
  readonly #secret: ExchangeSecret;
  #state: State = { type: "started" };

  constructor(inputs: ExchangeInputs, random: Random) {
    this.#kind = inputs.kind;
    this.#channel = inputs.channel;
    this.#secret = beginExchange(inputs, random.bytes(SCALAR_RANDOM_BYTES));
  }

  /** The first message of the pairing. */
  start(): StartMessage {
    return { type: "start", kind: this.#kind, channel: this.#channel, share: this.#secret.share };
  }

  /** Takes one message. Throws E_PROTOCOL for one that does not belong here, E_CODE_WRONG when the inviter does not know the code. */
  receive(message: PairingMessage): JoinerStep {
    const state = this.#state;
    if (state.type === "started" && message.type === "share") {
      const keys = joinerKeys(this.#secret, message.share);
      this.#state = { type: "proving", keys };
      return { send: [{ type: "proof", tag: keys.joinerTag }] };
    }
    if (state.type === "proving") return this.#answer(message, state.keys);
    if (state.type === "accepted" && message.type === "done") {
      this.#state = { type: "over" };
      return { send: [], outcome: { type: "done" } };
    }
    throw outOfTurn(message);
  }

  /** Who this device is, once the offer was found good. */
  accept(details: JoinerDetails): PairingMessage {
    this.#leaveDeciding("accepted");
    return { type: "details", details };
  }

  /** Turns the offer down, naming the error for the other side's log. */
  decline(code: string): PairingMessage {
    this.#leaveDeciding("over");
    return { type: "declined", code };
  }

  #answer(message: PairingMessage, keys: ExchangeKeys): JoinerStep {
    this.#state = { type: "over" };
    switch (message.type) {
      case "wrong":
        return { send: [], outcome: { type: "wrong", triesLeft: message.triesLeft } };
      case "ended":
        requireTag(keys, message.tag);
        return { send: [], outcome: { type: "ended", reason: message.reason, by: message.by } };
      case "offer":
        requireTag(keys, message.tag);
        this.#state = { type: "deciding" };
        return { send: [], outcome: { type: "offered", offer: message.offer, words: keys.words } };
      default:
        throw outOfTurn(message);
    }
  }

  #leaveDeciding(next: "accepted" | "over"): void {
    if (this.#state.type !== "deciding") throw new Error("bug: there is no offer to answer");
    this.#state = { type: next };
  }
}

function requireTag(keys: ExchangeKeys, tag: Uint8Array): void {
  if (isSameTag(keys.inviterTag, tag)) return;
  throw new SyncError("E_CODE_WRONG", "the machine that answered does not know the code itself", {
    hint: "somebody may be posing as the other machine; name it with --at HOST:PORT, or pair on another network",
  });
}

function outOfTurn(message: PairingMessage): SyncError {
  return new SyncError("E_PROTOCOL", `the inviter sent "${message.type}" out of turn`);
}
