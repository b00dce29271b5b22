import fc from "fast-check";
import { expect, test } from "vitest";
import { FRAMES, type FrameRow, type FrameType } from "../../../src/peer/wire/frame-types.ts";
import {
  encodeFrame,
  FLAG_COMPRESSED,
  FLAG_MORE,
  FrameDecoder,
  HEADER_BYTES,
  type WireItem,
  writeHeader,
} from "../../../src/peer/wire/frames.ts";
import { SyncError } from "../../../src/shared/errors.ts";

const types = Object.keys(FRAMES) as FrameType[];
const later = types.filter((type) => type !== "hello");
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

interface Sent {
  readonly type: FrameType;
  readonly requestId: number;
  readonly hasMore: boolean;
  readonly body: Uint8Array;
}

function frameOf({ type, body, requestId, hasMore }: Sent): Uint8Array {
  const frame = encodeFrame(type, body, requestId);
  writeHeader(frame, { type, bodyBytes: body.length, hasMore, requestId });
  return frame;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const hello: Sent = { type: "hello", requestId: 0, hasMore: false, body: Uint8Array.of(1, 2, 3) };
const sent: readonly Sent[] = [
  hello,
  { type: "ping", requestId: 0, hasMore: false, body: new Uint8Array() },
  { type: "indexAck", requestId: 0, hasMore: false, body: new Uint8Array(40).fill(5) },
  { type: "chunks", requestId: 9, hasMore: true, body: new Uint8Array(30).fill(6) },
  { type: "barrier", requestId: 0, hasMore: false, body: Uint8Array.of(9) },
  { type: "chunks", requestId: 9, hasMore: false, body: new Uint8Array() },
  { type: "cancel", requestId: 0xffff_ffff, hasMore: false, body: new Uint8Array() },
];

/** Puts pieces together again, so that segmentations can be compared. */
function joined(items: readonly WireItem[]): Sent[] {
  const frames: Sent[] = [];
  let pieces: Uint8Array[] = [];
  for (const item of items) {
    const { type, requestId, hasMore } = item.header;
    if (item.type === "frame") frames.push({ type, requestId, hasMore, body: new Uint8Array(item.body) });
    else {
      pieces.push(item.bytes.slice());
      if (!item.isLast) continue;
      frames.push({ type, requestId, hasMore, body: concat(pieces) });
      pieces = [];
    }
  }
  return frames;
}

function decode(segments: readonly Uint8Array[]): { frames: Sent[]; fault: SyncError | undefined } {
  const decoder = new FrameDecoder();
  const items: WireItem[] = [];
  let fault: SyncError | undefined;
  for (const segment of segments) {
    const pushed = decoder.push(segment);
    items.push(...pushed.items);
    fault = pushed.fault;
  }
  return { frames: joined(items), fault };
}

const stream = concat(sent.map(frameOf));

test("coalesced frames come out one by one", () => {
  expect(decode([stream])).toEqual({ frames: sent, fault: undefined });
});

test("a stream split at any offset gives the same frames", () => {
  for (let at = 0; at <= stream.length; at++) {
    expect(decode([stream.subarray(0, at), stream.subarray(at)])).toEqual({ frames: sent, fault: undefined });
  }
});

test("single bytes give the same frames", () => {
  expect(decode([...stream].map((byte) => Uint8Array.of(byte)))).toEqual({ frames: sent, fault: undefined });
});

test("a body that came in one segment is not copied, nor is bulk", () => {
  const { items } = new FrameDecoder().push(
    concat([frameOf(hello), frameOf(sent[2] as Sent), frameOf(sent[3] as Sent)]),
  );
  const buffers = items.map((item) => (item.type === "frame" ? item.body.buffer : item.bytes.buffer));
  expect(new Set(buffers).size).toBe(1);
});

function header(bodyBytes: number, number: number, flags = 0, requestId = 0): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bodyBytes, true);
  view.setUint8(4, number);
  view.setUint8(5, flags);
  view.setUint32(6, requestId, true);
  return bytes;
}

test.each(later)("%s passes at its limit and is refused one byte above, with only the header sent", (type) => {
  const row: FrameRow = FRAMES[type];
  const requestId = row.hasRequestId ? 1 : 0;
  expect(decode([frameOf(hello), header(row.bodyBytesMax, row.number, 0, requestId)]).fault).toBeUndefined();
  const before = process.memoryUsage().arrayBuffers;
  const { fault } = decode([frameOf(hello), header(row.bodyBytesMax + 1, row.number, 0, requestId)]);
  expect(fault).toMatchObject({
    code: "E_PROTOCOL",
    message: expect.stringContaining(`${row.bodyBytesMax + 1} bytes`),
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
});

test.each([
  { name: "anything before the hello", bytes: header(0, FRAMES.ping.number) },
  { name: "a second hello", bytes: concat([frameOf(hello), frameOf(hello)]) },
  { name: "a hello above its limit", bytes: header(FRAMES.hello.bodyBytesMax + 1, FRAMES.hello.number) },
  { name: "the length 2^31", bytes: header(2 ** 31, FRAMES.hello.number) },
  { name: "the length 2^32 − 1", bytes: header(2 ** 32 - 1, FRAMES.hello.number) },
  { name: "an unknown type", bytes: concat([frameOf(hello), header(0, 250)]) },
  { name: "type 0", bytes: concat([frameOf(hello), header(0, 0)]) },
  { name: "a request without an id", bytes: concat([frameOf(hello), header(0, FRAMES.cancel.number)]) },
  { name: "an id where none belongs", bytes: concat([frameOf(hello), header(0, FRAMES.ping.number, 0, 1)]) },
  {
    name: "compression that nobody agreed on",
    bytes: concat([frameOf(hello), header(9, FRAMES.indexUpdate.number, FLAG_COMPRESSED)]),
  },
  {
    name: "more to come of a control frame",
    bytes: concat([frameOf(hello), header(9, FRAMES.indexUpdate.number, FLAG_MORE)]),
  },
  { name: "an unknown flag", bytes: concat([frameOf(hello), header(9, FRAMES.chunks.number, 128, 1)]) },
])("$name is a fault, and nothing comes after it", ({ bytes }) => {
  const decoder = new FrameDecoder();
  const { fault } = decoder.push(bytes);
  expect(fault).toBeInstanceOf(SyncError);
  expect(fault?.code).toBe("E_PROTOCOL");
  expect(decoder.push(stream)).toEqual({ items: [], fault });
});

test(`any frames survive any segmentation (seed ${seed})`, () => {
  const frame = fc.constantFrom(...later).chain((type) => {
    const row: FrameRow = FRAMES[type];
    return fc.record({
      type: fc.constant(type),
      requestId: row.hasRequestId ? fc.integer({ min: 1, max: 0xffff_ffff }) : fc.constant(0),
      hasMore: row.isStreamed ? fc.boolean() : fc.constant(false),
      body: fc.uint8Array({ maxLength: Math.min(row.bodyBytesMax, 200) }),
    });
  });
  const property = fc.property(
    fc.array(frame, { maxLength: 12 }),
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
    (frames, sizes) => {
      const bytes = concat([hello, ...frames].map(frameOf));
      const segments: Uint8Array[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length] as number;
        segments.push(bytes.subarray(at, at + size));
        at += size;
      }
      expect(decode(segments)).toEqual({ frames: [hello, ...frames], fault: undefined });
    },
  );
  fc.assert(property, { seed, numRuns: 300 });
});

test(`mutated streams give items or one typed fault, never a throw (seed ${seed})`, () => {
  const mutation = fc.tuple(fc.nat(stream.length - 1), fc.integer({ min: 0, max: 255 }));
  const property = fc.property(fc.array(mutation, { minLength: 1, maxLength: 20 }), fc.nat(40), (mutations, step) => {
    const bytes = stream.slice();
    for (const [at, value] of mutations) bytes[at] = value;
    const decoder = new FrameDecoder();
    for (let at = 0; at < bytes.length; at += step + 1) {
      const { fault } = decoder.push(bytes.subarray(at, at + step + 1));
      if (fault !== undefined) expect(fault.code).toBe("E_PROTOCOL");
    }
  });
  fc.assert(property, { seed, numRuns: 3000 });
});
