/** Writes protobuf fields one by one into a growing buffer: the counterpart of `ProtoReader`. */

const START_BYTES = 4096;
const TWO_7 = 128;
const encoder = new TextEncoder();

/** Fields with the value that readers assume for a missing one are left out. */
export class ProtoWriter {
  #bytes = new Uint8Array(START_BYTES);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  /** What was written, in a buffer of its own. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  uint(field: number, value: number): void {
    if (value === 0) return;
    this.#reserve(20);
    this.#varint(field * 8);
    this.#varint(value);
  }

  sint64(field: number, value: bigint): void {
    if (value === 0n) return;
    this.#reserve(20);
    this.#varint(field * 8);
    const zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    this.#varint64(Number(zigzag & 0xffff_ffffn), Number(zigzag >> 32n));
  }

  bool(field: number, value: boolean): void {
    this.uint(field, value ? 1 : 0);
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.#reserve(20 + value.length);
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  string(field: number, value: string): void {
    if (value !== "") this.repeatedString(field, value);
  }

  /** As `string`, but an empty one is written, too: it holds its place in a list. */
  repeatedString(field: number, value: string): void {
    this.message(field, () => {
      this.#reserve(value.length * 3);
      this.#at += encoder.encodeInto(value, this.#bytes.subarray(this.#at)).written;
    });
  }

  /** Numbers of a repeated field, packed. */
  uints(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.message(field, () => {
      this.#reserve(values.length * 10);
      for (const value of values) this.#varint(value);
    });
  }

  /** A field whose content `write` writes with this same writer. */
  message(field: number, write: () => void): void {
    this.#reserve(20);
    this.#varint(field * 8 + 2);
    const start = this.#at + 1;
    this.#at = start;
    write();
    const length = this.#at - start;
    const extra = varintBytes(length) - 1;
    if (extra > 0) {
      this.#reserve(extra);
      this.#bytes.copyWithin(start + extra, start, this.#at);
    }
    this.#at = start - 1;
    this.#varint(length);
    this.#at += length;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= TWO_7) {
      this.#bytes[this.#at++] = (rest % TWO_7) + TWO_7;
      rest = Math.floor(rest / TWO_7);
    }
    this.#bytes[this.#at++] = rest;
  }

  #varint64(low: number, high: number): void {
    let [lowRest, highRest] = [low >>> 0, high >>> 0];
    while (highRest > 0 || lowRest >= TWO_7) {
      this.#bytes[this.#at++] = (lowRest & 0x7f) | 0x80;
      lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0;
      highRest >>>= 7;
    }
    this.#bytes[this.#at++] = lowRest;
  }
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= TWO_7; rest = Math.floor(rest / TWO_7)) count++;
  return count;
}
