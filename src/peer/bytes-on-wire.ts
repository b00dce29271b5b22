/** What a frame takes on the connection: its body, its header, and the TLS records around both. Pure. */
import { HEADER_BYTES } from "./wire/frames.ts";

/** A TLS 1.3 record holds so much, and adds a header of 5 bytes, a type and a tag of 16. */
const RECORD_BYTES = 16 * 1024;
const RECORD_OVERHEAD = 22;

export function bytesOnWire(bodyBytes: number): number {
  const frame = HEADER_BYTES + bodyBytes;
  return frame + Math.ceil(frame / RECORD_BYTES) * RECORD_OVERHEAD;
}
