/** What two sides that compare their indexes decide alike, each for itself. Pure. */
import type { ShortId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";

export interface MeetingSide {
  readonly device: ShortId;
  readonly salt: Uint8Array;
  readonly isFresh: boolean;
}

const RUN_MIN = 32;
const SYMBOLS_MIN = 256;

/**
 * Whether this side decodes; the other sends symbols.
 *
 * A side whose versions nobody knows may take the other's for its own, so it
 * is the one that learns who wrote what. Between equals the device id decides.
 */
export function isDecoder(own: MeetingSide, other: MeetingSide): boolean {
  return own.isFresh === other.isFresh ? own.device < other.device : own.isFresh;
}

/** The salts of both sides, in an order on which both agree: neither alone chooses the key. */
export function saltsOf(a: MeetingSide, b: MeetingSide): Uint8Array {
  const [first, second] = a.device < b.device ? [a, b] : [b, a];
  return Uint8Array.of(...first.salt, ...second.salt);
}

/** Names a comparison. */
export function tagOf(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset, 4).getUint32(0, true);
}

/**
 * The symbols that are worth their bytes for sets of these sizes: a symbol is
 * a tenth of a record, and a difference costs one and a half.
 */
export function symbolsMax(ownSize: number, otherSize: number): number {
  const smaller = Math.min(ownSize, otherSize);
  return Math.min(LIMITS.reconcileSymbols.value, Math.max(SYMBOLS_MIN, smaller / 4));
}

/**
 * The length of the next run after `have` symbols, 0 when more are not worth
 * it: a quarter as many again, so that about a tenth of the symbols are too many.
 */
export function nextRun(have: number, most: number): number {
  return Math.min(Math.max(RUN_MIN, have >>> 2), LIMITS.reconcileRun.value, Math.max(0, Math.floor(most) - have));
}
