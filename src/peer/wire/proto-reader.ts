/**
 * Reads protobuf fields one by one, for bodies that are large or come by the
 * thousand: every count is checked before the next object is made, numbers need
 * no BigInt, and unknown fields cost nothing. Source of the encoding:
 * https://protobuf.dev/programming-guides/encoding/
 */
import { broken } from "./wire-values.ts";

const WIRE_VARINT = 0;
const WIRE_64 = 1;
const WIRE_BYTES = 2;
const WIRE_32 = 5;
const TWO_32 = 2 ** 32;
const SHORT_TEXT_BYTES = 48;

// A BOM at the start of a name belongs to the name.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Everything thrown here is E_PROTOCOL. */
export class ProtoReader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;
  #wireType = 0;
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** The number of the next field, 0 at the end. Its value must be read, or skipped, before the next call. */
  nextField(): number {
    if (this.#at === this.#end) return 0;
    this.#readVarint();
    if (this.#high !== 0 || this.#low >>> 3 === 0) throw broken("a field number that cannot be");
    this.#wireType = this.#low & 7;
    return this.#low >>> 3;
  }

  /** A varint as a number; above 2^53 − 1 is a fault. */
  uint(): number {
    this.#expect(WIRE_VARINT);
    return this.#number();
  }

  /** A varint of 32 bits. */
  uint32(): number {
    const value = this.uint();
    if (value >= TWO_32) throw broken("a number above 32 bits");
    return value;
  }

  bool(): boolean {
    return this.uint() !== 0;
  }

  /** A zigzag-encoded number of 64 bits. */
  sint64(): bigint {
    this.#expect(WIRE_VARINT);
    this.#readVarint();
    const value = (BigInt(this.#high) << 32n) | BigInt(this.#low);
    return (value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n);
  }

  /** A view of the field's bytes. */
  bytes(): Uint8Array {
    const start = this.#enter();
    return this.#bytes.subarray(start, this.#at);
  }

  string(): string {
    const start = this.#enter();
    const ascii = this.#shortAscii(start, this.#at);
    if (ascii !== undefined) return ascii;
    try {
      return decoder.decode(this.#bytes.subarray(start, this.#at));
    } catch (cause) {
      throw broken("text that is not UTF-8", cause);
    }
  }

  /** Most texts are short and plain; for those a decoder costs more than reading. */
  #shortAscii(start: number, end: number): string | undefined {
    if (end - start > SHORT_TEXT_BYTES) return undefined;
    let text = "";
    for (let at = start; at < end; at++) {
      const byte = this.#bytes[at] as number;
      if (byte >= 0x80) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** A reader of the message in this field. */
  message(): ProtoReader {
    const start = this.#enter();
    return new ProtoReader(this.#bytes, start, this.#at);
  }

  /** Adds the numbers of a repeated field to `target`, packed or not, at most `countMax` in all. */
  uints(target: number[], countMax: number): void {
    if (this.#wireType === WIRE_VARINT) {
      if (target.length >= countMax) throw broken(`more than ${countMax} numbers in a list`);
      target.push(this.#number());
      return;
    }
    const start = this.#enter();
    const packed = new ProtoReader(this.#bytes, start, this.#at);
    while (packed.#at < packed.#end) {
      if (target.length >= countMax) throw broken(`more than ${countMax} numbers in a list`);
      target.push(packed.#number());
    }
  }

  /** Passes over a field that is not known here. */
  skip(): void {
    if (this.#wireType === WIRE_VARINT) this.#readVarint();
    else if (this.#wireType === WIRE_BYTES) this.#enter();
    else if (this.#wireType === WIRE_64) this.#advance(8);
    else if (this.#wireType === WIRE_32) this.#advance(4);
    else throw broken(`the wire type ${this.#wireType}`);
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) throw broken("a field of the wrong wire type");
  }

  /** Passes over length and bytes of a field; returns where the bytes start. */
  #enter(): number {
    this.#expect(WIRE_BYTES);
    const length = this.#number();
    const start = this.#at;
    this.#advance(length);
    return start;
  }

  #advance(count: number): void {
    if (count > this.#end - this.#at) throw broken("a message that is cut off");
    this.#at += count;
  }

  #number(): number {
    this.#readVarint();
    if (this.#high >= 2 ** 21) throw broken("a number above 2^53");
    return this.#high * TWO_32 + this.#low;
  }

  /** Reads a varint of up to 64 bits into `#low` and `#high`. */
  #readVarint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw broken("a message that is cut off");
      const byte = this.#bytes[this.#at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        if (shift === 63 && byte > 1) break;
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw broken("a number above 64 bits");
  }
}

/**
 * Checks how often fields are repeated at the top of a message, before a
 * general decoder makes an object of each: a megabyte of empty messages would
 * become a hundred. `countsMax` has the most for each field number.
 */
export function checkRepeats(body: Uint8Array, countsMax: Readonly<Record<number, number>>): void {
  const counts = new Map<number, number>();
  const reader = new ProtoReader(body);
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    reader.skip();
    const countMax = countsMax[field];
    if (countMax === undefined) continue;
    const count = (counts.get(field) ?? 0) + 1;
    if (count > countMax) throw broken(`more than ${countMax} entries in one message`);
    counts.set(field, count);
  }
}
