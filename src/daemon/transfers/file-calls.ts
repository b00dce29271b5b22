/**
 * What main asks of a transfer's own thread: everything that reads, writes or
 * hashes files outside a folder's engine. Paths are absolute and were named by
 * this node's own person, or made from such a one and a checked `RelPath`.
 */
import type { DiskStamp } from "../../shared/file-info.ts";
import type { ContentId, FolderId } from "../../shared/ids.ts";
import type { ChunkRequest } from "../../shared/messages.ts";
import type { AnewChunks, CutAnew } from "../../sync/delta/cut-anew.ts";
import type { WantedChunk } from "../../sync/folder-disk.ts";
import type { OfferedFile } from "../net/offered-files.ts";

export type LocalType = "file" | "directory" | "symlink" | "special";

/** What lies at a path. */
export interface LocalEntry {
  readonly path: string;
  readonly type: LocalType;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly mode: number;
  /** Where a symlink points; "" for everything else. */
  readonly target: string;
}

/** A name below a directory that cannot be sent, and why. */
export interface UnsendableEntry {
  readonly shown: string;
  readonly message: string;
}

export interface LocalPage {
  readonly entries: readonly LocalEntry[];
  readonly problems: readonly UnsendableEntry[];
  readonly isLast: boolean;
}

/** A file that was read whole. */
export interface HashedFile {
  readonly path: string;
  readonly stamp: DiskStamp;
  readonly contentId: ContentId;
  /** Stored form of its chunk list; empty where it has one chunk. */
  readonly list: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
}

/** A file being put together beside its target. */
export interface StagePlace {
  /** Directory of the target. */
  readonly directory: string;
  readonly contentId: ContentId;
}

/** How a name is taken. */
export type TakeName =
  /** Only when nothing has it. */
  | "create"
  /** Whatever file has it gives way. */
  | "replace"
  /** The first free one of `a_v2`, `a_v3`, …, when it has one. */
  | "number";

export interface InstallFile {
  readonly target: string;
  readonly take: TakeName;
  readonly mode: number;
  readonly mtimeNs: bigint;
}

export type Installed =
  | { readonly type: "stored"; readonly path: string; readonly sha256: string }
  /** The name was taken meanwhile. */
  | { readonly type: "exists" }
  | { readonly type: "failed"; readonly code: string; readonly message: string };

export interface FileCalls {
  /** What lies at each path, not following a link; null where nothing does. */
  look(paths: readonly string[]): Promise<readonly (LocalEntry | null)[]>;
  /** What lies at a path, following links: what a person means who names one. */
  resolve(path: string): Promise<LocalEntry | null>;
  /** How many files lie below a directory, links included, and their bytes. */
  count(root: string): Promise<{ readonly files: number; readonly bytes: number }>;
  /** Begins to list what lies below a directory, directories before what they hold; `next` gives page after page. */
  walk(root: string): Promise<void>;
  next(entries: number): Promise<LocalPage>;
  /** Reads, cuts and hashes a file. Rejects with E_CHANGING when it changes meanwhile. */
  hash(path: string): Promise<HashedFile>;
  /** Bytes of this node's own folders, or of offered files; null for what is not there. */
  read(folder: FolderId, requests: readonly ChunkRequest[]): Promise<readonly (Uint8Array | null)[]>;
  chunkList(folder: FolderId, path: string, contentId: ContentId): Promise<Uint8Array | null>;
  offer(token: FolderId, files: readonly OfferedFile[]): Promise<void>;
  /** Fills in what is here, a stretch of chunks after the other; the first one, at offset 0, opens the file. */
  assemble(
    place: StagePlace,
    size: number,
    chunks: readonly WantedChunk[],
    isFresh: boolean,
  ): Promise<readonly (Uint8Array | undefined)[]>;
  /** Cuts a file as one of another size is cut; undefined when it cannot be read. */
  cutAnew(path: string, cut: CutAnew): Promise<AnewChunks | undefined>;
  writeStaged(
    place: StagePlace,
    pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[],
  ): Promise<void>;
  dropStaged(place: StagePlace): Promise<void>;
  /** What lies at those of each file's paths that can be read and have its size. */
  readSmall(
    files: readonly { readonly paths: readonly string[]; readonly size: number }[],
  ): Promise<readonly (readonly Uint8Array[])[]>;
  /** Free space where `directory` is, or would be. */
  free(directory: string): Promise<{ readonly bytes: number }>;
  install(place: StagePlace, file: InstallFile): Promise<Installed>;
  /** Small files, each whole; made durable together. */
  installSmall(files: readonly (InstallFile & { readonly bytes: Uint8Array })[]): Promise<readonly Installed[]>;
  installLink(target: string, text: string, take: TakeName): Promise<Installed>;
  /** Makes a directory and those above it, down from `root`, through no link. Resolves with how many were made. */
  makeDirectory(root: string, path: string, mode: number): Promise<number>;
  /** Copies a file to a private place, for what has to come from a stream. */
  remove(path: string): Promise<void>;
}
