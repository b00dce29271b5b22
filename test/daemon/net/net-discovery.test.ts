import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { join } from "../../../src/daemon/net/net-join.ts";
import type { Candidate } from "../../../src/peer/discovery/discovery.ts";
import { makeIdentity } from "../../peer/certificates.ts";
import { settle } from "../../peer/connection/channels.ts";
import { ManualClock, realRandom } from "../../peer/support.ts";
import { FOLDER, TestNode } from "./nodes.ts";

const nodes: TestNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node[Symbol.asyncDispose]()));
});

/** A port of its own keeps the test's devices apart from real ones. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

async function start(port: number, name: string): Promise<TestNode> {
  const node = await TestNode.start({ name, hasDiscovery: true, discovery: { withLoopback: true, port } });
  nodes.push(node);
  return node;
}

test("devices that trust each other find each other without an address", async () => {
  const port = await freePort();
  const [a, b] = [await start(port, "desk"), await start(port, "laptop")];
  await a.net.setTrust([b.asTrusted({ at: null })]);
  await b.net.setTrust([a.asTrusted({ at: null })]);
  await Promise.all([a.seen("connected laptop"), b.seen("connected desk")]);
  await a.peer.ping(AbortSignal.timeout(2000));
  expect([a.net.peers.length, b.net.peers.length]).toEqual([1, 1]);
}, 20_000);

test("a code is enough to find its machine", async () => {
  const port = await freePort();
  const [a, b] = [await start(port, "desk"), await start(port, "laptop")];
  const { code } = await a.net.invite(
    { role: "user", folders: [{ id: FOLDER, label: "Shared", rights: "write" }] },
    { isAsked: true },
  );
  const joined = await b.net.join({ code, at: null }, AbortSignal.timeout(15_000));
  expect(joined).toMatchObject({ device: a.identity.deviceId, offer: { deviceName: "desk" } });
}, 20_000);

/** A join whose network shows what the test says, on a clock that the test moves. */
async function joining(
  candidates: () => readonly Candidate[],
): Promise<{ clock: ManualClock; outcome: Promise<unknown> }> {
  const clock = new ManualClock();
  const deps = {
    identity: await makeIdentity(),
    clock,
    random: realRandom,
    candidates,
    refresh: () => {},
    acceptOffer: () => Promise.reject(new Error("nobody was to be joined")),
  };
  const outcome = join(deps, { code: "7-123456", at: null }, new AbortController().signal).catch(
    (error: unknown) => error,
  );
  for (let passed = 0; passed < 6000; passed += 250) {
    await settle(2);
    clock.advance(250);
  }
  return { clock, outcome };
}

function candidate(channel: number, salt: string): Candidate {
  return { id: { salt, hash: salt }, channels: [channel], addresses: [{ host: "127.0.0.1", port: 1 }] };
}

test("nobody on the channel after five seconds is E_PEER_NOT_DISCOVERED", async () => {
  const { outcome } = await joining(() => [candidate(3, "a")]);
  expect(await outcome).toMatchObject({ code: "E_PEER_NOT_DISCOVERED", message: expect.stringContaining("channel 7") });
});

test("more than three machines on the channel are E_CHANNEL_CROWDED, and none is tried", async () => {
  const { outcome } = await joining(() => ["a", "b", "c", "d"].map((salt) => candidate(7, salt)));
  expect(await outcome).toMatchObject({ code: "E_CHANNEL_CROWDED" });
});
