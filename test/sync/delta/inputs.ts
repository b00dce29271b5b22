/** Generated file contents that any language can make again; docs/delta.md describes them. */

/** A stream of 32-bit numbers. Source: splitmix32, the finaliser of MurmurHash3 over a Weyl sequence. */
function splitmix32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
}

/** Incompressible bytes: the stream's numbers, little-endian. */
export function randomBytes(size: number, seed = 1): Uint8Array {
  const next = splitmix32(seed);
  const bytes = new Uint8Array(Math.ceil(size / 4) * 4);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < size; at += 4) view.setUint32(at, next(), true);
  return bytes.subarray(0, size);
}

/** Words of the letters a to p, 2 to 9 long, each followed by a space or, one time in twelve, a line feed. */
export function textBytes(size: number, seed = 1): Uint8Array {
  const next = splitmix32(seed);
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    let word = next();
    const length = 2 + (next() % 8);
    for (let i = 0; i < length && at < size; i++, word >>>= 4) bytes[at++] = 97 + (word & 15);
    if (at < size) bytes[at++] = next() % 12 === 0 ? 10 : 32;
  }
  return bytes;
}

export type InputKind = "zeros" | "random" | "text";

export function inputBytes(kind: InputKind, size: number): Uint8Array {
  if (kind === "zeros") return new Uint8Array(size);
  return kind === "random" ? randomBytes(size) : textBytes(size);
}
