/**
 * Rates of the index: rows written by the index thread in batches of 500, and
 * rows read over the read-only connection.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DiskStamp, Head } from "../src/shared/file-info.ts";
import type { ContentId, FolderId, RelPath, ShortId } from "../src/shared/ids.ts";
import { LIMITS } from "../src/shared/limits.ts";
import { startIndex } from "../src/sync/index/index-client.ts";
import type { FolderIndex, LocalChange } from "../src/sync/index/index-port.ts";

export interface IndexRates {
  readonly rows: number;
  /** First scan: rows that were not there. */
  readonly localRowsPerSecond: number;
  /** A peer's first announcement of as many rows. */
  readonly remoteRowsPerSecond: number;
  /** Those rows as they are applied: each clears what waited. */
  readonly appliedRowsPerSecond: number;
  /** Changed files: the value before goes to the history. */
  readonly changedRowsPerSecond: number;
  readonly getsPerSecond: number;
  /** Milliseconds for reading every directory's children. */
  readonly sweepMs: number;
  readonly bytesPerRow: number;
  readonly rssMiB: number;
}

const FOLDER = "bench" as FolderId;
const RECEIVED = "received" as FolderId;
const SELF = "AAAAAAAAAAAA" as ShortId;
const PEER = "BBBBBBBBBBBB" as ShortId;
const FILES_PER_DIRECTORY = 40;

/** Measures an index of `rows` files in a temporary directory. */
export async function measureIndex(rows = 100_000): Promise<IndexRates> {
  const home = mkdtempSync(join(tmpdir(), "syncline-bench-"));
  const path = join(home, "index.db");
  const paths = Array.from({ length: rows }, (_, i) => pathOf(i));
  try {
    await using index = await startIndex(path);
    await index.write.openFolder(FOLDER, "epoch");
    const localMs = await commitAll(index, FOLDER, paths, SELF, 1);
    const bytesPerRow = (statSync(path).size + statSync(`${path}-wal`).size) / rows;
    const getMs = timed(() => {
      for (const at of paths) index.read.local(FOLDER, at);
    });
    const directories = [...new Set(paths.map((at) => at.slice(0, at.lastIndexOf("/")) as RelPath))];
    const sweepMs = timed(() => {
      for (const directory of directories) index.read.localChildren(FOLDER, directory);
    });
    const changedMs = await commitAll(index, FOLDER, paths, SELF, 2);
    await index.write.openFolder(RECEIVED, "epoch");
    const remoteMs = await announceAll(index, paths);
    const appliedMs = await commitAll(index, RECEIVED, paths, PEER, 3);
    return {
      rows,
      localRowsPerSecond: rate(rows, localMs),
      remoteRowsPerSecond: rate(rows, remoteMs),
      appliedRowsPerSecond: rate(rows, appliedMs),
      changedRowsPerSecond: rate(rows, changedMs),
      getsPerSecond: rate(rows, getMs),
      sweepMs: Math.round(sweepMs),
      bytesPerRow: Math.round(bytesPerRow),
      rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Paths as a tree of sources has them: three levels, names of a dozen letters. */
function pathOf(i: number): RelPath {
  const directory = Math.floor(i / FILES_PER_DIRECTORY);
  return `packages/module-${Math.floor(directory / 20)}/source-${directory % 20}/component-${i % FILES_PER_DIRECTORY}.ts` as RelPath;
}

function headOf(i: number, author: ShortId, round: number): Head {
  const counter = 1_800_000_000 + round;
  const version: [ShortId, number][] = [[SELF, 1_800_000_000 + Math.min(round, 2)]];
  if (author === PEER) version.push([PEER, counter]);
  return {
    version,
    author,
    type: "file",
    deleted: false,
    size: 3000 + (i % 1000),
    mtimeNs: 1_700_000_000_123_456_789n + BigInt(i),
    mode: 0o644,
    contentId: mixed(i * 8 + round),
    target: "",
    previous: round === 1 ? null : mixed(i * 8 + round - 1),
    owner: SELF,
  };
}

/** 32 bytes that look like a hash: random order is what the content index costs. */
function mixed(seed: number): ContentId {
  let state = (seed + 1) >>> 0;
  let text = "";
  for (let i = 0; i < 8; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0;
    state = (Math.imul(state ^ (state >>> 12), 0x297a2d39) + i) >>> 0;
    text += (state ^ (state >>> 15)).toString(16).replace("-", "").padStart(8, "0").slice(-8);
  }
  return text as ContentId;
}

function stampOf(i: number, head: Head): DiskStamp {
  return {
    dev: 2049n,
    ino: BigInt(1_000_000 + i),
    size: head.size,
    mtimeNs: head.mtimeNs,
    ctimeNs: head.mtimeNs + 5n,
    mode: 0o100644,
  };
}

async function commitAll(
  index: FolderIndex,
  folder: FolderId,
  paths: readonly RelPath[],
  author: ShortId,
  round: number,
): Promise<number> {
  const changes = paths.map((path, i): LocalChange => {
    const head = headOf(i, author, round);
    return { path, heads: [head], stamp: stampOf(i, head), announce: true };
  });
  return await inBatches(changes, (batch) => index.write.commitLocal(folder, batch, { nowMs: 1000 * round }));
}

async function announceAll(index: FolderIndex, paths: readonly RelPath[]): Promise<number> {
  const records = paths.map((path, i) => ({
    sequence: i + 1,
    info: { path, heads: [headOf(i, PEER, 3)] },
    chunkList: null,
  }));
  return await inBatches(records, (batch) =>
    index.write.commitRemote(RECEIVED, PEER, "theirs", batch.at(-1)?.sequence ?? 0, batch),
  );
}

/** Runs batches with a few under way, as the scanner and a connection do. */
async function inBatches<T>(items: readonly T[], write: (batch: readonly T[]) => Promise<unknown>): Promise<number> {
  const size = LIMITS.indexBatchRows.value;
  const started = performance.now();
  const underWay: Promise<unknown>[] = [];
  for (let start = 0; start < items.length; start += size) {
    underWay.push(write(items.slice(start, start + size)));
    if (underWay.length >= 4) await underWay.shift();
  }
  await Promise.all(underWay);
  return performance.now() - started;
}

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

function rate(count: number, ms: number): number {
  return Math.round((count * 1000) / ms);
}

if (import.meta.main) {
  const rates = await measureIndex(Number(process.argv[2] ?? 100_000));
  for (const [name, value] of Object.entries(rates)) console.log(`${name.padEnd(24)}${value}`);
}
