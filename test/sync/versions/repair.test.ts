import { describe, expect, test } from "vitest";
import { type Repaired, type RepairRequest, repair } from "../../../src/sync/versions/repair.ts";
import { KeepBench, NEVER, path, SELF } from "./keep-bench.ts";

function repaired(bench: KeepBench, how: RepairRequest["how"], ...paths: readonly string[]): Promise<Repaired> {
  return repair(bench.context, { paths: paths.map(path), how, by: SELF, signal: NEVER });
}

/** A file of the peer's whose bytes changed here behind the index, the stamp being as it was. */
async function rotten(): Promise<KeepBench> {
  const bench = await KeepBench.of({ "keep.txt": "keep" });
  await bench.peer.write("a.txt", "good");
  await bench.pull();
  bench.fs.disk.inodeAt("a.txt", "rot").data = new TextEncoder().encode("evil");
  return bench;
}

describe("restoring", () => {
  test("what rotted is kept as a version, and what was recorded comes again", async () => {
    const bench = await rotten();
    expect(await repaired(bench, "restore", "a.txt")).toEqual({ paths: ["a.txt"], skipped: [] });
    expect(bench.tree).not.toHaveProperty("a.txt");
    expect(bench.lookedAgain).toContain("a.txt");
    await bench.pull();
    expect(bench.tree).toMatchObject({ "a.txt": "good" });
    expect(bench.versions("a.txt")).toMatchObject([{ origin: "repair", by: SELF, head: { size: 4 } }]);
  });

  test("what is lost comes again", async () => {
    const bench = await rotten();
    bench.user.delete("a.txt");
    bench.later();
    expect((await repaired(bench, "restore", "a.txt")).paths).toEqual(["a.txt"]);
    await bench.pull();
    expect(bench.tree).toMatchObject({ "a.txt": "good" });
  });

  test("what is as recorded, or not recorded at all, is left", async () => {
    const bench = await KeepBench.of({ "ok.txt": "ok" });
    bench.user.write("new.txt", "mine");
    expect((await repaired(bench, "restore", "ok.txt", "new.txt", "none")).skipped).toMatchObject([
      { path: "ok.txt", code: "E_CHANGING" },
      { path: "new.txt", code: "E_NOT_SYNCED_YET" },
      { path: "none", code: "E_NOT_SYNCED_YET" },
    ]);
    expect(bench.tree).toEqual({ "ok.txt": "ok", "new.txt": "mine" });
  });
});

describe("adopting", () => {
  test("what the disk holds becomes a version of this device", async () => {
    const bench = await rotten();
    expect((await repaired(bench, "adopt", "a.txt", "none")).skipped).toMatchObject([{ path: "none" }]);
    expect(bench.tree).toMatchObject({ "a.txt": "evil" });
    expect(bench.head("a.txt")).toMatchObject({ author: SELF, size: 4 });
    expect(bench.row("a.txt")?.heads).toHaveLength(1);
  });
});
