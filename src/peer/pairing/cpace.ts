/**
 * CPace over ristretto255 and SHA-512: two sides that know the same short password agree on a strong key.
 *
 * An eavesdropper learns nothing to test passwords against, and an active
 * attacker tests one password per run. Follows draft-irtf-cfrg-cpace-21
 * (suite CPACE-RISTR255-SHA512, initiator and responder); the names in quotes
 * below are the draft's. Its vectors are in the tests. Pure: randomness comes
 * in as an argument.
 */
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

/** What both sides must agree on for a run; any difference gives two unrelated keys. */
export interface CpaceInputs {
  /** "PRS". */
  readonly password: Uint8Array;
  /** "CI": who talks to whom, over what. */
  readonly channelId: Uint8Array;
  /** "sid": unique to the run. */
  readonly sessionId: Uint8Array;
}

/** One side's public message: its share ("Ya", "Yb") and associated data ("ADa", "ADb"). */
export interface CpaceMessage {
  readonly share: Uint8Array;
  readonly associated: Uint8Array;
}

export interface CpaceTranscript {
  readonly initiator: CpaceMessage;
  readonly responder: CpaceMessage;
}

export interface ConfirmationTags {
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
}

export type RistrettoPoint = InstanceType<typeof ristretto255.Point>;

export const SHARE_BYTES = 32;
export const TAG_BYTES = 64;
/** Enough for a scalar whose distance from uniform is negligible. */
export const SCALAR_RANDOM_BYTES = 48;

const DSI = utf8ToBytes("CPaceRistretto255");
const DSI_ISK = utf8ToBytes("CPaceRistretto255_ISK");
const DSI_MAC = utf8ToBytes("CPaceMac");
const HASH_BLOCK_BYTES = 128;
const ORDER = ristretto255.Point.Fn.ORDER;

/** A secret scalar in 1 … order − 1 from {@link SCALAR_RANDOM_BYTES} random bytes. */
export function scalarFrom(random: Uint8Array): bigint {
  if (random.length !== SCALAR_RANDOM_BYTES) throw new Error(`bug: a scalar takes ${SCALAR_RANDOM_BYTES} random bytes`);
  return (bytesToNumberLE(random) % (ORDER - 1n)) + 1n;
}

/** "calculate_generator": the group element that stands for the password in this run. */
export function generatorOf(inputs: CpaceInputs): RistrettoPoint {
  return ristretto255_hasher.deriveToCurve!(sha512(generatorString(inputs)));
}

/** "generator_string": the padding makes the first hash block independent of everything but the password. */
export function generatorString(inputs: CpaceInputs): Uint8Array {
  const used = prependLength(inputs.password).length + prependLength(DSI).length;
  const padding = new Uint8Array(Math.max(0, HASH_BLOCK_BYTES - used - 1));
  return lengthValue(DSI, inputs.password, padding, inputs.channelId, inputs.sessionId);
}

/** "scalar_mult": one side's public share. */
export function shareOf(scalar: bigint, generator: RistrettoPoint): Uint8Array {
  return generator.multiply(scalar).toBytes();
}

/** "scalar_mult_vfy": the shared secret point, or undefined where the draft says to abort (no valid encoding, or the neutral element). */
export function sharedPoint(scalar: bigint, share: Uint8Array): Uint8Array | undefined {
  let point: RistrettoPoint;
  try {
    point = ristretto255.Point.fromBytes(share);
  } catch {
    return undefined;
  }
  if (point.is0()) return undefined;
  return point.multiply(scalar).toBytes();
}

/** "ISK": the key that both sides share if, and only if, all inputs and both messages were the same for both. */
export function sessionKey(sessionId: Uint8Array, point: Uint8Array, transcript: CpaceTranscript): Uint8Array {
  const { initiator, responder } = transcript;
  return sha512(
    concatBytes(
      lengthValue(DSI_ISK, sessionId, point),
      lengthValue(initiator.share, initiator.associated),
      lengthValue(responder.share, responder.associated),
    ),
  );
}

/** What each side sends to prove that it has the key, as the draft's section on key confirmation suggests. */
export function confirmationTags(
  sessionId: Uint8Array,
  key: Uint8Array,
  transcript: CpaceTranscript,
): ConfirmationTags {
  const macKey = sha512(concatBytes(DSI_MAC, sessionId, key));
  const tag = (message: CpaceMessage): Uint8Array =>
    hmac(sha512, macKey, lengthValue(message.share, message.associated));
  return { initiator: tag(transcript.initiator), responder: tag(transcript.responder) };
}

/** "lv_cat": parts joined so that no two lists of parts give the same bytes. */
export function lengthValue(...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...parts.map(prependLength));
}

/** "prepend_len": the length as LEB128, then the bytes. */
export function prependLength(bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = bytes.length;
  while (rest >= 0x80) {
    length.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  length.push(rest);
  return concatBytes(Uint8Array.from(length), bytes);
}
