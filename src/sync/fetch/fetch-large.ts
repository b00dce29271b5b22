/**
 * Assembles a file of many chunks in the staging area: what is here already
 * is copied, the rest fetched from peers, every chunk proven by its hash and
 * the whole by its content id.
 */
import type { ChunkList } from "../../shared/file-info.ts";
import { toHex } from "../../shared/hex.ts";
import { addWire, type TransferBytes, transferOf, type WireBytes } from "../../shared/transfer-bytes.ts";
import { encodeChunkList, HASH_BYTES, hashAt } from "../delta/chunk-list.ts";
import type { WireChunkList } from "../delta/wire-chunk-list.ts";
import type { WantedChunk } from "../folder-disk.ts";
import { chunksHere } from "./chunks-here.ts";
import type { Base, FetchContext, FetchLink, WantedFile } from "./fetch-context.ts";
import { chunkOffsets, missingRuns, provenHashes, type Run, runBytes } from "./missing-runs.ts";
import { wantedList } from "./wanted-list.ts";

const REQUESTS_IN_FLIGHT = 12;

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
  const missing = missingRuns(list, hashes, context.sources.requestBytes);
  const missingBytes = missing.reduce((sum, run) => sum + runBytes(list, run), 0);
  progress.done = size - missingBytes;
  // Found out before the disk is filled to its last byte with what cannot become whole.
  const { bytes: freeBytes } = await context.stage.free();
  if (missingBytes > freeBytes) {
    const message = `${path} needs ${missingBytes} bytes more, and the disk has ${freeBytes}`;
    return { type: "problem", code: "E_DISK_FULL", message };
  }
  const fetching = { context, file, list, offsets: chunkOffsets(list), hashes, progress, signal, wire: listWire };
  const failure = await fetchRuns(fetching, missing);
  if (failure !== undefined) return failure;
  const chunkList = fullList(list, hashes);
  if (toHex(context.hasher.list(encodeChunkList(chunkList))) !== contentId) {
    await context.stage.dropStaged(contentId);
    return { type: "problem", code: "E_BAD_DATA", message: `the chunks of ${path} do not add up to its content id` };
  }
  const bytes = transferOf({
    keptBytes,
    reusedBytes: size - missingBytes - keptBytes,
    whole: { fileBytes: missingBytes, wire: fetching.wire },
  });
  return { type: "staged", chunkList, bytes };
}

/** Whether a chunk that is here was taken from what the path itself holds. */
function isKept({ path }: LargeFile, { sources: [source] }: WantedChunk): boolean {
  return source?.from === "path" && source.name === path;
}

interface Fetching {
  readonly context: FetchContext;
  readonly file: LargeFile;
  readonly list: WireChunkList;
  readonly offsets: Float64Array;
  readonly hashes: (Uint8Array | undefined)[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
  wire: WireBytes;
}

/** Fetches runs, several at once. Returns the first failure after all that ran have ended. */
async function fetchRuns(fetching: Fetching, runs: readonly Run[]): Promise<FetchProblem | undefined> {
  let next = 0;
  let failure: FetchProblem | undefined;
  const work = async (): Promise<void> => {
    while (failure === undefined) {
      const run = runs[next++];
      if (run === undefined) return;
      failure ??= await fetchRun(fetching, run);
    }
  };
  await Promise.all(Array.from({ length: Math.min(REQUESTS_IN_FLIGHT, runs.length) }, work));
  fetching.signal.throwIfAborted();
  return failure;
}

async function fetchRun(fetching: Fetching, run: Run): Promise<FetchProblem | undefined> {
  const { context, file, list, offsets, hashes } = fetching;
  const { sources } = context;
  const offset = offsets[run.first] ?? 0;
  let sawWrongBytes = false;
  for (const link of sources.holding(file)) {
    const bytes = await askOnce(fetching, link, { offset, size: runBytes(list, run) });
    if (bytes === undefined) {
      sources.noteAnswer(false);
      continue;
    }
    const proven = provenHashes(context.hasher, list, run, bytes);
    if (proven !== undefined) {
      for (const [position, hash] of proven.entries()) hashes[run.first + position] = hash;
      await context.stage.writeStaged(file.contentId, [{ offset, bytes }]);
      fetching.progress.done += bytes.length;
      sources.noteAnswer(true);
      return undefined;
    }
    sawWrongBytes = true;
    sources.noteBadAnswer(link);
  }
  return sawWrongBytes
    ? { type: "problem", code: "E_BAD_DATA", message: `what was sent of ${file.path} does not match its hash` }
    : {
        type: "problem",
        code: "E_NO_SOURCE",
        message: `no connected device could give ${file.path}; it may have changed there`,
      };
}

async function askOnce(
  fetching: Fetching,
  link: FetchLink,
  range: { readonly offset: number; readonly size: number },
): Promise<Uint8Array | undefined> {
  const { context, file, signal } = fetching;
  try {
    const { path, contentId } = file;
    const { answer, wire } = await link.fetchChunks([{ path, contentId, ...range }], signal);
    fetching.wire = addWire(fetching.wire, wire);
    return answer[0];
  } catch (error) {
    signal.throwIfAborted();
    context.log.debug("Fetch failed; another device is asked", {
      device: link.name,
      path: file.path,
      error: String(error),
    });
    return undefined;
  }
}

function fullList(list: WireChunkList, hashes: readonly (Uint8Array | undefined)[]): ChunkList {
  const all = { sizes: list.sizes, hashes: new Uint8Array(list.sizes.length * HASH_BYTES) };
  for (const [chunk, hash] of hashes.entries()) {
    if (hash === undefined) throw new Error("bug: a staged file with a hole");
    hashAt(all, chunk).set(hash);
  }
  return all;
}
