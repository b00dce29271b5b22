import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** Bytes of hexadecimal text that may be broken into lines. */
export function bytes(text: string): Uint8Array {
  return hexToBytes(text.replaceAll(/\s/g, ""));
}

export function hex(value: Uint8Array): string {
  return bytesToHex(value);
}
