/**
 * Assembles a file of many chunks in the staging area: what is here already
 * is copied, the rest fetched from peers, every chunk proven by its hash and
 * the whole by its content id.
 */
import type { ChunkList } from "../../shared/file-info.ts";
import { toHex } from "../../shared/hex.ts";
import { addShare, addWire, type TransferBytes, transferOf } from "../../shared/transfer-bytes.ts";
import { encodeChunkList, HASH_BYTES, hashAt } from "../delta/chunk-list.ts";
import type { WireChunkList } from "../delta/wire-chunk-list.ts";
import type { WantedChunk } from "../folder-disk.ts";
import { assembleHere } from "./assemble-here.ts";
import { basesCutAlike } from "./bases-cut-alike.ts";
import { ChunkWork } from "./chunk-work.ts";
import type { ChunksHere } from "./chunks-here.ts";
import type { Base, FetchContext, WantedFile } from "./fetch-context.ts";
import { chunkOffsets } from "./missing-runs.ts";
import { changedRegions } from "./region-plan.ts";
import { wantedList } from "./wanted-list.ts";
import { carryOut } from "./work-loop.ts";

export interface FetchProblem {
  readonly type: "problem";
  readonly code: "E_NO_SOURCE" | "E_BAD_DATA" | "E_WRITE_FAILED" | "E_DISK_FULL";
  readonly message: string;
}

export type LargeFetched =
  | { readonly type: "staged"; readonly chunkList: ChunkList; readonly bytes: TransferBytes }
  | FetchProblem;

export interface LargeFile extends WantedFile {
  /** Content that is here, most likely to share chunks first. */
  readonly bases: readonly Base[];
}

export interface Progress {
  readonly total: number;
  done: number;
}

/** Fetches a file into the staging area under its content id. Rejects on abort and when staging fails. */
export async function fetchLarge(
  context: FetchContext,
  file: LargeFile,
  progress: Progress,
  signal: AbortSignal,
): Promise<LargeFetched> {
  const { path, contentId, size } = file;
  const bases = await basesCutAlike(context, file, signal);
  const { list, wire: listWire } = await wantedList(context, { ...file, bases }, signal);
  if (list === undefined) return { type: "problem", code: "E_NO_SOURCE", message: `no connected device has ${path}` };
  const { here, wanted, hashes } = await assembleHere(context, file, { list, bases }, signal);
  const keptBytes = sumSizes(list, (chunk) => hashes[chunk] !== undefined && isKept(file, wanted[chunk]));
  const missingBytes = sumSizes(list, (chunk) => hashes[chunk] === undefined);
  progress.done = size - missingBytes;
  // Found out before the disk is filled to its last byte with what cannot become whole.
  const { bytes: freeBytes } = await context.stage.free();
  if (missingBytes > freeBytes) {
    const message = `${path} needs ${missingBytes} bytes more, and the disk has ${freeBytes}`;
    return { type: "problem", code: "E_DISK_FULL", message };
  }
  const work = await fetchMissing(context, { file, list, here, hashes, progress }, signal);
  const chunkList = fullList(list, hashes);
  if (chunkList === undefined) return unfetched(file, work.liars);
  if (toHex(context.hasher.list(encodeChunkList(chunkList))) !== contentId) {
    await context.stage.dropStaged(contentId);
    return { type: "problem", code: "E_BAD_DATA", message: `the chunks of ${path} do not add up to its content id` };
  }
  const { rebuilt, whole } = work;
  const bytes = transferOf({
    keptBytes,
    reusedBytes: size - keptBytes - rebuilt.fileBytes - whole.fileBytes,
    rebuilt,
    whole: { ...whole, wire: addWire(whole.wire, listWire) },
  });
  return { type: "staged", chunkList, bytes };
}

/** One lookup is nothing beside what a large file takes. */
const LINKS_MS = 100;

interface Fetching {
  readonly file: LargeFile;
  readonly list: WireChunkList;
  readonly here: ChunksHere;
  readonly hashes: (Uint8Array | undefined)[];
  readonly progress: Progress;
}

type Fetched = Pick<ChunkWork, "rebuilt" | "whole" | "liars">;

/** Asks devices for what is missing, and copies what the file holds more than once. */
async function fetchMissing(context: FetchContext, fetching: Fetching, signal: AbortSignal): Promise<Fetched> {
  const { file, list, here, hashes, progress } = fetching;
  const { clock, log, sources, options } = context;
  const deps = { clock, log, book: sources.book, links: () => sources.holding(file), linksMs: LINKS_MS };
  const isMissing = (chunk: number): boolean => hashes[chunk] === undefined && !isRepeat(here, chunk);
  const regions = options.delta === "off" ? [] : changedRegions(list, here, isMissing);
  const parts = { context, file, list, hashes, progress };
  const work = new ChunkWork({ ...parts, regions, isRepeat: (chunk) => isRepeat(here, chunk) });
  await carryOut(deps, work, signal);
  if (!(await copyRepeats(context, fetching))) return work;
  // Somebody wrote into the staged file: very rare, and mended by asking.
  const rest = new ChunkWork({ ...parts, regions: [], isRepeat: () => false });
  await carryOut(deps, rest, signal);
  return {
    rebuilt: work.rebuilt,
    whole: addShare(work.whole, rest.whole),
    liars: [...new Set([...work.liars, ...rest.liars])],
  };
}

function isRepeat({ sources }: ChunksHere, chunk: number): boolean {
  return sources[chunk]?.type === "repeat";
}

/** Copies chunks that are the same as earlier ones of the file. Returns whether some could not be copied although those are there. */
async function copyRepeats(context: FetchContext, { file, list, here, hashes, progress }: Fetching): Promise<boolean> {
  const offsets = chunkOffsets(list);
  const chunks: number[] = [];
  const wanted = here.sources.flatMap((source, chunk): readonly WantedChunk[] => {
    if (source.type !== "repeat" || hashes[chunk] !== undefined || hashes[source.chunk] === undefined) return [];
    chunks.push(chunk);
    const hash = hashes[source.chunk] as Uint8Array;
    const from = { from: "stage" as const, name: file.contentId, offset: offsets[source.chunk] ?? 0 };
    return [{ offset: offsets[chunk] ?? 0, size: list.sizes[chunk] ?? 0, hash, sources: [from] }];
  });
  if (wanted.length === 0) return false;
  const found = await context.stage.assemble(file.contentId, file.size, wanted);
  for (const [i, chunk] of chunks.entries()) {
    hashes[chunk] = found[i];
    if (found[i] !== undefined) progress.done += list.sizes[chunk] ?? 0;
  }
  return found.includes(undefined);
}

function sumSizes(list: WireChunkList, isCounted: (chunk: number) => boolean): number {
  return list.sizes.reduce((sum, size, chunk) => (isCounted(chunk) ? sum + size : sum), 0);
}

function unfetched({ path }: WantedFile, liars: readonly string[]): FetchProblem {
  const message =
    liars.length > 0
      ? `what ${liars.join(" and ")} sent of ${path} does not match its hash`
      : `no connected device could give ${path}; it may have changed there`;
  return { type: "problem", code: liars.length > 0 ? "E_BAD_DATA" : "E_NO_SOURCE", message };
}

/** Whether a chunk that is here was taken from what the path itself holds. */
function isKept({ path }: LargeFile, chunk: WantedChunk | undefined): boolean {
  const source = chunk?.sources[0];
  return source?.from === "path" && source.name === path && source.folder === undefined;
}

/** Undefined while chunks are missing. */
function fullList(list: WireChunkList, hashes: readonly (Uint8Array | undefined)[]): ChunkList | undefined {
  const all = { sizes: list.sizes, hashes: new Uint8Array(list.sizes.length * HASH_BYTES) };
  for (const [chunk, hash] of hashes.entries()) {
    if (hash === undefined) return undefined;
    hashAt(all, chunk).set(hash);
  }
  return all;
}
