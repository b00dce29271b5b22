/**
 * Gives back the memory of bytes that nobody looks at any more; they have no
 * length afterwards. Nothing happens to a part of a larger buffer.
 *
 * Without it they wait for the garbage collector, and V8 collects a thread's
 * whole heap for each 20 MB or so that wait outside of it.
 */
export function releaseBytes(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && !buffer.detached && buffer.byteLength === bytes.byteLength) buffer.transfer(0);
}
