/**
 * A thread that helps to cut and hash large files.
 *
 * It sleeps on a word of shared memory instead of an event loop, because who
 * wakes it hashes too and has no time for messages; see parallel-hash.ts. When
 * nothing came for a while it ends, to give its memory back.
 */
import { readSync } from "node:fs";
import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { createCutter } from "../delta/cut.ts";
import type { HashTools } from "../delta/hash-content.ts";
import { createHasher } from "../hash/blake3.ts";
import { HELPER_CALLED, HELPER_GONE, HELPER_IDLE, HELPER_WORKING } from "./helper-states.ts";
import { SegmentJob, type SegmentJobParts } from "./segment-job.ts";

export interface HashHelperData {
  /** One 32-bit word, one of the states in helper-states.ts. */
  readonly state: SharedArrayBuffer;
  /** Where jobs come from. */
  readonly jobs: MessagePort;
  readonly idleMs: number;
}

const { state, jobs, idleMs } = workerData as HashHelperData;
const word = new Int32Array(state);
const tools: HashTools = { hasher: createHasher(), cutter: createCutter() };

function takeJobs(): void {
  for (;;) {
    const received = receiveMessageOnPort(jobs);
    if (received === undefined) return;
    const job = new SegmentJob(received.message as SegmentJobParts);
    try {
      job.work((buffer, position) => readSync(job.parts.fd, buffer, 0, buffer.length, position), tools);
    } catch {
      // The job is stopped by now. Whoever made it hashes the file alone, and meets what is wrong with it.
    }
  }
}

for (;;) {
  if (Atomics.compareExchange(word, 0, HELPER_CALLED, HELPER_WORKING) === HELPER_CALLED) {
    takeJobs();
    Atomics.store(word, 0, HELPER_IDLE);
    Atomics.notify(word, 0);
  }
  const isIdle = Atomics.wait(word, 0, HELPER_IDLE, idleMs) === "timed-out";
  if (isIdle && Atomics.compareExchange(word, 0, HELPER_IDLE, HELPER_GONE) === HELPER_IDLE) break;
}
jobs.close();
