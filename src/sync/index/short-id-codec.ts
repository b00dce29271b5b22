import type { ShortId } from "../../shared/ids.ts";
import { type ByteReader, brokenRecord } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HALF = 6;
const HALF_MAX = 2 ** 30;
const KNOWN_MAX = 1024;
const digitValues: Uint8Array = new Uint8Array(128);
for (let value = 0; value < 32; value++) digitValues[BASE32.charCodeAt(value)] = value;

/** Ids read lately by their first half, so that a million rows share a few strings. */
const known = new Map<number, { readonly second: number; readonly id: ShortId }>();

/** Writes the 60 bits of a short id in 8 bytes. */
export function writeShortId(to: ByteWriter, id: ShortId): void {
  to.uint32(packHalf(id, 0));
  to.uint32(packHalf(id, HALF));
}

/** Reads a short id. Throws E_INDEX_BROKEN for more than 60 bits. */
export function readShortId(from: ByteReader): ShortId {
  const first = from.uint32();
  const second = from.uint32();
  const seen = known.get(first);
  if (seen !== undefined && seen.second === second) return seen.id;
  if (first >= HALF_MAX || second >= HALF_MAX) throw brokenRecord("names a device that cannot be");
  const id = (unpackHalf(first) + unpackHalf(second)) as ShortId;
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(first, { second, id });
  return id;
}

function packHalf(id: string, start: number): number {
  let value = 0;
  for (let i = start; i < start + HALF; i++) value = (value << 5) | (digitValues[id.charCodeAt(i)] as number);
  return value;
}

function unpackHalf(value: number): string {
  let text = "";
  for (let shift = 5 * (HALF - 1); shift >= 0; shift -= 5) text += BASE32.charAt((value >> shift) & 31);
  return text;
}
