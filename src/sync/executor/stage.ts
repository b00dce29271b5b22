/**
 * Files that are being put together under their content id in
 * `.syncline/stage`. What a crash leaves there is found again by its content:
 * every chunk is proven by its hash before it counts.
 */
import type { ContentId, FolderId, RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Hasher } from "../../shared/ports.ts";
import { chunkKey } from "../delta/chunk-key.ts";
import type { ReadAt } from "../delta/hash-content.ts";
import type { BytePlace, ByteSource, OldBytes, WantedChunk } from "../folder-disk.ts";
import { isFsError } from "../fs/errno.ts";
import {
  type Filesystem,
  FsError,
  type PrivatePath,
  privatePath,
  type ReadHandle,
  type WriteHandle,
} from "../fs/filesystem.ts";
import type { Staged } from "../fs/stage.ts";
import { chunksStaged, listName, removeList, type StagedChunks, StagedList, staged } from "./staged-lists.ts";

/** The file system of another folder of this node; undefined when it is not open. */
export type Elsewhere = (folder: FolderId) => Filesystem | undefined;

interface OpenStage {
  readonly handle: WriteHandle;
  /** Whether it was there already, from an earlier try. */
  readonly isResumed: boolean;
  readonly list: StagedList;
  /** What the other staged files have, looked up when it was opened. */
  readonly others: StagedChunks;
}

interface ReadsAt {
  read(target: Uint8Array, position: number): number;
}

export class Stage {
  readonly #fs: Filesystem;
  readonly #hasher: Hasher;
  readonly #elsewhere: Elsewhere;
  readonly #open = new Map<ContentId, OpenStage>();

  constructor(fs: Filesystem, hasher: Hasher, elsewhere: Elsewhere) {
    this.#fs = fs;
    this.#hasher = hasher;
    this.#elsewhere = elsewhere;
  }

  /** Fills in what is here; gives for each chunk its full hash, or undefined when it must be fetched. */
  assemble(contentId: ContentId, size: number, chunks: readonly WantedChunk[]): readonly (Uint8Array | undefined)[] {
    const { handle, isResumed, list, others } = this.#openHandle(contentId);
    const sources = new Map<string, ReadHandle | undefined>();
    try {
      handle.truncate(size);
      list.note(chunks);
      return chunks.map((chunk) => {
        const inPlace = isResumed ? this.#verify(handle, chunk)?.hash : undefined;
        const other = others.get(chunkKey(chunk.hash, 0));
        return (
          inPlace ?? this.#copy(handle, chunk, other === undefined ? chunk.sources : [...chunk.sources, other], sources)
        );
      });
    } finally {
      for (const source of sources.values()) source?.close();
    }
  }

  write(contentId: ContentId, pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[]): void {
    const { handle } = this.#openHandle(contentId);
    for (const { offset, bytes } of pieces) handle.write(bytes, offset);
  }

  /** Bytes that lie here, ranges one behind the other; undefined when some are not there. */
  readOld({ ranges }: OldBytes): Uint8Array | undefined {
    const bytes = new Uint8Array(ranges.reduce((sum, { size }) => sum + size, 0));
    const sources = new Map<string, ReadHandle | undefined>();
    let at = 0;
    try {
      for (const range of ranges) {
        const reader = this.#sourceOf(range, sources);
        if (reader === undefined || !isFilled(reader, bytes.subarray(at, at + range.size), range.offset))
          return undefined;
        at += range.size;
      }
      return bytes;
    } finally {
      for (const source of sources.values()) source?.close();
    }
  }

  /** What `use` makes of the bytes at a place; undefined when nothing can be read there. */
  readFrom<T>(place: BytePlace, use: (read: ReadAt) => T): T | undefined {
    const sources = new Map<string, ReadHandle | undefined>();
    try {
      const reader = this.#sourceOf(place, sources);
      return reader === undefined ? undefined : use((buffer, position) => reader.read(buffer, position));
    } finally {
      for (const source of sources.values()) source?.close();
    }
  }

  /** Hands a complete file over to be placed; undefined when there is none. */
  finish(contentId: ContentId, meta: { readonly mode: number; readonly mtimeNs: bigint }): Staged | undefined {
    const path = stagePath(contentId);
    if (!this.#open.has(contentId) && this.#fs.stat(path) === undefined) return undefined;
    const { handle } = this.#openHandle(contentId);
    try {
      handle.setMode(meta.mode & 0o777);
      handle.setMtime(meta.mtimeNs);
      return { path, stat: handle.stat() };
    } finally {
      this.leave(contentId);
      removeList(this.#fs, contentId);
    }
  }

  /** Nobody goes on with it for now; what it has is kept, and found again. */
  leave(contentId: ContentId): void {
    const opened = this.#open.get(contentId);
    this.#open.delete(contentId);
    opened?.handle.close();
    opened?.list.close();
  }

  drop(contentId: ContentId): void {
    this.leave(contentId);
    removeList(this.#fs, contentId);
    try {
      this.#fs.unlink(stagePath(contentId));
    } catch (thrown) {
      if (!isFsError(thrown, "ENOENT")) throw thrown;
    }
  }

  /** Removes leftovers older than `beforeNs` that nobody has open. */
  clean(beforeNs: bigint): void {
    const inUse = new Set([...this.#open.keys()].flatMap((contentId): string[] => [contentId, listName(contentId)]));
    for (const entry of this.#fs.list(privatePath("stage"))) {
      if (entry.name === undefined || inUse.has(entry.name) || entry.name.startsWith("intents-")) continue;
      const path = `.syncline/stage/${entry.name}` as PrivatePath;
      const found = this.#fs.stat(path);
      // The ctime: a finished file has the mtime of its origin.
      if (found !== undefined && found.type !== "directory" && found.ctimeNs < beforeNs) this.#fs.unlink(path);
    }
  }

  close(): void {
    for (const contentId of [...this.#open.keys()]) this.leave(contentId);
  }

  #openHandle(contentId: ContentId): OpenStage {
    const known = this.#open.get(contentId);
    if (known !== undefined) return known;
    const path = stagePath(contentId);
    const isResumed = this.#fs.stat(path) !== undefined;
    const others = chunksStaged(this.#fs, contentId);
    if (!isResumed) this.#letGo();
    const handle = isResumed ? this.#fs.openStage(path) : this.#fs.createStage(path);
    const opened = { handle, isResumed, list: new StagedList(this.#fs, contentId), others };
    this.#open.set(contentId, opened);
    return opened;
  }

  /** What broke off is kept for a few files, the latest. */
  #letGo(): void {
    const left = staged(this.#fs).filter((contentId) => !this.#open.has(contentId));
    for (const contentId of left.slice(0, -LIMITS.stagedFiles.value)) this.drop(contentId);
  }

  #verify(
    handle: ReadsAt,
    chunk: WantedChunk,
    offset: number = chunk.offset,
  ): { readonly hash: Uint8Array; readonly bytes: Uint8Array } | undefined {
    const bytes = new Uint8Array(chunk.size);
    if (!isFilled(handle, bytes, offset)) return undefined;
    const hash = this.#hasher.chunk(bytes);
    return chunk.hash.every((byte, position) => byte === hash[position]) ? { hash, bytes } : undefined;
  }

  #copy(
    handle: WriteHandle,
    chunk: WantedChunk,
    from: readonly ByteSource[],
    open: Map<string, ReadHandle | undefined>,
  ): Uint8Array | undefined {
    for (const source of from) {
      const reader = this.#sourceOf(source, open);
      if (reader === undefined) continue;
      const found = this.#verify(reader, chunk, source.offset);
      if (found === undefined) continue;
      handle.write(found.bytes, chunk.offset);
      return found.hash;
    }
    return undefined;
  }

  #sourceOf({ from, name, folder }: BytePlace, open: Map<string, ReadHandle | undefined>): ReadHandle | undefined {
    const path = from === "path" ? (name as RelPath) : privatePath(from, name);
    const key = `${folder ?? ""}\0${path}`;
    if (!open.has(key))
      open.set(key, this.#openSource(folder === undefined ? this.#fs : this.#elsewhere(folder), path));
    return open.get(key);
  }

  #openSource(fs: Filesystem | undefined, path: RelPath | PrivatePath): ReadHandle | undefined {
    try {
      return fs?.openRead(path);
    } catch (thrown) {
      // Gone or unreadable: then its chunks come from elsewhere.
      if (thrown instanceof FsError) return undefined;
      throw thrown;
    }
  }
}

function isFilled(reader: ReadsAt, target: Uint8Array, position: number): boolean {
  for (let filled = 0; filled < target.length; ) {
    const count = reader.read(target.subarray(filled), position + filled);
    if (count === 0) return false;
    filled += count;
  }
  return true;
}

function stagePath(contentId: ContentId): PrivatePath {
  return privatePath("stage", contentId);
}
