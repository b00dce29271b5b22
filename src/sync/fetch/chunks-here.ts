import type { ChunkList } from "../../shared/file-info.ts";
import { decodeChunkList } from "../delta/chunk-list.ts";
import { type ChunkSource, diffChunks } from "../delta/diff-chunks.ts";
import { WIRE_HASH_BYTES, type WireChunkList } from "../delta/wire-chunk-list.ts";
import type { WantedChunk } from "../folder-disk.ts";
import type { Base, FetchContext } from "./fetch-context.ts";

/** A file here whose chunks are known. */
export interface KnownBase extends Base {
  readonly list: ChunkList;
}

/** What is known before anything is read: for each wanted chunk where it may lie here. */
export interface ChunksHere {
  readonly bases: readonly KnownBase[];
  readonly sources: readonly ChunkSource[];
}

export function chunksHere(context: FetchContext, list: WireChunkList, candidates: readonly Base[]): ChunksHere {
  const bases = candidates.flatMap((base) => {
    const stored = context.chunkList(base.contentId);
    return stored === undefined ? [] : [{ ...base, list: decodeChunkList(stored, base.size) }];
  });
  const sources = diffChunks(
    list,
    bases.map((base) => base.list),
  );
  return { bases, sources };
}

/** The wanted chunks as the staging area takes them. */
export function wantedChunks(list: WireChunkList, { bases, sources }: ChunksHere): readonly WantedChunk[] {
  let offset = 0;
  return Array.from(list.sizes, (size, chunk) => {
    const source = sources[chunk];
    const base = source?.type === "local" ? bases[source.list] : undefined;
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
