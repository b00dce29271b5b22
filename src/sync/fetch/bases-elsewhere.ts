/**
 * Finds chunks of a wanted file in any other file that is here: of this folder
 * or another one, live or kept.
 */
import type { ContentId } from "../../shared/ids.ts";
import { chunkKey } from "../delta/chunk-key.ts";
import { decodeChunkList, HASH_BYTES } from "../delta/chunk-list.ts";
import { WIRE_HASH_BYTES, type WireChunkList } from "../delta/wire-chunk-list.ts";
import type { Base, FetchContext, WantedFile } from "./fetch-context.ts";

/** Chunks looked up at a stretch: a few milliseconds. */
const KEYS_AT_ONCE = 2000;
/** Files that give chunks to one; a file made of more of them fetches the rest. */
const BASES_MAX = 64;

/** The fewest files, about, that together have the chunks which `known` ones lack and which are here at all. */
export async function basesElsewhere(
  context: FetchContext,
  file: WantedFile,
  wanted: WireChunkList,
  known: readonly Base[],
  signal: AbortSignal,
): Promise<readonly Base[]> {
  const { elsewhere, clock } = context;
  if (elsewhere === undefined) return [];
  const lacking = keysOf(wanted, WIRE_HASH_BYTES);
  for (const base of known) for (const key of keysOfBase(context, base)) lacking.delete(key);
  const keys = Float64Array.from(lacking).sort();
  const bases = new Map<ContentId, Base>();
  for (let at = 0; at < keys.length && bases.size < BASES_MAX; at += KEYS_AT_ONCE) {
    signal.throwIfAborted();
    const slice = keys.subarray(at, at + KEYS_AT_ONCE).filter((key) => lacking.has(key));
    takeBases(context, file, slice, lacking, bases);
    await clock.sleep(0);
  }
  return [...bases.values()];
}

/** Adds to `bases`, and takes from `lacking` what they have. */
function takeBases(
  context: FetchContext,
  file: WantedFile,
  slice: Float64Array,
  lacking: Set<number>,
  bases: Map<ContentId, Base>,
): void {
  const { elsewhere } = context;
  if (elsewhere === undefined) return;
  for (const [family, keys] of elsewhere.families(slice)) {
    for (const contentId of elsewhere.contentsOf(family)) {
      if (bases.size >= BASES_MAX || !keys.some((key) => lacking.has(key))) break;
      const base = bases.has(contentId) ? undefined : elsewhere.baseOf(contentId, file);
      if (base === undefined) continue;
      const before = lacking.size;
      for (const key of keysOfBase(context, base)) lacking.delete(key);
      if (lacking.size < before) bases.set(contentId, base);
    }
  }
}

function keysOfBase({ chunkList }: FetchContext, { contentId, size, list }: Base): ReadonlySet<number> {
  if (list !== undefined) return keysOf(list, HASH_BYTES);
  const stored = chunkList(contentId);
  return stored === undefined ? new Set() : keysOf(decodeChunkList(stored, size), HASH_BYTES);
}

function keysOf({ hashes }: WireChunkList, hashBytes: number): Set<number> {
  const keys = new Set<number>();
  for (let at = 0; at < hashes.length; at += hashBytes) keys.add(chunkKey(hashes, at));
  return keys;
}
