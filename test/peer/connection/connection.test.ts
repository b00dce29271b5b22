import { expect, test } from "vitest";
import type { ChunkSource } from "../../../src/peer/serve-chunks.ts";
import { encodeFolderMessage } from "../../../src/peer/wire/codec.ts";
import { OFFERED_FEATURES } from "../../../src/peer/wire/features.ts";
import { BYTES_FOLLOW, encodeFetchChunks } from "../../../src/peer/wire/fetch.ts";
import { encodeFrame, FrameDecoder } from "../../../src/peer/wire/frames.ts";
import { encodeHello } from "../../../src/peer/wire/greetings.ts";
import { SyncError } from "../../../src/shared/errors.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import type { ChunkRequest, FolderMessage } from "../../../src/shared/messages.ts";
import { content, deviceA, folder, messages, path } from "../wire/samples.ts";
import { connectedSides, connectedToRaw, nothingHere, settle } from "./channels.ts";

const never = new AbortController().signal;
const range = (offset: number, size: number): ChunkRequest => ({
  path: path("a"),
  contentId: content("a"),
  offset,
  size,
});
/** A file whose bytes tell where they are. */
const counting: ChunkSource = {
  ...nothingHere,
  read: (_, at, __, offset, target) => {
    for (let i = 0; i < target.length; i++) target[i] = (offset + i) & 0xff;
    return at === path("a");
  },
};

test("both ends say hello, introduce themselves, and agree on features", async () => {
  const { a, b } = connectedSides();
  await settle();
  expect(a.log).toEqual(["greeted", "introduced b"]);
  expect(b.log).toEqual(["greeted", "introduced a"]);
  expect(a.connection.isEstablished && b.connection.isEstablished).toBe(true);
  expect(a.connection.features).toEqual(OFFERED_FEATURES);
});

test("nothing but the hello leaves before the other's hello", async () => {
  const { streams, a } = connectedSides({}, { events: { onGreeted: () => {} } });
  const decoder = new FrameDecoder();
  const types: string[] = [];
  streams[1].on("data", (bytes: Uint8Array) =>
    types.push(...decoder.push(bytes).items.map(({ header }) => header.type)),
  );
  streams[0].pause();
  await settle();
  expect(types).toEqual(["hello"]);
  streams[0].resume();
  await settle();
  expect(types).toEqual(["hello", "introduction"]);
  expect(a.connection.isEstablished).toBe(false);
});

test("a peer without a needed feature is told so and left", async () => {
  const { a, streams } = connectedSides({}, {});
  streams[1].removeAllListeners("data");
  streams[1].write(encodeFrame("hello", encodeHello({ features: ["index/7"], run: 1n })));
  await settle();
  expect(a.reason).toMatchObject({ code: "E_INCOMPATIBLE", message: expect.stringContaining("index/1") });
});

test.each([
  { name: "a folder's message", frame: encodeFrame("barrier") },
  { name: "a request", frame: encodeFrame("fetchChunks", new Uint8Array(), 1) },
  { name: "a removal", frame: encodeFrame("deviceRemoved") },
])("$name before the introduction ends the connection", async ({ frame }) => {
  const { a, streams } = connectedSides({}, { events: { onGreeted: () => {} } });
  await settle();
  streams[1].write(frame);
  await settle();
  expect(a.reason?.code).toBe("E_PROTOCOL");
});

test("who never introduces itself is left after the handshake's time", async () => {
  const { a, clock } = connectedSides({}, { events: { onGreeted: () => {} } });
  await settle();
  clock.advance(LIMITS.handshakeMs.value);
  await settle();
  expect(a.reason?.code).toBe("E_TIMEOUT");
});

test("folder messages arrive in the order sent", async () => {
  const { a, b } = connectedSides();
  await settle();
  const all = Object.values(messages).flatMap(encodeFolderMessage);
  for (const frame of all) a.connection.sendFolderFrame(frame);
  await settle();
  expect(b.log.slice(2)).toEqual(all.map(({ type }) => type));
  expect(b.bodies).toEqual(all.map(({ body }) => body));
});

test("chunks come back for what is there, and undefined stands for the rest", async () => {
  const { a } = connectedSides({}, { source: counting });
  await settle();
  const ranges = [range(0, 3), range(3, 70_000), { ...range(0, 5), path: path("b") }, range(90_000, 2)];
  const { bytes, offsets } = await a.connection.fetchChunks(folder, ranges, never);
  expect(offsets).toEqual([0, 3, -1, 70_003]);
  expect([...bytes.subarray(0, 5)]).toEqual([0, 1, 2, 3, 4]);
  expect(bytes[70_003]).toBe(90_000 & 0xff);
});

test("what is not shared is refused with the very bytes of what does not exist", async () => {
  const answers: string[] = [];
  for (const options of [
    { mayRead: () => false, source: counting },
    { mayRead: () => true, source: nothingHere },
  ]) {
    const { a, streams } = connectedSides({}, options);
    await settle();
    const seen: Uint8Array[] = [];
    streams[0].on("data", (bytes: Uint8Array) => seen.push(bytes));
    const { offsets } = await a.connection.fetchChunks(folder, [range(0, 3), range(9, 9)], never);
    expect(offsets).toEqual([-1, -1]);
    expect((await a.connection.fetchChunkList(wantedList(), never)).list).toBeUndefined();
    answers.push(Buffer.concat(seen).toString("hex"));
  }
  expect(answers[0]).toBe(answers[1]);
});

test("a right that is taken away ends an answer in the middle", async () => {
  let mayRead = true;
  let reads = 0;
  const source: ChunkSource = {
    ...counting,
    read: (...args) => {
      reads += 1;
      if (reads === 2) mayRead = false;
      return counting.read(...args);
    },
  };
  const { a } = connectedSides({}, { source, mayRead: () => mayRead });
  await settle();
  const ranges = [0, 1, 2, 3].map((i) => range(i * 1_000_000, 600_000));
  const { offsets } = await a.connection.fetchChunks(folder, ranges, never);
  expect(offsets).toEqual([0, 600_000, -1, -1]);
});

test("a long chunk list is fetched in pieces", async () => {
  const list = Uint8Array.from({ length: LIMITS.requestBytes.value + 1000 }, (_, i) => i % 251);
  const { a } = connectedSides({}, { source: { ...nothingHere, chunkList: () => list } });
  await settle();
  const { list: fetched } = await a.connection.fetchChunkList(wantedList(), never);
  expect(Buffer.compare(fetched ?? new Uint8Array(), list)).toBe(0);
});

test("a chunk list that follows from what the request describes is told by that", async () => {
  const asked: Uint8Array[] = [];
  const relatedList: ChunkSource["relatedList"] = (...[, , , query]) => {
    asked.push(query);
    return query[0] === 7 ? { listBytes: 123_456, relation: Uint8Array.of(1, 2, 3) } : undefined;
  };
  const { a } = connectedSides({}, { source: { ...nothingHere, chunkList: () => Uint8Array.of(9), relatedList } });
  await settle();
  const told = await a.connection.fetchChunkList(wantedList({ query: Uint8Array.of(7, 7) }), never);
  expect(told).toMatchObject({ list: Uint8Array.of(1, 2, 3), base: null, relatedBytes: 123_456 });
  const whole = await a.connection.fetchChunkList(wantedList({ query: Uint8Array.of(8) }), never);
  expect(whole).toMatchObject({ list: Uint8Array.of(9), base: null, relatedBytes: null });
  expect(asked).toEqual([Uint8Array.of(7, 7), Uint8Array.of(8)]);
});

function wantedList({ query = new Uint8Array() } = {}) {
  return { folder, path: path("a"), contentId: content("a"), bases: [], query };
}

test.each([
  { compression: "auto", isSmaller: true },
  { compression: "on", isSmaller: true },
  { compression: "off", isSmaller: false },
] as const)("compression $compression: text arrives whole, shorter on the wire: $isSmaller", async (row) => {
  const { a } = connectedSides({}, { source: counting });
  await settle();
  const ranges = [range(0, 600_000), range(700_000, 100)];
  const { bytes, offsets, wire } = await a.connection.fetchChunks(folder, ranges, never, row.compression);
  expect(offsets).toEqual([0, 600_000]);
  expect(bytes.subarray(0, 600_000).every((byte, i) => byte === (i & 0xff))).toBe(true);
  expect(wire.received < 100_000).toBe(row.isSmaller);
  expect(wire.received > 600_100).toBe(!row.isSmaller);
});

test("an index update goes compressed, and arrives as it was", async () => {
  const { a, b, streams } = connectedSides({}, {});
  await settle();
  let bytes = 0;
  streams[1].on("data", (part: Uint8Array) => {
    bytes += part.length;
  });
  const body = Uint8Array.from({ length: 20_000 }, (_, i) => i % 100);
  a.connection.sendFolderFrame({ type: "indexUpdate", body });
  await settle();
  expect(b.log.at(-1)).toBe("indexUpdate");
  expect(b.bodies.at(-1)).toEqual(body);
  expect(bytes).toBeLessThan(1000);
});

test("small frames overtake bulk that waits", async () => {
  const { a, b, streams } = connectedSides({ source: counting }, {});
  await settle();
  const order: string[] = [];
  const decoder = new FrameDecoder();
  decoder.push(encodeFrame("hello"));
  decoder.takeCompressed();
  streams[1].on("data", (bytes: Uint8Array) => {
    for (const item of decoder.push(bytes).items)
      if (item.type === "frame" || item.isLast) order.push(item.header.type);
  });
  const fetched = b.connection.fetchChunks(
    folder,
    Array.from({ length: 8 }, (_, i) => range(i * 500_000, 500_000)),
    never,
  );
  await settle(2);
  a.connection.sendFolderFrame({
    type: "barrier",
    body: encodeFolderMessage(messages["barrier"] as FolderMessage)[0]?.body as Uint8Array,
  });
  await fetched;
  expect(order.filter((type) => type === "chunks")).toHaveLength(8);
  expect(order.indexOf("barrier")).toBeLessThan(4);
});

test("an aborted request rejects at once and costs the peer no more than the frame it is sending", async () => {
  let reads = 0;
  const source: ChunkSource = {
    ...counting,
    read: (...args) => {
      reads += 1;
      return counting.read(...args);
    },
  };
  const { a, b } = connectedSides({}, { source });
  await settle();
  const controller = new AbortController();
  const fetched = a.connection.fetchChunks(
    folder,
    Array.from({ length: 8 }, (_, i) => range(i * 600_000, 500_000)),
    controller.signal,
  );
  controller.abort(new Error("no longer wanted"));
  await expect(fetched).rejects.toThrow("no longer wanted");
  await settle(60);
  expect(reads).toBeLessThan(8);
  expect((await a.connection.fetchChunks(folder, [range(0, 4)], never)).offsets).toEqual([0]);
  expect(b.reason).toBeUndefined();
});

test("a request that is not answered ends with E_TIMEOUT; one whose answer never ends at all ends the connection", async () => {
  const { a, far, types, clock } = await connectedToRaw();
  const outcome = a.connection.fetchChunks(folder, [range(0, 4)], never).catch((error: unknown) => error);
  // The peer answers pings, so that only the request is overdue.
  const passMs = async (totalMs: number): Promise<void> => {
    for (let passed = 0; passed < totalMs; passed += 5000) {
      far.write(encodeFrame("pong"));
      await settle(3);
      clock.advance(5000);
      await settle(3);
    }
  };
  await passMs(LIMITS.requestMs.value - 5000);
  expect(types).not.toContain("cancel");
  await passMs(5000);
  expect(await outcome).toMatchObject({ code: "E_TIMEOUT" });
  expect(types).toContain("cancel");
  expect(a.reason).toBeUndefined();
  await passMs(LIMITS.requestMs.value);
  expect(a.reason).toMatchObject({ code: "E_TIMEOUT", message: expect.stringContaining("unanswered") });
});

test("more requests at once than may be end the connection", async () => {
  const { a, far } = await connectedToRaw();
  for (let id = 1; id <= LIMITS.requestsInFlightPerPeer.value + 2; id++) {
    far.write(encodeFrame("fetchChunks", encodeFetchChunks({ folder, ranges: [range(0, 1)] }), id));
  }
  await settle();
  expect(a.reason).toMatchObject({ code: "E_PROTOCOL", message: expect.stringContaining("more requests") });
});

test.each([
  { name: "pings", frame: encodeFrame("ping"), reason: "more questions" },
  { name: "introductions", frame: encodeFrame("introduction"), reason: "too often" },
])("a flood of $name ends the connection", async ({ frame, reason }) => {
  const { a, far } = await connectedToRaw();
  far.pause();
  const flood = Buffer.concat(Array.from({ length: 500_000 / frame.length }, () => frame));
  for (let i = 0; i < 8; i++) far.write(flood);
  await settle(100);
  expect(a.reason).toMatchObject({ code: "E_PROTOCOL", message: expect.stringContaining(reason) });
});

test("a silent peer is pinged after 12 s and gone after 28", async () => {
  const { a, types, clock } = await connectedToRaw();
  clock.advance(11_999);
  await settle();
  expect(types).toEqual([]);
  clock.advance(1);
  await settle();
  expect(types).toEqual(["ping"]);
  clock.advance(15_999);
  await settle();
  expect(a.reason).toBeUndefined();
  clock.advance(1);
  await settle();
  expect(a.reason).toMatchObject({ code: "E_TIMEOUT", isByPeer: false });
});

test("an idle pair lives on by pings alone", async () => {
  const { a, b, clock } = connectedSides();
  await settle();
  for (let i = 0; i < 40; i++) {
    clock.advance(3000);
    await settle(6);
  }
  expect([a.reason, b.reason]).toEqual([undefined, undefined]);
});

test("a held connection is not read, yet neither end takes the other for dead", async () => {
  const { a, b, clock } = connectedSides();
  await settle();
  a.connection.hold(true);
  b.connection.sendFolderFrame({ type: "barrier", body: new Uint8Array() });
  for (let i = 0; i < 40; i++) {
    clock.advance(3000);
    await settle(6);
  }
  expect(a.log).not.toContain("barrier");
  expect([a.reason, b.reason]).toEqual([undefined, undefined]);
  a.connection.hold(false);
  await settle();
  expect(a.log).toContain("barrier");
});

test("a goodbye tells the other end why, and ends what waits", async () => {
  const { a, b } = connectedSides();
  await settle();
  const ping = b.connection.ping(never).catch((error: unknown) => error);
  a.connection.close({ code: "E_PAUSED", message: "paused by its owner" });
  await settle();
  expect(b.reason).toEqual({ code: "E_PAUSED", message: "paused by its owner", isByPeer: true });
  expect(a.reason).toEqual({ code: "E_PAUSED", message: "paused by its owner", isByPeer: false });
  expect(await ping).toBeInstanceOf(SyncError);
  await expect(b.connection.fetchChunks(folder, [range(0, 1)], never)).rejects.toMatchObject({
    code: "E_PEER_OFFLINE",
  });
});

test("an answer that nobody asked for ends the connection, with the reason told", async () => {
  const { a, b, streams } = connectedSides();
  await settle();
  streams[1].write(encodeFrame("chunks", Uint8Array.of(BYTES_FOLLOW), 77));
  await settle();
  expect(a.reason?.code).toBe("E_PROTOCOL");
  expect(b.reason).toMatchObject({ code: "E_PROTOCOL", isByPeer: true });
});

test("own requests beyond what a peer takes at once are held back", async () => {
  const { a, b } = connectedSides({}, { source: counting });
  await settle();
  const many = Array.from({ length: 200 }, (_, i) => a.connection.fetchChunks(folder, [range(i, 1)], never));
  expect(await Promise.all(many)).toHaveLength(200);
  expect(b.reason).toBeUndefined();
});

test("removals and probes go both ways", async () => {
  const { a, b } = connectedSides();
  await settle();
  a.connection.sendDeviceRemoved(deviceA);
  a.connection.sendProbe({ id: 1, address: "h:1" });
  b.connection.sendProbeReply({ id: 1, isReachable: true, detail: "" });
  await settle();
  expect(b.log.slice(2)).toEqual(expect.arrayContaining([`removed ${deviceA}`, "probe h:1"]));
  expect(a.log).toContain("probed true");
});
