/** Writes and reads the fields of a pairing message: one-byte numbers and choices, fixed bytes, short texts. */
import { SyncError } from "../../shared/errors.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Control, format, surrogate and private characters and line separators: what could move a cursor or hide text. */
const UNSHOWABLE = /[\p{C}\p{Zl}\p{Zp}]/u;
const EVERY_UNSHOWABLE = new RegExp(UNSHOWABLE, "gu");

/** Makes a text one that {@link ByteReader.text} accepts: unshowable characters become spaces, and it is cut between characters. */
export function cleanText(text: string, bytesMax: number): string {
  let clean = text.toWellFormed().replaceAll(EVERY_UNSHOWABLE, " ").trim();
  while (encoder.encode(clean).length > bytesMax) clean = [...clean].slice(0, -1).join("");
  return clean;
}

export class ByteWriter {
  readonly #bytes: number[] = [];

  number(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 255) throw new Error(`bug: ${value} does not fit into a byte`);
    this.#bytes.push(value);
    return this;
  }

  choice<T extends string>(choices: readonly T[], value: T): this {
    return this.number(choices.indexOf(value));
  }

  raw(bytes: Uint8Array): this {
    this.#bytes.push(...bytes);
    return this;
  }

  text(text: string, bytesMax: number): this {
    const bytes = encoder.encode(cleanText(text, bytesMax));
    return this.number(bytes.length).raw(bytes);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Every method throws E_PROTOCOL rather than read past the end or accept a value out of bounds. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  number(max: number): number {
    const value = this.raw(1)[0] ?? 0;
    if (value > max) throw malformed(`a number is above ${max}`);
    return value;
  }

  choice<T extends string>(choices: readonly T[]): T {
    const value = choices[this.number(255)];
    if (value === undefined) throw malformed("a choice is unknown");
    return value;
  }

  raw(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw malformed("it ends too early");
    const bytes = this.#bytes.slice(this.#offset, end);
    this.#offset = end;
    return bytes;
  }

  text(bytesMax: number): string {
    const bytes = this.raw(this.number(bytesMax));
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch (cause) {
      throw malformed("a text is not UTF-8", cause);
    }
    if (UNSHOWABLE.test(text)) throw malformed("a text has control characters");
    return text;
  }

  end(): void {
    if (this.#offset !== this.#bytes.length) throw malformed("bytes are left over");
  }
}

function malformed(reason: string, cause?: unknown): SyncError {
  return new SyncError("E_PROTOCOL", `the other side's pairing message is malformed: ${reason}`, { cause });
}
