/**
 * The chunk list that goes along with a record, so that it need not be asked
 * for: whole where it is short, or told by what it shares with the list of the
 * version before (delta/splice.ts), which costs an edit in a huge file some
 * ten bytes; that of a new file by a content that the receiver has elsewhere. Kept by the receiver as it came, and read when the file is fetched.
 */
import type { ChunkList, Head } from "../../shared/file-info.ts";
import { fromHex, toHex } from "../../shared/hex.ts";
import type { ContentId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { IndexRecord } from "../../shared/messages.ts";
import { winnerOf } from "../core/heads.ts";
import { decodeStoredList } from "../delta/chunk-list.ts";
import { decodeSplice, encodeSplice } from "../delta/splice.ts";
import {
  decodeWireChunkList,
  encodeWireChunkList,
  toWireChunkList,
  type WireChunkList,
} from "../delta/wire-chunk-list.ts";

const LIST_BYTES_MAX = 1024;
/** A hundred scattered edits; only to whom has the base for certain. */
const SPLICE_BYTES_MAX = 4096;
/** Every chunk of such a file may be of the smallest size, and the list still short. */
const LISTED_FILE_BYTES_MAX = 2 ** 21;
const ID_BYTES = 32;
const WHOLE = 0;
const SPLICE = 1;

/** Stored form of the chunk list of a content that is or was here. */
type StoredList = (contentId: ContentId) => Uint8Array | undefined;

export interface ListOptions {
  /** The peer takes splices. */
  readonly canSplice: boolean;
  /** The peer is known to hold the version before. */
  readonly isInStep: boolean;
  /** Contents that the peer holds and that share chunks with a list, likeliest first; absent where it takes no named base. */
  readonly relatives?: (list: ChunkList) => readonly ContentId[];
}

/** What to send of a winner's chunk list. */
export function listToSend(
  winner: Head,
  storedList: StoredList,
  { canSplice, isInStep, relatives }: ListOptions,
): Pick<IndexRecord, "chunkList" | "splice" | "spliceBase"> {
  const none = { chunkList: new Uint8Array(0) };
  if (winner.type !== "file" || winner.contentId === null || winner.size <= LIMITS.smallFileBytes.value) return none;
  const isShort = winner.size < LISTED_FILE_BYTES_MAX;
  const mayBeSpliced = canSplice && winner.previous !== null && winner.previous !== winner.contentId;
  const mayNameBase = isInStep && relatives !== undefined;
  const list = isShort || mayBeSpliced || mayNameBase ? listOf(winner.contentId, storedList) : undefined;
  if (list === undefined) return none;
  const whole = isShort ? encodeWireChunkList(list) : undefined;
  const chunkList = whole !== undefined && whole.length <= LIST_BYTES_MAX ? whole : undefined;
  if (mayBeSpliced && (isInStep || chunkList === undefined)) {
    const base = listOf(winner.previous, storedList);
    const bytesMax = chunkList?.length ?? (isInStep ? SPLICE_BYTES_MAX : LIST_BYTES_MAX);
    const splice = base === undefined ? undefined : encodeSplice(base, list, bytesMax);
    if (splice !== undefined) return { ...none, splice };
  }
  if (chunkList !== undefined) return { chunkList };
  return mayNameBase ? { ...none, ...shortestSplice(list, relatives(list), storedList) } : none;
}

function shortestSplice(
  list: ChunkList,
  bases: readonly ContentId[],
  storedList: StoredList,
): Pick<IndexRecord, "splice" | "spliceBase"> | undefined {
  let shortest: { readonly splice: Uint8Array; readonly spliceBase: ContentId } | undefined;
  for (const spliceBase of bases) {
    const base = listOf(spliceBase, storedList);
    const bytesMax = shortest === undefined ? SPLICE_BYTES_MAX : shortest.splice.length - 1;
    const splice = base === undefined ? undefined : encodeSplice(base, list, bytesMax);
    if (splice !== undefined) shortest = { splice, spliceBase };
  }
  return shortest;
}

function listOf(contentId: ContentId | null, storedList: StoredList): ChunkList | undefined {
  const stored = contentId === null ? undefined : storedList(contentId);
  if (stored === undefined) return undefined;
  const list = decodeStoredList(stored);
  return list.sizes.length > LIMITS.spliceChunks.value ? undefined : list;
}

/** What to keep of a record's chunk list until its file is fetched; null when nothing came. */
export function packList({ info, chunkList, splice, spliceBase }: IndexRecord): Uint8Array | null {
  const base = spliceBase ?? winnerOf(info.heads).previous;
  if (splice !== undefined && base !== null) return packed(SPLICE, fromHex(base), splice);
  return chunkList.length === 0 ? null : packed(WHOLE, chunkList);
}

function packed(kind: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 1));
  bytes[0] = kind;
  let at = 1;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Reads what was kept as the list of a file of `fileSize` bytes. Undefined when
 * it rests on a list that is not here. Throws E_PROTOCOL when what the peer
 * sent cannot be that file's list.
 */
export function unpackList(kept: Uint8Array, fileSize: number, storedList: StoredList): WireChunkList | undefined {
  const bytes = kept.subarray(1);
  if (kept[0] !== SPLICE) return decodeWireChunkList(bytes, fileSize);
  const base = storedList(toHex(bytes.subarray(0, ID_BYTES)) as ContentId);
  if (base === undefined) return undefined;
  return decodeSplice(bytes.subarray(ID_BYTES), toWireChunkList(decodeStoredList(base)), fileSize);
}
