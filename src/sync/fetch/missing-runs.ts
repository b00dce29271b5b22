/** Missing chunks of one file, in runs of neighbours that are asked for and checked together. */

import { LIMITS } from "../../shared/limits.ts";
import type { Hasher } from "../../shared/ports.ts";
import { isWireHash, type WireChunkList } from "../delta/wire-chunk-list.ts";

export interface Run {
  readonly first: number;
  readonly count: number;
}

/** Cuts what is missing into runs of at most `requestBytes`, or one chunk. */
export function missingRuns(
  list: WireChunkList,
  hashes: readonly (Uint8Array | undefined)[],
  requestBytes: number,
): readonly Run[] {
  const runs: Run[] = [];
  let first = -1;
  let bytes = 0;
  for (let chunk = 0; chunk <= list.sizes.length; chunk++) {
    const isMissing = chunk < list.sizes.length && hashes[chunk] === undefined;
    const size = list.sizes[chunk] ?? 0;
    const isFull = first !== -1 && (bytes + size > requestBytes || chunk - first >= LIMITS.requestItems.value);
    if (first !== -1 && (!isMissing || isFull)) {
      runs.push({ first, count: chunk - first });
      first = -1;
      bytes = 0;
    }
    if (isMissing) {
      if (first === -1) first = chunk;
      bytes += size;
    }
  }
  return runs;
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
