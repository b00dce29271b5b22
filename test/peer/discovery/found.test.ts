import type { NetworkInterfaceInfo } from "node:os";
import { expect, test } from "vitest";
import { CandidateTable } from "../../../src/peer/discovery/candidate-table.ts";
import type { Candidate } from "../../../src/peer/discovery/discovery.ts";
import { interfaceKey, ipv4Interfaces } from "../../../src/peer/discovery/interfaces.ts";
import { PacketGate } from "../../../src/peer/discovery/packet-gate.ts";
import { matchSaltedId, parseSaltedId, saltId } from "../../../src/peer/discovery/salted-id.ts";
import { type FoundService, readService, txtOf } from "../../../src/peer/discovery/service-record.ts";
import { deviceIdFromHash } from "../../../src/shared/ids.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { seededRandom } from "../support.ts";

const device = (fill: number): ReturnType<typeof deviceIdFromHash> => deviceIdFromHash(new Uint8Array(32).fill(fill));
const random = seededRandom(5);
const id = saltId(device(1), random);
const service: FoundService = {
  name: "abc",
  port: 4777,
  txt: txtOf(id, { port: 4777, channels: [3, 7] }),
  addresses: ["192.168.1.5"],
  referer: { address: "192.168.1.5", family: "IPv4", port: 5353, size: 100 },
};

test("a salted id is recognised by those who know the device, and changes with its salt", () => {
  const other = saltId(device(1), random);
  expect(other.hash).not.toBe(id.hash);
  expect([id, other].map((each) => matchSaltedId(each, [device(2), device(1)]))).toEqual([device(1), device(1)]);
  expect(matchSaltedId(id, [device(2), device(3)])).toBeUndefined();
  expect(parseSaltedId(id.salt, id.hash)).toEqual(id);
});

test.each([
  [undefined, undefined],
  ["", ""],
  [id.salt, id.hash.slice(1)],
  [`${id.salt}A`, id.hash],
  [id.salt.toLowerCase(), id.hash],
  [5, {}],
])("%j and %j are no salted id", (salt, hash) => {
  expect(parseSaltedId(salt, hash)).toBeUndefined();
});

test("what is announced is read back, and is all there is", () => {
  expect(readService(service)).toEqual({ id, channels: [3, 7], addresses: [{ host: "192.168.1.5", port: 4777 }] });
  expect(txtOf(id, { port: 4777, channels: [] })).toEqual({ v: "1", i: id.hash, s: id.salt });
});

test("the packet's source is the first address; others only when they are nearby", () => {
  const addresses = [
    "8.8.8.8",
    "10.1.2.3",
    "127.0.0.1",
    "fe80::1",
    "fd00::7",
    "2001:db8::1",
    "nonsense",
    7,
    "192.168.1.5",
  ];
  expect(readService({ ...service, addresses })?.addresses.map(({ host }) => host)).toEqual([
    "192.168.1.5",
    "10.1.2.3",
    "fd00::7",
  ]);
  const many = Array.from({ length: 5000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  expect(readService({ ...service, addresses: many })?.addresses).toHaveLength(4);
});

test.each<{ name: string; change: Partial<FoundService> }>([
  { name: "no TXT record", change: { txt: undefined } },
  { name: "another version", change: { txt: { v: "2", i: id.hash, s: id.salt } } },
  { name: "no salted id", change: { txt: { v: "1" } } },
  { name: "markup for an id", change: { txt: { v: "1", i: "<script>alert(1)</script>", s: id.salt } } },
  { name: "a letter for a channel", change: { txt: { v: "1", i: id.hash, s: id.salt, c: "x" } } },
  { name: "a novel for a channel", change: { txt: { v: "1", i: id.hash, s: id.salt, c: "1".repeat(65_000) } } },
  { name: "port 0", change: { port: 0 } },
  { name: "port 70000", change: { port: 70_000 } },
  { name: "a text for a port", change: { port: "4777" } },
  { name: "no address at all", change: { addresses: [], referer: undefined } },
])("a record with $name is none of ours", ({ change }) => {
  expect(readService({ ...service, ...change })).toBeUndefined();
});

const candidate = (fill: number, host: string, channels: readonly number[] = []): Candidate => ({
  id: { salt: id.salt, hash: String(fill) },
  channels,
  addresses: [{ host, port: 1 }],
});

test("one device on two interfaces is one candidate with both addresses", () => {
  const table = new CandidateTable();
  table.add("a", candidate(1, "10.0.0.1", [7]), { source: "10.0.0.1", at: 0 });
  table.add("b", candidate(1, "192.168.0.1", [3]), { source: "192.168.0.1", at: 0 });
  expect([...table.merged().values()]).toEqual([
    {
      id: { salt: id.salt, hash: "1" },
      channels: [3, 7],
      addresses: [
        { host: "10.0.0.1", port: 1 },
        { host: "192.168.0.1", port: 1 },
      ],
    },
  ]);
});

test("a flood of names from one machine leaves room for the others", () => {
  const table = new CandidateTable();
  for (let index = 0; index < 10_000; index++)
    table.add(`n${index}`, candidate(index, "10.6.6.6"), { source: "10.6.6.6", at: 1 });
  expect(table.add("honest", candidate(-1, "10.0.0.7"), { source: "10.0.0.7", at: 1 })).toBe(true);
  expect(table.merged().size).toBeLessThan(40);
  expect(table.merged().has("-1")).toBe(true);
});

test("a flood from many addresses is bounded by the table", () => {
  const table = new CandidateTable();
  for (let index = 0; index < 2000; index++)
    table.add(`n${index}`, candidate(index, "10.6.6.6"), { source: `10.6.${index}`, at: 1 });
  expect(table.merged().size).toBe(LIMITS.discoveredMax.value);
});

test("what was not seen for long is forgotten, what was seen again is not", () => {
  const table = new CandidateTable();
  table.add("a", candidate(1, "10.0.0.1"), { source: "x", at: 1 });
  table.add("b", candidate(2, "10.0.0.2"), { source: "x", at: 1 });
  table.add("a", candidate(1, "10.0.0.1"), { source: "x", at: 5 });
  table.expire(3);
  expect([...table.merged().keys()]).toEqual(["1"]);
});

const link = { name: "eth0", address: "192.168.1.5", prefix: 24 };
function packet(
  counts: readonly number[],
  options: { readonly isResponse?: boolean; readonly size?: number } = {},
): Uint8Array {
  const bytes = new Uint8Array(options.size ?? 40);
  const view = new DataView(bytes.buffer);
  bytes[2] = options.isResponse === true ? 0x84 : 0;
  for (const [index, count] of counts.entries()) view.setUint16(4 + 2 * index, count);
  return bytes;
}

test.each([
  { name: "an ordinary packet", bytes: packet([1, 2, 0, 3]), source: "192.168.1.77", isAdmitted: true },
  { name: "a packet from another network", bytes: packet([1]), source: "192.168.2.77", isAdmitted: false },
  { name: "a packet from the internet", bytes: packet([1]), source: "8.8.8.8", isAdmitted: false },
  { name: "11 bytes", bytes: new Uint8Array(11), source: "192.168.1.77", isAdmitted: false },
  { name: "nothing", bytes: new Uint8Array(), source: "192.168.1.77", isAdmitted: false },
  { name: "64 KB", bytes: packet([1], { size: 65_000 }), source: "192.168.1.77", isAdmitted: false },
  { name: "60,000 records", bytes: packet([60_000]), source: "192.168.1.77", isAdmitted: false },
  { name: "many records of each kind", bytes: packet([20, 20, 20, 20]), source: "192.168.1.77", isAdmitted: false },
])("$name: admitted $isAdmitted", ({ bytes, source, isAdmitted }) => {
  expect(new PacketGate(link, 0).admits(bytes, source, 0)).toBe(isAdmitted);
});

test("a flood is cut to its rate, by source and in all, and a second later the gate is open again", () => {
  const gate = new PacketGate(link, 0);
  const admitted = (sources: number, now: number, isResponse: boolean): number =>
    Array.from({ length: 10_000 }, (_, index) =>
      gate.admits(packet([1], { isResponse }), `192.168.1.${index % sources}`, now),
    ).filter(Boolean).length;
  expect(admitted(1, 0, true)).toBe(60);
  expect(admitted(200, 0, true)).toBe(140);
  expect(admitted(200, 0, false)).toBe(40);
  expect(gate.admits(packet([1], { isResponse: true }), "192.168.1.7", 1000)).toBe(true);
});

test("a flood of forged sources takes bounded memory, and idle sources make room", () => {
  const wide = new PacketGate({ ...link, prefix: 8 }, 0);
  const ask = (index: number, now: number): boolean =>
    wide.admits(packet([1], { isResponse: true }), `192.${index >> 8}.${index & 255}.1`, now);
  for (let index = 0; index < 5000; index++) ask(index, 0);
  expect(ask(60_000, 5000)).toBe(false);
  expect(ask(60_000, 20_000)).toBe(true);
});

const info = (address: string, internal: boolean, family: "IPv4" | "IPv6" = "IPv4"): NetworkInterfaceInfo =>
  ({
    address,
    internal,
    family,
    cidr: `${address}/${family === "IPv4" ? 24 : 64}`,
    netmask: "",
    mac: "",
  }) as NetworkInterfaceInfo;

test("interfaces: IPv4 only, loopback on demand, bounded", () => {
  const table = {
    lo: [info("127.0.0.1", true)],
    eth0: [info("fd00::1", false, "IPv6"), info("10.0.0.1", false)],
    v6: [info("fd00::2", false, "IPv6")],
    none: undefined,
  };
  const names = (withLoopback: boolean): string[] => ipv4Interfaces(table, { withLoopback }).map(interfaceKey);
  expect(names(false)).toEqual(["eth0 10.0.0.1/24"]);
  expect(names(true)).toEqual(["lo 127.0.0.1/24", "eth0 10.0.0.1/24"]);
  const many = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`e${index}`, [info(`10.0.0.${index}`, false)]]),
  );
  expect(ipv4Interfaces(many, { withLoopback: false })).toHaveLength(16);
});
