/** Bodies of frames compressed with zstd: what is worth it, and how it is undone within bounds. */
import { promisify } from "node:util";
import { constants, zstdCompress, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { broken } from "./wire/wire-values.ts";

const compress = promisify(zstdCompress);

/** 4 KiB of each 64 KiB tell whether the rest is worth it. */
const SAMPLE_BYTES = 4 * 1024;
const SAMPLE_EVERY = 64 * 1024;
/** A sample says little of matches far apart, so a little gain in it is enough. */
const SAMPLE_RATIO = 0.95;
/** A frame is compressed when at least a thirty-second of it is spared. */
const WORTH_SHARE = 32;
/** Below this a frame's head is most of it. */
const BODY_BYTES_MIN = 128;
/** What a peer's frame may make the decompressor hold. */
const WINDOW_LOG_MAX = 23;

export type Level = 1 | 3;

/** Whether a part of the bytes becomes shorter. */
export function looksCompressible(bytes: Uint8Array): boolean {
  if (bytes.length < BODY_BYTES_MIN) return false;
  const sample = sampleOf(bytes);
  return (
    zstdCompressSync(sample, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }).length <
    sample.length * SAMPLE_RATIO
  );
}

function sampleOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= SAMPLE_EVERY) return bytes.subarray(0, SAMPLE_BYTES);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += SAMPLE_EVERY) parts.push(bytes.subarray(at, at + SAMPLE_BYTES));
  return Buffer.concat(parts);
}

/** The body compressed, or undefined when that spares nothing to speak of. Other work goes on meanwhile. */
export async function compressBody(body: Uint8Array, level: Level): Promise<Uint8Array | undefined> {
  if (body.length < BODY_BYTES_MIN) return undefined;
  const packed = await compress(body, { params: { [constants.ZSTD_c_compressionLevel]: level } });
  return isWorth(packed, body) ? packed : undefined;
}

/** As `compressBody`, at once, for a frame that must keep its place among others: a body of 1 MiB takes some four milliseconds. */
export function compressBodyNow(body: Uint8Array): Uint8Array | undefined {
  if (body.length < BODY_BYTES_MIN) return undefined;
  const packed = zstdCompressSync(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return isWorth(packed, body) ? packed : undefined;
}

function isWorth(packed: Uint8Array, body: Uint8Array): boolean {
  return packed.length + body.length / WORTH_SHARE < body.length;
}

/** Undoes it. Throws E_PROTOCOL when it is no such body, or would be longer than `bytesMax`, which is never allocated then. */
export function expandBody(packed: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return zstdDecompressSync(packed, {
      maxOutputLength: bytesMax,
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
    });
  } catch (cause) {
    throw broken(`a compressed body that cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
