import { expect, test } from "vitest";
import { readAddress } from "../../../src/peer/discovery/address.ts";
import { type KnownAddress, learnAddresses } from "../../../src/peer/discovery/address-book.ts";
import { LIMITS } from "../../../src/shared/limits.ts";

test.each([
  { text: "192.168.1.5:4777", host: "192.168.1.5", port: 4777 },
  { text: "192.168.1.5", host: "192.168.1.5", port: 4777 },
  { text: " desk.local:80 ", host: "desk.local", port: 80 },
  { text: "DESK", host: "desk", port: 4777 },
  { text: "[fd00::5]:1234", host: "fd00::5", port: 1234 },
  { text: "[fd00::5]", host: "fd00::5", port: 4777 },
  { text: "fd00::5", host: "fd00::5", port: 4777 },
  { text: "[fe80::1%eth0]:1", host: "fe80::1%eth0", port: 1 },
  { text: "a:65535", host: "a", port: 65_535 },
])("$text is read as $host port $port", ({ text, host, port }) => {
  expect(readAddress(text, 4777)).toEqual({ host, port });
});

test.each([
  "",
  ":4777",
  "desk:",
  "desk:0",
  "desk:65536",
  "desk:-1",
  "desk:4777x",
  "de sk:1",
  "a..b:1",
  "*:4777",
  "1.2.3:4",
  "1.2.3.4.5:6",
  "256.1.1.1:1",
  "[fd00::5:1",
  "fd00::5]:1",
  "[desk]:1",
  "[::g]:1",
  "desk:1:2",
  "http://desk:1",
  "desk\u001b[31m:1",
  "desk\0:1",
  `${"a".repeat(300)}:1`,
])("%j is no address", (text) => {
  expect(readAddress(text, 4777)).toBeUndefined();
});

test("without a port there must be a default", () => {
  expect(readAddress("desk")).toBeUndefined();
});

const known = (host: string, origin: KnownAddress["origin"], seenAt = 0): KnownAddress => ({
  address: { host, port: 1 },
  origin,
  seenAt,
});
const hosts = (list: readonly KnownAddress[]): string[] => list.map((entry) => entry.address.host);

test("addresses are dialled in order of origin, the latest seen first", () => {
  const list = learnAddresses(
    [known("t", "told", 9), known("d1", "discovered", 1)],
    [known("d2", "discovered", 2), known("w", "worked"), known("s", "static")],
  );
  expect(hosts(list)).toEqual(["s", "w", "d2", "d1", "t"]);
});

test("an address stays once, with its better origin and its latest time", () => {
  const list = learnAddresses([known("a", "worked", 1)], [known("a", "told", 5)]);
  expect(list).toEqual([known("a", "worked", 5)]);
});

test("learned addresses are bounded and never push out static ones", () => {
  const told = Array.from({ length: 100 }, (_, index) => known(`t${index}`, "told", index));
  const list = learnAddresses([known("s", "static")], told);
  expect(list).toHaveLength(LIMITS.addressesPerPeer.value);
  expect(hosts(list).slice(0, 2)).toEqual(["s", "t99"]);
});
