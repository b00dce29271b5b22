/**
 * Assembles a file of many chunks in the staging area: what is here already
 * is copied, the rest fetched from peers, every chunk proven by its hash and
 * the whole by its content id.
 */
import type { ChunkList } from "../../shared/file-info.ts";
import { toHex } from "../../shared/hex.ts";
import { addWire, type TransferBytes, transferOf } from "../../shared/transfer-bytes.ts";
import { encodeChunkList, HASH_BYTES, hashAt } from "../delta/chunk-list.ts";
import type { WireChunkList } from "../delta/wire-chunk-list.ts";
import type { WantedChunk } from "../folder-disk.ts";
import { ChunkWork } from "./chunk-work.ts";
import { chunksHere } from "./chunks-here.ts";
import type { Base, FetchContext, WantedFile } from "./fetch-context.ts";
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
  const { list, wire: listWire } = await wantedList(context, file, signal);
  if (list === undefined) return { type: "problem", code: "E_NO_SOURCE", message: `no connected device has ${path}` };
  const wanted = chunksHere(context, list, file.bases);
  const hashes = [...(await context.stage.assemble(contentId, size, wanted))];
  const keptBytes = wanted.reduce((sum, chunk, i) => (hashes[i] && isKept(file, chunk) ? sum + chunk.size : sum), 0);
  const missingBytes = hashes.reduce((sum, hash, i) => (hash === undefined ? sum + (list.sizes[i] ?? 0) : sum), 0);
  progress.done = size - missingBytes;
  // Found out before the disk is filled to its last byte with what cannot become whole.
  const { bytes: freeBytes } = await context.stage.free();
  if (missingBytes > freeBytes) {
    const message = `${path} needs ${missingBytes} bytes more, and the disk has ${freeBytes}`;
    return { type: "problem", code: "E_DISK_FULL", message };
  }
  const work = new ChunkWork({ context, file, list, hashes, progress });
  const { clock, log, sources } = context;
  if (missingBytes > 0)
    await carryOut({ clock, log, book: sources.book, links: () => sources.holding(file) }, work, signal);
  const chunkList = fullList(list, hashes);
  if (chunkList === undefined) return unfetched(file, work.liars);
  if (toHex(context.hasher.list(encodeChunkList(chunkList))) !== contentId) {
    await context.stage.dropStaged(contentId);
    return { type: "problem", code: "E_BAD_DATA", message: `the chunks of ${path} do not add up to its content id` };
  }
  const wire = addWire(listWire, work.wire);
  const bytes = transferOf({
    keptBytes,
    reusedBytes: size - missingBytes - keptBytes,
    whole: { fileBytes: missingBytes, wire },
  });
  return { type: "staged", chunkList, bytes };
}

function unfetched({ path }: WantedFile, liars: readonly string[]): FetchProblem {
  const message =
    liars.length > 0
      ? `what ${liars.join(" and ")} sent of ${path} does not match its hash`
      : `no connected device could give ${path}; it may have changed there`;
  return { type: "problem", code: liars.length > 0 ? "E_BAD_DATA" : "E_NO_SOURCE", message };
}

/** Whether a chunk that is here was taken from what the path itself holds. */
function isKept({ path }: LargeFile, { sources: [source] }: WantedChunk): boolean {
  return source?.from === "path" && source.name === path;
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
