/**
 * Reads a version of a file from whoever has it, in order and from any place
 * on, each chunk proven by its hash before any of it is handed out. Nothing is
 * put on a disk: this is how a file goes to a browser.
 */
import { SyncError } from "../../shared/errors.ts";
import { toHex } from "../../shared/hex.ts";
import { LIMITS } from "../../shared/limits.ts";
import { releaseBytes } from "../../shared/release-bytes.ts";
import { chunkOffsets, encodeChunkList, HASH_BYTES } from "../../sync/delta/chunk-list.ts";
import { WHOLE_FILE_BYTES_MAX } from "../../sync/delta/cut-row.ts";
import { isWireHash, type WireChunkList } from "../../sync/delta/wire-chunk-list.ts";
import type { FetchContext, FetchLink, WantedFile } from "../../sync/fetch/fetch-context.ts";
import { wantedList } from "../../sync/fetch/wanted-list.ts";

/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Asked for at once; a chunk larger than this is asked for alone. */
const PIECE_BYTES = 1024 * 1024;
/** Pieces on their way while one is handed out. */
const PIECES_AHEAD = 3;

interface Piece {
  readonly first: number;
  readonly last: number;
}

interface Reading {
  readonly context: FetchContext;
  readonly link: FetchLink;
  readonly file: WantedFile;
  readonly list: WireChunkList;
  readonly offsets: Float64Array;
  /** Full hashes of what was read. */
  readonly hashes: Uint8Array;
}

/**
 * Gives the bytes of a range. Of a whole file the last piece is handed out
 * only when all chunks add up to the content id. Throws E_NO_SOURCE when the
 * version is there no longer, E_BAD_DATA for wrong bytes.
 */
export async function* readContent(
  context: FetchContext,
  link: FetchLink,
  file: WantedFile,
  range: ByteRange,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (range.end <= range.start) return;
  if (file.size <= WHOLE_FILE_BYTES_MAX) {
    const [bytes] = await readSmall(link, [file], context, signal);
    if (bytes === undefined) throw gone(file);
    yield bytes.subarray(range.start, range.end);
    return;
  }
  const { list } = await wantedList(context, file, signal);
  if (list === undefined) throw gone(file);
  const offsets = chunkOffsets(list.sizes);
  const reading = { context, link, file, list, offsets, hashes: new Uint8Array(list.sizes.length * HASH_BYTES) };
  const pieces = piecesOf(offsets, range);
  const isWhole = range.start === 0 && range.end === file.size;
  for await (const { piece, bytes, isLast } of readAhead(pieces, (one) => readPiece(reading, one, signal))) {
    if (isLast && isWhole) assertWhole(reading);
    const start = offsets[piece.first] ?? 0;
    yield bytes.subarray(Math.max(0, range.start - start), Math.min(bytes.length, range.end - start));
  }
}

/** Whole files of one chunk, in one request; undefined for those that are there no longer. */
export async function readSmall(
  link: FetchLink,
  files: readonly WantedFile[],
  { hasher, options }: FetchContext,
  signal: AbortSignal,
): Promise<readonly (Uint8Array | undefined)[]> {
  const requests = files.map(({ path, contentId, size }) => ({ path, contentId, offset: 0, size }));
  const { answer } = await link.fetchChunks(requests, signal, options.compression);
  return files.map((file, position) => {
    const bytes = answer[position];
    if (bytes === undefined) return undefined;
    if (bytes.length !== file.size || toHex(hasher.chunk(bytes)) !== file.contentId) throw wrong(file, link);
    return bytes;
  });
}

/** Groups the chunks that a range touches into requests. */
function piecesOf(offsets: Float64Array, { start, end }: ByteRange): readonly Piece[] {
  const pieces: Piece[] = [];
  let first: number | undefined;
  for (let chunk = 0; chunk + 1 < offsets.length; chunk++) {
    const [from, to] = [offsets[chunk] ?? 0, offsets[chunk + 1] ?? 0];
    if (to <= start) continue;
    if (from >= end) break;
    if (first === undefined) first = chunk;
    const isFull = to - (offsets[first] ?? 0) >= PIECE_BYTES || chunk + 1 - first >= LIMITS.requestItems.value;
    if (!isFull && to < end) continue;
    pieces.push({ first, last: chunk });
    first = undefined;
  }
  return pieces;
}

async function readPiece(
  { link, file, list, offsets, context, hashes }: Reading,
  { first, last }: Piece,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const start = offsets[first] ?? 0;
  const whole = new Uint8Array((offsets[last + 1] ?? 0) - start);
  const requests = Array.from({ length: last - first + 1 }, (_, i) => ({
    path: file.path,
    contentId: file.contentId,
    offset: offsets[first + i] ?? 0,
    size: list.sizes[first + i] ?? 0,
  }));
  const { answer } = await link.fetchChunks(requests, signal, context.options.compression);
  for (const [i, { offset, size }] of requests.entries()) {
    const bytes = answer[i];
    if (bytes === undefined) throw gone(file);
    const hash = context.hasher.chunk(bytes);
    if (bytes.length !== size || !isWireHash(list, first + i, hash)) throw wrong(file, link);
    whole.set(bytes, offset - start);
    hashes.set(hash, (first + i) * HASH_BYTES);
  }
  for (const bytes of answer) if (bytes !== undefined) releaseBytes(bytes);
  return whole;
}

/** Works on pieces in order, a few ahead of whoever takes them. */
async function* readAhead(
  pieces: readonly Piece[],
  read: (piece: Piece) => Promise<Uint8Array>,
): AsyncGenerator<{ readonly piece: Piece; readonly bytes: Uint8Array; readonly isLast: boolean }> {
  const coming: Promise<Uint8Array>[] = [];
  let next = 0;
  for (const [position, piece] of pieces.entries()) {
    for (; next < pieces.length && next <= position + PIECES_AHEAD; next++) {
      const one = read(pieces[next] as Piece);
      // Whoever stops early never looks at those that were under way.
      one.catch(() => {});
      coming.push(one);
    }
    const bytes = await (coming.shift() as Promise<Uint8Array>);
    yield { piece, bytes, isLast: position === pieces.length - 1 };
  }
}

function assertWhole({ list, hashes, file, link, context }: Reading): void {
  const id = toHex(context.hasher.list(encodeChunkList({ sizes: list.sizes, hashes })));
  if (id !== file.contentId) throw wrong(file, link);
}

function gone({ path }: WantedFile): SyncError {
  return new SyncError("E_NO_SOURCE", `${path} cannot be had any more: it was changed or removed meanwhile`, {
    hint: "load the list again, then try once more",
  });
}

function wrong({ path }: WantedFile, { name }: FetchLink): SyncError {
  return new SyncError("E_BAD_DATA", `what ${name} sent of ${path} does not match its hash`);
}
