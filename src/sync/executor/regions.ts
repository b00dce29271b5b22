/**
 * Changed regions on the disk's side: describes the old bytes, and rebuilds
 * the new ones from what a peer said. What is rebuilt counts only when every
 * chunk of it has its hash.
 */
import type { Hasher } from "../../shared/ports.ts";
import { rebuildRegion } from "../delta/rebuild-region.ts";
import { describeRegion, type RegionTools } from "../delta/region.ts";
import { decodeRegionAnswer } from "../delta/region-answer.ts";
import { decodeRegionQuery, encodeRegionQuery } from "../delta/region-query.ts";
import { isWireHash } from "../delta/wire-chunk-list.ts";
import type { AnsweredRegion, ChangedRegion, DescribedRegion, OldBytes } from "../folder-disk.ts";

export interface RegionDeps {
  readonly hasher: Hasher;
  readonly tools: RegionTools;
  /** The old bytes, or undefined when they are not there any more. */
  readonly read: (old: OldBytes) => Uint8Array | undefined;
}

const NOTHING: DescribedRegion = { tier: "whole", query: new Uint8Array() };

export function describe(deps: RegionDeps, region: ChangedRegion): DescribedRegion {
  const bytes = deps.read(region.old);
  if (bytes === undefined) return NOTHING;
  const query = describeRegion(bytes, region, deps.tools);
  const isTelling = query.type === "sketch" || query.type === "signature";
  return isTelling ? { tier: query.type, query: encodeRegionQuery(query) } : NOTHING;
}

export interface RebuiltRegion {
  readonly bytes: Uint8Array;
  readonly hashes: readonly Uint8Array[];
}

export function rebuild(deps: RegionDeps, region: AnsweredRegion): RebuiltRegion | undefined {
  const old = deps.read(region.old);
  if (old === undefined) return undefined;
  const newSize = region.sizes.reduce((sum, size) => sum + size, 0);
  const bytes = guess(deps, region, old, newSize);
  if (bytes === undefined) return undefined;
  const hashes: Uint8Array[] = [];
  let at = 0;
  for (const [chunk, size] of region.sizes.entries()) {
    const hash = deps.hasher.chunk(bytes.subarray(at, at + size));
    if (!isWireHash(region, chunk, hash)) return undefined;
    hashes.push(hash);
    at += size;
  }
  return { bytes, hashes };
}

/** Undefined also for an answer that makes no sense: what a peer says here can only cost another question. */
function guess(deps: RegionDeps, region: AnsweredRegion, old: Uint8Array, newSize: number): Uint8Array | undefined {
  try {
    const query = decodeRegionQuery(region.query);
    return rebuildRegion({ old, query, newSize }, decodeRegionAnswer(region.answer), deps.tools);
  } catch {
    return undefined;
  }
}
