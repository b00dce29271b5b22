/** What only a real file system has. */
import { spawnSync } from "node:child_process";
import { closeSync, linkSync, openSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FolderId } from "../../../src/shared/ids.ts";
import { compileIgnore } from "../../../src/sync/core/ignore.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import type { ScanBatch } from "../../../src/sync/folder-disk.ts";
import { writeMarker } from "../../../src/sync/fs/marker.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { type OwnedIndex, openIndex } from "../../../src/sync/index/open-index.ts";
import { scan } from "../../../src/sync/scanner/scan.ts";
import { type DiskBench, diskBench } from "../../support/benches.ts";

const FOLDER = "photos" as FolderId;
let bench: DiskBench;
let index: OwnedIndex;

beforeEach(async () => {
  bench = diskBench();
  writeMarker(bench.fs, { format: 1, folder: FOLDER, epoch: "epoch" });
  index = openIndex(":memory:");
  await index.write.openFolder(FOLDER, "epoch");
});

afterEach(async () => {
  await index[Symbol.asyncDispose]();
  bench.dispose();
});

function look(): readonly string[] {
  const parts = {
    fs: bench.fs,
    reader: index.read,
    folder: FOLDER,
    hash: { hasher: createHasher(), cutter: createCutter() },
    ignore: compileIgnore({ folderText: "", devicePatterns: [] }),
    now: Date.now,
    isAborted: () => false,
  };
  const told = (batch: ScanBatch): readonly string[] => [
    ...batch.observations.map((one) => `${one.type} ${one.path}`),
    ...batch.problems.map((problem) => `${problem.code} ${problem.path}`),
  ];
  return [...scan(parts, { paths: "everything", isThorough: false })].flatMap(told).sort();
}

function at(name: string): string {
  return join(bench.root, name);
}

test("pipes do not hold the scan up, and names that are no UTF-8 are told", ({ skip }) => {
  skip(process.platform !== "linux", "needs mkfifo and a file system that takes any bytes");
  for (let i = 0; i < 8; i++) expect(spawnSync("mkfifo", [at(`pipe${i}`)]).status).toBe(0);
  writeFileSync(Buffer.concat([Buffer.from(`${bench.root}/`), Buffer.from([0x62, 0xff])]), "x");
  writeFileSync(at("fine"), "y");
  expect(look()).toEqual([
    "E_NAME_NOT_UTF8 b\\xff",
    ...Array.from({ length: 8 }, (_, i) => `E_SPECIAL_FILE pipe${i}`),
    "present fine",
  ]);
});

test("100 links to the directory they lie in are 100 links (trust E11)", () => {
  for (let i = 0; i < 100; i++) symlinkSync(".", at(`loop${i}`));
  expect(look()).toHaveLength(100);
});

test("two names of one inode are two files (trust E13)", () => {
  writeFileSync(at("a"), "1");
  linkSync(at("a"), at("b"));
  expect(look()).toEqual(["present a", "present b"]);
});

test("every descriptor is closed, whatever was met", ({ skip }) => {
  skip(process.platform !== "linux", "needs /proc");
  for (let i = 0; i < 50; i++) writeFileSync(at(`f${i}`), "x".repeat(i * 1000));
  symlinkSync("nowhere", at("l"));
  spawnSync("mkfifo", [at("pipe")]);
  look();
  const before = openBelow(at("."));
  look();
  rmSync(at("f1"));
  look();
  expect(openBelow(at("."))).toEqual(before);
  const held = openSync(at("f2"), "r");
  expect(openBelow(at("."))).toContain(at("f2"));
  closeSync(held);
});

/** What this process holds open below a directory; other tests run in it at the same time. */
function openBelow(directory: string): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(directory) ? [path] : [];
    } catch {
      return [];
    }
  });
}
