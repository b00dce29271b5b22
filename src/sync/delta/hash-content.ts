import type { ChunkList } from "../../shared/file-info.ts";
import type { ContentId } from "../../shared/ids.ts";
import type { Hasher } from "../../shared/ports.ts";
import { HASH_BYTES } from "./chunk-list.ts";
import { contentIdOfChunks } from "./content-id.ts";
import type { Cutter } from "./cut.ts";
import { type CutRow, chunkRow } from "./cut-row.ts";

/** Fills `buffer` with the bytes at `position`, as far as there are any; returns how many. 0 means the end. */
export type ReadAt = (buffer: Uint8Array, position: number) => number;

export interface HashTools {
  readonly hasher: Hasher;
  /** Used for this file alone until the call returns. */
  readonly cutter: Cutter;
}

/**
 * What reading a file gave. `contentId` is null when the file did not have the
 * announced size: it is changing, and `size` tells how many bytes were read.
 */
export type HashedContent =
  | { readonly size: number; readonly contentId: ContentId; readonly chunks: ChunkList }
  | { readonly size: number; readonly contentId: null; readonly chunks: null };

/**
 * Reads, cuts and hashes a file in one pass.
 *
 * `size` is what `fstat` said just before; it chooses the row. A file that
 * turns out shorter or longer has no content id here. A file that keeps its
 * length but changes under the read is not noticed: compare `fstat` afterwards.
 * What `read` throws passes through; the tools stay usable.
 */
export function hashFileContent(read: ReadAt, size: number, tools: HashTools): HashedContent {
  const list = new ChunkListBuilder(size);
  const position = hashRun(read, { start: 0, fileSize: size }, tools, (hash, bytes) => {
    list.add(bytes, hash);
    return true;
  });
  if (position !== size) return { size: position, contentId: null, chunks: null };
  const chunks = list.finish();
  return { size, contentId: contentIdOfChunks(chunks, size, tools.hasher), chunks };
}

/** From where on a file is cut. */
export interface RunStart {
  /** Where a chunk begins, or is taken to begin. */
  readonly start: number;
  readonly fileSize: number;
  /** How it is cut; by its size where that is not said. */
  readonly row?: CutRow;
}

/**
 * Cuts and hashes chunk after chunk until `take` returns false or the file ends.
 * Returns how far the file was read; at its end that is the file's size, or the
 * file is changing.
 */
export function hashRun(
  read: ReadAt,
  { start, fileSize, row = chunkRow(fileSize) }: RunStart,
  { hasher, cutter }: HashTools,
  take: (hash: Uint8Array, bytes: number) => boolean,
): number {
  cutter.begin(row);
  let position = start;
  for (;;) {
    const space = cutter.space();
    const length = read(space, position);
    position += length;
    if (position > fileSize) return position;
    // A read that stops short at the announced size saves small files the call that would return 0.
    const isEnd = length === 0 || (position === fileSize && length < space.length);
    for (const chunk of cutter.push(length, isEnd)) if (!take(hasher.chunk(chunk), chunk.length)) return position;
    if (isEnd) return position;
  }
}

/** Collects chunks in arrays that double, since their number is known only at the end. */
export class ChunkListBuilder {
  #sizes: Uint32Array<ArrayBuffer>;
  #hashes: Uint8Array<ArrayBuffer>;
  #count = 0;

  constructor(fileSize: number, row: CutRow = chunkRow(fileSize)) {
    const expected = Math.min(Math.ceil(fileSize / row.normal), 65_536);
    this.#sizes = new Uint32Array(expected);
    this.#hashes = new Uint8Array(expected * HASH_BYTES);
  }

  add(size: number, hash: Uint8Array): void {
    if (this.#count === this.#sizes.length) this.#grow();
    this.#sizes[this.#count] = size;
    this.#hashes.set(hash, this.#count * HASH_BYTES);
    this.#count++;
  }

  finish(): ChunkList {
    return this.#count === this.#sizes.length
      ? { sizes: this.#sizes, hashes: this.#hashes }
      : { sizes: this.#sizes.slice(0, this.#count), hashes: this.#hashes.slice(0, this.#count * HASH_BYTES) };
  }

  #grow(): void {
    const length = Math.max(16, this.#sizes.length * 2);
    const sizes = new Uint32Array(length);
    sizes.set(this.#sizes);
    const hashes = new Uint8Array(length * HASH_BYTES);
    hashes.set(this.#hashes);
    this.#sizes = sizes;
    this.#hashes = hashes;
  }
}
