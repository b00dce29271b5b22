/** The three words that both ends of a pairing show, for people to compare. */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { WORDS } from "./words.ts";

const LABEL = utf8ToBytes("syncline pairing words");
const WORD_BITS = 10;

/**
 * Derives the words from the session key, which binds both certificates and the connection.
 *
 * They show a person that both ends finished the same pairing; they protect
 * nothing that the key exchange has not protected already.
 */
export function threeWords(sessionKey: Uint8Array, channelId: Uint8Array): string {
  const bytes = hkdf(sha512, sessionKey, channelId, LABEL, 4);
  const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  const word = (index: number): string => WORDS[(value >>> (index * WORD_BITS)) & (WORDS.length - 1)] ?? "";
  return `${word(0)}-${word(1)}-${word(2)}`;
}
