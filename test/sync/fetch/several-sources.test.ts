import { randomFillSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fetchLarge } from "../../../src/sync/fetch/fetch-large.ts";
import { fetchSmall } from "../../../src/sync/fetch/fetch-small.ts";
import { type FakeFile, FakeWorld, fakeFile } from "./fake-links.ts";

const MB = 1_000_000;
const never = new AbortController().signal;

function randomFile(path: string, size: number): FakeFile {
  return fakeFile(path, randomFillSync(new Uint8Array(size)));
}

const big = randomFile("big.bin", 40 * MB);

async function fetchBig(world: FakeWorld, signal = never) {
  world.add(big);
  const progress = { total: big.size, done: 0 };
  const fetched = await world.during(fetchLarge(world.context, { ...big, bases: [] }, progress, signal));
  return { ...fetched, progress };
}

describe("one large file", () => {
  test("comes at nearly the rate of the fast device, however slow another one is", async () => {
    const world = new FakeWorld();
    const fast = world.link("fast", 40_000);
    const slow = world.link("slow", 1000);
    const { result, tookMs } = await fetchBig(world);
    expect(result.type).toBe("staged");
    expect(Buffer.compare(world.staged.get(big.contentId) as Uint8Array, big.bytes)).toBe(0);
    // 80 % of 40 MB/s.
    expect(tookMs).toBeLessThan(big.size / 40_000 / 0.8);
    expect(slow.servedBytes).toBeGreaterThan(0);
    // Little is sent twice.
    expect(fast.servedBytes + slow.servedBytes).toBeLessThan(big.size * 1.05);
  });

  test("comes at that rate, too, when the slow device told of it first", async () => {
    const world = new FakeWorld();
    world.link("slow", 1000);
    const fastAfterMs = 100;
    world.scheduler.after(fastAfterMs, () => void world.link("fast", 40_000));
    const { result, tookMs } = await fetchBig(world);
    expect(result.type).toBe("staged");
    expect(tookMs - fastAfterMs).toBeLessThan(big.size / 40_000 / 0.8);
  });

  test("comes from two equal devices nearly twice as fast as from one", async () => {
    const world = new FakeWorld();
    world.link("one", 20_000);
    world.link("two", 20_000);
    const { tookMs } = await fetchBig(world);
    expect(tookMs).toBeLessThan((big.size / 20_000) * 0.6);
  });

  test("does not wait for a device that has stalled", async () => {
    const world = new FakeWorld();
    const stalled = world.link("stalled", 40_000);
    world.link("fast", 40_000);
    stalled.isStalled = true;
    const { result, tookMs } = await fetchBig(world);
    expect(result.type).toBe("staged");
    // The chunk list is asked of somebody else after five seconds.
    expect(tookMs).toBeLessThan(5000 + (big.size / 40_000) * 1.25 + 200);
  });

  test("does not wait for a device that stalls in the middle", async () => {
    const world = new FakeWorld();
    const stalling = world.link("stalling", 40_000);
    world.link("fast", 40_000);
    world.scheduler.after(200, () => {
      stalling.isStalled = true;
    });
    const { result, tookMs } = await fetchBig(world);
    expect(result.type).toBe("staged");
    expect(tookMs).toBeLessThan((big.size / 40_000) * 1.25 + 400);
  });

  test("a device that sends wrong bytes is dropped after three, and the file is whole", async () => {
    const world = new FakeWorld();
    const liar = world.link("liar", 40_000);
    world.link("honest", 40_000);
    liar.lies = true;
    const { result } = await fetchBig(world);
    expect(result.type).toBe("staged");
    expect(Buffer.compare(world.staged.get(big.contentId) as Uint8Array, big.bytes)).toBe(0);
    expect(world.liars.length).toBeGreaterThanOrEqual(3);
    // What was under way when it was dropped may still have come.
    expect(liar.requests).toBeLessThan(8);
  });

  test("names who sent wrong bytes where nobody else has the file", async () => {
    const world = new FakeWorld();
    world.link("liar", 40_000).lies = true;
    const { result } = await fetchBig(world);
    expect(result).toMatchObject({ type: "problem", code: "E_BAD_DATA", message: expect.stringContaining("liar") });
  });

  test("that nobody has any more is a problem, not a wait", async () => {
    const world = new FakeWorld();
    world.link("one", 40_000);
    const { result } = await world.during(
      fetchLarge(world.context, { ...big, bases: [] }, { total: big.size, done: 0 }, never),
    );
    expect(result).toMatchObject({ type: "problem", code: "E_NO_SOURCE" });
  });

  test("ends at once when it is aborted, with nothing under way", async () => {
    const world = new FakeWorld();
    const link = world.link("stalled", 40_000);
    world.add(big);
    const stop = new AbortController();
    const fetching = fetchLarge(world.context, { ...big, bases: [] }, { total: big.size, done: 0 }, stop.signal);
    world.scheduler.after(50, () => {
      link.isStalled = true;
    });
    world.scheduler.after(100, () => stop.abort(new Error("enough")));
    await expect(world.during(fetching)).rejects.toThrow("enough");
    expect(world.scheduler.nowMs).toBeLessThan(200);
  });
});

describe("many small files", () => {
  const files = Array.from({ length: 200 }, (_, i) => randomFile(`small-${i}`, 20_000));

  async function fetchFiles(world: FakeWorld) {
    for (const file of files) world.add(file);
    return await world.during(fetchSmall(world.context, files, never));
  }

  test("come at nearly the rate of the fast device", async () => {
    const world = new FakeWorld();
    world.link("slow", 100);
    world.link("fast", 10_000);
    const { result, tookMs } = await fetchFiles(world);
    expect(result.fetched.every(({ type }) => type === "bytes")).toBe(true);
    expect(tookMs).toBeLessThan(((files.length * 20_000) / 10_000) * 1.25 + 200);
  });

  test("are whole although one device sends wrong bytes, which is dropped after three", async () => {
    const world = new FakeWorld();
    world.link("liar", 10_000).lies = true;
    world.link("honest", 10_000);
    const { result } = await fetchFiles(world);
    expect(result.fetched.every(({ type }) => type === "bytes")).toBe(true);
    expect(world.liars.length).toBeGreaterThanOrEqual(1);
  });

  test("wait for a device that is busy with what others asked for", async () => {
    const world = new FakeWorld();
    world.link("only", 100);
    for (const file of files) world.add(file);
    const groups = Array.from({ length: 10 }, (_, i) => files.slice(i * 20, i * 20 + 20));
    const { result } = await world.during(Promise.all(groups.map((group) => fetchSmall(world.context, group, never))));
    expect(result.flatMap(({ fetched }) => fetched).filter(({ type }) => type !== "bytes")).toEqual([]);
  });
});
