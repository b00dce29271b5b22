import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import { type HashedContent, hashFileContent, type ReadAt } from "../../../src/sync/delta/hash-content.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { ParallelHash } from "../../../src/sync/scanner/parallel-hash.ts";
import { SegmentJob } from "../../../src/sync/scanner/segment-job.ts";
import { randomBytes } from "../delta/inputs.ts";

const tools = { hasher: createHasher(), cutter: createCutter() };
const SIZE = 6_000_000;
const KIB = 1024;

let directory: string;
let fd: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "syncline-parallel-"));
  writeFileSync(join(directory, "large"), randomBytes(SIZE));
  fd = openSync(join(directory, "large"), "r");
});

afterEach(() => {
  closeSync(fd);
  rmSync(directory, { recursive: true });
});

const read: ReadAt = (buffer, position) => readSync(fd, buffer, 0, buffer.length, position);

function parallel(options: { helpers?: number; idleMs?: number } = {}): ParallelHash {
  return new ParallelHash({ tools, helpers: 2, fileBytesMin: 1, segmentBytes: 256 * KIB, ...options });
}

/** The plain way, with tools of its own. */
function plain(): HashedContent {
  return hashFileContent(read, SIZE, { hasher: createHasher("pure"), cutter: createCutter() });
}

describe("with helpers", () => {
  test("a file has the chunks that one thread finds, time and again", async () => {
    const expected = plain();
    using hash = parallel();
    expect(hash.hash(fd, SIZE, read)).toEqual(expected);
    // Meanwhile the helpers have started, or ended.
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 5; i++) expect(hash.hash(fd, SIZE, read)).toEqual(expected);
  });

  test("helpers that ended when they were idle are started again", () => {
    using hash = parallel({ idleMs: 1 });
    const expected = plain();
    for (let i = 0; i < 4; i++) expect(hash.hash(fd, SIZE, read)).toEqual(expected);
  });

  test("what reading throws ends the work and passes through", () => {
    using hash = parallel();
    const failing: ReadAt = () => {
      throw new Error("the scan was stopped");
    };
    expect(() => hash.hash(fd, SIZE, failing)).toThrow("the scan was stopped");
    expect(hash.hash(fd, SIZE, read)).toEqual(plain());
  });

  test("a file of another size is left to one thread", () => {
    using hash = parallel();
    expect(hash.hash(fd, SIZE - 1, read)).toBeUndefined();
    expect(hash.hash(fd, SIZE + 1, read)).toBeUndefined();
  });
});

test("a small file, and a machine of one core, are left to one thread", () => {
  using alone = parallel({ helpers: 0 });
  expect(alone.hash(fd, SIZE, read)).toBeUndefined();
  using picky = new ParallelHash({ tools, helpers: 1, fileBytesMin: SIZE + 1 });
  expect(picky.hash(fd, SIZE, read)).toBeUndefined();
});

test("a helper takes the segments that nobody else takes", async () => {
  const job = new SegmentJob({ fd, fileSize: SIZE, segmentBytes: 512 * KIB });
  const { port1, port2 } = new MessageChannel();
  const state = new SharedArrayBuffer(4);
  Atomics.store(new Int32Array(state), 0, 1);
  port1.postMessage(job.parts);
  const helper = new Worker(new URL("../../../src/sync/scanner/hash-helper.ts", import.meta.url), {
    workerData: { state, jobs: port2, idleMs: 1 },
    transferList: [port2],
  });
  await new Promise((resolve) => helper.once("exit", resolve));
  expect(job.waitForAll(1)).toBe(true);
  expect(job.results()?.length).toBe(Math.ceil(SIZE / (512 * KIB)));
});
