/**
 * Proves by chunk hashes alone where old bytes lie in new ones, with no question asked.
 *
 * Appending, prepending and removing leave whole chunks where they were, counted
 * from the start or from the end of the place that changed, though the cutter
 * now cuts there otherwise. Their hashes are known on both sides.
 */
import type { ChunkList } from "../../shared/file-info.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Hasher } from "../../shared/ports.ts";
import { chunkOffsets, hashAt } from "./chunk-list.ts";
import { diffChunks } from "./diff-chunks.ts";
import type { ReadAt } from "./hash-content.ts";
import { planRegions, type Region } from "./regions.ts";
import type { WireChunkList } from "./wire-chunk-list.ts";
import { isWireHash, toWireChunkList } from "./wire-chunk-list.ts";

/** A region whose bytes are old ones around literal ones. */
export interface AlignedRegion {
  /** The first of its chunks in the new list. */
  readonly first: number;
  readonly count: number;
  /** The old bytes it replaces. */
  readonly oldOffset: number;
  readonly oldSize: number;
  /** How many of these begin the region, and how many end it: together all of them. */
  readonly keptStart: number;
  readonly keptEnd: number;
  readonly literals: Uint8Array;
}

export interface AlignOptions {
  /** The list that the receiver is known to hold. */
  readonly old: ChunkList;
  readonly next: ChunkList;
  /** Reads the new file. */
  readonly read: ReadAt;
  readonly hasher: Hasher;
  /** Literal bytes of all regions together; what goes beyond is left out. */
  readonly literalMax: number;
}

/**
 * The regions of a new version that keep all the old bytes they replace, in
 * file order: their literals are all that a holder of the old version lacks.
 *
 * Reads only regions that may be short enough. A short read leaves its region out:
 * the file is changing, and will be announced anew.
 */
export function alignPatch({ old, next, read, hasher, literalMax }: AlignOptions): readonly AlignedRegion[] {
  const wanted = toWireChunkList(next);
  const offsets = chunkOffsets(old.sizes);
  const aligned: AlignedRegion[] = [];
  let left = literalMax;
  for (const region of planRegions(wanted, diffChunks(wanted, [old]), [old])) {
    const found = alignRegion(region, { old, offsets, read, hasher, literalMax: left });
    if (found === undefined) continue;
    left -= found.literals.length;
    aligned.push(found);
  }
  return aligned;
}

function alignRegion(
  { first, count, offset, size, base }: Region,
  { old, offsets, read, hasher, literalMax }: Omit<AlignOptions, "next"> & { readonly offsets: Float64Array },
): AlignedRegion | undefined {
  const [range] = base;
  // Old bytes in two places, or more of them than new ones, cannot all be kept.
  const oldSize = range?.size ?? 0;
  if (base.length > 1 || oldSize > size || size - oldSize > literalMax) return undefined;
  const chunks = range === undefined ? [] : chunksIn(offsets, range.offset, range.offset + oldSize);
  if (chunks === undefined || size > LIMITS.regionBytes.value) return undefined;
  const bytes = new Uint8Array(size);
  if (read(bytes, offset) !== size) return undefined;
  const isChunk = (chunk: number, start: number, end: number): boolean =>
    start >= 0 && end <= size && isEqual(hasher.chunk(bytes.subarray(start, end)), hashAt(old, chunk));
  const { keptStart, keptEnd } = walk(chunks, size, isChunk);
  if (keptStart + keptEnd !== oldSize) return undefined;
  const literals = bytes.slice(keptStart, size - keptEnd);
  return { first, count, oldOffset: range?.offset ?? 0, oldSize, keptStart, keptEnd, literals };
}

interface SizedChunk {
  readonly chunk: number;
  readonly size: number;
}

/** The chunks that make up a range of a file, or undefined when it does not begin and end with chunks. */
function chunksIn(offsets: Float64Array, start: number, end: number): readonly SizedChunk[] | undefined {
  const first = indexOf(offsets, start);
  const last = indexOf(offsets, end);
  if (offsets[first] !== start || offsets[last] !== end) return undefined;
  return Array.from({ length: last - first }, (_, i) => ({
    chunk: first + i,
    size: (offsets[first + i + 1] as number) - (offsets[first + i] as number),
  }));
}

/** The last index whose value is at most `value`, in ascending values of which the first is. */
function indexOf(ascending: Float64Array, value: number): number {
  let low = 0;
  for (let high = ascending.length; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) <= value) low = middle;
    else high = middle;
  }
  return low;
}

type IsChunk = (chunk: number, start: number, end: number) => boolean;

/** Walks inwards from both ends of `size` bytes as long as the chunks are there. */
function walk(
  chunks: readonly SizedChunk[],
  size: number,
  isChunk: IsChunk,
): { readonly keptStart: number; readonly keptEnd: number; readonly startCount: number; readonly endCount: number } {
  let keptStart = 0;
  let startCount = 0;
  for (const { chunk, size: chunkBytes } of chunks) {
    if (!isChunk(chunk, keptStart, keptStart + chunkBytes)) break;
    keptStart += chunkBytes;
    startCount++;
  }
  let keptEnd = 0;
  let endCount = 0;
  for (const { chunk, size: chunkBytes } of chunks.slice(startCount).reverse()) {
    const end = size - keptEnd;
    if (end - chunkBytes < keptStart || !isChunk(chunk, end - chunkBytes, end)) break;
    keptEnd += chunkBytes;
    endCount++;
  }
  return { keptStart, keptEnd, startCount, endCount };
}

/** A wanted chunk that lies in the old bytes at `offset`. */
export interface FoundChunk {
  readonly chunk: number;
  readonly offset: number;
}

/**
 * The chunks of a region that lie in its old bytes, counted from their start or
 * their end: all of what a truncated file wants, for one. The receiver's side
 * of the same proof; what it finds need not be fetched.
 */
export function findAligned(
  { first, count }: Pick<Region, "first" | "count">,
  wanted: WireChunkList,
  oldBytes: Uint8Array,
  hasher: Hasher,
): readonly FoundChunk[] {
  const chunks = Array.from({ length: count }, (_, i) => ({
    chunk: first + i,
    size: wanted.sizes[first + i] as number,
  }));
  const isChunk: IsChunk = (chunk, start, end) =>
    start >= 0 && end <= oldBytes.length && isWireHash(wanted, chunk, hasher.chunk(oldBytes.subarray(start, end)));
  const found: FoundChunk[] = [];
  const { startCount, endCount } = walk(chunks, oldBytes.length, isChunk);
  let offset = 0;
  for (const { chunk, size } of chunks.slice(0, startCount)) {
    found.push({ chunk, offset });
    offset += size;
  }
  const atEnd = chunks.slice(count - endCount);
  offset = oldBytes.length - atEnd.reduce((sum, { size }) => sum + size, 0);
  for (const { chunk, size } of atEnd) {
    found.push({ chunk, offset });
    offset += size;
  }
  return found;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
