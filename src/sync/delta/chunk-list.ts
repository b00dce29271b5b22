import type { ErrorCode } from "../../shared/errors.ts";
import { SyncError } from "../../shared/errors.ts";
import type { ChunkList } from "../../shared/file-info.ts";
import { LIMITS } from "../../shared/limits.ts";
import { chunkCountMax, chunkRow } from "./cut-row.ts";

/** Bytes of a chunk's hash at rest. */
export const HASH_BYTES = 32;
/** A hash and its chunk's size as 32 bits, little-endian. */
const ENTRY_BYTES: number = HASH_BYTES + 4;

/**
 * Encodes a chunk list for storage: hash and size of each chunk, in file order.
 *
 * The content id of a file of many chunks is the hash of exactly these bytes,
 * so a stored list proves itself.
 */
export function encodeChunkList(list: ChunkList): Uint8Array {
  const bytes = new Uint8Array(list.sizes.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  list.sizes.forEach((size, i) => {
    bytes.set(hashAt(list, i), i * ENTRY_BYTES);
    view.setUint32(i * ENTRY_BYTES + HASH_BYTES, size, true);
  });
  return bytes;
}

/** Decodes the stored chunk list of a file of `fileSize` bytes. Throws E_INDEX_BROKEN when it cannot be one. */
export function decodeChunkList(bytes: Uint8Array, fileSize: number): ChunkList {
  const count = bytes.length / ENTRY_BYTES;
  if (!Number.isInteger(count))
    throw badChunkList("E_INDEX_BROKEN", fileSize, `has ${bytes.length} bytes, which is no multiple of ${ENTRY_BYTES}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sizes = new Uint32Array(count);
  const hashes = new Uint8Array(count * HASH_BYTES);
  for (let i = 0; i < count; i++) {
    const at = i * ENTRY_BYTES;
    sizes[i] = view.getUint32(at + HASH_BYTES, true);
    hashes.set(bytes.subarray(at, at + HASH_BYTES), i * HASH_BYTES);
  }
  const fault = chunkSizesFault(sizes, fileSize);
  if (fault !== undefined) throw badChunkList("E_INDEX_BROKEN", fileSize, fault);
  return { sizes, hashes };
}

/** Decodes a stored chunk list of which the file's size is not known: the sizes of its chunks tell. */
export function decodeStoredList(bytes: Uint8Array): ChunkList {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let fileSize = 0;
  for (let at = HASH_BYTES; at + 4 <= bytes.length; at += ENTRY_BYTES) fileSize += view.getUint32(at, true);
  return decodeChunkList(bytes, fileSize);
}

/** The 32-byte hash of chunk `index`, as a view. */
export function hashAt(list: ChunkList, index: number): Uint8Array {
  return list.hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

/** Where in the file each chunk begins, and behind the last one where the file ends. */
export function chunkOffsets(sizes: Uint32Array): Float64Array {
  const offsets = new Float64Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; i++) offsets[i + 1] = (offsets[i] as number) + (sizes[i] as number);
  return offsets;
}

/**
 * Why `sizes` are not those of a file of `fileSize` bytes, or undefined when they may be.
 *
 * Whether the bytes really have cuts there shows only once they are here; the
 * content id binds them in any case.
 */
export function chunkSizesFault(sizes: Uint32Array, fileSize: number): string | undefined {
  if (sizes.length > chunkListCountMax(fileSize)) return `has ${sizes.length} chunks, more than fit`;
  const { min, max } = chunkRow(fileSize);
  let sum = 0;
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i] as number;
    const isLast = i === sizes.length - 1;
    if (size > max || (isLast ? size === 0 : size <= min)) return `has chunk ${i} of ${size} bytes, outside its bounds`;
    sum += size;
  }
  return sum === fileSize ? undefined : `adds up to ${sum} bytes`;
}

/** The most chunks a list for a file of `fileSize` bytes may have. */
export function chunkListCountMax(fileSize: number): number {
  return Math.min(chunkCountMax(fileSize), LIMITS.chunksPerFile.value);
}

/** The failure for a list that breaks the rules. */
export function badChunkList(code: ErrorCode, fileSize: number, fault: string): SyncError {
  return new SyncError(code, `the chunk list of a file of ${fileSize} bytes ${fault}`, { facts: { fileSize } });
}
