/**
 * What fetching needs of the outside, and nothing of a folder: where chunks
 * come from, where they are put together, and what is known of contents.
 *
 * A synced folder hands in its own parts; an explicit download hands in a
 * staging place anywhere and the one device it asks.
 */
import type { Feature } from "../../shared/features.ts";
import type { ChunkList } from "../../shared/file-info.ts";
import type { ContentId, RelPath, ShortId } from "../../shared/ids.ts";
import type { ChunkRequest, RegionRequest, Switch } from "../../shared/messages.ts";
import type { Clock, Hasher, Log } from "../../shared/ports.ts";
import type { WireBytes } from "../../shared/transfer-bytes.ts";
import type { WireChunkList } from "../delta/wire-chunk-list.ts";
import type { BytePlace, FolderDisk } from "../folder-disk.ts";
import type { LinkBook } from "./link-book.ts";

/** An answer, and what it took on the connection. */
export interface Answered<T> {
  readonly answer: T;
  readonly wire: WireBytes;
}

/** A chunk list that is wanted. */
export interface WantedList {
  readonly path: RelPath;
  readonly contentId: ContentId;
  /** Contents whose lists are here, the most similar first: the answer may be told by one of them. */
  readonly bases: readonly ContentId[];
  /** Describes a list that is not known to anybody else (delta/list-query.ts): the answer may be told by it. Empty for none. */
  readonly query: Uint8Array;
}

export interface ListAnswer {
  readonly bytes: Uint8Array;
  /** What `bytes` is a splice of; null for the list in its wire form. */
  readonly base: ContentId | null;
  /** How long the list is, where `bytes` say how it follows from the one that was described; else null. */
  readonly relatedBytes: number | null;
}

/** A connected device that can be asked for bytes. */
export interface FetchLink {
  readonly device: ShortId;
  readonly name: string;
  /** Whether both ends have a feature. */
  speaks(feature: Feature): boolean;
  /** Bytes for each request, undefined where the peer no longer has that version. Rejects when the link is lost or the signal aborts. Content is not verified yet. */
  fetchChunks(
    requests: readonly ChunkRequest[],
    signal: AbortSignal,
    compression?: Switch,
  ): Promise<Answered<readonly (Uint8Array | undefined)[]>>;
  /** How changed regions follow from what the request describes, undefined where the peer does not have them. Only where it speaks `delta/1`. */
  fetchRegions(
    request: RegionRequest,
    signal: AbortSignal,
    compression?: Switch,
  ): Promise<Answered<readonly (Uint8Array | undefined)[]>>;
  /** A chunk list, undefined where the peer no longer has it. */
  fetchChunkList(wanted: WantedList, signal: AbortSignal): Promise<Answered<ListAnswer | undefined>>;
}

/** A version of a file that is wanted. `path` is where a peer knows it. */
export interface WantedFile {
  readonly path: RelPath;
  readonly contentId: ContentId;
  readonly size: number;
}

/** Who can be asked, and how each has done. */
export interface FetchSources {
  readonly book: LinkBook;
  /** Devices that have this version and can be asked for it. */
  holding(file: WantedFile): readonly FetchLink[];
  /** The chunk list that a device sent along when it announced the file, where it can be read here; unverified. */
  announcedList(link: FetchLink, file: WantedFile): WireChunkList | undefined;
  /** The device sent bytes that do not match their hash. */
  noteBadAnswer(link: FetchLink): void;
}

/** Where a file is put together under its content id. What an earlier try left there is found again. */
export type FetchStage = Pick<
  FolderDisk,
  "assemble" | "cutAnew" | "writeStaged" | "describeRegions" | "rebuildRegions" | "dropStaged" | "free"
>;

export interface FetchOptions {
  /** Whether changed regions are told by how they follow from what is here. */
  readonly delta: Switch;
  /** Whether answers are compressed. */
  readonly compression: Switch;
}

export interface FetchContext {
  readonly clock: Clock;
  readonly hasher: Hasher;
  readonly log: Log;
  readonly sources: FetchSources;
  readonly stage: FetchStage;
  readonly options: FetchOptions;
  /** Stored form of the chunk list of a content that is or was here. */
  readonly chunkList: (contentId: ContentId) => Uint8Array | undefined;
  /** Absent where only the bases count that are named with a file. */
  readonly elsewhere?: ChunksElsewhere;
}

/** Content here that may share chunks with a wanted file, and where its bytes lie. */
export interface Base extends BytePlace {
  readonly contentId: ContentId;
  readonly size: number;
  readonly from: "path" | "store";
  /** Where they lie, too, should they have gone from there. */
  readonly others?: readonly BytePlace[];
  /** Its chunks, where it was cut otherwise than its size asks for. */
  readonly list?: ChunkList;
}

/** Finds chunks in any file that is here and may be used. */
export interface ChunksElsewhere {
  /** Which of these chunks (by `chunkKey`) are here, by families of contents; those that have most first. */
  families(keys: Float64Array): ReadonlyMap<number, readonly number[]>;
  /** The contents of a family, the newest first. */
  contentsOf(family: number): readonly ContentId[];
  /** Where a content lies; undefined where it may not be used for the wanted file. */
  baseOf(contentId: ContentId, wanted: WantedFile): Base | undefined;
}
