/**
 * The pairing code `7-482913`: a channel digit and six secret digits.
 *
 * The channel finds the invite and is announced; of the secret nothing is ever
 * announced, stored or logged.
 */
import { SyncError } from "../../shared/errors.ts";
import type { Random } from "../../shared/ports.ts";

export interface PairingCode {
  /** 0 … 9. */
  readonly channel: number;
  /** Six digits. */
  readonly secret: string;
}

export const CHANNELS = 10;
const SECRET_DIGITS = 6;

/** Parses a code as a person types it: spaces around it, and any or no separator after the channel. */
export function parseCode(text: string): PairingCode {
  const match = /^(\d)[-\s.]?(\d{3})[-\s.]?(\d{3})$/.exec(text.trim());
  if (match === null) {
    // The text itself stays out of the message: a mistyped code is still close to a secret.
    throw new SyncError("E_USAGE", "that is not a pairing code", {
      hint: "type it as `syncline peer invite` shows it: one digit, a dash, six digits, for example 7-482913",
    });
  }
  return { channel: Number(match[1]), secret: `${match[2]}${match[3]}` };
}

/** The form in which people read it. */
export function formatCode(code: PairingCode): string {
  return `${code.channel}-${code.secret}`;
}

/** Draws six secret digits, each of the million values equally likely. */
export function drawSecret(random: Random): string {
  return String(drawBelow(10 ** SECRET_DIGITS, random)).padStart(SECRET_DIGITS, "0");
}

/** Draws a number in 0 … bound − 1 without the bias of a plain remainder. */
export function drawBelow(bound: number, random: Random): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  for (;;) {
    const bytes = random.bytes(4);
    const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
    if (value < limit) return value % bound;
  }
}
