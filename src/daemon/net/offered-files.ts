/**
 * Files that this device offers to one peer for one upload: the receiver
 * fetches them by the ordinary requests, under a folder id that nobody else
 * knows and that ends with the transfer.
 *
 * Exactly these files are served, to that device, and only while each is still
 * the very inode state that was hashed.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type DiskStamp, sameStamp } from "../../shared/file-info.ts";
import type { ContentId, FolderId, RelPath } from "../../shared/ids.ts";
import { decodeChunkList } from "../../sync/delta/chunk-list.ts";
import { encodeWireChunkList } from "../../sync/delta/wire-chunk-list.ts";

/** Files held open between two reads. */
const OPEN_FILES = 4;

export interface OfferedFile {
  /** What the receiver calls it: a number, so that no local name leaves this device. */
  readonly name: RelPath;
  readonly path: string;
  readonly stamp: DiskStamp;
  readonly contentId: ContentId;
  /** Stored form; empty where the file has one chunk. */
  readonly list: Uint8Array;
}

export class OfferedFiles {
  readonly #offers = new Map<FolderId, ReadonlyMap<RelPath, OfferedFile>>();
  /** The least recently used first. */
  readonly #open = new Map<OfferedFile, number>();
  #list: { readonly file: OfferedFile; readonly bytes: Uint8Array } | undefined;

  /** Replaces what is offered under a token; no files: nothing any more. */
  set(token: FolderId, files: readonly OfferedFile[]): void {
    this.rest();
    if (files.length === 0) this.#offers.delete(token);
    else this.#offers.set(token, new Map(files.map((file) => [file.name, file])));
  }

  has(token: FolderId): boolean {
    return this.#offers.has(token);
  }

  /** Fills `target` with the bytes at `offset` of exactly this content; false when that cannot be done. */
  read(token: FolderId, name: RelPath, contentId: ContentId, offset: number, target: Uint8Array): boolean {
    const file = this.#find(token, name, contentId);
    if (file === undefined || offset + target.length > file.stamp.size) return false;
    const fd = this.#descriptor(file);
    if (fd === undefined || !isSame(fd, file.stamp)) return false;
    for (let filled = 0; filled < target.length; ) {
      const count = readSync(fd, target, filled, target.length - filled, offset + filled);
      if (count === 0) return false;
      filled += count;
    }
    return true;
  }

  chunkList(token: FolderId, name: RelPath, contentId: ContentId): Uint8Array | undefined {
    const file = this.#find(token, name, contentId);
    if (file === undefined || file.list.length === 0) return undefined;
    if (this.#list?.file !== file)
      this.#list = { file, bytes: encodeWireChunkList(decodeChunkList(file.list, file.stamp.size)) };
    return this.#list.bytes;
  }

  /** Lets go of open files. */
  rest(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
    this.#list = undefined;
  }

  #find(token: FolderId, name: RelPath, contentId: ContentId): OfferedFile | undefined {
    const file = this.#offers.get(token)?.get(name);
    return file?.contentId === contentId ? file : undefined;
  }

  #descriptor(file: OfferedFile): number | undefined {
    const known = this.#open.get(file);
    if (known !== undefined) {
      this.#open.delete(file);
      this.#open.set(file, known);
      return known;
    }
    try {
      const fd = openSync(file.path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      this.#open.set(file, fd);
    } catch {
      return undefined;
    }
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.size > OPEN_FILES) {
      closeSync(oldest[1]);
      this.#open.delete(oldest[0]);
    }
    return this.#open.get(file);
  }
}

function isSame(fd: number, stamp: DiskStamp): boolean {
  const { dev, ino, size, mtimeNs, ctimeNs, mode } = fstatSync(fd, { bigint: true });
  return sameStamp({ dev, ino, size: Number(size), mtimeNs, ctimeNs, mode: Number(mode) }, stamp);
}
