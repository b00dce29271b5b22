/**
 * Writes the small binary records of the index into one growing buffer.
 *
 * A writer is reused from record to record; what it gives out is a copy.
 */
const SEVEN_BITS = 128;
const INT32 = 2 ** 31;

export class ByteWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(1024);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Forgets what was written, and starts the next record. */
  reset(): void {
    this.#length = 0;
  }

  /** What was written since the last reset, as bytes of their own. */
  copy(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** An unsigned integer below 2^53, seven bits a byte, least first (LEB128). */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= INT32) {
      this.#bytes[this.#length++] = (rest % SEVEN_BITS) | SEVEN_BITS;
      rest = Math.floor(rest / SEVEN_BITS);
    }
    while (rest >= SEVEN_BITS) {
      this.#bytes[this.#length++] = (rest & 0x7f) | SEVEN_BITS;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** The low 64 bits of an integer. */
  int64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#length, value, true);
    this.#length += 8;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** The bytes that a text of hexadecimal digits names. Throws when it is something else. */
  hex(text: string): void {
    const count = text.length / 2;
    this.#reserve(count);
    const written = this.#bytes.write(text, this.#length, count, "hex");
    if (written !== count) throw new Error(`bug: "${text}" is not hexadecimal`);
    this.#length += written;
  }

  /** UTF-8 behind its length. */
  text(value: string): void {
    const count = Buffer.byteLength(value);
    this.varint(count);
    this.#reserve(count);
    this.#length += this.#bytes.write(value, this.#length, count);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#length + count));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
