/** Puts into the staged file of a wanted one what lies on this node. */
import type { WireChunkList } from "../delta/wire-chunk-list.ts";
import type { WantedChunk } from "../folder-disk.ts";
import { basesElsewhere } from "./bases-elsewhere.ts";
import { type ChunksHere, chunksHere, wantedChunks } from "./chunks-here.ts";
import type { Base, FetchContext, WantedFile } from "./fetch-context.ts";

/** Bytes that are put in place by one call of the stage, so that others have their turn in between. */
const ASSEMBLED_BYTES = 64 * 1024 * 1024;
/**
 * What was to be copied may just be moved, by this very sync: the index says
 * where it has gone a moment later. It is looked for again after these times.
 */
const MOVING_MS = [10, 50, 250];

export interface Assembled {
  readonly here: ChunksHere;
  readonly wanted: readonly WantedChunk[];
  /** Full hashes of the chunks in place; undefined for those that are missing. */
  readonly hashes: (Uint8Array | undefined)[];
}

/** `bases`: content that is here, most likely to share chunks first. */
export async function assembleHere(
  context: FetchContext,
  file: WantedFile,
  { list, bases }: { readonly list: WireChunkList; readonly bases: readonly Base[] },
  signal: AbortSignal,
): Promise<Assembled> {
  const hashes: (Uint8Array | undefined)[] = Array.from(list.sizes, () => undefined);
  let known = bases;
  for (let tries = 0; ; tries++) {
    const here = chunksHere(context, list, [...known, ...(await basesElsewhere(context, file, list, known, signal))]);
    const wanted = wantedChunks(list, here);
    const isLost = (chunk: number): boolean => hashes[chunk] === undefined && wanted[chunk]?.sources.length !== 0;
    const all = [...wanted.keys()];
    await assemble(context, file, { wanted, hashes, chunks: tries === 0 ? all : all.filter(isLost) }, signal);
    const restMs = MOVING_MS[tries];
    if (restMs === undefined || !all.some(isLost)) return { here, wanted, hashes };
    await context.clock.sleep(restMs, signal);
    known = known.map((base) => context.elsewhere?.baseOf(base.contentId, file) ?? base);
  }
}

/** Fills in some of the chunks. */
async function assemble(
  { stage }: FetchContext,
  { contentId, size }: WantedFile,
  parts: Pick<Assembled, "wanted" | "hashes"> & { readonly chunks: readonly number[] },
  signal: AbortSignal,
): Promise<void> {
  const { wanted, hashes, chunks } = parts;
  for (let first = 0; first < chunks.length; ) {
    signal.throwIfAborted();
    let [end, bytes] = [first, 0];
    while (end < chunks.length && bytes < ASSEMBLED_BYTES) bytes += wanted[chunks[end++] ?? 0]?.size ?? 0;
    const some = chunks.slice(first, end);
    const found = await stage.assemble(
      contentId,
      size,
      some.flatMap((chunk) => wanted[chunk] ?? []),
    );
    for (const [i, chunk] of some.entries()) hashes[chunk] = found[i];
    first = end;
  }
}
