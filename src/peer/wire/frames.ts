/**
 * Cuts a stream of bytes into frames, and puts headers before bodies.
 *
 * A frame is a header of ten bytes, numbers little-endian, and its body:
 *
 *     u32 length of the body | u8 type | u8 flags | u32 request id | body
 *
 * Invariants of the decoder:
 * 1. Nothing is allocated for a body before its header passed every check.
 * 2. The items do not depend on where the stream was cut into segments.
 * 3. After a fault it says nothing but that fault: the connection is over.
 */
import { SyncError } from "../../shared/errors.ts";
import { FRAMES, type FrameRow, type FrameType, frameTypeOf } from "./frame-types.ts";

export const HEADER_BYTES = 10;
/** The body is one zstd frame. A fault unless both ends have `zstd/1`, and in frames that are not compressed. */
export const FLAG_COMPRESSED = 1;
/** More frames of this type follow for the same request. */
export const FLAG_MORE = 2;

export interface FrameHeader {
  readonly type: FrameType;
  readonly bodyBytes: number;
  readonly hasMore: boolean;
  readonly requestId: number;
  readonly isCompressed?: boolean;
}

export type WireItem =
  /** A frame with its whole body. The body may be a view of the pushed bytes. */
  | { readonly type: "frame"; readonly header: FrameHeader; readonly body: Uint8Array }
  /** The next bytes of a streamed frame, a view of the pushed bytes; empty only for a body without bytes. */
  | { readonly type: "piece"; readonly header: FrameHeader; readonly bytes: Uint8Array; readonly isLast: boolean };

export type Pushed = { readonly items: readonly WireItem[]; readonly fault: SyncError | undefined };

const NO_BYTES = new Uint8Array();

/** Decodes one direction of a connection. */
export class FrameDecoder {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerFilled = 0;
  #current: FrameHeader | undefined;
  /** Bytes of the current body that were handed over or gathered. */
  #bodyFilled = 0;
  /** Holds a body that did not come in one segment. */
  #gathered: Uint8Array = NO_BYTES;
  #isGreeted = false;
  #takesCompressed = false;
  #fault: SyncError | undefined;

  /** Both ends have `zstd/1`: from now on bodies may be compressed. */
  takeCompressed(): void {
    this.#takesCompressed = true;
  }

  /** Takes the next bytes of the stream. Items before a fault are whole and valid. */
  push(bytes: Uint8Array): Pushed {
    const items: WireItem[] = [];
    let at = 0;
    while (this.#fault === undefined) {
      if (this.#current === undefined) {
        at += this.#readHeader(bytes, at);
        if (this.#current === undefined) break;
      }
      const item = this.#readBody(this.#current, bytes, at);
      if (item === undefined) break;
      items.push(item.item);
      at += item.used;
      if (this.#current !== undefined && at === bytes.length) break;
    }
    return { items, fault: this.#fault };
  }

  /** Takes header bytes from `at` on and returns how many; sets the current header when it is whole and good. */
  #readHeader(bytes: Uint8Array, at: number): number {
    const count = Math.min(HEADER_BYTES - this.#headerFilled, bytes.length - at);
    this.#header.set(bytes.subarray(at, at + count), this.#headerFilled);
    this.#headerFilled += count;
    if (this.#headerFilled < HEADER_BYTES) return count;
    this.#headerFilled = 0;
    const parsed = parseHeader(this.#header, this.#isGreeted, this.#takesCompressed);
    if (typeof parsed === "string") {
      this.#fault = new SyncError("E_PROTOCOL", `the peer sent a frame that ${parsed}`);
      return count;
    }
    this.#isGreeted = true;
    this.#current = parsed;
    this.#bodyFilled = 0;
    return count;
  }

  #readBody(
    header: FrameHeader,
    bytes: Uint8Array,
    at: number,
  ): { readonly item: WireItem; readonly used: number } | undefined {
    const missing = header.bodyBytes - this.#bodyFilled;
    const used = Math.min(missing, bytes.length - at);
    if (used === 0 && missing > 0) return undefined;
    const isLast = used === missing;
    const view = bytes.subarray(at, at + used);
    if (FRAMES[header.type].isStreamed) {
      this.#bodyFilled += used;
      if (isLast) this.#current = undefined;
      return { item: { type: "piece", header, bytes: view, isLast }, used };
    }
    const body = this.#gather(header, view, isLast);
    return body === undefined ? undefined : { item: { type: "frame", header, body }, used };
  }

  /** Returns the whole body once it is there. */
  #gather(header: FrameHeader, view: Uint8Array, isLast: boolean): Uint8Array | undefined {
    const isWhole = view.length === header.bodyBytes;
    if (!isWhole) {
      if (this.#bodyFilled === 0) this.#gathered = new Uint8Array(header.bodyBytes);
      this.#gathered.set(view, this.#bodyFilled);
      this.#bodyFilled += view.length;
    }
    if (!isLast) return undefined;
    const body = isWhole ? view : this.#gathered;
    this.#gathered = NO_BYTES;
    this.#current = undefined;
    return body;
  }
}

/** The header, or what is wrong with it. */
function parseHeader(bytes: Uint8Array, isGreeted: boolean, takesCompressed: boolean): FrameHeader | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const bodyBytes = view.getUint32(0, true);
  const number = view.getUint8(4);
  const flags = view.getUint8(5);
  const requestId = view.getUint32(6, true);
  const type = frameTypeOf(number);
  if (type === undefined) return `has the unknown type ${number}`;
  const row: FrameRow = FRAMES[type];
  if ((row.phase === "after hello") !== isGreeted)
    return `is ${isGreeted ? "a second hello" : `"${type}" before the hello`}`;
  if (bodyBytes > row.bodyBytesMax) return `claims ${bodyBytes} bytes, more than "${type}" may have`;
  if ((requestId !== 0) !== row.hasRequestId) return `has request id ${requestId}, which "${type}" cannot have`;
  const flagsAllowed =
    (row.isStreamed ? FLAG_MORE : 0) | (takesCompressed && row.isCompressible === true ? FLAG_COMPRESSED : 0);
  if ((flags & ~flagsAllowed) !== 0) return `has the flags ${flags}, which "${type}" cannot have`;
  const isCompressed = (flags & FLAG_COMPRESSED) !== 0;
  return { type, bodyBytes, hasMore: (flags & FLAG_MORE) !== 0, requestId, ...(isCompressed ? { isCompressed } : {}) };
}

/** Writes a header into the first {@link HEADER_BYTES} of `target`. */
export function writeHeader(target: Uint8Array, header: FrameHeader): void {
  const row: FrameRow = FRAMES[header.type];
  if (header.bodyBytes > row.bodyBytesMax)
    throw new Error(`bug: a frame "${header.type}" of ${header.bodyBytes} bytes`);
  const view = new DataView(target.buffer, target.byteOffset, HEADER_BYTES);
  view.setUint32(0, header.bodyBytes, true);
  view.setUint8(4, row.number);
  view.setUint8(5, (header.hasMore ? FLAG_MORE : 0) | (header.isCompressed === true ? FLAG_COMPRESSED : 0));
  view.setUint32(6, header.requestId, true);
}

/** A whole frame: header and body in one piece. For everything but bulk, which leaves room for its header instead. */
export function encodeFrame(type: FrameType, body: Uint8Array = NO_BYTES, requestId = 0): Uint8Array {
  return frameOf({ type, bodyBytes: body.length, hasMore: false, requestId }, body);
}

/** As `encodeFrame`, of a body that is compressed. */
export function encodePackedFrame(type: FrameType, body: Uint8Array): Uint8Array {
  return frameOf({ type, bodyBytes: body.length, hasMore: false, requestId: 0, isCompressed: true }, body);
}

function frameOf(header: FrameHeader, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + body.length);
  writeHeader(frame, header);
  frame.set(body, HEADER_BYTES);
  return frame;
}
