/** Random texts that open something, and what is kept of them. */
import { createHash } from "node:crypto";
import type { Random } from "../../shared/ports.ts";

const SECRET_BYTES = 32;

/** A text of 256 random bits that is safe in a URL, a cookie and a header. */
export function secret(random: Random): string {
  return Buffer.from(random.bytes(SECRET_BYTES)).toString("base64url");
}

/** What is stored of a secret. It is long and random, so that a plain hash cannot be turned round, and looking it up by hash tells a guesser nothing by its time. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
