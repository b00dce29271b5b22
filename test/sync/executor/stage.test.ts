import { describe, expect, test } from "vitest";
import type { ContentId, FolderId, RelPath, ShortId } from "../../../src/shared/ids.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import { DiskOperations } from "../../../src/sync/executor/disk-operations.ts";
import type { WantedChunk } from "../../../src/sync/folder-disk.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { seeded } from "../../support/seeded.ts";
import { SimFs } from "../../support/sim-fs.ts";

const hasher = createHasher("pure");
const cutter = createCutter();
const chance = seeded(5);
const SIZE = 2000;

const chunks = Array.from({ length: 12 }, () => Uint8Array.from({ length: SIZE }, () => chance() * 256));

function contentId(name: string): ContentId {
  return name.padEnd(64, "0") as ContentId;
}

/** A file made of numbered chunks, as the staging area is asked for it. */
function wanted(numbers: readonly number[]): readonly WantedChunk[] {
  return numbers.map((number, i) => ({
    offset: i * SIZE,
    size: SIZE,
    hash: hasher.chunk(chunks[number] as Uint8Array).slice(0, 16),
    sources: [],
  }));
}

class StageBench {
  nowMs = 1_750_000_000_000;
  readonly fs = new SimFs({ nowMs: () => this.nowMs });
  disk = this.open();

  constructor() {
    this.fs.user.plant({ ".syncline": { stage: {}, store: {} } });
  }

  /** As after a restart: nothing is open. */
  open(): DiskOperations {
    return new DiskOperations({
      fs: this.fs,
      folder: "photos" as FolderId,
      self: "AAAAAAAAAAAA" as ShortId,
      hasher,
      cutter,
      unique: () => "unique",
      nowNs: () => BigInt(this.nowMs) * 1_000_000n,
    });
  }

  /** Begins a file, of which `fetched` arrive. */
  begin(name: string, numbers: readonly number[], fetched: readonly number[]): void {
    this.nowMs += 1000;
    this.disk.assemble(contentId(name), numbers.length * SIZE, wanted(numbers));
    for (const at of fetched)
      this.disk.writeStaged(contentId(name), [
        { offset: at * SIZE, bytes: chunks[numbers[at] as number] as Uint8Array },
      ]);
  }

  /** Which chunks of a file need not be fetched. */
  found(name: string, numbers: readonly number[]): readonly number[] {
    const hashes = this.disk.assemble(contentId(name), numbers.length * SIZE, wanted(numbers));
    return numbers.filter((_, i) => hashes[i] !== undefined);
  }

  get staged(): readonly string[] {
    const names = this.fs.list(".syncline/stage" as RelPath).map(({ name }) => name ?? "");
    return names.map((name) => name.replace(/0{8,}/, "")).sort();
  }
}

describe("what was fetched of a file that changed at its source", () => {
  test("is found by content in the next version, also after a restart", () => {
    const bench = new StageBench();
    bench.begin("a", [0, 1, 2, 3, 4], [1, 2, 4]);
    bench.disk.leaveStaged(contentId("a"));
    expect(bench.found("b", [5, 2, 1, 3, 4])).toEqual([2, 1, 4]);
    bench.disk = bench.open();
    expect(bench.found("c", [4, 4, 6, 1])).toEqual([4, 4, 1]);
    expect(bench.found("a", [0, 1, 2, 3, 4])).toEqual([1, 2, 4]);
  });

  test("is found while it still arrives", () => {
    const bench = new StageBench();
    bench.begin("a", [0, 1], [1]);
    expect(bench.found("b", [1, 2])).toEqual([1]);
  });

  test("counts for nothing when it was written over", () => {
    const bench = new StageBench();
    bench.begin("a", [0, 1], [0, 1]);
    bench.disk.writeStaged(contentId("a"), [{ offset: 5, bytes: Uint8Array.of(1, 2, 3) }]);
    expect(bench.found("b", [0, 1])).toEqual([1]);
  });

  test("is put in place piece by piece, and found all over", () => {
    const bench = new StageBench();
    const all = wanted([0, 1, 2, 3]);
    bench.disk.assemble(contentId("a"), 4 * SIZE, all.slice(0, 2));
    bench.disk.assemble(contentId("a"), 4 * SIZE, all.slice(2));
    bench.disk.writeStaged(contentId("a"), [{ offset: 3 * SIZE, bytes: chunks[3] as Uint8Array }]);
    expect(bench.found("b", [3])).toEqual([3]);
  });
});

test("of a few files, the latest, what was fetched is kept; dropped ones leave nothing", () => {
  const bench = new StageBench();
  const count = LIMITS.stagedFiles.value + 3;
  for (let i = 0; i < count; i++) {
    bench.begin(`a${i}-`, [i % 12], [0]);
    bench.disk.leaveStaged(contentId(`a${i}-`));
  }
  bench.begin("last", [11], []);
  expect(bench.staged).toHaveLength(2 * (LIMITS.stagedFiles.value + 1));
  expect(bench.staged).not.toContain("a0-");
  expect(bench.staged).toContain(`a${count - 1}-`);
  bench.disk.dropStaged(contentId(`a${count - 1}-`));
  expect(bench.staged.filter((name) => name.startsWith(`a${count - 1}-`))).toEqual([]);
  bench.nowMs += 1000;
  bench.disk.cleanStage(0);
  expect(bench.staged).toEqual(["last", "last.chunks"]);
});
