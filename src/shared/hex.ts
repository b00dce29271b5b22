/** Lower-case hexadecimal text of bytes: how hashes are written in ids, the index and on screen. */
import { SyncError } from "./errors.ts";

const BAD_DIGIT = 0xff;
const DIGIT_VALUES: Uint8Array = digitValues();

/** Writes bytes as lower-case hexadecimal text. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/**
 * Reads lower-case hexadecimal text. Throws E_PROTOCOL for anything else, an
 * upper-case digit included, so that one value has one text.
 *
 * A table beats `Uint8Array.fromHex` four times over at 64 digits.
 */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >>> 1);
  let seen = text.length % 2 === 0 ? 0 : BAD_DIGIT;
  for (let i = 0; i < bytes.length; i++) {
    const high = DIGIT_VALUES[text.charCodeAt(2 * i)] ?? BAD_DIGIT;
    const low = DIGIT_VALUES[text.charCodeAt(2 * i + 1)] ?? BAD_DIGIT;
    seen |= high | low;
    bytes[i] = (high << 4) | low;
  }
  if (seen > 15) throw new SyncError("E_PROTOCOL", `"${text.slice(0, 80)}" is not lower-case hexadecimal`);
  return bytes;
}

function digitValues(): Uint8Array {
  const values = new Uint8Array(128).fill(BAD_DIGIT);
  for (let value = 0; value < 16; value++) values[value.toString(16).charCodeAt(0)] = value;
  return values;
}
