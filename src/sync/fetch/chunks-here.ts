import type { ChunkList } from "../../shared/file-info.ts";
import { fromHex } from "../../shared/hex.ts";
import { decodeChunkList } from "../delta/chunk-list.ts";
import { WHOLE_FILE_BYTES_MAX } from "../delta/cut-row.ts";
import { type ChunkSource, diffChunks } from "../delta/diff-chunks.ts";
import { WIRE_HASH_BYTES, type WireChunkList } from "../delta/wire-chunk-list.ts";
import type { BytePlace, WantedChunk } from "../folder-disk.ts";
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
    const list = listOf(context, base);
    return list === undefined ? [] : [{ ...base, list }];
  });
  const sources = diffChunks(
    list,
    bases.map((base) => base.list),
  );
  return { bases, sources };
}

/** A small file is one chunk, whose hash is its content id. */
function listOf({ chunkList }: FetchContext, { contentId, size, list }: Base): ChunkList | undefined {
  if (list !== undefined) return list;
  if (size > 0 && size <= WHOLE_FILE_BYTES_MAX) return { sizes: Uint32Array.of(size), hashes: fromHex(contentId) };
  const stored = chunkList(contentId);
  return stored === undefined ? undefined : decodeChunkList(stored, size);
}

/** A place without what else is known of it. */
export function placeOf({ from, name, folder }: BytePlace): BytePlace {
  return { from, name, folder };
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
          ? [base, ...(base.others ?? [])].map((place) => ({ ...placeOf(place), offset: source.offset }))
          : [],
    };
    offset += size;
    return wanted;
  });
}
