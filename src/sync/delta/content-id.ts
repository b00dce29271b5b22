import type { ChunkList } from "../../shared/file-info.ts";
import { toHex } from "../../shared/hex.ts";
import type { ContentId } from "../../shared/ids.ts";
import type { Hasher } from "../../shared/ports.ts";
import { encodeChunkList } from "./chunk-list.ts";
import { WHOLE_FILE_BYTES_MAX } from "./cut-row.ts";

const encoder = new TextEncoder();

/**
 * The content id of a file of `size` bytes with these chunks.
 *
 * A small file's is the hash of its bytes, so that nothing else need be stored
 * for it; a larger one's is the hash of its stored chunk list, in another mode
 * of the hash function, so that no file's bytes can pass for a list.
 */
export function contentIdOfChunks(list: ChunkList, size: number, hasher: Hasher): ContentId {
  if (size > WHOLE_FILE_BYTES_MAX) return toHex(hasher.list(encodeChunkList(list))) as ContentId;
  return toHex(size === 0 ? hasher.chunk(list.hashes) : list.hashes) as ContentId;
}

/** The content id of a symlink that points to `target`. */
export function contentIdOfTarget(target: string, hasher: Hasher): ContentId {
  return toHex(hasher.chunk(encoder.encode(target))) as ContentId;
}
