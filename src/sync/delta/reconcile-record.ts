/**
 * What a record is to a comparison of two indexes: bytes in one form that both
 * sides write alike, their digest under the key of the meeting, and the root
 * of many digests. docs/reconcile.md describes the form.
 */
import type { FileInfo, FileType, Head } from "../../shared/file-info.ts";

const WHOLE = 0;
const FACTS = 1;
const TYPES: readonly FileType[] = ["file", "directory", "symlink"];
const LANE = 2 ** 32;
const CARRY_AFTER = 2 ** 20;
const encoder = new TextEncoder();

/** Writes the bytes of records into one buffer that grows. */
export class RecordBytes {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length: number;
  readonly #prefix: number;

  /** `key` is the key of the meeting; it stands before every record. */
  constructor(key: Uint8Array) {
    this.#bytes = new Uint8Array(16 * 1024);
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes.set(key);
    this.#prefix = key.length;
    this.#length = key.length;
  }

  /** All that defines a record: its path and its heads, in canonical order. Valid until the next call. */
  whole({ path, heads }: FileInfo): Uint8Array {
    this.#begin(WHOLE, path);
    for (const head of heads) {
      this.#facts(head);
      this.#origin(head);
    }
    return this.#bytes.subarray(0, this.#length);
  }

  /** What a path shows, whoever wrote it and when: equal for the same file copied by hand. Valid until the next call. */
  facts(path: string, head: Head): Uint8Array {
    this.#begin(FACTS, path);
    this.#facts(head);
    return this.#bytes.subarray(0, this.#length);
  }

  #begin(form: number, path: string): void {
    this.#length = this.#prefix;
    this.#number(form, 1);
    this.#text(path);
  }

  #facts(head: Head): void {
    this.#number(TYPES.indexOf(head.type) | (head.deleted ? 4 : 0), 1);
    this.#wide(BigInt(head.size));
    this.#wide(head.mtimeNs);
    this.#number(head.mode, 2);
    this.#text(head.contentId ?? "");
    this.#text(head.target);
  }

  #origin(head: Head): void {
    this.#number(head.version.length, 2);
    for (const [device, counter] of head.version) {
      this.#text(device);
      this.#wide(BigInt(counter));
    }
    this.#text(head.author);
    this.#text(head.previous ?? "");
    this.#text(head.owner);
  }

  #number(value: number, bytes: 1 | 2): void {
    this.#reserve(bytes);
    if (bytes === 1) this.#view.setUint8(this.#length, value);
    else this.#view.setUint16(this.#length, value, true);
    this.#length += bytes;
  }

  #wide(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#length, value, true);
    this.#length += 8;
  }

  /** The length in bytes, then UTF-8. */
  #text(text: string): void {
    this.#reserve(2 + text.length * 3);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.#length + 2));
    this.#view.setUint16(this.#length, written, true);
    this.#length += 2 + written;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/**
 * The sum of digests modulo 2^128: equal sets have equal roots, whatever the
 * order in which they were added.
 *
 * With digests under a key that nobody knew when the records were written, a
 * third party cannot choose records whose digests cancel out. The peer itself
 * could; it may as well say outright that it has what it has not.
 */
export class RootSum {
  /** 32 bits of the sum each, and what has not been carried yet; a million times 2^32 is exact in a double. */
  readonly #lanes = new Float64Array(4);
  #uncarried = 0;

  /** Adds 128 bits, the lowest 32 first. */
  add(a: number, b: number, c: number, d: number): void {
    const lanes = this.#lanes;
    lanes[0] = (lanes[0] as number) + a;
    lanes[1] = (lanes[1] as number) + b;
    lanes[2] = (lanes[2] as number) + c;
    lanes[3] = (lanes[3] as number) + d;
    if (++this.#uncarried === CARRY_AFTER) this.#carry();
  }

  /** 16 bytes, little-endian. */
  get bytes(): Uint8Array<ArrayBuffer> {
    this.#carry();
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    for (const [lane, value] of this.#lanes.entries()) view.setUint32(lane * 4, value, true);
    return bytes;
  }

  #carry(): void {
    let carry = 0;
    for (let lane = 0; lane < this.#lanes.length; lane++) {
      const value = (this.#lanes[lane] as number) + carry;
      carry = Math.floor(value / LANE);
      this.#lanes[lane] = value - carry * LANE;
    }
    this.#uncarried = 0;
  }
}
