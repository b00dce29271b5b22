/**
 * Reads and writes the few kinds of fields that queries and answers consist of.
 *
 * What is read came from a peer: whatever does not fit is E_PROTOCOL, and
 * nothing is allocated before the bytes for it are there.
 */
import { SyncError } from "../../shared/errors.ts";

/** Seven bits each; sizes and counts here stay far below 2^32. */
const VARINT_BYTES_MAX = 5;
const WORD_BYTES = 4;

/** Walks through bytes that a peer sent. `what` names them in failures. */
export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    if (this.left < 1) throw this.broken("is cut off");
    return this.#bytes[this.#at++] as number;
  }

  /** An unsigned integer of at most `max`, seven bits a byte, lowest first, in its shortest form. */
  varint(max: number): number {
    let value = 0;
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = this.byte();
      if (byte === 0 && i > 0) break;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte >= 0x80) continue;
      if (value > max) throw this.broken(`has the number ${value} where ${max} is the most`);
      return value;
    }
    throw this.broken("has a number that is too long");
  }

  /** `count` little-endian numbers of 32 bits. */
  words(count: number): Uint32Array {
    if (count * WORD_BYTES > this.left) throw this.broken("is cut off");
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, count * WORD_BYTES);
    this.#at += count * WORD_BYTES;
    return Uint32Array.from({ length: count }, (_, i) => view.getUint32(i * WORD_BYTES, true));
  }

  /** A view of the next `count` bytes. */
  bytes(count: number): Uint8Array {
    if (count > this.left) throw this.broken("is cut off");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** A view of all that is left. */
  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  /** The failure for these bytes. */
  broken(fault: string): SyncError {
    return new SyncError("E_PROTOCOL", `the ${this.#what} ${fault}`, { facts: { bytes: this.#bytes.length } });
  }
}

/** Collects fields into bytes. */
export class FieldWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(64);
  #length = 0;

  /** What was written; void after the next write. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  varint(value: number): void {
    this.#reserve(VARINT_BYTES_MAX);
    let left = value;
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.#bytes[this.#length++] = (left & 0x7f) | 0x80;
    this.#bytes[this.#length++] = left;
  }

  words(values: Uint32Array): void {
    this.#reserve(values.length * WORD_BYTES);
    const view = new DataView(this.#bytes.buffer);
    for (const value of values) {
      view.setUint32(this.#length, value, true);
      this.#length += WORD_BYTES;
    }
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** How many bytes {@link FieldWriter.varint} takes for `value`. */
export function varintBytes(value: number): number {
  let count = 1;
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) count++;
  return count;
}
