import type { ChunkList } from "../../shared/file-info.ts";
import { hashAt } from "./chunk-list.ts";
import type { WireChunkList } from "./wire-chunk-list.ts";
import { WIRE_HASH_BYTES } from "./wire-chunk-list.ts";

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
 * file's own old version). One pass over everything. Half hashes are compared:
 * what is taken from here must be hashed again before use, because the disk
 * may have moved on and a peer may have crafted a collision.
 */
export function diffChunks(wanted: WireChunkList, locals: readonly ChunkList[]): readonly ChunkSource[] {
  const sourcesByKey = new Map<string, ChunkSource>();
  locals.forEach((list, index) => {
    let offset = 0;
    list.sizes.forEach((size, chunk) => {
      const key = keyOf(hashAt(list, chunk), 0, size);
      if (!sourcesByKey.has(key)) sourcesByKey.set(key, { type: "local", list: index, chunk, offset });
      offset += size;
    });
  });
  return Array.from(wanted.sizes, (size, chunk) => {
    const key = keyOf(wanted.hashes, chunk * WIRE_HASH_BYTES, size);
    const source = sourcesByKey.get(key);
    if (source !== undefined) return source;
    sourcesByKey.set(key, { type: "repeat", chunk });
    return MISSING;
  });
}

/** A string, because a Map of strings hashes with a secret seed: crafted chunks cannot pile up in one bucket. */
function keyOf(hashes: Uint8Array, start: number, size: number): string {
  const at = (i: number): number => (hashes[start + i] as number) | ((hashes[start + i + 1] as number) << 8);
  return String.fromCharCode(at(0), at(2), at(4), at(6), at(8), at(10), at(12), at(14), size & 0xffff, size >>> 16);
}
