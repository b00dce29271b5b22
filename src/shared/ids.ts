/**
 * Identifiers, each a branded string made by one parser.
 *
 * A value of these types has passed its check at the border (configuration,
 * wire, database, command line); inside the program nothing checks again.
 */
import { SyncError } from "./errors.ts";

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** SHA-256 of a device's DER certificate: 52 base32 characters, a Luhn check character after each 13, groups of seven joined by dashes. */
export type DeviceId = Branded<string, "DeviceId">;
/** The first 12 characters (60 bits) of a {@link DeviceId} without its dash: names a device inside version vectors and records. */
export type ShortId = Branded<string, "ShortId">;
/** Cluster-wide name of a folder: 1 to 64 of `a-z`, `0-9` and `-`. */
export type FolderId = Branded<string, "FolderId">;
/** A path below a folder's root: UTF-8, `/` between parts, no part empty, `.` or `..`. The only form in which names from peers reach the disk. */
export type RelPath = Branded<string, "RelPath">;
/** Lower-case hex of the 32-byte hash that binds a file's content (or a symlink's target). */
export type ContentId = Branded<string, "ContentId">;

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const NAME_BYTES_MAX = 255;
const PATH_BYTES_MAX = 4096;
const encoder = new TextEncoder();

/** Luhn mod 32 check character over base32 text. Source: https://en.wikipedia.org/wiki/Luhn_mod_N_algorithm */
function luhn32(text: string): string {
  let factor = 1;
  let sum = 0;
  for (const character of text) {
    const product = factor * BASE32.indexOf(character);
    factor = factor === 2 ? 1 : 2;
    sum += Math.floor(product / 32) + (product % 32);
  }
  return BASE32.charAt((32 - (sum % 32)) % 32);
}

/** Formats the 32-byte SHA-256 of a DER certificate as a device id. */
export function deviceIdFromHash(hash: Uint8Array): DeviceId {
  const plain = base32(hash);
  let checked = "";
  for (let start = 0; start < 52; start += 13) {
    const part = plain.slice(start, start + 13);
    checked += part + luhn32(part);
  }
  return (checked.match(/.{7}/g) ?? []).join("-") as DeviceId;
}

/** Parses a device id as a person may type it (any case, dashes optional, 0/1/8 for O/I/B); checks its Luhn characters. */
export function parseDeviceId(text: string): DeviceId {
  const plain = text
    .toUpperCase()
    .replaceAll(/[\s-]/g, "")
    .replaceAll("0", "O")
    .replaceAll("1", "I")
    .replaceAll("8", "B");
  const isValid =
    /^[A-Z2-7]{56}$/.test(plain) &&
    [0, 14, 28, 42].every((start) => luhn32(plain.slice(start, start + 13)) === plain[start + 13]);
  if (!isValid)
    throw new SyncError("E_USAGE", `"${text}" is not a device id`, {
      hint: "copy it from `syncline status` on that device",
    });
  return (plain.match(/.{7}/g) ?? []).join("-") as DeviceId;
}

/** The short form of a device id. */
export function shortId(device: DeviceId): ShortId {
  return device.replaceAll("-", "").slice(0, 12) as ShortId;
}

/** Parses a short id; for the wire and the database. */
export function parseShortId(text: string): ShortId | undefined {
  return /^[A-Z2-7]{12}$/.test(text) ? (text as ShortId) : undefined;
}

/** A folder id. "constructor" is none: every object of the configuration would seem to have that folder. */
export const FOLDER_ID: RegExp = /^(?!constructor$)[a-z0-9-]{1,64}$/;

/** Parses a folder id. */
export function parseFolderId(text: string): FolderId {
  if (!FOLDER_ID.test(text)) {
    throw new SyncError("E_USAGE", `"${text}" is not a folder id`, { hint: "use 1 to 64 of a-z, 0-9 and -" });
  }
  return text as FolderId;
}

/** Why a text is not a {@link RelPath}, or undefined when it is one. */
export function relPathFault(text: string): string | undefined {
  if (text === "") return "is empty";
  if (isLonger(text, PATH_BYTES_MAX)) return `is longer than ${PATH_BYTES_MAX} bytes`;
  if (text.includes("\0")) return "holds a NUL";
  if (!text.isWellFormed() || text.includes("\uFFFD")) return "is not UTF-8";
  for (const part of text.split("/")) {
    if (part === "" || part === "." || part === "..") return `has the part "${part}"`;
    if (isLonger(part, NAME_BYTES_MAX)) return `has a part longer than ${NAME_BYTES_MAX} bytes`;
  }
  return isReserved(text) ? "is reserved for Syncline" : undefined;
}

/** Whether a text takes more bytes of UTF-8 than `bytesMax`. Short ones are not encoded: a character takes three at most. */
function isLonger(text: string, bytesMax: number): boolean {
  return text.length * 3 > bytesMax && encoder.encode(text).length > bytesMax;
}

/** Parses a path from a peer, a person or the database. Throws E_BAD_PATH. */
export function parseRelPath(text: string): RelPath {
  const fault = relPathFault(text);
  if (fault !== undefined) throw new SyncError("E_BAD_PATH", `the path ${JSON.stringify(text)} ${fault}`);
  return text as RelPath;
}

/** First-level names that fold to `.syncline*` belong to Syncline, except `.synclineignore`, which syncs. */
export function isReserved(path: string): boolean {
  const slash = path.indexOf("/");
  const first = slash === -1 ? path : path.slice(0, slash);
  if (!first.normalize("NFKC").toLowerCase().startsWith(".syncline")) return false;
  return !(first === ".synclineignore" && slash === -1);
}

/** The directory that holds `path`, or undefined at the first level. */
export function parentOf(path: RelPath): RelPath | undefined {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? undefined : (path.slice(0, slash) as RelPath);
}

/** The last part of `path`. */
export function baseName(path: RelPath): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether `path` lies below `directory` (not equal to it). */
export function isBelow(path: RelPath, directory: RelPath): boolean {
  return path.length > directory.length && path.startsWith(directory) && path[directory.length] === "/";
}

/** RFC 4648 base32 without padding, upper case. */
export function base32(bytes: Uint8Array): string {
  let text = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32.charAt((buffer >> bits) & 31);
    }
  }
  return bits > 0 ? text + BASE32.charAt((buffer << (5 - bits)) & 31) : text;
}
