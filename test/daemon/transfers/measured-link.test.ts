import { expect, test } from "vitest";
import { type Choice, chooseWay, measuredLink } from "../../../src/daemon/transfers/measured-link.ts";
import { SyncError } from "../../../src/shared/errors.ts";
import { parseRelPath, type ShortId } from "../../../src/shared/ids.ts";
import type { ChunkRequest } from "../../../src/shared/messages.ts";
import type { FetchLink } from "../../../src/sync/fetch/fetch-context.ts";
import { ManualClock } from "../../peer/support.ts";

const MIB = 1024 * 1024;
const REQUEST: readonly ChunkRequest[] = [
  { path: parseRelPath("a"), contentId: "00" as ChunkRequest["contentId"], offset: 0, size: MIB },
];

test.each([
  { tcp: { bytes: 8_000_000, ms: 80 }, udp: { bytes: 8_000_000, ms: 40 }, transport: "udp" },
  { tcp: { bytes: 8_000_000, ms: 80 }, udp: { bytes: 8_000_000, ms: 160 }, transport: "tcp" },
  { tcp: { bytes: 8_000_000, ms: 80 }, udp: { bytes: 8_400_000, ms: 80 }, transport: "tcp" },
  { tcp: { bytes: 8_000_000, ms: 0 }, udp: { bytes: 1, ms: 0 }, transport: "tcp" },
])("$tcp over TCP and $udp over UDP: $transport", ({ tcp, udp, transport }) => {
  expect(chooseWay(tcp, udp).transport).toBe(transport);
});

test("the reason names both rates", () => {
  expect(chooseWay({ bytes: 8_000_000, ms: 80 }, { bytes: 8_000_000, ms: 40 }).why).toBe(
    "measured: 100.0 MB/s over TCP, 200.0 MB/s over UDP",
  );
});

/** A link whose every answer takes some time and a MiB on the wire. */
function link(name: string, clock: ManualClock, ms: number, asked: string[], fails = false): FetchLink {
  return {
    device: "AAAAAAA" as ShortId,
    name,
    speaks: () => true,
    fetchChunks: async () => {
      asked.push(name);
      if (fails) throw new SyncError("E_PEER_OFFLINE", "gone");
      clock.advance(ms);
      return { answer: [], wire: { sent: 100, received: MIB } };
    },
    fetchRegions: async () => ({ answer: [], wire: { sent: 0, received: 0 } }),
    fetchChunkList: async () => ({ answer: undefined, wire: { sent: 0, received: 0 } }),
  };
}

async function run(udpMs: number, options: { readonly udpFails?: boolean } = {}): Promise<[string[], Choice[]]> {
  const clock = new ManualClock();
  const asked: string[] = [];
  const choices: Choice[] = [];
  const measured = measuredLink({
    tcp: link("tcp", clock, 10, asked),
    udp: Promise.resolve(link("udp", clock, udpMs, asked, options.udpFails)),
    clock,
    onChoice: (choice) => choices.push(choice),
  });
  for (let count = 0; count < 20; count++) await measured.fetchChunks(REQUEST, new AbortController().signal);
  return [asked, choices];
}

test("a part goes over each way, and the rest over the better one", async () => {
  const [faster, chosen] = await run(5);
  expect(faster.slice(0, 9)).toContain("udp");
  expect(faster.slice(17)).toEqual(["udp", "udp", "udp"]);
  expect(chosen).toMatchObject([{ transport: "udp" }]);
  const [slower, other] = await run(40);
  expect(slower.slice(17)).toEqual(["tcp", "tcp", "tcp"]);
  expect(other).toMatchObject([{ transport: "tcp" }]);
});

test("when UDP breaks off, what it owes comes over TCP, and so does the rest", async () => {
  const [asked, choices] = await run(5, { udpFails: true });
  expect(asked.filter((name) => name === "udp")).toHaveLength(1);
  expect(asked.filter((name) => name === "tcp")).toHaveLength(20);
  expect(choices).toEqual([{ transport: "tcp", why: "UDP broke off" }]);
});

test("when UDP does not come up, TCP goes on and the reason is told", async () => {
  const clock = new ManualClock();
  const choices: Choice[] = [];
  const measured = measuredLink({
    tcp: link("tcp", clock, 10, []),
    udp: Promise.reject(new SyncError("E_NO_TRANSPORT", "UDP does not get through to desk")),
    clock,
    onChoice: (choice) => choices.push(choice),
  });
  await measured.fetchChunks(REQUEST, new AbortController().signal);
  expect(choices).toEqual([{ transport: "tcp", why: "UDP does not get through to desk" }]);
});
