/**
 * Finds for each changed run of a wanted file the bytes here that most likely
 * resemble it.
 *
 * Chunks that are here already are landmarks: what lies between the two that
 * enclose a run, in the file they were found in, is what the run replaced.
 */
import type { ChunkList } from "../../shared/file-info.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { ChunkSource } from "./diff-chunks.ts";
import type { WireChunkList } from "./wire-chunk-list.ts";

/** Bytes of one of the local lists' files. */
export interface BaseRange {
  readonly list: number;
  readonly offset: number;
  readonly size: number;
}

/** A run of wanted chunks that are not here, to be asked for at once. */
export interface Region {
  /** The first of its chunks in the wanted list. */
  readonly first: number;
  readonly count: number;
  /** Its bytes in the wanted file. */
  readonly offset: number;
  readonly size: number;
  /** Where the bytes here lie that resemble it, to be read one behind the other; empty when none do. */
  readonly base: readonly BaseRange[];
}

/** Where a run's old bytes lie: what it replaced, or places that its neighbours point to. */
type Surroundings =
  | { readonly type: "between"; readonly list: number; readonly start: number; readonly end: number }
  | { readonly type: "beside"; readonly after: BaseRange | undefined; readonly before: BaseRange | undefined };

interface Run {
  readonly first: number;
  readonly count: number;
  readonly offset: number;
  readonly size: number;
}

/** What of a local list counts here. */
interface Place {
  readonly sizes: Uint32Array;
  readonly fileSize: number;
}

/** Longer runs are asked for in pieces, so that one takes a moment to describe and answer, and several are on their way. */
const PIECE_BYTES = 1024 * 1024;
/** A piece of a long run may have shifted by this much against its place in proportion. */
const MARGIN_BYTES = 64 * 1024;
const MARGIN_BYTES_MAX = 512 * 1024;

/**
 * The regions of what `sources` says is missing, in file order.
 *
 * `locals` are the lists that {@link diffChunks} was given. When no chunk at all
 * was found, the first of them, the file's old version, is compared with place by place.
 */
export function planRegions(
  wanted: WireChunkList,
  sources: readonly ChunkSource[],
  locals: readonly ChunkList[],
): readonly Region[] {
  const places = locals.map(({ sizes }) => ({ sizes, fileSize: sizes.reduce((sum, size) => sum + size, 0) }));
  return missingRuns(wanted, sources).flatMap((run) => {
    const around = surroundings(run, sources, places);
    return piecesOf(run, wanted).map((piece) => ({ ...piece, base: baseOf(piece, run, around) }));
  });
}

function missingRuns(wanted: WireChunkList, sources: readonly ChunkSource[]): readonly Run[] {
  const runs: Run[] = [];
  let offset = 0;
  let start = { first: 0, offset: 0 };
  for (let chunk = 0; chunk <= sources.length; chunk++) {
    if (sources[chunk]?.type !== "missing") {
      const count = chunk - start.first;
      if (count > 0) runs.push({ ...start, count, size: offset - start.offset });
      start = { first: chunk + 1, offset: offset + (wanted.sizes[chunk] ?? 0) };
    }
    offset += wanted.sizes[chunk] ?? 0;
  }
  return runs;
}

function piecesOf(run: Run, { sizes }: WireChunkList): readonly Run[] {
  const pieces: Run[] = [];
  let { first, offset } = run;
  let size = 0;
  for (let chunk = first; chunk < run.first + run.count; chunk++) {
    const chunkBytes = sizes[chunk] as number;
    if (size > 0 && size + chunkBytes > PIECE_BYTES) {
      pieces.push({ first, count: chunk - first, offset, size });
      first = chunk;
      offset += size;
      size = 0;
    }
    size += chunkBytes;
  }
  pieces.push({ first, count: run.first + run.count - first, offset, size });
  return pieces;
}

function surroundings(run: Run, sources: readonly ChunkSource[], places: readonly Place[]): Surroundings {
  const previous = localAt(sources, run.first - 1);
  const following = localAt(sources, run.first + run.count);
  const isAtStart = run.first === 0;
  const isAtEnd = run.first + run.count === sources.length;
  const list = previous?.list ?? following?.list ?? 0;
  const start = previous === undefined ? 0 : endOf(previous, places);
  const isOneFile = following === undefined || following.list === list;
  const isEnclosed = (previous !== undefined || isAtStart) && (following !== undefined || isAtEnd);
  if (isEnclosed && isOneFile && places.length > 0) {
    const end = following?.offset ?? (places[list] as Place).fileSize;
    if (start <= end) return { type: "between", list, start, end };
  }
  return { type: "beside", after: rangeAfter(previous, run.size, places), before: rangeBefore(following, run.size) };
}

type LocalSource = Extract<ChunkSource, { type: "local" }>;

function localAt(sources: readonly ChunkSource[], chunk: number): LocalSource | undefined {
  const source = sources[chunk];
  return source?.type === "local" ? source : undefined;
}

function endOf({ list, chunk, offset }: LocalSource, places: readonly Place[]): number {
  return offset + (places[list]?.sizes[chunk] as number);
}

/** Where data was moved, the first part of a run follows what it followed before. */
function rangeAfter(previous: LocalSource | undefined, size: number, places: readonly Place[]): BaseRange | undefined {
  if (previous === undefined) return undefined;
  const { list } = previous;
  const offset = endOf(previous, places);
  return { list, offset, size: Math.min(size, (places[list] as Place).fileSize - offset) };
}

/** And its last part precedes what it preceded. */
function rangeBefore(following: LocalSource | undefined, size: number): BaseRange | undefined {
  if (following === undefined) return undefined;
  const { list, offset } = following;
  return { list, offset: Math.max(0, offset - size), size: Math.min(size, offset) };
}

function baseOf(piece: Run, run: Run, around: Surroundings): readonly BaseRange[] {
  if (around.type === "beside") return besides(piece, run, around);
  const { list, start, end } = around;
  const oldSize = end - start;
  if (piece.count === run.count && oldSize <= Math.max(2 * run.size, MARGIN_BYTES)) {
    return clamped([{ list, offset: start, size: oldSize }]);
  }
  if (piece.count === run.count) {
    // Much was removed here: what is left of it resembles one end or the other.
    return clamped([
      { list, offset: start, size: run.size },
      { list, offset: end - run.size, size: run.size },
    ]);
  }
  const margin = MARGIN_BYTES + Math.min(Math.abs(run.size - oldSize) / 2, MARGIN_BYTES_MAX);
  const scale = oldSize / run.size;
  const from = Math.max(start, Math.floor(start + (piece.offset - run.offset) * scale - margin));
  const to = Math.min(end, Math.ceil(start + (piece.offset + piece.size - run.offset) * scale + margin));
  return clamped([{ list, offset: from, size: to - from }]);
}

/** Only the pieces next to a neighbour resemble what is beside it. */
function besides(
  piece: Run,
  run: Run,
  { after, before }: Extract<Surroundings, { type: "beside" }>,
): readonly BaseRange[] {
  const skipped = piece.offset - run.offset;
  const left = run.size - skipped - piece.size;
  const ranges: BaseRange[] = [];
  if (after !== undefined)
    ranges.push({ ...after, offset: after.offset + skipped, size: Math.min(piece.size, after.size - skipped) });
  if (before !== undefined) {
    const end = before.offset + before.size - left;
    const size = Math.min(piece.size, before.size - left);
    ranges.push({ ...before, offset: end - size, size });
  }
  return clamped(ranges);
}

/** At most as many bytes as a region may have, shared among the ranges that have any. */
function clamped(ranges: readonly BaseRange[]): readonly BaseRange[] {
  const real = ranges.filter(({ size }) => size > 0);
  const most = Math.floor(LIMITS.regionBytes.value / Math.max(1, real.length));
  return real.map((range) => ({ ...range, size: Math.min(range.size, most) }));
}
