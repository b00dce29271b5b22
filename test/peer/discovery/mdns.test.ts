import { createSocket, type Socket } from "node:dgram";
import { EventEmitter, once } from "node:events";
import { networkInterfaces } from "node:os";
import { afterEach, expect, test } from "vitest";
import type { Candidate, DiscoveryEvent } from "../../../src/peer/discovery/discovery.ts";
import type { InterfaceTable } from "../../../src/peer/discovery/interfaces.ts";
import { MdnsDiscovery } from "../../../src/peer/discovery/mdns.ts";
import { matchSaltedId } from "../../../src/peer/discovery/salted-id.ts";
import { type DeviceId, deviceIdFromHash } from "../../../src/shared/ids.ts";
import { realClock } from "../real-clock.ts";
import { ManualClock, realRandom, silentLog } from "../support.ts";

const GROUP = "224.0.0.251";
const loopback: InterfaceTable = Object.fromEntries(
  Object.entries(networkInterfaces()).filter(([, entries]) => entries?.some((entry) => entry.internal)),
);
const device = (fill: number): DeviceId => deviceIdFromHash(new Uint8Array(32).fill(fill));
/** A world of its own for each test, so that none hears the others. */
let port = 20_000 + (process.pid % 20_000);
const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
  port += 1;
});

interface Node {
  readonly discovery: MdnsDiscovery;
  /** Resolves with the first candidate, known or to come, that passes. */
  when(test: (candidate: Candidate) => boolean): Promise<Candidate>;
  /** Resolves once no candidate passes. */
  gone(test: (candidate: Candidate) => boolean): Promise<void>;
}

function node(fill: number, table: InterfaceTable = loopback): Node {
  const listeners = new Set<() => void>();
  const onEvent = (_event: DiscoveryEvent): void => {
    for (const listener of listeners) listener();
  };
  const discovery = new MdnsDiscovery({
    device: device(fill),
    clock: realClock,
    random: realRandom,
    log: silentLog,
    onEvent,
    withLoopback: true,
    port,
    readInterfaces: () => table,
  });
  open.push(discovery);
  discovery.start();
  const until = <T>(read: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const check = (): void => {
        const value = read();
        if (value === undefined) return;
        listeners.delete(check);
        resolve(value);
      };
      listeners.add(check);
      check();
    });
  return {
    discovery,
    when: (test) => until(() => discovery.candidates().find(test)),
    gone: (test) => until(() => (discovery.candidates().some(test) ? undefined : true)).then(() => {}),
  };
}

const is =
  (fill: number) =>
  (candidate: Candidate): boolean =>
    matchSaltedId(candidate.id, [device(fill)]) !== undefined;

async function attacker(): Promise<{ send(packet: Uint8Array): Promise<void> }> {
  const socket: Socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  socket.setMulticastInterface("127.0.0.1");
  open.push({ [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())) });
  return { send: (packet) => new Promise((resolve) => socket.send(packet, port, GROUP, () => resolve())) };
}

test("a device is found with address and port, its invite's channel while it lives, and is gone after goodbye", async () => {
  const [desk, laptop] = [node(1), node(2)];
  desk.discovery.announce({ port: 4777, channels: [] });
  const found = await laptop.when(is(1));
  expect(found).toMatchObject({ channels: [], addresses: [{ host: "127.0.0.1", port: 4777 }] });

  desk.discovery.announce({ port: 4777, channels: [7] });
  const inviting = await laptop.when((candidate) => candidate.channels.includes(7));
  expect(is(1)(inviting)).toBe(true);
  expect(inviting.id.hash).not.toBe(found.id.hash);

  desk.discovery.announce({ port: 4777, channels: [] });
  await laptop.gone((candidate) => candidate.channels.length > 0);
  await desk.discovery[Symbol.asyncDispose]();
  await laptop.gone(is(1));
});

test("who starts to look later finds who was there before", async () => {
  const desk = node(1);
  desk.discovery.announce({ port: 4777, channels: [] });
  await node(3).when(is(1));
  const laptop = node(2);
  await laptop.when(is(1));
  expect(desk.discovery.candidates()).toEqual([]);
});

test("a device does not find itself", async () => {
  const [desk, laptop] = [node(1), node(2)];
  desk.discovery.announce({ port: 4777, channels: [] });
  laptop.discovery.announce({ port: 4778, channels: [] });
  await Promise.all([desk.when(is(2)), laptop.when(is(1))]);
  expect(desk.discovery.candidates().some(is(1))).toBe(false);
});

/** A DNS header for one answer, then whatever follows. */
const answer = (...rest: readonly number[]): Uint8Array =>
  Uint8Array.from([0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, ...rest]);
const HOSTILE: Readonly<Record<string, Uint8Array>> = {
  "a pointer to itself": answer(0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 1, 0, 2, 0xc0, 12),
  "a pointer past the end": answer(0xc3, 0xff, 0, 12, 0, 1),
  "a label past the end": answer(63, 65, 65),
  "a reserved label type": answer(0x80, 1, 2, 3),
  "a record longer than its packet": answer(1, 65, 0, 0, 16, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 1),
  "a header alone": answer(),
  "a broken NSEC record": answer(1, 65, 0, 0, 47, 0, 1, 0, 0, 0, 1, 0, 4, 0xc0, 0xff, 0, 33),
  "a broken OPT record": answer(0, 0, 41, 0xff, 0xff, 0, 0, 0, 0, 0, 4, 0, 8, 0xff, 0xff),
  "an A record of one byte": answer(1, 65, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 9),
  "an SRV record of one byte": answer(1, 65, 0, 0, 33, 0, 1, 0, 0, 0, 1, 0, 1, 9),
  "a TXT string past the end": answer(1, 65, 0, 0, 16, 0, 1, 0, 0, 0, 1, 0, 2, 200, 1),
  zeros: new Uint8Array(512),
  ones: new Uint8Array(512).fill(0xff),
  "64 KB": new Uint8Array(60_000).fill(65),
};

test("malformed packets to the real socket kill nothing, and discovery goes on", async () => {
  const [desk, laptop, hostile] = [node(1), node(2), await attacker()];
  for (const packet of Object.values(HOSTILE)) await hostile.send(packet);
  for (let seed = 0; seed < 200; seed++) await hostile.send(realRandom.bytes(12 + (seed % 300)));
  // As a query, too: those are answered by the responder.
  for (const packet of Object.values(HOSTILE))
    await hostile.send(Uint8Array.from(packet, (byte, index) => (index === 2 ? 0 : index === 5 ? 1 : byte)));
  desk.discovery.announce({ port: 4777, channels: [3] });
  desk.discovery.refresh();
  expect((await laptop.when(is(1))).channels).toEqual([3]);
});

test("an interface that cannot be used leaves the others working", async () => {
  const broken: InterfaceTable = {
    ...loopback,
    ghost: [
      {
        address: "203.0.113.77",
        netmask: "255.255.255.0",
        cidr: "203.0.113.77/24",
        family: "IPv4",
        internal: false,
        mac: "02:00:00:00:00:01",
      },
    ],
  };
  const desk = node(1, broken);
  const laptop = node(2);
  desk.discovery.announce({ port: 4777, channels: [] });
  await laptop.when(is(1));
});

test("a port that another program holds for itself is said once and ends nothing", async () => {
  const blocker = createSocket({ type: "udp4" });
  blocker.bind(port, "0.0.0.0");
  await once(blocker, "listening");
  open.push({ [Symbol.asyncDispose]: () => new Promise((resolve) => blocker.close(() => resolve())) });
  const clock = new ManualClock();
  const said: string[] = [];
  const heard = new EventEmitter();
  const say = (text: string): void => {
    said.push(text);
    heard.emit("said");
  };
  const discovery = new MdnsDiscovery({
    device: device(1),
    clock,
    random: realRandom,
    log: { ...silentLog, warn: say, debug: say },
    onEvent: () => {},
    withLoopback: true,
    port,
    readInterfaces: () => loopback,
  });
  open.push(discovery);
  const next = once(heard, "said");
  discovery.start();
  discovery.announce({ port: 4777, channels: [1] });
  await next;
  while (!said.includes("Discovery does not work on an interface")) await once(heard, "said");
  const again = once(heard, "said");
  clock.advance(5000);
  await again;
  while (!said.includes("Discovery still does not work on an interface")) await once(heard, "said");
  expect(said.filter((text) => text === "Discovery does not work on an interface")).toHaveLength(1);
});

test("discovery can be stopped at once, and twice", async () => {
  const { discovery } = node(1);
  discovery.announce({ port: 4777, channels: [] });
  await discovery[Symbol.asyncDispose]();
  await discovery[Symbol.asyncDispose]();
  expect(discovery.candidates()).toEqual([]);
});
