/**
 * Tells a chunk list by one that is like it and that the other end knows
 * nothing of: both are bytes, and travel as a changed region does
 * (docs/regions.md), by a set sketch first and by a signature when that fails.
 */
import { LIMITS } from "../../shared/limits.ts";
import { rebuildRegion } from "./rebuild-region.ts";
import { answerRegion, describeRegion, type RegionTools } from "./region.ts";
import { decodeRegionAnswer, encodeRegionAnswer } from "./region-answer.ts";
import { decodeRegionQuery, encodeRegionQuery, type RegionQuery } from "./region-query.ts";

/** Each changed chunk makes two to six elements differ: about eight edits, for 128 bytes. */
const CAPACITY = 32;
/** It rides in a frame of 16 KiB. */
const QUERY_BYTES_MAX = 12 * 1024;

export type ListTier = "sketch" | "signature";

/** Describes a list in its wire form; undefined where the list itself is the better way. */
export function describeList(held: Uint8Array, tier: ListTier, tools: RegionTools): Uint8Array | undefined {
  if (held.length > LIMITS.regionBytes.value) return undefined;
  const query = encodeRegionQuery(tier === "sketch" ? sketchOf(held, tools) : signatureOf(held, tools));
  return query.length > Math.min(QUERY_BYTES_MAX, held.length / 2) ? undefined : query;
}

function sketchOf(held: Uint8Array, { kernel }: RegionTools): RegionQuery {
  const elements = Uint32Array.from(new Set(kernel.subChunks(held).hashes));
  return { type: "sketch", elementCount: elements.length, syndromes: kernel.syndromes(elements, CAPACITY) };
}

function signatureOf(held: Uint8Array, tools: RegionTools): RegionQuery {
  return describeRegion(held, { newSize: held.length, chunkCount: 1, failed: "sketch" }, tools);
}

/** How `list` follows from what the query describes; undefined where it is sent whole. Throws E_PROTOCOL. */
export function answerListQuery(query: Uint8Array, list: Uint8Array, tools: RegionTools): Uint8Array | undefined {
  if (list.length > LIMITS.regionBytes.value) return undefined;
  const answer = answerRegion(decodeRegionQuery(query), list, tools);
  return answer.type === "whole" ? undefined : encodeRegionAnswer(answer);
}

export interface AskedList {
  /** The very bytes that were described. */
  readonly held: Uint8Array;
  readonly query: Uint8Array;
  /** Length of the wanted list, as the answer has it. */
  readonly listBytes: number;
}

/** The wanted list, which is a guess; undefined when the answer does not fit. Throws E_PROTOCOL. */
export function rebuildList(
  { held, query, listBytes }: AskedList,
  answer: Uint8Array,
  tools: RegionTools,
): Uint8Array | undefined {
  if (listBytes > LIMITS.regionBytes.value) return undefined;
  return rebuildRegion(
    { old: held, query: decodeRegionQuery(query), newSize: listBytes },
    decodeRegionAnswer(answer),
    tools,
  );
}
