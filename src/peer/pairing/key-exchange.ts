/**
 * One run of the key exchange between joiner and inviter, as pure steps.
 *
 * The key is bound to everything that must be the same for both: how the
 * invite was given, its channel, both certificates and the TLS connection
 * itself. Somebody who sits between two TLS connections has two exporter
 * values, so that even the right code gives the ends unrelated keys.
 */

import { equalBytes } from "@noble/curves/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { SyncError } from "../../shared/errors.ts";
import {
  type ConfirmationTags,
  type CpaceInputs,
  type CpaceTranscript,
  confirmationTags,
  generatorOf,
  lengthValue,
  scalarFrom,
  sessionKey,
  sharedPoint,
  shareOf,
} from "./cpace.ts";
import type { InviteKind } from "./messages.ts";
import { threeWords } from "./three-words.ts";

/** The connection and its two ends, as both ends see them. */
export interface ChannelBinding {
  readonly joinerCertificate: Uint8Array;
  readonly inviterCertificate: Uint8Array;
  /** TLS exporter value of the connection. */
  readonly exporter: Uint8Array;
}

export interface ExchangeInputs {
  readonly kind: InviteKind;
  readonly channel: number;
  /** The code's six digits as text, or the link's bytes. */
  readonly password: Uint8Array;
  readonly binding: ChannelBinding;
}

/** What a side keeps between its share and the other's. */
export interface ExchangeSecret {
  readonly inputs: CpaceInputs;
  readonly scalar: bigint;
  readonly share: Uint8Array;
}

/** What a side has once it holds both shares. Nothing is proven before the other side's tag was checked. */
export interface ExchangeKeys {
  readonly joinerTag: Uint8Array;
  readonly inviterTag: Uint8Array;
  readonly words: string;
}

const PROTOCOL = utf8ToBytes("syncline-pair/1");
const JOINER = utf8ToBytes("joiner");
const INVITER = utf8ToBytes("inviter");

/** The first step of either side: its share. `random` is used for nothing else. */
export function beginExchange(inputs: ExchangeInputs, random: Uint8Array): ExchangeSecret {
  const { binding } = inputs;
  const cpace: CpaceInputs = {
    password: inputs.password,
    channelId: lengthValue(
      PROTOCOL,
      utf8ToBytes(`${inputs.kind} ${inputs.channel}`),
      sha256(binding.joinerCertificate),
      sha256(binding.inviterCertificate),
    ),
    sessionId: binding.exporter,
  };
  const scalar = scalarFrom(random);
  return { inputs: cpace, scalar, share: shareOf(scalar, generatorOf(cpace)) };
}

/** The joiner's second step, with the inviter's share. Throws E_PROTOCOL when that share is none. */
export function joinerKeys(secret: ExchangeSecret, inviterShare: Uint8Array): ExchangeKeys {
  return keysOf(secret, inviterShare, { joinerShare: secret.share, inviterShare });
}

/** The inviter's second step, with the joiner's share. Throws E_PROTOCOL when that share is none. */
export function inviterKeys(secret: ExchangeSecret, joinerShare: Uint8Array): ExchangeKeys {
  return keysOf(secret, joinerShare, { joinerShare, inviterShare: secret.share });
}

/** Compares tags in a time that does not depend on where they differ. */
export function isSameTag(expected: Uint8Array, given: Uint8Array): boolean {
  return equalBytes(expected, given);
}

function keysOf(
  secret: ExchangeSecret,
  otherShare: Uint8Array,
  shares: { readonly joinerShare: Uint8Array; readonly inviterShare: Uint8Array },
): ExchangeKeys {
  // A share that came back from the other side is a mirror, not a partner.
  if (equalBytes(secret.share, otherShare)) throw badShare("it is our own, sent back");
  const point = sharedPoint(secret.scalar, otherShare);
  if (point === undefined) throw badShare("it is no element of the group");
  const transcript: CpaceTranscript = {
    initiator: { share: shares.joinerShare, associated: JOINER },
    responder: { share: shares.inviterShare, associated: INVITER },
  };
  const { sessionId, channelId } = secret.inputs;
  const key = sessionKey(sessionId, point, transcript);
  const tags: ConfirmationTags = confirmationTags(sessionId, key, transcript);
  return { joinerTag: tags.initiator, inviterTag: tags.responder, words: threeWords(key, channelId) };
}

function badShare(reason: string): SyncError {
  return new SyncError("E_PROTOCOL", `the other side's share was refused: ${reason}`);
}
