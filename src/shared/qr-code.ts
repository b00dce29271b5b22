/**
 * QR codes of bytes, at the lowest error correction: they are shown on
 * screens, where nothing is smudged. Pure.
 * Source: ISO/IEC 18004:2015.
 */

/** By version: check bytes in each block, and the number of blocks, at level L. */
const CHECK_BYTES: readonly number[] = [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28];
const BLOCKS: readonly number[] = [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8];
const VERSION_MAX = 20;
const BYTE_MODE = 4;
const LEVEL_L = 1;
const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** Rows of modules, true is dark, without the quiet zone. */
export type QrCode = readonly (readonly boolean[])[];

/** The code of `data` in the smallest version that holds it; undefined when none of 1 to 20 does (858 bytes). */
export function qrCode(data: Uint8Array): QrCode | undefined {
  for (let version = 1; version <= VERSION_MAX; version++) {
    const capacity = dataBytes(version);
    if (2 + (version > 9 ? 1 : 0) + data.length > capacity) continue;
    return draw(version, interleave(version, packed(data, version, capacity)));
  }
  return undefined;
}

/** Mode, length, data, terminator, padding. */
function packed(data: Uint8Array, version: number, capacity: number): Uint8Array {
  const bits: number[] = [];
  const put = (value: number, length: number): void => {
    for (let bit = length - 1; bit >= 0; bit--) bits.push((value >>> bit) & 1);
  };
  put(BYTE_MODE, 4);
  put(data.length, version > 9 ? 16 : 8);
  for (const byte of data) put(byte, 8);
  put(0, Math.min(4, capacity * 8 - bits.length));
  put(0, -bits.length & 7);
  for (let pad = 0xec; bits.length < capacity * 8; pad ^= 0xec ^ 0x11) put(pad, 8);
  const bytes = new Uint8Array(capacity);
  for (const [position, bit] of bits.entries())
    bytes[position >> 3] = (bytes[position >> 3] ?? 0) | (bit << (7 - (position & 7)));
  return bytes;
}

/** Cuts into blocks, adds check bytes to each, and deals them out in turn. */
function interleave(version: number, data: Uint8Array): Uint8Array {
  const count = BLOCKS[version - 1] ?? 1;
  const checkLength = CHECK_BYTES[version - 1] ?? 0;
  const shortLength = Math.floor(data.length / count);
  const longBlocks = data.length % count;
  const divisor = generator(checkLength);
  const blocks: { readonly data: Uint8Array; readonly check: Uint8Array }[] = [];
  for (let block = 0, start = 0; block < count; block++) {
    const length = shortLength + (block >= count - longBlocks ? 1 : 0);
    const part = data.subarray(start, start + length);
    blocks.push({ data: part, check: remainder(part, divisor) });
    start += length;
  }
  const dealt: number[] = [];
  for (let i = 0; i <= shortLength; i++)
    for (const block of blocks) if (i < block.data.length) dealt.push(block.data[i] ?? 0);
  for (let i = 0; i < checkLength; i++) for (const block of blocks) dealt.push(block.check[i] ?? 0);
  return Uint8Array.from(dealt);
}

/** Draws with each mask and keeps the one that reads best. */
function draw(version: number, bytes: Uint8Array): QrCode {
  let best: QrCode | undefined;
  let bestPenalty = Number.POSITIVE_INFINITY;
  for (const [mask, isFlipped] of MASKS.entries()) {
    const canvas = new Canvas(version);
    canvas.drawFixed(mask);
    canvas.drawData(bytes, isFlipped);
    const score = penalty(canvas.rows);
    if (score < bestPenalty) [best, bestPenalty] = [canvas.rows, score];
  }
  return best ?? [];
}

class Canvas {
  readonly rows: boolean[][];
  readonly #version: number;
  readonly #size: number;
  readonly #isFixed: boolean[][];

  constructor(version: number) {
    this.#version = version;
    this.#size = 17 + 4 * version;
    const blank = (): boolean[][] =>
      Array.from({ length: this.#size }, () => new Array<boolean>(this.#size).fill(false));
    this.rows = blank();
    this.#isFixed = blank();
  }

  drawFixed(mask: number): void {
    const end = this.#size - 1;
    for (let i = 0; i <= end; i++) {
      this.#set(6, i, i % 2 === 0);
      this.#set(i, 6, i % 2 === 0);
    }
    for (const [x, y] of [
      [3, 3],
      [end - 3, 3],
      [3, end - 3],
    ] as const)
      this.#drawFinder(x, y);
    const places = alignmentPlaces(this.#version);
    for (const x of places)
      for (const y of places) if (!this.#isCorner(x, y, places)) this.#drawSquare(x, y, 2, (ring) => ring !== 1);
    this.#drawFormat(mask);
    if (this.#version > 6) this.#drawVersion();
  }

  /** Fills what is left in columns of two, up and down from the right. */
  drawData(bytes: Uint8Array, isFlipped: (x: number, y: number) => boolean): void {
    let bit = 0;
    for (let right = this.#size - 1; right >= 1; right -= 2) {
      const column = right <= 6 ? right - 1 : right;
      const isUpward = ((column + 1) & 2) === 0;
      for (let step = 0; step < this.#size; step++) {
        const y = isUpward ? this.#size - 1 - step : step;
        for (const x of [column, column - 1]) {
          if (this.#isFixed[y]?.[x] !== false) continue;
          const isSet = ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
          this.#put(x, y, (isSet === 1) !== isFlipped(x, y));
          bit++;
        }
      }
    }
  }

  #drawFinder(x: number, y: number): void {
    this.#drawSquare(x, y, 4, (ring) => ring !== 2 && ring !== 4);
  }

  #drawSquare(centerX: number, centerY: number, radius: number, isDark: (ring: number) => boolean): void {
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++)
        this.#set(centerX + dx, centerY + dy, isDark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  }

  #isCorner(x: number, y: number, places: readonly number[]): boolean {
    const [first, last] = [places[0], places.at(-1)];
    return (x === first && y === first) || (x === first && y === last) || (x === last && y === first);
  }

  #drawFormat(mask: number): void {
    const bits = withCheck((LEVEL_L << 3) | mask, 10, 0x537) ^ 0x5412;
    const isDark = (bit: number): boolean => ((bits >> bit) & 1) === 1;
    for (let i = 0; i < 6; i++) this.#set(8, i, isDark(i));
    this.#set(8, 7, isDark(6));
    this.#set(8, 8, isDark(7));
    this.#set(7, 8, isDark(8));
    for (let i = 9; i < 15; i++) this.#set(14 - i, 8, isDark(i));
    for (let i = 0; i < 8; i++) this.#set(this.#size - 1 - i, 8, isDark(i));
    for (let i = 8; i < 15; i++) this.#set(8, this.#size - 15 + i, isDark(i));
    this.#set(8, this.#size - 8, true);
  }

  #drawVersion(): void {
    const bits = withCheck(this.#version, 12, 0x1f25);
    for (let i = 0; i < 18; i++) {
      const [a, b] = [this.#size - 11 + (i % 3), Math.floor(i / 3)];
      this.#set(a, b, ((bits >> i) & 1) === 1);
      this.#set(b, a, ((bits >> i) & 1) === 1);
    }
  }

  #set(x: number, y: number, isDark: boolean): void {
    const row = this.#isFixed[y];
    if (row?.[x] === undefined) return;
    row[x] = true;
    this.#put(x, y, isDark);
  }

  #put(x: number, y: number, isDark: boolean): void {
    const row = this.rows[y];
    if (row !== undefined) row[x] = isDark;
  }
}

function alignmentPlaces(version: number): readonly number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((4 * version + 4) / (2 * count - 2)) * 2;
  const places = Array.from({ length: count - 1 }, (_, index) => 4 * version + 10 - step * index);
  return [6, ...places.reverse()];
}

/** Appends the remainder of a division of polynomials over two elements. */
function withCheck(value: number, length: number, divisor: number): number {
  let rest = value;
  for (let i = 0; i < length; i++) rest = (rest << 1) ^ ((rest >>> (length - 1)) * divisor);
  return (value << length) | rest;
}

function dataBytes(version: number): number {
  let modules = (16 * version + 128) * version + 64;
  if (version > 1) {
    const count = Math.floor(version / 7) + 2;
    modules -= (25 * count - 10) * count - 55;
    if (version > 6) modules -= 36;
  }
  return (modules >> 3) - (CHECK_BYTES[version - 1] ?? 0) * (BLOCKS[version - 1] ?? 0);
}

/** Coefficients of the product of (x - 2^i), highest first and without the leading one. */
function generator(degree: number): Uint8Array {
  const result = new Uint8Array(degree);
  result[degree - 1] = 1;
  let root = 1;
  for (let i = 0; i < degree; i++) {
    for (let j = 0; j < degree; j++) result[j] = multiply(result[j] ?? 0, root) ^ (result[j + 1] ?? 0);
    root = multiply(root, 2);
  }
  return result;
}

function remainder(data: Uint8Array, divisor: Uint8Array): Uint8Array {
  const rest = new Uint8Array(divisor.length);
  for (const byte of data) {
    const factor = byte ^ (rest[0] ?? 0);
    rest.copyWithin(0, 1);
    rest[rest.length - 1] = 0;
    for (const [position, coefficient] of divisor.entries())
      rest[position] = (rest[position] ?? 0) ^ multiply(coefficient, factor);
  }
  return rest;
}

/** In the field of 256 elements modulo x^8 + x^4 + x^3 + x^2 + 1. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--)
    product = ((product << 1) ^ ((product >>> 7) * 0x11d) ^ (((b >>> bit) & 1) * a)) & 0xff;
  return product;
}

/** How hard a code is to read: runs, blocks, shapes like a finder, imbalance. */
function penalty(rows: QrCode): number {
  const size = rows.length;
  const columns = Array.from({ length: size }, (_, x) => rows.map((row) => row[x] ?? false));
  let score = 0;
  for (const line of [...rows, ...columns]) {
    const text = line.map((isDark) => (isDark ? "1" : "0")).join("");
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) score += run.length - 2;
    score += 40 * [...text.matchAll(/(?=00001011101|10111010000)/g)].length;
  }
  for (let y = 1; y < size; y++) {
    for (let x = 1; x < size; x++) {
      const isDark = rows[y]?.[x];
      if (rows[y - 1]?.[x] === isDark && rows[y]?.[x - 1] === isDark && rows[y - 1]?.[x - 1] === isDark) score += 3;
    }
  }
  const dark = rows.flat().filter(Boolean).length;
  return score + 10 * Math.floor(Math.abs(dark * 20 - size * size * 10) / (size * size));
}
