/** The first 48 bits of a chunk's hash, which begins at `at`: enough to find it, small enough for a number. What is found is compared whole. */
export function chunkKey(hashes: Uint8Array, at: number): number {
  const byte = (i: number): number => hashes[at + i] as number;
  const high = (byte(0) << 16) | (byte(1) << 8) | byte(2);
  const low = (byte(3) << 16) | (byte(4) << 8) | byte(5);
  return high * 2 ** 24 + low;
}
