import type { SyncError } from "../../shared/errors.ts";
import type { ChunkList } from "../../shared/file-info.ts";
import { badChunkList, chunkListCountMax, chunkSizesFault, hashAt } from "./chunk-list.ts";

/** Bytes of a chunk's hash on the wire. The content id binds the rest: a collision costs a second fetch, never a wrong file. */
export const WIRE_HASH_BYTES = 16;

/** No chunk is larger than 4 MiB, which takes 23 bits. */
const VARINT_BYTES_MAX = 4;

/** A chunk list as a peer sends it: the first 16 bytes of each hash, in file order. */
export interface WireChunkList {
  readonly sizes: Uint32Array;
  readonly hashes: Uint8Array;
}

/** What a peer will know of a list. */
export function toWireChunkList(list: ChunkList): WireChunkList {
  const hashes = new Uint8Array(list.sizes.length * WIRE_HASH_BYTES);
  for (let i = 0; i < list.sizes.length; i++)
    hashes.set(hashAt(list, i).subarray(0, WIRE_HASH_BYTES), i * WIRE_HASH_BYTES);
  return { sizes: list.sizes, hashes };
}

/** Encodes a list for the wire: for each chunk 16 bytes of its hash, then its size as a varint; 19 bytes as a rule. */
export function encodeWireChunkList(list: ChunkList): Uint8Array {
  const bytes = new Uint8Array(list.sizes.length * (WIRE_HASH_BYTES + VARINT_BYTES_MAX));
  let at = 0;
  list.sizes.forEach((size, i) => {
    bytes.set(hashAt(list, i).subarray(0, WIRE_HASH_BYTES), at);
    at += WIRE_HASH_BYTES;
    for (; size > 0x7f; size >>>= 7) bytes[at++] = (size & 0x7f) | 0x80;
    bytes[at++] = size;
  });
  return bytes.subarray(0, at);
}

/**
 * Decodes a list that a peer sent for a file of `fileSize` bytes.
 *
 * Throws E_PROTOCOL unless it could be that file's list: sizes within the row,
 * their sum the file's size, varints in their shortest form, nothing behind.
 * Allocates in proportion to what was received, never to what is claimed.
 */
export function decodeWireChunkList(bytes: Uint8Array, fileSize: number): WireChunkList {
  const countMax = Math.min(chunkListCountMax(fileSize), Math.floor(bytes.length / (WIRE_HASH_BYTES + 1)));
  const sizes = new Uint32Array(countMax);
  const hashes = new Uint8Array(countMax * WIRE_HASH_BYTES);
  let count = 0;
  let at = 0;
  while (at < bytes.length) {
    if (count === countMax) throw broken(fileSize, "is longer than its chunks");
    hashes.set(bytes.subarray(at, at + WIRE_HASH_BYTES), count * WIRE_HASH_BYTES);
    at += WIRE_HASH_BYTES;
    const length = varintLength(bytes, at);
    if (length === undefined) throw broken(fileSize, `has no size for chunk ${count}`);
    sizes[count++] = readVarint(bytes, at, length);
    at += length;
  }
  const list = { sizes: sizes.slice(0, count), hashes: hashes.slice(0, count * WIRE_HASH_BYTES) };
  const fault = chunkSizesFault(list.sizes, fileSize);
  if (fault !== undefined) throw broken(fileSize, fault);
  return list;
}

/** Whether `hash` (32 bytes) is what `list` announced for chunk `index`. */
export function isWireHash(list: WireChunkList, index: number, hash: Uint8Array): boolean {
  const start = index * WIRE_HASH_BYTES;
  for (let i = 0; i < WIRE_HASH_BYTES; i++) if (list.hashes[start + i] !== hash[i]) return false;
  return true;
}

/** Bytes of the varint at `at`, or undefined when it is cut off, too long or not in its shortest form. */
function varintLength(bytes: Uint8Array, at: number): number | undefined {
  for (let length = 1; length <= VARINT_BYTES_MAX; length++) {
    const byte = bytes[at + length - 1];
    if (byte === undefined) return undefined;
    if (byte < 0x80) return byte === 0 && length > 1 ? undefined : length;
  }
  return undefined;
}

function readVarint(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = (value << 7) | ((bytes[at + i] as number) & 0x7f);
  return value;
}

function broken(fileSize: number, fault: string): SyncError {
  return badChunkList("E_PROTOCOL", fileSize, fault);
}
