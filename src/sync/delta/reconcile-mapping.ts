/**
 * Which coded symbols an element of a set takes part in, and the hash that
 * proves an element. Part of the protocol: frozen by `reconcile.test.ts`.
 *
 * Source: Yang, Gilad, Alizadeh, "Practical Rateless Set Reconciliation",
 * SIGCOMM 2024, section 4: symbol i holds an element with probability
 * 1 / (1 + i/2), so a prefix of about 1.35 to 1.7 symbols for each difference
 * decodes, however many differences there are. The gaps between an element's
 * symbols are drawn one by one; only IEEE division and square root are used,
 * which are exact everywhere.
 */

/** An element: 64 bits of a keyed digest, as two halves. */
export interface Element {
  readonly lo: number;
  readonly hi: number;
}

/** No symbol lies here or beyond. */
export const INDEX_MAX: number = 0xffffffff;

/** The symbol after `index` that an element takes part in; `draw` counts from 0. Every element takes part in symbol 0. */
export function nextIndex(index: number, draw: number, lo: number, hi: number): number {
  const random = mix(mix(lo ^ Math.imul(draw + 1, 0x9e3779b9)) ^ hi) >>> 0;
  const gap = Math.ceil((index + 1.5) * (65536 / Math.sqrt(random + 1) - 1));
  return Math.min(index + Math.max(1, gap), INDEX_MAX);
}

/** 32 bits that only this element has; symbols carry their XOR. */
export function checkOf(lo: number, hi: number): number {
  return mix(mix(hi ^ 0x85ebca6b) + lo) >>> 0;
}

/** Whether an element takes part in a symbol. */
export function takesPart(index: number, lo: number, hi: number): boolean {
  let at = 0;
  for (let draw = 0; at < index; draw++) at = nextIndex(at, draw, lo, hi);
  return at === index;
}

/** The finalizer of MurmurHash3 (public domain): every bit of the input moves every bit of the output. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
