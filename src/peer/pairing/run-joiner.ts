/** Drives the joiner's side of a pairing over a connection. */
import type { Duplex } from "node:stream";
import { SyncError } from "../../shared/errors.ts";
import type { Clock, Random } from "../../shared/ports.ts";
import { MessageStream } from "./frames.ts";
import { brokenOffError, endedError, noInviteError, wrongError } from "./join-errors.ts";
import { Joiner, type JoinerOutcome } from "./joiner.ts";
import type { ExchangeInputs } from "./key-exchange.ts";
import type { JoinerDetails, Offer, PairingMessage } from "./messages.ts";
import { withDeadline } from "./run-limits.ts";

export interface RunJoinerDeps {
  readonly inputs: ExchangeInputs;
  readonly random: Random;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Names the other side in errors. */
  readonly address: string;
  /**
   * Decides on the offer of the now proven inviter: stores it and says who
   * joins, or throws to turn it down. When the run fails after this returned,
   * the caller takes back what it stored.
   */
  readonly onOffer: (offer: Offer, words: string) => Promise<JoinerDetails>;
}

export interface JoinResult {
  readonly offer: Offer;
  readonly words: string;
}

/**
 * Runs until both sides have stored the pairing, then closes the stream.
 *
 * Rejects with E_CODE_WRONG, E_CODE_EXPIRED, E_CODE_USED, E_PAIRING_CLOSED,
 * E_TIMEOUT, E_PROTOCOL, E_PEER_OFFLINE or E_INTERRUPTED, or with what
 * `onOffer` threw.
 */
export async function runJoiner(stream: Duplex, deps: RunJoinerDeps): Promise<JoinResult> {
  const messages = new MessageStream(stream);
  try {
    return await withDeadline(stream, deps, () => converse(messages, deps));
  } finally {
    messages.close();
  }
}

async function converse(messages: MessageStream, deps: RunJoinerDeps): Promise<JoinResult> {
  const joiner = new Joiner(deps.inputs, deps.random);
  messages.write([joiner.start()]);
  const first = await read(messages, deps);
  // An inviter that has no such invite hangs up without a word.
  if (first === undefined) throw noInviteError(deps.address, deps.inputs.channel);
  messages.write(joiner.receive(first).send);
  const answer = await nextOutcome(messages, joiner, deps);
  if (answer.type === "wrong") throw wrongError(deps.address, answer.triesLeft);
  if (answer.type === "ended") throw endedError(deps.address, answer.reason, answer.by);
  if (answer.type !== "offered") throw new Error("bug: a pairing was done before it was offered");
  messages.write([await decide(messages, joiner, deps, answer)]);
  await nextOutcome(messages, joiner, deps);
  return { offer: answer.offer, words: answer.words };
}

/** Reads and answers until something is decided. */
async function nextOutcome(messages: MessageStream, joiner: Joiner, deps: RunJoinerDeps): Promise<JoinerOutcome> {
  for (;;) {
    const message = await read(messages, deps);
    if (message === undefined) throw brokenOffError(deps.address);
    const step = joiner.receive(message);
    messages.write(step.send);
    if (step.outcome !== undefined) return step.outcome;
  }
}

async function decide(
  messages: MessageStream,
  joiner: Joiner,
  deps: RunJoinerDeps,
  offered: JoinResult,
): Promise<PairingMessage> {
  try {
    return joiner.accept(await deps.onOffer(offered.offer, offered.words));
  } catch (error) {
    messages.write([joiner.decline(error instanceof SyncError ? error.code : "E_INTERNAL")]);
    throw error;
  }
}

async function read(messages: MessageStream, deps: RunJoinerDeps): Promise<PairingMessage | undefined> {
  try {
    return await messages.read();
  } catch (error) {
    throw error instanceof SyncError ? error : brokenOffError(deps.address, error);
  }
}
