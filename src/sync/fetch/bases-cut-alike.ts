import type { ChunkList } from "../../shared/file-info.ts";
import { HASH_BYTES } from "../delta/chunk-list.ts";
import { chunkRow, WHOLE_FILE_BYTES_MAX } from "../delta/cut-row.ts";
import type { Base, FetchContext, WantedFile } from "./fetch-context.ts";

/** Reading what is much larger or smaller costs more than it can spare. */
const SIZE_RATIO_MAX = 4;

/**
 * The bases of a wanted file, those that are cut in chunks of other sizes cut
 * anew as the wanted file is: of its old version, when it has grown or shrunk
 * past a row (delta/cut-row.ts), no chunk would be found else.
 */
export async function basesCutAlike(
  context: FetchContext,
  file: WantedFile & { readonly bases: readonly Base[] },
  signal: AbortSignal,
): Promise<readonly Base[]> {
  const bases: Base[] = [];
  for (const base of file.bases) {
    const list = isCutOtherwise(file, base) ? await cutAlike(context, file, base, signal) : undefined;
    bases.push(list === undefined ? base : { ...base, list });
  }
  return bases;
}

function isCutOtherwise({ size }: WantedFile, base: Base): boolean {
  const [smaller, larger] = size < base.size ? [size, base.size] : [base.size, size];
  const isLike = smaller > WHOLE_FILE_BYTES_MAX && larger <= SIZE_RATIO_MAX * smaller;
  return isLike && chunkRow(size) !== chunkRow(base.size);
}

/** Undefined when it cannot be read. What changes under the read is found out when its chunks are taken. */
async function cutAlike(
  { stage }: FetchContext,
  { size: asSize }: WantedFile,
  base: Base,
  signal: AbortSignal,
): Promise<ChunkList | undefined> {
  const parts: ChunkList[] = [];
  for (let start = 0; ; ) {
    signal.throwIfAborted();
    const cut = await stage.cutAnew(base, { size: base.size, asSize, start });
    if (cut === undefined) return undefined;
    parts.push(cut.list);
    if (cut.isEnd) return joined(parts);
    start += cut.list.sizes.reduce((sum, bytes) => sum + bytes, 0);
  }
}

function joined(parts: readonly ChunkList[]): ChunkList {
  const count = parts.reduce((sum, { sizes }) => sum + sizes.length, 0);
  const list = { sizes: new Uint32Array(count), hashes: new Uint8Array(count * HASH_BYTES) };
  let at = 0;
  for (const { sizes, hashes } of parts) {
    list.sizes.set(sizes, at);
    list.hashes.set(hashes, at * HASH_BYTES);
    at += sizes.length;
  }
  return list;
}
