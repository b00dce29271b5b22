import { decodeChunkList } from "../delta/chunk-list.ts";
import { diffChunks } from "../delta/diff-chunks.ts";
import { WIRE_HASH_BYTES, type WireChunkList } from "../delta/wire-chunk-list.ts";
import type { WantedChunk } from "../folder-disk.ts";
import type { Base, FetchContext } from "./fetch-context.ts";

/** The chunks of a wanted file, each with where it may lie here. */
export function chunksHere(context: FetchContext, list: WireChunkList, bases: readonly Base[]): readonly WantedChunk[] {
  const known = bases.flatMap((base) => {
    const stored = context.chunkList(base.contentId);
    return stored === undefined ? [] : [{ ...base, list: decodeChunkList(stored, base.size) }];
  });
  const found = diffChunks(
    list,
    known.map((base) => base.list),
  );
  let offset = 0;
  return Array.from(list.sizes, (size, chunk) => {
    const source = found[chunk];
    const base = source?.type === "local" ? known[source.list] : undefined;
    const wanted: WantedChunk = {
      offset,
      size,
      hash: list.hashes.subarray(chunk * WIRE_HASH_BYTES, (chunk + 1) * WIRE_HASH_BYTES),
      sources:
        base !== undefined && source?.type === "local"
          ? [{ from: base.from, name: base.name, offset: source.offset }]
          : [],
    };
    offset += size;
    return wanted;
  });
}
