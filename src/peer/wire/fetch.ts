/**
 * Requests for file bytes and chunk lists, and the answers.
 *
 * An answer is raw, so that bulk is copied once: for each range in the order
 * asked, one byte (0: the bytes follow, 1: not here), then, after a 0, exactly
 * the bytes asked for. A chunk list's answer is one such byte, then the list's
 * whole length as u64 little-endian, then its bytes from the offset asked for;
 * or a 2, which of the bases named in the request it is told by, and a splice;
 * or a 3, the whole length, and how the list follows from what the query describes.
 * What is not shared, ignored, deleted, unknown or changed is "not here" alike.
 */
import { create } from "@bufbuild/protobuf";
import { fromHex } from "../../shared/hex.ts";
import type { ContentId, FolderId, RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { ChunkRequest, Switch } from "../../shared/messages.ts";
import { fromBytes, toBytes } from "./codec.ts";
import {
  type ChunkRange,
  ChunkRangeSchema,
  type Compression,
  FetchChunkListSchema,
  FetchChunksSchema,
} from "./messages_pb.ts";
import { checkRepeats } from "./proto-reader.ts";
import { broken, contentIdFrom, countFrom, folderIdFrom, relPathFrom } from "./wire-values.ts";

export const BYTES_FOLLOW = 0;
export const NOT_HERE = 1;
export const SPLICE_FOLLOWS = 2;
export const RELATION_FOLLOWS = 3;

export interface FetchChunks {
  readonly folder: FolderId;
  readonly ranges: readonly ChunkRequest[];
  /** Of the answer; "auto" when not said. */
  readonly compression?: Switch;
}

export interface FetchChunkList {
  readonly folder: FolderId;
  readonly path: RelPath;
  readonly contentId: ContentId;
  readonly offset: number;
  /** Contents whose lists the asking side holds: the answer may be told by one of them. */
  readonly bases: readonly ContentId[];
  /** Describes a list that the asking side has made (delta/list-query.ts); empty for none. */
  readonly query: Uint8Array;
}

/** File bytes that ranges ask for. */
export function bytesOf(ranges: readonly ChunkRequest[]): number {
  return ranges.reduce((sum, { size }) => sum + size, 0);
}

export function encodeFetchChunks({ folder, ranges, compression }: FetchChunks): Uint8Array<ArrayBuffer> {
  let previous: ChunkRequest | undefined;
  const rows = ranges.map((range) => {
    const isSame = previous?.path === range.path && previous.contentId === range.contentId;
    previous = range;
    return create(ChunkRangeSchema, {
      path: isSame ? "" : range.path,
      contentId: isSame ? new Uint8Array() : fromHex(range.contentId),
      offset: BigInt(range.offset),
      size: range.size,
    });
  });
  return toBytes(
    FetchChunksSchema,
    create(FetchChunksSchema, { folder, ranges: rows, compression: compressionNumber(compression) }),
  );
}

/** Decodes a request. Throws E_PROTOCOL. */
export function decodeFetchChunks(body: Uint8Array): FetchChunks {
  checkRepeats(body, { 2: LIMITS.requestItems.value });
  const request = fromBytes(FetchChunksSchema, body);
  if (request.ranges.length === 0) throw broken("a request for nothing");
  const ranges: ChunkRequest[] = [];
  for (const range of request.ranges) ranges.push(rangeFrom(range, ranges.at(-1)));
  if (bytesOf(ranges) > LIMITS.requestBytes.value) throw broken(`a request for ${bytesOf(ranges)} bytes`);
  return { folder: folderIdFrom(request.folder), ranges, ...compressionWish(request.compression) };
}

const COMPRESSIONS: readonly Switch[] = ["auto", "on", "off"];

export function compressionNumber(compression: Switch = "auto"): Compression {
  return COMPRESSIONS.indexOf(compression) as Compression;
}

/** Nothing for "auto", which is what an older device says, and for what is not known here. */
export function compressionWish(number: Compression): { readonly compression?: Switch } {
  const compression = COMPRESSIONS[number];
  return compression === undefined || compression === "auto" ? {} : { compression };
}

function rangeFrom(range: ChunkRange, previous: ChunkRequest | undefined): ChunkRequest {
  const isSame = range.path === "" && range.contentId.length === 0;
  if (isSame && previous === undefined) throw broken("a range of no file");
  const path = isSame ? (previous as ChunkRequest).path : relPathFrom(range.path);
  const contentId = isSame ? (previous as ChunkRequest).contentId : contentIdFrom(range.contentId);
  const offset = countFrom(range.offset, "offset", LIMITS.fileBytes.value);
  if (range.size === 0 || offset + range.size > LIMITS.fileBytes.value)
    throw broken(`a range of ${range.size} bytes at ${offset}`);
  return { path, contentId, offset, size: range.size };
}

export function encodeFetchChunkList({
  folder,
  path,
  contentId,
  offset,
  bases,
  query,
}: FetchChunkList): Uint8Array<ArrayBuffer> {
  const message = create(FetchChunkListSchema, {
    folder,
    path,
    contentId: fromHex(contentId),
    offset: BigInt(offset),
    bases: bases.map(fromHex),
    query,
  });
  return toBytes(FetchChunkListSchema, message);
}

/** Decodes a request. Throws E_PROTOCOL. */
export function decodeFetchChunkList(body: Uint8Array): FetchChunkList {
  checkRepeats(body, { 5: LIMITS.listBases.value });
  const request = fromBytes(FetchChunkListSchema, body);
  return {
    folder: folderIdFrom(request.folder),
    path: relPathFrom(request.path),
    contentId: contentIdFrom(request.contentId),
    offset: countFrom(request.offset, "offset", LIMITS.chunkListBytes.value),
    bases: request.bases.map((base) => contentIdFrom(base)),
    query: new Uint8Array(request.query),
  };
}
