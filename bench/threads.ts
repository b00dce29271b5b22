/**
 * Measures what a second thread gains in indexing one large file: read, cut and
 * hash, from the page cache, best of nine. Needs two cores that nobody else uses.
 */
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCutter } from "../src/sync/delta/cut.ts";
import { type HashTools, hashFileContent, type ReadAt } from "../src/sync/delta/hash-content.ts";
import { createHasher } from "../src/sync/hash/blake3.ts";
import { ParallelHash } from "../src/sync/scanner/parallel-hash.ts";
import { incompressible } from "./kernels.ts";

const REPETITIONS = 9;

export interface ThreadRates {
  /** Megabytes (10^6) per second. */
  readonly one: number;
  readonly two: number;
  /** Processor time of two threads together, of that of one: what cutting at the edges of segments and joining them costs. On a busy machine it says more than the rates. */
  readonly work: number;
}

/** Measures a file of `size` bytes that is made in `directory`. */
export function benchThreads(directory: string, size: number): ThreadRates {
  const path = join(directory, "large");
  writeFileSync(path, incompressible(size));
  const fd = openSync(path, "r");
  const read: ReadAt = (buffer, position) => readSync(fd, buffer, 0, buffer.length, position);
  const tools: HashTools = { hasher: createHasher(), cutter: createCutter() };
  using parallel = new ParallelHash({ tools, helpers: 1, fileBytesMin: 0 });
  try {
    parallel.hash(fd, size, read);
    let [one, two] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    const work = { one: [] as number[], two: [] as number[] };
    // Taken in turns, so that what else the machine does meets both alike.
    for (let i = 0; i < REPETITIONS; i++) {
      one = Math.min(
        one,
        millisecondsOf(() => work.one.push(processorTimeOf(() => hashFileContent(read, size, tools)))),
      );
      two = Math.min(
        two,
        millisecondsOf(() => work.two.push(processorTimeOf(() => parallel.hash(fd, size, read)))),
      );
    }
    return { one: size / 1000 / one, two: size / 1000 / two, work: median(work.two) / median(work.one) };
  } finally {
    closeSync(fd);
  }
}

/** Of all threads. */
function processorTimeOf(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}

function millisecondsOf(run: () => unknown): number {
  const before = performance.now();
  run();
  return performance.now() - before;
}
