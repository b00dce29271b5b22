/**
 * Assembles a file of many chunks in the staging area: what is here already
 * is copied, the rest fetched from peers, every chunk proven by its hash and
 * the whole by its content id.
 */
import type { ChunkList, Head } from "../../shared/file-info.ts";
import { toHex } from "../../shared/hex.ts";
import type { ContentId, RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { ChunkRequest } from "../../shared/messages.ts";
import { decodeChunkList, encodeChunkList, HASH_BYTES, hashAt } from "../delta/chunk-list.ts";
import { diffChunks } from "../delta/diff-chunks.ts";
import {
  decodeWireChunkList,
  isWireHash,
  toWireChunkList,
  WIRE_HASH_BYTES,
  type WireChunkList,
} from "../delta/wire-chunk-list.ts";
import type { FolderContext } from "../folder-context.ts";
import type { WantedChunk } from "../folder-disk.ts";
import type { PeerLink } from "../peer-link.ts";
import type { Sources } from "./sources.ts";

const REQUESTS_IN_FLIGHT = 12;

export type LargeFetched =
  | {
      readonly type: "staged";
      readonly chunkList: ChunkList;
      readonly fetchedBytes: number;
      readonly reusedBytes: number;
    }
  | {
      readonly type: "problem";
      readonly code: "E_NO_SOURCE" | "E_BAD_DATA" | "E_WRITE_FAILED" | "E_DISK_FULL";
      readonly message: string;
    };

export interface LargeFile {
  readonly path: RelPath;
  readonly head: Head;
  /** Content this path has had here, most likely to share chunks, with where its bytes lie. */
  readonly bases: readonly {
    readonly contentId: ContentId;
    readonly size: number;
    readonly from: "path" | "store";
    readonly name: string;
  }[];
}

export interface Progress {
  readonly total: number;
  done: number;
}

interface Run {
  readonly first: number;
  readonly count: number;
}

export async function fetchLarge(
  context: FolderContext,
  sources: Sources,
  file: LargeFile,
  progress: Progress,
  signal: AbortSignal,
): Promise<LargeFetched> {
  const { path, head } = file;
  const contentId = head.contentId;
  if (contentId === null) throw new Error("bug: fetching something without content");
  const list = await wantedList(context, sources, path, head, contentId, signal);
  if (list === undefined) return { type: "problem", code: "E_NO_SOURCE", message: `no connected device has ${path}` };
  const hashes = [...(await context.disk.assemble(contentId, head.size, wantedChunks(context, file, list)))];
  const offsets = offsetsOf(list);
  const missing = runsOf(list, hashes, sources.requestBytes);
  const missingBytes = missing.reduce((sum, run) => sum + runBytes(list, run), 0);
  progress.done = head.size - missingBytes;
  // Found out before the disk is filled to its last byte with what cannot become whole.
  const { bytes: freeBytes } = await context.disk.free();
  if (missingBytes > freeBytes) {
    const message = `${path} needs ${missingBytes} bytes more, and the disk has ${freeBytes}`;
    return { type: "problem", code: "E_DISK_FULL", message };
  }
  const failure = await fetchRuns(
    { context, sources, file, contentId, list, offsets, hashes, progress, signal },
    missing,
  );
  if (failure !== undefined) return failure;
  const chunkList = fullList(list, hashes);
  if (toHex(context.hasher.list(encodeChunkList(chunkList))) !== contentId) {
    await context.disk.dropStaged(contentId);
    return { type: "problem", code: "E_BAD_DATA", message: `the chunks of ${path} do not add up to its content id` };
  }
  return { type: "staged", chunkList, fetchedBytes: missingBytes, reusedBytes: head.size - missingBytes };
}

/** The list from here, from the peer's announcement, or by request. */
async function wantedList(
  context: FolderContext,
  sources: Sources,
  path: RelPath,
  head: Head,
  contentId: ContentId,
  signal: AbortSignal,
): Promise<WireChunkList | undefined> {
  const stored = context.index.read.chunkList(contentId);
  if (stored !== undefined) return toWireChunkList(decodeChunkList(stored, head.size));
  for (const link of sources.holding(path, head)) {
    const announced = context.index.read.announcedChunkList(context.folder, link.device, path);
    try {
      const bytes = announced ?? (await link.fetchChunkList(path, contentId, signal));
      if (bytes !== undefined) return decodeWireChunkList(bytes, head.size);
    } catch (error) {
      signal.throwIfAborted();
      context.log.debug("Chunk list not had; another device is asked", {
        path,
        device: link.name,
        error: String(error),
      });
    }
  }
  return undefined;
}

function wantedChunks(context: FolderContext, file: LargeFile, list: WireChunkList): readonly WantedChunk[] {
  const bases = file.bases.flatMap((base) => {
    const stored = context.index.read.chunkList(base.contentId);
    return stored === undefined ? [] : [{ ...base, list: decodeChunkList(stored, base.size) }];
  });
  const found = diffChunks(
    list,
    bases.map((base) => base.list),
  );
  let offset = 0;
  return Array.from(list.sizes, (size, chunk) => {
    const source = found[chunk];
    const base = source?.type === "local" ? bases[source.list] : undefined;
    const wanted: WantedChunk = {
      offset,
      size,
      hash: list.hashes.subarray(chunk * WIRE_HASH_BYTES, (chunk + 1) * WIRE_HASH_BYTES),
      sources:
        base !== undefined && source?.type === "local"
          ? [{ from: base.from, name: base.name, offset: source.offset }]
          : [],
    };
    offset += size;
    return wanted;
  });
}

function offsetsOf(list: WireChunkList): Float64Array {
  const offsets = new Float64Array(list.sizes.length);
  let offset = 0;
  list.sizes.forEach((size, chunk) => {
    offsets[chunk] = offset;
    offset += size;
  });
  return offsets;
}

/** Missing chunks in runs of neighbours, each a request's worth. */
function runsOf(
  list: WireChunkList,
  hashes: readonly (Uint8Array | undefined)[],
  requestBytes: number,
): readonly Run[] {
  const runs: Run[] = [];
  let first = -1;
  let bytes = 0;
  for (let chunk = 0; chunk <= list.sizes.length; chunk++) {
    const isMissing = chunk < list.sizes.length && hashes[chunk] === undefined;
    const size = list.sizes[chunk] ?? 0;
    const isFull = first !== -1 && (bytes + size > requestBytes || chunk - first >= LIMITS.requestItems.value);
    if (first !== -1 && (!isMissing || isFull)) {
      runs.push({ first, count: chunk - first });
      first = -1;
      bytes = 0;
    }
    if (isMissing) {
      if (first === -1) first = chunk;
      bytes += size;
    }
  }
  return runs;
}

function runBytes(list: WireChunkList, run: Run): number {
  let bytes = 0;
  for (let chunk = run.first; chunk < run.first + run.count; chunk++) bytes += list.sizes[chunk] ?? 0;
  return bytes;
}

interface Fetching {
  readonly context: FolderContext;
  readonly sources: Sources;
  readonly file: LargeFile;
  readonly contentId: ContentId;
  readonly list: WireChunkList;
  readonly offsets: Float64Array;
  readonly hashes: (Uint8Array | undefined)[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Fetches runs, several at once. Returns the first failure after all that ran have ended. */
async function fetchRuns(
  fetching: Fetching,
  runs: readonly Run[],
): Promise<Extract<LargeFetched, { type: "problem" }> | undefined> {
  let next = 0;
  let failure: Extract<LargeFetched, { type: "problem" }> | undefined;
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

async function fetchRun(fetching: Fetching, run: Run): Promise<Extract<LargeFetched, { type: "problem" }> | undefined> {
  const { context, sources, file, contentId, list, offsets, signal } = fetching;
  const request: ChunkRequest = {
    path: file.path,
    contentId,
    offset: offsets[run.first] ?? 0,
    size: runBytes(list, run),
  };
  let sawWrongBytes = false;
  for (const link of sources.holding(file.path, file.head)) {
    const bytes = await askOnce(context, link, request, signal);
    if (bytes === undefined) {
      sources.noteAnswer(false);
      continue;
    }
    if (verifyRun(fetching, run, bytes)) {
      await context.disk.writeStaged(contentId, [{ offset: request.offset, bytes }]);
      fetching.progress.done += bytes.length;
      sources.noteAnswer(true);
      return undefined;
    }
    sawWrongBytes = true;
    sources.noteBadAnswer(link, context.log);
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
  context: FolderContext,
  link: PeerLink,
  request: ChunkRequest,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    const [bytes] = await link.fetchChunks([request], signal);
    return bytes;
  } catch (error) {
    signal.throwIfAborted();
    context.log.debug("Fetch failed; another device is asked", {
      device: link.name,
      path: request.path,
      error: String(error),
    });
    return undefined;
  }
}

/** Checks each chunk of a run; notes the full hashes only when all are right. */
function verifyRun({ context, list, hashes }: Fetching, run: Run, bytes: Uint8Array): boolean {
  if (bytes.length !== runBytes(list, run)) return false;
  const found: Uint8Array[] = [];
  let offset = 0;
  for (let chunk = run.first; chunk < run.first + run.count; chunk++) {
    const size = list.sizes[chunk] ?? 0;
    const hash = context.hasher.chunk(bytes.subarray(offset, offset + size));
    if (!isWireHash(list, chunk, hash)) return false;
    found.push(hash);
    offset += size;
  }
  for (const [position, hash] of found.entries()) hashes[run.first + position] = hash;
  return true;
}

function fullList(list: WireChunkList, hashes: readonly (Uint8Array | undefined)[]): ChunkList {
  const all = { sizes: list.sizes, hashes: new Uint8Array(list.sizes.length * HASH_BYTES) };
  for (const [chunk, hash] of hashes.entries()) {
    if (hash === undefined) throw new Error("bug: a staged file with a hole");
    hashAt(all, chunk).set(hash);
  }
  return all;
}
