import { SyncError } from "../../shared/errors.ts";

const VARINT_BYTES_MAX = 8;

/**
 * Reads the small binary records of the index.
 *
 * Every step is checked: bytes that no writer of ours made end in
 * E_INDEX_BROKEN, never in a wrong record.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw brokenRecord("ends too early");
    return value;
  }

  /** An unsigned integer below 2^53. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < VARINT_BYTES_MAX; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      factor *= 128;
    }
    throw brokenRecord("has a number that is too large");
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** The next `count` bytes as lower-case hexadecimal text. */
  hex(count: number): string {
    const start = this.#take(count);
    return this.#bytes.subarray(start, start + count).toHex();
  }

  text(): string {
    const count = this.varint();
    const start = this.#take(count);
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, count).toString();
  }

  #take(count: number): number {
    if (count > this.left) throw brokenRecord("ends too early");
    const start = this.#at;
    this.#at += count;
    return start;
  }
}

/** The failure for bytes that are not a record of the index. */
export function brokenRecord(fault: string): SyncError {
  return new SyncError("E_INDEX_BROKEN", `a record of the index ${fault}`);
}
