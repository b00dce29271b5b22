/**
 * Coded symbols of a set of elements, made in order and in bounded stretches,
 * and their form on the wire.
 */
import { checkOf, INDEX_MAX, nextIndex } from "./reconcile-mapping.ts";

/** A run of coded symbols. Each holds the XOR of its elements, the XOR of their checks, and how many they are. */
export interface Symbols {
  readonly lo: Uint32Array;
  readonly hi: Uint32Array;
  readonly check: Uint32Array;
  readonly count: Int32Array;
}

const FIXED_BYTES = 12;
const COUNT_BYTES_MAX = 5;

export function emptySymbols(length: number): Symbols {
  return {
    lo: new Uint32Array(length),
    hi: new Uint32Array(length),
    check: new Uint32Array(length),
    count: new Int32Array(length),
  };
}

/** The elements of one set, eight bytes each, in the order in which they were added. Ten more bytes follow each while symbols are made. */
export class ElementSet {
  #lo = new Uint32Array(1024);
  #hi = new Uint32Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(lo: number, hi: number): void {
    if (this.#size === this.#lo.length) {
      this.#lo = grown(this.#lo);
      this.#hi = grown(this.#hi);
    }
    this.#lo[this.#size] = lo;
    this.#hi[this.#size] = hi;
    this.#size++;
  }

  lo(position: number): number {
    return this.#lo[position] as number;
  }

  hi(position: number): number {
    return this.#hi[position] as number;
  }
}

/**
 * Makes the symbols of a set, a run after the other.
 *
 * Complexity: all runs together cost 2 ln(m) steps an element for m symbols,
 * and each run one look at each element. `add` looks at a stretch of elements,
 * so that the caller can breathe between stretches.
 */
export class SymbolMaker {
  readonly #elements: ElementSet;
  /** The next symbol of each element, and how many gaps were drawn for it. */
  readonly #next: Uint32Array;
  readonly #draws: Uint16Array;

  constructor(elements: ElementSet) {
    this.#elements = elements;
    this.#next = new Uint32Array(elements.size);
    this.#draws = new Uint16Array(elements.size);
  }

  /** Adds the elements at `start` to `end` to the symbols from `first` on. Runs must follow each other, and each must see every element. */
  add(into: Symbols, first: number, start: number, end: number): void {
    const to = first + into.lo.length;
    for (let i = start; i < Math.min(end, this.#elements.size); i++) {
      if ((this.#next[i] as number) < to) this.#addElement(into, first, to, i);
    }
  }

  #addElement(into: Symbols, first: number, to: number, i: number): void {
    const lo = this.#elements.lo(i);
    const hi = this.#elements.hi(i);
    const check = checkOf(lo, hi);
    let at = this.#next[i] as number;
    let draws = this.#draws[i] as number;
    while (at < to) {
      toggle(into, at - first, lo, hi, check, 1);
      at = nextIndex(at, draws++, lo, hi);
    }
    this.#next[i] = Math.min(at, INDEX_MAX);
    this.#draws[i] = draws;
  }
}

/** Puts an element into a symbol (`sign` 1), or takes it out (-1). */
export function toggle(symbols: Symbols, at: number, lo: number, hi: number, check: number, sign: number): void {
  symbols.lo[at] = (symbols.lo[at] as number) ^ lo;
  symbols.hi[at] = (symbols.hi[at] as number) ^ hi;
  symbols.check[at] = (symbols.check[at] as number) ^ check;
  symbols.count[at] = (symbols.count[at] as number) + sign;
}

/** Takes the symbols of one set from those of another at the same place: what is left tells only of the differences. */
export function subtract(from: Symbols, other: Symbols): void {
  for (let i = 0; i < from.lo.length; i++) {
    toggle(
      from,
      i,
      other.lo[i] as number,
      other.hi[i] as number,
      other.check[i] as number,
      -(other.count[i] as number),
    );
  }
}

/**
 * Writes symbols: 12 bytes each (element and check, little-endian), then the
 * count as a zigzag varint, less what is to be expected of a set of `size`.
 */
export function encodeSymbols(symbols: Symbols, first: number, size: number): Uint8Array<ArrayBuffer> {
  const length = symbols.lo.length;
  const bytes = new Uint8Array(length * (FIXED_BYTES + COUNT_BYTES_MAX));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (let i = 0; i < length; i++) {
    view.setUint32(at, symbols.lo[i] as number, true);
    view.setUint32(at + 4, symbols.hi[i] as number, true);
    view.setUint32(at + 8, symbols.check[i] as number, true);
    at += FIXED_BYTES;
    const extra = (symbols.count[i] as number) - expectedCount(first + i, size);
    let rest = ((extra << 1) ^ (extra >> 31)) >>> 0;
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
  }
  return bytes.slice(0, at);
}

/** Reads what {@link encodeSymbols} wrote; undefined when it is nothing of the kind, or not `length` of them. */
export function decodeSymbols(bytes: Uint8Array, first: number, length: number, size: number): Symbols | undefined {
  if (bytes.length < length * (FIXED_BYTES + 1) || bytes.length > length * (FIXED_BYTES + COUNT_BYTES_MAX)) return;
  const symbols = emptySymbols(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (let i = 0; i < length; i++) {
    if (at + FIXED_BYTES >= bytes.length) return undefined;
    symbols.lo[i] = view.getUint32(at, true);
    symbols.hi[i] = view.getUint32(at + 4, true);
    symbols.check[i] = view.getUint32(at + 8, true);
    at += FIXED_BYTES;
    let rest = 0;
    let shift = 0;
    let byte = 0x80;
    while (byte > 0x7f) {
      if (at >= bytes.length || shift > 28) return undefined;
      byte = bytes[at++] as number;
      rest |= (byte & 0x7f) << shift;
      shift += 7;
    }
    symbols.count[i] = ((rest >>> 1) ^ -(rest & 1)) + expectedCount(first + i, size);
  }
  return at === bytes.length ? symbols : undefined;
}

/** How many of `size` elements symbol `index` holds on average. */
function expectedCount(index: number, size: number): number {
  return Math.floor((2 * size) / (index + 2));
}

function grown(from: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(from.length * 2);
  to.set(from);
  return to;
}
