import type { ChunkList } from "../../shared/file-info.ts";
import { chunkOffsets, hashAt } from "./chunk-list.ts";
import type { WireChunkList } from "./wire-chunk-list.ts";
import { isWireHash, WIRE_HASH_BYTES } from "./wire-chunk-list.ts";

/** Where the bytes of one wanted chunk come from. */
export type ChunkSource =
  /** From a file here: list `list` of those given, `offset` bytes into it, as chunk `chunk` there. */
  | { readonly type: "local"; readonly list: number; readonly chunk: number; readonly offset: number }
  /** The same as an earlier chunk of the wanted file: once that one is here, this one is too. */
  | { readonly type: "repeat"; readonly chunk: number }
  | { readonly type: "missing" };

const MISSING: ChunkSource = { type: "missing" };

/**
 * Finds for each chunk of a wanted file where its bytes are already.
 *
 * The first list that has a chunk gives it, so put the likeliest first (the
 * file's own old version). Where that list has the chunk more than once, the
 * place that goes on from the chunk before is taken, counting missing chunks as
 * replaced one by one: the neighbours of a change in a file full of equal
 * chunks then say where it happened. One pass over everything. Half hashes are
 * compared: what is taken from here must be hashed again before use, because
 * the disk may have moved on and a peer may have crafted a collision.
 */
export function diffChunks(wanted: WireChunkList, locals: readonly ChunkList[]): readonly ChunkSource[] {
  const offsets = locals.map(({ sizes }) => chunkOffsets(sizes));
  const sourcesByKey = new Map<string, ChunkSource>();
  locals.forEach((list, index) => {
    list.sizes.forEach((size, chunk) => {
      const key = keyOf(hashAt(list, chunk), 0, size);
      const offset = offsets[index]?.[chunk] as number;
      if (!sourcesByKey.has(key)) sourcesByKey.set(key, { type: "local", list: index, chunk, offset });
    });
  });
  let last = { list: -1, ahead: 0 };
  return Array.from(wanted.sizes, (size, chunk) => {
    const key = keyOf(wanted.hashes, chunk * WIRE_HASH_BYTES, size);
    const source = sourcesByKey.get(key);
    if (source === undefined) {
      sourcesByKey.set(key, { type: "repeat", chunk });
      return MISSING;
    }
    if (source.type !== "local") return source;
    const { list } = source;
    const ongoing = chunk + last.ahead;
    const isOngoing = list === last.list && isSameChunk(wanted, chunk, locals[list] as ChunkList, ongoing);
    if (!isOngoing) last = { list, ahead: source.chunk - chunk };
    return isOngoing ? { type: "local", list, chunk: ongoing, offset: offsets[list]?.[ongoing] as number } : source;
  });
}

function isSameChunk(wanted: WireChunkList, chunk: number, list: ChunkList, at: number): boolean {
  if (at < 0 || at >= list.sizes.length || list.sizes[at] !== wanted.sizes[chunk]) return false;
  return isWireHash(wanted, chunk, hashAt(list, at));
}

/** A string, because a Map of strings hashes with a secret seed: crafted chunks cannot pile up in one bucket. */
function keyOf(hashes: Uint8Array, start: number, size: number): string {
  const at = (i: number): number => (hashes[start + i] as number) | ((hashes[start + i + 1] as number) << 8);
  return String.fromCharCode(at(0), at(2), at(4), at(6), at(8), at(10), at(12), at(14), size & 0xffff, size >>> 16);
}
