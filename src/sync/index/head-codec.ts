/**
 * The stored form of a path's heads.
 *
 * Most rows have one head with one or two devices in its vector: about 60 to
 * 110 bytes. Everything a record names stands in its own bytes (a device takes
 * eight), so a row can be read without any other table. Names are packed:
 * author and owner are as a rule a place in the vector. The first byte is the
 * version of the form; a new form gets a new number and old rows stay readable.
 */
import type { FileType, Head } from "../../shared/file-info.ts";
import type { ContentId, ShortId } from "../../shared/ids.ts";
import { COUNTER_MAX, type VersionVector } from "../../shared/version-vector.ts";
import { ByteReader, brokenRecord } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readShortId, writeShortId } from "./short-id-codec.ts";
import { readTime, timeForm, writeTime } from "./time-codec.ts";

const FORM = 1;
const CONTENT_ID_BYTES = 32;
/** No head is shorter; bounds the memory a broken count can ask for. */
const HEAD_BYTES_MIN = 5;
const VECTOR_ENTRY_BYTES_MIN = 9;
const TYPES: readonly FileType[] = ["file", "directory", "symlink"];

const TYPE_BITS = 0b11;
const DELETED = 1 << 2;
const HAS_CONTENT = 1 << 3;
const HAS_PREVIOUS = 1 << 4;
const HAS_TARGET = 1 << 5;
const TIME_SHIFT = 6;

const scratch = new ByteWriter();

/** Encodes heads, of which there is one at least. */
export function encodeHeads(heads: readonly Head[]): Uint8Array {
  scratch.reset();
  writeHeads(scratch, heads);
  return scratch.copy();
}

/** Decodes what {@link encodeHeads} wrote. Throws E_INDEX_BROKEN for anything else. */
export function decodeHeads(bytes: Uint8Array): readonly Head[] {
  const from = new ByteReader(bytes);
  const heads = readHeads(from);
  if (from.left > 0) throw brokenRecord("goes on behind its end");
  return heads;
}

/** Writes heads where more may follow. */
export function writeHeads(to: ByteWriter, heads: readonly Head[]): void {
  if (heads.length === 0) throw new Error("bug: a record without heads");
  to.byte(FORM);
  to.varint(heads.length);
  for (const head of heads) writeHead(to, head);
}

/** Reads heads where more may follow. */
export function readHeads(from: ByteReader): readonly Head[] {
  const form = from.byte();
  if (form !== FORM) throw brokenRecord(`has the unknown form ${form}`);
  const count = from.varint();
  if (count === 0 || count * HEAD_BYTES_MIN > from.left) throw brokenRecord(`claims ${count} heads`);
  const heads: Head[] = [];
  for (let i = 0; i < count; i++) heads.push(readHead(from));
  return heads;
}

function writeHead(to: ByteWriter, head: Head): void {
  const { contentId, previous, target } = head;
  const time = timeForm(head.mtimeNs);
  to.byte(
    TYPES.indexOf(head.type) |
      (head.deleted ? DELETED : 0) |
      (contentId === null ? 0 : HAS_CONTENT) |
      (previous === null ? 0 : HAS_PREVIOUS) |
      (target === "" ? 0 : HAS_TARGET) |
      (time << TIME_SHIFT),
  );
  writeVector(to, head.version);
  writeDevice(to, head.version, head.author);
  writeOwner(to, head.version, head.owner);
  to.varint(head.mode);
  to.varint(head.size);
  writeTime(to, time, head.mtimeNs);
  if (contentId !== null) writeContentId(to, contentId);
  if (previous !== null) writeContentId(to, previous);
  if (target !== "") to.text(target);
}

function readHead(from: ByteReader): Head {
  const flags = from.byte();
  const type = TYPES[flags & TYPE_BITS];
  if (type === undefined) throw brokenRecord("has an unknown type of file");
  const version = readVector(from);
  // Fields are read in the order in which they are written here.
  return {
    version,
    author: readDevice(from, version),
    owner: readOwner(from, version),
    type,
    deleted: (flags & DELETED) !== 0,
    mode: from.varint(),
    size: from.varint(),
    mtimeNs: readTime(from, flags >> TIME_SHIFT),
    contentId: (flags & HAS_CONTENT) === 0 ? null : (from.hex(CONTENT_ID_BYTES) as ContentId),
    previous: (flags & HAS_PREVIOUS) === 0 ? null : (from.hex(CONTENT_ID_BYTES) as ContentId),
    target: (flags & HAS_TARGET) === 0 ? "" : from.text(),
  };
}

function writeVector(to: ByteWriter, version: VersionVector): void {
  to.varint(version.length);
  for (const [device, counter] of version) {
    writeShortId(to, device);
    to.varint(counter);
  }
}

function readVector(from: ByteReader): VersionVector {
  const count = from.varint();
  if (count * VECTOR_ENTRY_BYTES_MIN > from.left) throw brokenRecord(`claims ${count} devices in a vector`);
  const version: (readonly [ShortId, number])[] = [];
  let last = "";
  for (let i = 0; i < count; i++) {
    const device = readShortId(from);
    const counter = from.varint();
    if (device <= last || counter < 1 || counter >= COUNTER_MAX) throw brokenRecord("has a vector that cannot be");
    version.push([device, counter]);
    last = device;
  }
  return version;
}

/** A device as its place in the vector plus one, or 0 and its id. */
function writeDevice(to: ByteWriter, version: VersionVector, device: ShortId): void {
  const place = version.findIndex(([id]) => id === device);
  to.varint(place + 1);
  if (place === -1) writeShortId(to, device);
}

function readDevice(from: ByteReader, version: VersionVector): ShortId {
  const place = from.varint();
  return place === 0 ? readShortId(from) : placed(version, place);
}

/** An owner as its place in the vector plus one, or 0 and its name. */
function writeOwner(to: ByteWriter, version: VersionVector, owner: string): void {
  const place = version.findIndex(([id]) => id === owner);
  to.varint(place + 1);
  if (place === -1) to.text(owner);
}

function readOwner(from: ByteReader, version: VersionVector): string {
  const place = from.varint();
  return place === 0 ? from.text() : placed(version, place);
}

function placed(version: VersionVector, place: number): ShortId {
  const entry = version[place - 1];
  if (entry === undefined) throw brokenRecord("points outside its vector");
  return entry[0];
}

function writeContentId(to: ByteWriter, contentId: ContentId): void {
  if (contentId.length !== 2 * CONTENT_ID_BYTES) throw new Error(`bug: "${contentId}" is not a content id`);
  to.hex(contentId);
}
