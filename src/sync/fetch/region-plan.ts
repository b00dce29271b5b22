import { planRegions } from "../delta/regions.ts";
import type { WireChunkList } from "../delta/wire-chunk-list.ts";
import type { OldBytes } from "../folder-disk.ts";
import { type ChunksHere, placeOf } from "./chunks-here.ts";

/** A changed run of a wanted file that has something like it here. */
export interface PlannedRegion {
  readonly first: number;
  readonly count: number;
  readonly offset: number;
  readonly size: number;
  readonly old: OldBytes;
  /** The tier that has failed for it. */
  readonly failed?: "sketch" | "signature";
}

/** The regions of what is missing, `isMissing` says of which chunks, that can be told by what is here. */
export function changedRegions(
  list: WireChunkList,
  { bases, sources }: ChunksHere,
  isMissing: (chunk: number) => boolean,
): readonly PlannedRegion[] {
  if (bases.length === 0) return [];
  // What is here by now is a landmark only where it lies in a base.
  const settled = sources.map((source, chunk) => {
    if (isMissing(chunk)) return { type: "missing" as const };
    return source.type === "missing" ? { type: "repeat" as const, chunk } : source;
  });
  const locals = bases.map((base) => base.list);
  return planRegions(list, settled, locals).flatMap(({ first, count, offset, size, base }) => {
    const ranges = base.flatMap((range) => {
      const at = bases[range.list];
      return at === undefined ? [] : [{ ...placeOf(at), offset: range.offset, size: range.size }];
    });
    return ranges.length === 0 ? [] : [{ first, count, offset, size, old: { ranges } }];
  });
}
