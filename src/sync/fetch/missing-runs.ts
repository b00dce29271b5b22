/** Missing chunks of one file, in runs of neighbours that are asked for and checked together. */

import { LIMITS } from "../../shared/limits.ts";
import type { Hasher } from "../../shared/ports.ts";
import { isWireHash, type WireChunkList } from "../delta/wire-chunk-list.ts";

export interface Run {
  readonly first: number;
  readonly count: number;
}

/** The first run of wanted chunks from `from` on: at most `bytes`, or one chunk. Undefined when none is wanted there. */
export function nextRun(
  list: WireChunkList,
  isWanted: (chunk: number) => boolean,
  from: number,
  bytes: number,
): Run | undefined {
  const { sizes } = list;
  let first = from;
  while (first < sizes.length && !isWanted(first)) first++;
  if (first >= sizes.length) return undefined;
  let total = 0;
  let end = first;
  while (end < sizes.length && isWanted(end) && end - first < LIMITS.requestItems.value) {
    total += sizes[end] ?? 0;
    if (end > first && total > bytes) break;
    end++;
  }
  return { first, count: end - first };
}

export function runBytes(list: WireChunkList, run: Run): number {
  let bytes = 0;
  for (let chunk = run.first; chunk < run.first + run.count; chunk++) bytes += list.sizes[chunk] ?? 0;
  return bytes;
}

/** Where each chunk begins in the file. */
export function chunkOffsets(list: WireChunkList): Float64Array {
  const offsets = new Float64Array(list.sizes.length);
  let offset = 0;
  list.sizes.forEach((size, chunk) => {
    offsets[chunk] = offset;
    offset += size;
  });
  return offsets;
}

/** The full hashes of a run's chunks; undefined unless every one is what the list announced. */
export function provenHashes(
  hasher: Hasher,
  list: WireChunkList,
  run: Run,
  bytes: Uint8Array,
): readonly Uint8Array[] | undefined {
  if (bytes.length !== runBytes(list, run)) return undefined;
  const found: Uint8Array[] = [];
  let offset = 0;
  for (let chunk = run.first; chunk < run.first + run.count; chunk++) {
    const size = list.sizes[chunk] ?? 0;
    const hash = hasher.chunk(bytes.subarray(offset, offset + size));
    if (!isWireHash(list, chunk, hash)) return undefined;
    found.push(hash);
    offset += size;
  }
  return found;
}
