/**
 * BLAKE3 from whichever package does it fastest here.
 *
 * The native one is optional: it hashes 64 KiB six times faster, but a call
 * into it costs 1.5 µs. The pure one generates its own WebAssembly, always
 * works, and wins below 4 KiB. Digests are equal, by test.
 */
import { createRequire } from "node:module";
import type { Hasher } from "../../shared/ports.ts";

/** Separates content ids from chunk hashes. Part of a file's identity; never changes. */
export const CHUNK_LIST_CONTEXT = "syncline 2026-11 chunk list v1";

/** "auto" takes the native package for what it does faster, when it loads. */
export type HashBackend = "auto" | "native" | "pure";

const DIGEST_BYTES = 32;
/** Below this a call into native code costs more than it gains. */
const NATIVE_BYTES_MIN = 4096;

const require: NodeJS.Require = createRequire(import.meta.url);

/** Makes a hasher. Throws when "native" is asked for and its package does not load. */
export function createHasher(backend: HashBackend = "auto"): Hasher {
  if (backend === "pure") return createPureHasher();
  if (backend === "native") return createNativeHasher();
  const pure = createPureHasher();
  const native = tryNativeHasher();
  if (native === undefined) return pure;
  return {
    chunk: (bytes) => (bytes.length < NATIVE_BYTES_MIN ? pure : native).chunk(bytes),
    list: (bytes) => (bytes.length < NATIVE_BYTES_MIN ? pure : native).list(bytes),
  };
}

function tryNativeHasher(): Hasher | undefined {
  try {
    return createNativeHasher();
  } catch {
    // Not installed, or not built for this platform. It is optional.
    return undefined;
  }
}

function createNativeHasher(): Hasher {
  const { blake3, Blake3Hasher } = require("@napi-rs/blake-hash") as typeof import("@napi-rs/blake-hash");
  return {
    chunk: (bytes) => plain(blake3(bytes)),
    list: (bytes) => plain(Blake3Hasher.deriveKey(CHUNK_LIST_CONTEXT, bytes)),
  };
}

function createPureHasher(): Hasher {
  const { hashInto, createDeriveKey } = require("blake3-jit") as typeof import("blake3-jit");
  const deriving = createDeriveKey(CHUNK_LIST_CONTEXT);
  return {
    chunk: (bytes) => {
      const digest = new Uint8Array(DIGEST_BYTES);
      hashInto(bytes, digest);
      return digest;
    },
    list: (bytes) => deriving.reset().update(bytes).finalize(DIGEST_BYTES),
  };
}

/** A Buffer differs from a Uint8Array in what `slice` does, among others; callers were promised the latter. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
