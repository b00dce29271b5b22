/**
 * Serves files of this device's folders, in the net thread: from the path that
 * was asked for, from another path of the folder with the same content, or
 * from its version store.
 *
 * A file is served only while the disk still shows the very inode state that
 * the index knows to hold this content. What changes in between is found by
 * the receiver, which verifies every chunk.
 */
import type { ChunkSource, RelatedList } from "../../peer/serve-chunks.ts";
import type { ChunkList, DiskStamp } from "../../shared/file-info.ts";
import { sameStamp } from "../../shared/file-info.ts";
import type { ContentId, FolderId, RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { WantedRegion } from "../../shared/messages.ts";
import type { Log } from "../../shared/ports.ts";
import { decodeChunkList, decodeStoredList } from "../../sync/delta/chunk-list.ts";
import { answerListQuery } from "../../sync/delta/list-query.ts";
import { answerRegion } from "../../sync/delta/region.ts";
import { encodeRegionAnswer } from "../../sync/delta/region-answer.ts";
import { createRegionKernel } from "../../sync/delta/region-kernel.ts";
import type { RegionKernel } from "../../sync/delta/region-loops.ts";
import { decodeRegionQuery } from "../../sync/delta/region-query.ts";
import { encodeSplice } from "../../sync/delta/splice.ts";
import { encodeWireChunkList } from "../../sync/delta/wire-chunk-list.ts";
import { type Disk, openDisk } from "../../sync/fs/disk.ts";
import { type FsPath, privatePath, type ReadHandle } from "../../sync/fs/filesystem.ts";
import type { IndexReader } from "../../sync/index/index-port.ts";
import { SqliteIndexReader } from "../../sync/index/index-reader.ts";
import { openForReading } from "../../sync/index/open-database.ts";
import { Statements } from "../../sync/index/statements.ts";
import { isSmudged } from "../../sync/scanner/racy.ts";
import type { ServedFolder } from "./net-api.ts";
import { type OfferedFile, OfferedFiles } from "./offered-files.ts";

/** Files held open between two reads; a peer asks for one file's chunks one after the other. */
const OPEN_FILES = 8;
/** Paths with the same content that are looked at. */
const TWINS = 4;

/** A place that should hold a content. */
interface Place {
  readonly path: FsPath;
  readonly stamp: DiskStamp;
}

interface OpenFile {
  readonly handle: ReadHandle;
  readonly stamp: DiskStamp;
}

export class DiskChunkSource implements ChunkSource {
  readonly #indexFile: string;
  readonly #log: Log;
  #index: IndexReader | undefined;
  #folders: ReadonlyMap<FolderId, string> = new Map();
  readonly #disks = new Map<FolderId, Disk>();
  /** By folder, path and content id, the least recently used first. */
  readonly #files = new Map<string, OpenFile>();
  #kernel: RegionKernel | undefined;
  #list: { readonly contentId: ContentId; readonly bytes: Uint8Array } | undefined;
  readonly #offered = new OfferedFiles();

  constructor(options: { readonly indexFile: string; readonly log: Log }) {
    this.#indexFile = options.indexFile;
    this.#log = options.log;
  }

  /** Says which folders are served from where; what is not named is served no longer. */
  setFolders(folders: readonly ServedFolder[]): void {
    this.rest();
    const roots = new Map(folders.map(({ id, root }) => [id, root]));
    for (const [id, disk] of this.#disks) {
      if (roots.get(id) === this.#folders.get(id)) continue;
      disk.close();
      this.#disks.delete(id);
    }
    this.#folders = roots;
  }

  /** Offers files under a token, in place of a folder; no files: nothing any more. Who may ask for them is not judged here. */
  setOffer(token: FolderId, files: readonly OfferedFile[]): void {
    this.#offered.set(token, files);
  }

  read(folder: FolderId, path: RelPath, contentId: ContentId, offset: number, target: Uint8Array): boolean {
    return this.#guarded(folder, false, () => {
      if (this.#offered.has(folder)) return this.#offered.read(folder, path, contentId, offset, target);
      const file = this.#open(folder, path, contentId);
      if (file === undefined || !sameStamp(file.handle.stat(), file.stamp)) return false;
      return offset + target.length <= file.stamp.size && isFilled(file.handle, target, offset);
    });
  }

  chunkList(folder: FolderId, path: RelPath, contentId: ContentId): Uint8Array | undefined {
    return this.#guarded(folder, undefined, () => {
      if (this.#offered.has(folder)) return this.#offered.chunkList(folder, path, contentId);
      const file = this.#open(folder, path, contentId);
      if (file === undefined) return undefined;
      if (this.#list?.contentId !== contentId) {
        const stored = this.#reader().chunkList(contentId);
        if (stored === undefined) return undefined;
        this.#list = { contentId, bytes: encodeWireChunkList(decodeChunkList(stored, file.stamp.size)) };
      }
      return this.#list.bytes;
    });
  }

  answerRegion(
    folder: FolderId,
    path: RelPath,
    contentId: ContentId,
    { offset, size, query }: WantedRegion,
  ): Uint8Array | undefined {
    return this.#guarded(folder, undefined, () => {
      const next = new Uint8Array(size);
      if (!this.read(folder, path, contentId, offset, next)) return undefined;
      this.#kernel ??= createRegionKernel();
      return encodeRegionAnswer(answerRegion(decodeRegionQuery(query), next, { kernel: this.#kernel }));
    });
  }

  splice(
    folder: FolderId,
    path: RelPath,
    contentId: ContentId,
    bases: readonly ContentId[],
  ): { readonly base: number; readonly bytes: Uint8Array } | undefined {
    return this.#guarded(folder, undefined, () => {
      const whole = this.chunkList(folder, path, contentId);
      const wanted = whole === undefined ? undefined : this.#listOf(contentId);
      if (whole === undefined || wanted === undefined) return undefined;
      for (const [base, id] of bases.entries()) {
        const list = this.#isOfFolder(folder, path, id) ? this.#listOf(id) : undefined;
        const bytes = list === undefined ? undefined : encodeSplice(list, wanted, whole.length / 2);
        if (bytes !== undefined) return { base, bytes };
      }
      return undefined;
    });
  }

  relatedList(folder: FolderId, path: RelPath, contentId: ContentId, query: Uint8Array): RelatedList | undefined {
    return this.#guarded(folder, undefined, () => {
      const list = this.chunkList(folder, path, contentId);
      this.#kernel ??= createRegionKernel();
      const relation = list === undefined ? undefined : answerListQuery(query, list, { kernel: this.#kernel });
      return list === undefined || relation === undefined ? undefined : { listBytes: list.length, relation };
    });
  }

  #listOf(contentId: ContentId): ChunkList | undefined {
    const stored = this.#reader().chunkList(contentId);
    const list = stored === undefined ? undefined : decodeStoredList(stored);
    return list === undefined || list.sizes.length > LIMITS.spliceChunks.value ? undefined : list;
  }

  /** Whether a content is one of this very folder: of any other nobody shall find out that it is here. */
  #isOfFolder(folder: FolderId, path: RelPath, contentId: ContentId): boolean {
    const index = this.#reader();
    return (
      index.local(folder, path)?.heads.some(({ previous }) => previous === contentId) === true ||
      index.remote(folder, path).some(({ heads }) => heads.some((head) => head.contentId === contentId)) ||
      index.localByContent(contentId, TWINS).some((twin) => twin.folder === folder) ||
      index.versionByContent(contentId)?.folder === folder
    );
  }

  rest(): void {
    for (const { handle } of this.#files.values()) handle.close();
    this.#files.clear();
    this.#offered.rest();
    this.#list = undefined;
  }

  /** A failing disk or index is a file that is not here; the folder's own loop reports what is wrong with it. */
  #guarded<T>(folder: FolderId, otherwise: T, body: () => T): T {
    try {
      return body();
    } catch (error) {
      this.#log.debug("Cannot serve a file", { folder, error: String(error) });
      return otherwise;
    }
  }

  #open(folder: FolderId, path: RelPath, contentId: ContentId): OpenFile | undefined {
    const key = `${folder}\0${path}\0${contentId}`;
    const known = this.#files.get(key);
    if (known !== undefined) {
      this.#files.delete(key);
      this.#files.set(key, known);
      return known;
    }
    const disk = this.#disk(folder);
    for (const place of disk === undefined ? [] : this.#places(folder, path, contentId)) {
      const file = openAt(disk as Disk, place);
      if (file === undefined) continue;
      this.#remember(key, file);
      return file;
    }
    return undefined;
  }

  #remember(key: string, file: OpenFile): void {
    this.#files.set(key, file);
    const [oldest] = this.#files;
    if (oldest === undefined || this.#files.size <= OPEN_FILES) return;
    oldest[1].handle.close();
    this.#files.delete(oldest[0]);
  }

  /** Where the content should be, the likeliest first. Never outside of the folder, which is all that was authorised. */
  *#places(folder: FolderId, path: RelPath, contentId: ContentId): Generator<Place> {
    const index = this.#reader();
    const row = index.local(folder, path);
    const winner = row?.heads[0];
    if (row !== undefined && row.stamp !== null && winner?.contentId === contentId && winner.type === "file")
      yield { path, stamp: row.stamp };
    for (const twin of index.localByContent(contentId, TWINS)) {
      if (twin.folder === folder && twin.row.path !== path && twin.row.stamp !== null)
        yield { path: twin.row.path, stamp: twin.row.stamp };
    }
    for (const version of [...index.versions(folder, path).toReversed(), index.versionByContent(contentId)]) {
      if (
        version?.folder !== folder ||
        version.head.contentId !== contentId ||
        version.stamp === null ||
        version.storedAs === null
      )
        continue;
      yield { path: privatePath("store", version.storedAs), stamp: version.stamp };
    }
  }

  #disk(folder: FolderId): Disk | undefined {
    const known = this.#disks.get(folder);
    const root = this.#folders.get(folder);
    if (known !== undefined || root === undefined) return known;
    const disk = openDisk(root);
    this.#disks.set(folder, disk);
    return disk;
  }

  /** Opened at the first request: a node with no peers needs no further connection to its index. */
  #reader(): IndexReader {
    this.#index ??= new SqliteIndexReader(new Statements(openForReading(this.#indexFile), this.#indexFile));
    return this.#index;
  }
}

/** Undefined when the place no longer holds what the index says. */
function openAt(disk: Disk, { path, stamp }: Place): OpenFile | undefined {
  let handle: ReadHandle | undefined;
  try {
    handle = disk.openRead(path);
    const found = handle.stat();
    // A file that was read in the moment it was written is served, too: the receiver proves what it gets.
    const expected = isSmudged(stamp) ? { ...stamp, ctimeNs: found.ctimeNs } : stamp;
    if (sameStamp(found, expected)) return { handle, stamp: expected };
  } catch {
    // Gone or replaced: another place may have it.
  }
  handle?.close();
  return undefined;
}

function isFilled(handle: ReadHandle, target: Uint8Array, offset: number): boolean {
  for (let filled = 0; filled < target.length; ) {
    const count = handle.read(target.subarray(filled), offset + filled);
    if (count === 0) return false;
    filled += count;
  }
  return true;
}
