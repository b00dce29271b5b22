import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../src/shared/limits.ts";
import { Retention, type RetentionOptions, type RetentionReport } from "../../../src/sync/versions/retention-run.ts";
import { FOLDER, KeepBench, NEVER, PEER } from "./keep-bench.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const KEPT_MS = 30 * DAY_MS;

function run(retention: Retention, more: Partial<RetentionOptions> = {}): Promise<RetentionReport> {
  return retention.run({ keptMs: KEPT_MS, devices: [PEER], signal: NEVER, ...more });
}

async function replaced(bench: KeepBench, at: string, times: number, everyMs: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    await bench.peer.write(at, `${at} ${time} ${bench.nowMs}`);
    await bench.pull();
    bench.later(everyMs);
  }
}

function keptOf(bench: KeepBench, at: string): readonly number[] {
  return bench.versions(at).flatMap(({ version, storedAs }) => (storedAs === null ? [] : [version]));
}

function stored(bench: KeepBench): number {
  return [...bench.user.contents().keys()].filter((at) => at.startsWith(".syncline/store/")).length;
}

describe("retention", () => {
  test("leaves everything younger than a day", async () => {
    const bench = await KeepBench.of({ "a.txt": "one" });
    const retention = new Retention(bench.context);
    await replaced(bench, "a.txt", 20, 1000);
    expect(await run(retention)).toMatchObject({ thinned: 0, freedBytes: 0, problem: undefined });
    expect(keptOf(bench, "a.txt").length).toBe(20);
  });

  test("thins what is older, and its record stays", async () => {
    const bench = await KeepBench.of({ "a.txt": "one", "b.txt": "one" });
    const retention = new Retention(bench.context);
    await run(retention);
    await replaced(bench, "a.txt", 10, 10_000);
    await replaced(bench, "b.txt", 1, 0);
    bench.later(3 * DAY_MS);
    expect((await run(retention)).thinned).toBeGreaterThan(5);
    expect(keptOf(bench, "a.txt")).toContain(10);
    expect(keptOf(bench, "b.txt")).toEqual([1]);
    expect(bench.versions("a.txt").length).toBe(10);
    expect(stored(bench)).toBe(keptOf(bench, "a.txt").length + 1);
    expect(await run(retention)).toMatchObject({ thinned: 0 });
  });

  test("lets go of the trash after the configured time", async () => {
    const bench = await KeepBench.of({ "a.txt": "one" });
    const retention = new Retention(bench.context);
    await run(retention);
    await bench.peer.delete("a.txt");
    await bench.pull();
    bench.later(29 * DAY_MS);
    expect((await run(retention)).thinned).toBe(0);
    bench.later(2 * DAY_MS);
    expect((await run(retention)).thinned).toBe(1);
    expect(stored(bench)).toBe(0);
  });

  test("believes no clock that jumps years ahead", async () => {
    const bench = await KeepBench.of({ "a.txt": "one" });
    await run(new Retention(bench.context));
    await replaced(bench, "a.txt", 5, HOUR_MS);
    const jumped = { ...bench.context.clock, now: () => bench.nowMs + 10 * 365 * DAY_MS };
    const retention = new Retention({ ...bench.context, clock: jumped });
    expect((await run(retention)).thinned).toBe(0);
    expect(stored(bench)).toBe(5);
  });

  test("keeps a version that changed after it was kept", async () => {
    const bench = await KeepBench.of({ "a.txt": "one" });
    const retention = new Retention(bench.context);
    await run(retention);
    await bench.peer.delete("a.txt");
    await bench.pull();
    const [version] = bench.versions("a.txt");
    bench.user.append(`.syncline/store/${version?.storedAs}`, ", and more");
    bench.later(40 * DAY_MS);
    expect((await run(retention)).thinned).toBe(0);
    expect(stored(bench)).toBe(1);
  });

  test("gives way to a disk that fills, the oldest first, and says so", async () => {
    const bench = await KeepBench.of({
      "a.txt": "a".repeat(1000),
      "b.txt": "b".repeat(1000),
      "c.txt": "c".repeat(1000),
    });
    const retention = new Retention(bench.context);
    for (const at of ["a.txt", "b.txt", "c.txt"]) {
      await bench.peer.delete(at);
      await bench.pull();
      bench.later(2 * DAY_MS);
      await run(retention);
    }
    const reserve = LIMITS.freeReserveBytes.value;
    bench.fs.freeBytes = reserve - 1500;
    const report = await run(retention);
    expect(report.freedBytes).toBe(2000);
    expect(report.problem?.code).toBe("E_DISK_FULL");
    expect(["a.txt", "b.txt", "c.txt"].map((at) => keptOf(bench, at))).toEqual([[], [], [1]]);
    bench.fs.freeBytes = reserve;
    expect((await run(retention)).problem).toBeUndefined();
  });

  test("gives nothing younger than a day away, however full the disk is", async () => {
    const bench = await KeepBench.of({ "a.txt": "one" });
    const retention = new Retention(bench.context);
    await bench.peer.delete("a.txt");
    await bench.pull();
    bench.fs.freeBytes = 0;
    const report = await run(retention);
    expect(report.freedBytes).toBe(0);
    expect(report.problem?.message).toContain("no version is old enough to go");
    expect(stored(bench)).toBe(1);
  });

  test("forgets a tombstone once everybody has it, after a year", async () => {
    const bench = await KeepBench.of({ "a.txt": "one" });
    const retention = new Retention(bench.context);
    await bench.edit((user) => user.delete("a.txt"));
    await run(retention);
    const sequence = bench.index.read.folder(FOLDER)?.sequence ?? 0;
    bench.later(400 * DAY_MS);
    expect((await run(retention)).tombstones).toBe(0);
    await bench.index.write.setAcked(FOLDER, PEER, "epoch", sequence);
    expect((await run(retention)).tombstones).toBe(1);
    expect(bench.row("a.txt")).toBeUndefined();
  });

  test("cleans up what broken transfers left", async () => {
    const bench = await KeepBench.of({ "a.txt": "one" });
    const retention = new Retention(bench.context);
    bench.user.write(".syncline/stage/left", "bytes");
    await run(retention);
    expect(bench.user.exists(".syncline/stage/left")).toBe(true);
    bench.later(LIMITS.stagedKeptMs.value + HOUR_MS);
    await run(retention);
    expect(bench.user.exists(".syncline/stage/left")).toBe(false);
  });

  test("ends when it is told to", async () => {
    const bench = await KeepBench.of({ "a.txt": "one" });
    await replaced(bench, "a.txt", 1, 0);
    await expect(run(new Retention(bench.context), { signal: AbortSignal.abort() })).rejects.toThrow();
  });
});
