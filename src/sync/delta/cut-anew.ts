import type { ChunkList } from "../../shared/file-info.ts";
import { chunkRow } from "./cut-row.ts";
import { ChunkListBuilder, type HashTools, hashRun, type ReadAt } from "./hash-content.ts";

/** Bytes cut at a stretch, so that others who wait for the disk have their turn. */
const STRETCH_BYTES = 64 * 1024 * 1024;

/** How a file is to be cut that is cut otherwise by its own size. */
export interface CutAnew {
  readonly size: number;
  readonly asSize: number;
  /** Where one of those chunks begins. */
  readonly start: number;
}

export interface AnewChunks {
  readonly list: ChunkList;
  readonly isEnd: boolean;
}

/**
 * A stretch of a file's chunks as they would be if it had another size.
 *
 * A file that grows past a row of the table is cut anew, and none of its chunks
 * equals an old one. Whoever holds the old bytes cuts them in the new way, too,
 * and has the chunks that stayed: a list that nobody else knows, since nothing
 * is identified by it.
 */
export function cutAnew(read: ReadAt, { size, asSize, start }: CutAnew, tools: HashTools): AnewChunks {
  const row = chunkRow(asSize);
  const list = new ChunkListBuilder(Math.min(size - start, STRETCH_BYTES), row);
  let bytes = 0;
  hashRun(read, { start, fileSize: size, row }, tools, (hash, chunkBytes) => {
    list.add(chunkBytes, hash);
    bytes += chunkBytes;
    return bytes < STRETCH_BYTES;
  });
  return { list: list.finish(), isEnd: bytes < STRETCH_BYTES || start + bytes >= size };
}
