import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, expect, test } from "vitest";
import type { Identity } from "../../../src/peer/identity.ts";
import { clientTlsOptions, SYNC_PROTOCOL } from "../../../src/peer/tls.ts";
import { OFFERED_FEATURES } from "../../../src/peer/wire/features.ts";
import { encodeFrame, FrameDecoder } from "../../../src/peer/wire/frames.ts";
import { encodeHello, encodeIntroduction } from "../../../src/peer/wire/greetings.ts";
import { type DeviceId, parseRelPath } from "../../../src/shared/ids.ts";
import { makeIdentity } from "../../peer/certificates.ts";
import { introduction } from "../../peer/connection/channels.ts";
import { content, messages } from "../../peer/wire/samples.ts";
import { Blackhole } from "./blackhole.ts";
import { addFile, connectedPair, FOLDER, TestNode } from "./nodes.ts";

const nodes: TestNode[] = [];
const sockets: TLSSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(nodes.splice(0).map((node) => node[Symbol.asyncDispose]()));
});

async function start(...args: Parameters<typeof TestNode.start>): Promise<TestNode> {
  const node = await TestNode.start(...args);
  nodes.push(node);
  return node;
}

const soon = (): AbortSignal => AbortSignal.timeout(5000);
const shared = [{ id: FOLDER, label: "Shared" }];
const range = (size: number, offset = 0) => ({ path: parseRelPath("a.bin"), contentId: content("a"), offset, size });

/** A TLS client that does only what the test tells it. */
async function rawClient(
  identity: Identity,
  node: TestNode,
  options: object = {},
): Promise<{ socket: TLSSocket; types: string[]; bytes: () => number }> {
  const socket = connectTls({ ...clientTlsOptions(identity, SYNC_PROTOCOL), ...node.at, ...options });
  sockets.push(socket);
  const decoder = new FrameDecoder();
  const types: string[] = [];
  let received = 0;
  socket.on("error", () => {});
  socket.on("data", (bytes: Uint8Array) => {
    received += bytes.length;
    types.push(...decoder.push(bytes).items.map(({ header }) => header.type));
  });
  await Promise.race([once(socket, "secureConnect"), once(socket, "close")]);
  return { socket, types, bytes: () => received };
}

const trust = (id: DeviceId) => ({ id, addresses: [], isPaused: false });

test("two trusting devices connect, introduce themselves and exchange messages in order", async () => {
  const [a, b] = [await start({ name: "desk" }), await start({ name: "laptop" })];
  await connectedPair(a, b);
  expect(a.peer.facts).toMatchObject({
    device: b.identity.deviceId,
    name: "laptop",
    isDialled: true,
    transport: "tcp",
    folders: shared,
  });
  expect(b.peer.facts).toMatchObject({
    device: a.identity.deviceId,
    name: "desk",
    isDialled: false,
    features: [...OFFERED_FEATURES],
  });
  expect(Math.abs(a.peer.facts.clockOffsetMs)).toBeLessThan(1000);
  const all = Object.values(messages);
  for (const message of all) a.peer.send(message);
  await a.peer.drained();
  await b.seen("message", all.length);
  expect(b.messages).toEqual(all);
  expect(await a.peer.ping(soon())).toBeLessThan(1000);
});

test("when both dial at once exactly one connection stays", async () => {
  const [a, b] = [await start(), await start()];
  await Promise.all([a.net.setTrust([b.asTrusted()]), b.net.setTrust([a.asTrusted()])]);
  await Promise.all([a.seen("connected"), b.seen("connected")]);
  // Whatever was crossed is settled once an answer came on the connection that both hold.
  await a.peer.ping(soon());
  expect([a.net.peers.length, b.net.peers.length]).toEqual([1, 1]);
  expect(a.peer.facts.isDialled).not.toBe(b.peer.facts.isDialled);
});

test("an address where another device answers is left, and the right one still found", async () => {
  const [a, b, other] = [await start(), await start(), await start()];
  await b.net.setTrust([a.asTrusted({ at: null })]);
  const addresses = [other.at, b.at].map((address) => ({ address, origin: "static" as const, seenAt: 0 }));
  await a.net.setTrust([{ ...b.asTrusted(), addresses }]);
  await a.seen("connected");
  expect(a.peer.device).toBe(b.identity.deviceId);
  await a.net.setTrust([{ ...b.asTrusted(), id: (await makeIdentity()).deviceId }]);
  await a.seen("dial refused");
  expect(a.log.find((line) => line.startsWith("dial refused"))).toContain(b.identity.deviceId);
});

test("a stranger, and a client without a certificate, get not one application byte", async () => {
  const node = await start();
  const stranger = await makeIdentity();
  const knocks = [
    await rawClient(stranger, node),
    await rawClient(stranger, node, { cert: undefined, key: undefined }),
  ];
  await Promise.all(knocks.map(async ({ socket }) => socket.closed || (await once(socket, "close"))));
  expect(knocks.map(({ bytes }) => bytes())).toEqual([0, 0]);
  await node.seen("refused");
});

test("plain TCP learns nothing", async () => {
  const node = await start();
  const socket = connectTcp(node.at.port, node.at.host);
  const seen: Buffer[] = [];
  socket.on("data", (bytes) => seen.push(Buffer.from(bytes))).on("error", () => {});
  socket.write("GET / HTTP/1.1\r\n\r\n");
  await once(socket, "close");
  expect(Buffer.concat(seen).length).toBeLessThan(16);
});

test("a removed device is cut within a second, in mid-answer too, and refused from then on", async () => {
  const [a, b] = [await start(), await start()];
  await connectedPair(a, b);
  await addFile(b, "a.bin", Buffer.alloc(4 * 1024 * 1024), content("a"));
  const fetches = Array.from({ length: 64 }, () =>
    a.peer.fetchChunks(FOLDER, [range(4 * 1024 * 1024)], soon()).catch((error: unknown) => error),
  );
  const startedAt = performance.now();
  await b.net.setTrust([]);
  expect(b.net.peers).toEqual([]);
  await a.seen("lost");
  const results = await Promise.all(fetches);
  expect(performance.now() - startedAt).toBeLessThan(1000);
  expect(results.at(-1)).toMatchObject({ code: "E_PEER_OFFLINE" });
  await b.seen("refused it is not paired");
});

test("a paused device is told so, is let in no more, and comes back", async () => {
  const [a, b] = [await start(), await start()];
  await connectedPair(a, b);
  await b.net.setTrust([a.asTrusted({ at: null, isPaused: true })]);
  await a.seen("lost node E_PAUSED");
  await a.net.dialNow();
  await b.seen("refused it is paused");
  await b.net.setTrust([a.asTrusted()]);
  await a.seen("connected", 2);
});

test("a killed process is noticed at once, and found again when it is back", async () => {
  const node = await start();
  const child = fork(new URL("./child-node.ts", import.meta.url), [node.identity.deviceId, String(node.at.port)], {
    execPath: process.execPath,
  });
  const device = await new Promise<DeviceId>((resolve) => child.once("message", (id) => resolve(id as DeviceId)));
  await node.net.setTrust([trust(device)]);
  await node.seen("connected child");
  const startedAt = performance.now();
  child.kill("SIGKILL");
  await node.seen("lost child");
  expect(performance.now() - startedAt).toBeLessThan(1000);
}, 20_000);

test("a peer behind a network that swallows everything is given up, and dialled anew", async () => {
  const times = { pingAfterMs: 100, deadAfterMs: 300 };
  const [a, b] = [await start({ times }), await start({ times })];
  await using proxy = await Blackhole.before(b.at);
  await b.net.setTrust([a.asTrusted({ at: null })]);
  await a.net.setTrust([b.asTrusted({ at: proxy.at })]);
  await Promise.all([a.seen("connected"), b.seen("connected")]);
  proxy.swallow();
  await Promise.all([a.seen("lost node E_TIMEOUT"), b.seen("lost node E_TIMEOUT")]);
  await a.net.setAddresses(b.identity.deviceId, b.asTrusted().addresses);
  await a.seen("connected", 2);
});

test("a request that the peer leaves lying ends with E_TIMEOUT", async () => {
  const node = await start({ times: { requestMs: 200 } });
  const identity = await makeIdentity();
  await node.net.setTrust([trust(identity.deviceId)]);
  const { socket, types } = await rawClient(identity, node);
  socket.write(encodeFrame("hello", encodeHello({ features: OFFERED_FEATURES, run: 1n })));
  if (node.identity.deviceId > identity.deviceId) await expect.poll(() => types).toContain("introduction");
  socket.write(encodeFrame("introduction", encodeIntroduction(introduction("lazy"))));
  await node.seen("connected");
  await expect(node.peer.fetchChunks(FOLDER, [range(10)], soon())).rejects.toMatchObject({ code: "E_TIMEOUT" });
});

test("only shared folders are served, from the moment they are shared to the moment they are not", async () => {
  const [a, b] = [await start(), await start()];
  await connectedPair(a, b);
  const bytes = Buffer.from("what was asked for");
  await addFile(b, "a.bin", bytes, content("a"));
  const fetch = async (): Promise<string | undefined> => {
    const { answer } = await a.peer.fetchChunks(FOLDER, [range(bytes.length)], soon());
    return answer[0] === undefined ? undefined : new TextDecoder().decode(answer[0]);
  };
  expect(await fetch()).toBe("what was asked for");
  await b.net.setShares(new Map());
  expect(await fetch()).toBeUndefined();
  await a.seen("changed node []");
  expect(a.peer.folders).toEqual([]);
  await b.net.setShares(new Map([[a.identity.deviceId, shared]]));
  await a.seen("changed node [shared-k3v9q]");
  expect(await fetch()).toBeDefined();
});

test("while main is behind, the peer's socket is not read; nothing is lost", async () => {
  const gate = Promise.withResolvers<void>();
  let taken = 0;
  const b = await start(
    {},
    {
      onMessage: async () => {
        taken += 1;
        await gate.promise;
      },
    },
  );
  const a = await start();
  await connectedPair(a, b);
  const update = messages["index-update"] as Extract<(typeof messages)[string], { type: "index-update" }>;
  const [first] = update.records;
  if (first === undefined) throw new Error("no sample record");
  const records = Array.from({ length: 1500 }, (_, i) => ({
    ...first,
    sequence: 8 + i,
    // Index updates are compressed.
    chunkList: crypto.getRandomValues(new Uint8Array(400)),
  }));
  const count = 100;
  for (let i = 0; i < count; i++) a.peer.send({ ...update, lastSequence: 3000, records, moves: [] });
  let isDrained = false;
  void a.peer.drained().then(() => {
    isDrained = true;
  });
  await expect.poll(() => taken, { timeout: 20_000, interval: 20 }).toBeGreaterThan(4);
  // About 70 MB were sent; main was handed a few, the rest waits on the other side.
  expect(taken).toBeLessThan(20);
  expect(isDrained).toBe(false);
  gate.resolve();
  await a.peer.drained();
  await expect.poll(() => taken, { timeout: 20_000, interval: 20 }).toBe(count);
}, 60_000);

test("what breaks the protocol ends that connection, with its reason, and no other", async () => {
  const node = await start();
  const [good, bad] = [await start(), await makeIdentity()];
  await good.net.setTrust([node.asTrusted()]);
  await node.net.setTrust([good.asTrusted({ at: null }), trust(bad.deviceId)]);
  await good.seen("connected");
  const { socket, types } = await rawClient(bad, node);
  socket.write(encodeFrame("hello", encodeHello({ features: OFFERED_FEATURES, run: 1n })));
  await expect.poll(() => types).toContain("hello");
  if (node.identity.deviceId > bad.deviceId) await expect.poll(() => types).toContain("introduction");
  socket.write(encodeFrame("introduction", encodeIntroduction(introduction("bad"))));
  await node.seen("connected bad");
  socket.write(encodeFrame("indexUpdate", Uint8Array.of(1, 2, 3)));
  await node.seen("lost bad E_PROTOCOL");
  await expect.poll(() => types).toContain("goodbye");
  expect(await node.peer.ping(soon())).toBeGreaterThanOrEqual(0);
});

test("removals reach the peers that are told, and probes find out who can be reached", async () => {
  const [a, b] = [await start(), await start()];
  await connectedPair(a, b);
  const gone = (await makeIdentity()).deviceId;
  await a.net.tellRemoved(gone, [b.identity.deviceId]);
  await b.seen(`removed ${gone}`);
  expect(await a.peer.probe(`127.0.0.1:${a.at.port}`, soon())).toEqual({ isReachable: true, detail: "connected" });
  expect(await a.peer.probe("127.0.0.1:1", soon())).toMatchObject({ isReachable: false });
});

test("learned addresses are reported, and lead back", async () => {
  const [a, b] = [await start(), await start()];
  await connectedPair(a, b);
  await a.seen(`addresses static 127.0.0.1:${b.at.port}`);
  // b never was told where a is; a said so.
  await b.seen(`addresses told 127.0.0.1:${a.at.port}`);
});

test("wire bytes are counted at the raw socket, over closed connections too", async () => {
  const [a, b] = [await start(), await start()];
  await connectedPair(a, b);
  await addFile(b, "a.bin", randomBytes(100_000), content("a"));
  await a.peer.fetchChunks(FOLDER, [range(100_000)], soon());
  const before = await a.net.counters();
  expect(before.received).toBeGreaterThan(100_000);
  expect(before.received).toBeLessThan(110_000);
  await a.net.setTrust([]);
  const after = await a.net.counters();
  expect(after.received).toBeGreaterThanOrEqual(before.received);
  expect(after.peers.map(({ device }) => device)).toEqual([b.identity.deviceId]);
});

test("a taken port is E_PORT_TAKEN, and nothing stays behind", async () => {
  const node = await start();
  await expect(TestNode.start({ listen: node.at })).rejects.toMatchObject({
    code: "E_PORT_TAKEN",
    message: expect.stringContaining(String(node.at.port)),
  });
});

test("a node that stops says goodbye", async () => {
  const [a, b] = [await start(), await start()];
  await connectedPair(a, b);
  await a[Symbol.asyncDispose]();
  nodes.splice(nodes.indexOf(a), 1);
  await b.seen("lost node stopping");
});
