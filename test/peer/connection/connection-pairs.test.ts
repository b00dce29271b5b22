import { type Duplex, duplexPair } from "node:stream";
import { expect, test } from "vitest";
import { CONNECTION_TIMES, Connection } from "../../../src/peer/connection.ts";
import { ConnectionPairs } from "../../../src/peer/connection-pairs.ts";
import type { DeviceId } from "../../../src/shared/ids.ts";
import { ManualClock, seededRandom } from "../support.ts";
import { deviceA, deviceB } from "../wire/samples.ts";
import { channelOver, introduction, nothingHere, settle } from "./channels.ts";

/** One device with its pairs, as the net thread wires them. */
class Device {
  readonly id: DeviceId;
  readonly pairs: ConnectionPairs;
  readonly log: string[] = [];
  readonly #clock: ManualClock;
  run: bigint;

  constructor(id: DeviceId, clock: ManualClock, run: bigint) {
    this.id = id;
    this.run = run;
    this.#clock = clock;
    this.pairs = new ConnectionPairs({
      self: id,
      introductionTo: () => introduction("someone"),
      onConnected: () => this.log.push("connected"),
      onChanged: () => this.log.push("changed"),
      onLost: (_, { code }) => this.log.push(`lost ${code}`),
    });
  }

  take(stream: Duplex, peer: DeviceId, isDialled: boolean): Connection {
    const connection: Connection = new Connection({
      channel: channelOver(stream, peer, isDialled),
      run: this.run,
      clock: this.#clock,
      times: CONNECTION_TIMES,
      source: nothingHere,
      mayRead: () => true,
      events: {
        onGreeted: (greeted) => void this.pairs.greeted(greeted),
        onIntroduced: (introduced, words) => this.pairs.introduced(introduced, words),
        onFolderFrame: () => {},
        onDeviceRemoved: () => {},
        onCommand: async () => {},
        onProbe: () => {},
        onProbeReply: () => {},
        onEnd: (ended, reason) => this.pairs.ended(ended, reason),
      },
    });
    this.pairs.add(connection);
    connection.start();
    stream.resume();
    return connection;
  }
}

function dial(
  from: Device,
  to: Device,
  streams: [Duplex, Duplex] = duplexPair() as [Duplex, Duplex],
): { near: Connection; far: Connection; streams: [Duplex, Duplex] } {
  return { near: from.take(streams[0], to.id, true), far: to.take(streams[1], from.id, false), streams };
}

/** A connection whose bytes take some turns on their way, other ones in each direction. */
function slowPair(turnsThere: number, turnsBack: number): [Duplex, Duplex] {
  const [near, nearEnd] = duplexPair() as [Duplex, Duplex];
  const [far, farEnd] = duplexPair() as [Duplex, Duplex];
  const carry = (from: Duplex, to: Duplex, turns: number): void => {
    let way = Promise.resolve();
    const later = (act: () => void): void => {
      way = way.then(() => settle(turns)).then(act);
    };
    from.on("data", (bytes: Uint8Array) => later(() => void to.write(bytes)));
    from.on("end", () => later(() => to.end()));
    from.on("close", () => later(() => to.destroy()));
  };
  carry(nearEnd, farEnd, turnsThere);
  carry(farEnd, nearEnd, turnsBack);
  return [near, far];
}

function two(): { a: Device; b: Device; clock: ManualClock } {
  const clock = new ManualClock();
  return { a: new Device(deviceA, clock, 1n), b: new Device(deviceB, clock, 2n), clock };
}

/** Both hold one connection, the same one. */
function expectOnePair(a: Device, b: Device, candidates: readonly { near: Connection; far: Connection }[]): void {
  const [held, heldByOther] = [a.pairs.connectionOf(b.id), b.pairs.connectionOf(a.id)];
  expect(held).toBeDefined();
  const match = candidates.find(({ near, far }) => [near, far].includes(held as Connection));
  expect([match?.near, match?.far]).toContain(heldByOther);
  expect([...a.pairs.all(), ...b.pairs.all()]).toHaveLength(2);
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    clock.advance(100);
    await settle(4);
  }
}

test("one dial gives one connection", async () => {
  const { a, b } = two();
  const dialled = dial(a, b);
  await settle();
  expectOnePair(a, b, [dialled]);
  expect([a.log, b.log]).toEqual([["connected"], ["connected"]]);
});

test("two dials at once leave one connection, the same at both ends", async () => {
  const { a, b, clock } = two();
  const dials = [dial(a, b), dial(b, a)];
  await settle();
  await pass(clock, 4000);
  expectOnePair(a, b, dials);
  expect([a.log, b.log]).toEqual([["connected"], ["connected"]]);
});

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
test(`any order of dials and delays leaves one connection (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 25; round++) {
    const { a, b, clock } = two();
    const dials: ReturnType<typeof dial>[] = [];
    const count = 2 + Math.floor(random.fraction() * 3);
    for (let i = 0; i < count; i++) {
      const pair = slowPair(Math.floor(random.fraction() * 12), Math.floor(random.fraction() * 12));
      dials.push(random.fraction() < 0.5 ? dial(a, b, pair) : dial(b, a, pair));
      await settle(Math.floor(random.fraction() * 6));
    }
    await settle(100);
    await pass(clock, 15_000);
    await settle(100);
    expectOnePair(a, b, dials);
  }
});

test("a restarted peer takes the place of its old connection at once", async () => {
  const { a, b } = two();
  dial(a, b);
  await settle();
  const restarted = new Device(deviceA, new ManualClock(), 3n);
  const again = dial(restarted, b);
  await settle();
  expectOnePair(restarted, b, [again]);
  expect(b.log).toEqual(["connected", "lost duplicate", "connected"]);
});

test("an old connection that shows no sign of life gives way to a new one", async () => {
  const { a, b, clock } = two();
  const old = dial(a, b);
  await settle();
  // The way between them broke without a word; only one end has noticed.
  for (const stream of old.streams) stream.removeAllListeners("data");
  for (const stream of old.streams) stream.resume();
  old.near.cut({ code: "E_TIMEOUT", message: "the network changed" });
  const again = dial(a, b);
  await settle(4);
  await pass(clock, 4000);
  expectOnePair(a, b, [again]);
});

test("an introduction that was not asked for ends the connection on the deciding side", async () => {
  const { a, b } = two();
  const [decider, other] = deviceA > deviceB ? [a, b] : [b, a];
  dial(other, decider);
  await settle();
  const { near, far } = dial(other, decider);
  near.introduce(introduction("pushy"));
  await settle();
  expect(far.isOver).toBe(true);
  expect(decider.pairs.connectionOf(other.id)?.isOver).toBe(false);
});

test("a device gets only so many connections that are not established", () => {
  const { a, b } = two();
  const connections = Array.from({ length: 6 }, () => a.take(duplexPair()[0] as Duplex, b.id, false));
  expect(connections.filter(({ isOver }) => isOver)).toHaveLength(2);
});
