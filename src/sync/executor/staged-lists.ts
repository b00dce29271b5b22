/**
 * Which chunks a file that is put together is to have: written down beside it,
 * so that what was fetched of it is found again by content when another file
 * wants it: its next version, as a rule, when it changed at its source before
 * it was whole here.
 *
 * A list says nothing of which chunks are in place yet: each is proven by its
 * hash before it counts.
 */
import type { ContentId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { chunkKey } from "../delta/chunk-key.ts";
import { WIRE_HASH_BYTES } from "../delta/wire-chunk-list.ts";
import type { ByteSource, WantedChunk } from "../folder-disk.ts";
import { isFsError } from "../fs/errno.ts";
import { type Filesystem, FsError, type PrivatePath, privatePath, type WriteHandle } from "../fs/filesystem.ts";

const SUFFIX = ".chunks";
/** The first half of a chunk's hash, and its size. */
const ENTRY_BYTES: number = WIRE_HASH_BYTES + 4;

/** The name of the list beside the staged file of a content. */
export function listName(contentId: ContentId): string {
  return `${contentId}${SUFFIX}`;
}

function listPath(contentId: ContentId): PrivatePath {
  return privatePath("stage", listName(contentId));
}

/** Writes the list of a file that was just opened, anew. */
export class StagedList {
  readonly #handle: WriteHandle;
  #length = 0;
  #nextOffset = 0;

  constructor(fs: Filesystem, contentId: ContentId) {
    const path = listPath(contentId);
    const isThere = fs.stat(path) !== undefined;
    this.#handle = isThere ? fs.openStage(path) : fs.createStage(path);
    if (isThere) this.#handle.truncate(0);
  }

  /** Notes chunks, those that follow on what is noted. */
  note(chunks: readonly WantedChunk[]): void {
    const bytes = new Uint8Array(chunks.length * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    let at = 0;
    for (const { offset, size, hash } of chunks) {
      if (offset !== this.#nextOffset) continue;
      bytes.set(hash.subarray(0, WIRE_HASH_BYTES), at);
      view.setUint32(at + WIRE_HASH_BYTES, size, true);
      at += ENTRY_BYTES;
      this.#nextOffset += size;
    }
    if (at === 0) return;
    this.#handle.write(bytes.subarray(0, at), this.#length);
    this.#length += at;
  }

  close(): void {
    this.#handle.close();
  }
}

export function removeList(fs: Filesystem, contentId: ContentId): void {
  try {
    fs.unlink(listPath(contentId));
  } catch (thrown) {
    if (!isFsError(thrown, "ENOENT")) throw thrown;
  }
}

/** Where chunks may lie in other files that are being put together, or were until something broke off. */
export type StagedChunks = ReadonlyMap<number, ByteSource>;

/** All chunks of the other staged files, the newest file's first, up to the limit. */
export function chunksStaged(fs: Filesystem, except: ContentId): StagedChunks {
  const found = new Map<number, ByteSource>();
  for (const contentId of staged(fs).toReversed()) {
    if (contentId === except) continue;
    let offset = 0;
    for (const { key, size } of entriesOf(fs, contentId)) {
      if (found.size >= LIMITS.stagedChunks.value) return found;
      if (!found.has(key)) found.set(key, { from: "stage", name: contentId, offset });
      offset += size;
    }
  }
  return found;
}

/** Contents with a list beside them, those that were written to last at the end. */
export function staged(fs: Filesystem): readonly ContentId[] {
  const names = fs.list(privatePath("stage")).flatMap(({ name }) => (name?.endsWith(SUFFIX) === true ? [name] : []));
  const contents = names.flatMap((name) => {
    const contentId = name.slice(0, -SUFFIX.length) as ContentId;
    const stat = fs.stat(privatePath("stage", contentId));
    return stat === undefined ? [] : [{ contentId, mtimeNs: stat.mtimeNs }];
  });
  return contents.sort((a, b) => Number(a.mtimeNs - b.mtimeNs)).map(({ contentId }) => contentId);
}

function entriesOf(fs: Filesystem, contentId: ContentId): readonly { readonly key: number; readonly size: number }[] {
  const bytes = readAll(fs, listPath(contentId));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / ENTRY_BYTES) }, (_, entry) => ({
    key: chunkKey(bytes, entry * ENTRY_BYTES),
    size: view.getUint32(entry * ENTRY_BYTES + WIRE_HASH_BYTES, true),
  }));
}

/** Empty when it cannot be read: then its chunks are fetched. */
function readAll(fs: Filesystem, path: PrivatePath): Uint8Array {
  try {
    const handle = fs.openRead(path);
    try {
      const bytes = new Uint8Array(Math.min(handle.stat().size, LIMITS.stagedChunks.value * ENTRY_BYTES));
      return bytes.subarray(0, handle.read(bytes, 0));
    } finally {
      handle.close();
    }
  } catch (thrown) {
    if (thrown instanceof FsError) return new Uint8Array(0);
    throw thrown;
  }
}
