/**
 * Cuts and hashes large files on several threads at once.
 *
 * The calling thread takes part, and blocks until all is done: it is a worker
 * itself. Its helpers read from the same open file. They start with the first
 * large file and end by themselves when none came for a while.
 */
import { extname } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { contentIdOfChunks } from "../delta/content-id.ts";
import type { HashedContent, HashTools, ReadAt } from "../delta/hash-content.ts";
import { joinSegments } from "../delta/segments.ts";
import type { HashHelperData } from "./hash-helper.ts";
import { HELPER_CALLED, HELPER_GONE, HELPER_IDLE, HELPER_WORKING } from "./helper-states.ts";
import { SegmentJob } from "./segment-job.ts";

export interface ParallelHashOptions {
  readonly tools: HashTools;
  /** Threads besides the calling one. */
  readonly helpers: number;
  /** A smaller file is not worth waking anybody for. */
  readonly fileBytesMin?: number;
  readonly segmentBytes?: number;
  /** After so long without work a helper ends. */
  readonly idleMs?: number;
}

const MIB = 1024 * 1024;
/** One thread takes 30 ms for it, as long as a helper takes to start. */
const FILE_BYTES_MIN = 64 * MIB;
/** Small enough that the last one keeps nobody waiting for long, large enough that cutting twice at its edges is nothing. */
const SEGMENT_BYTES = 16 * MIB;
const IDLE_MS = 10_000;
/** When no block was read for so long, a helper has died; a disk that is so slow fails the file anyway. */
const STALL_MS = 60_000;
/** A helper makes nothing but chunk hashes. */
const HELPER_HEAP = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 } as const;

interface Helper {
  readonly state: Int32Array;
  readonly jobs: MessagePort;
}

export class ParallelHash implements Disposable {
  readonly #options: Required<ParallelHashOptions>;
  readonly #helpers: (Helper | undefined)[];

  constructor(options: ParallelHashOptions) {
    this.#options = { fileBytesMin: FILE_BYTES_MIN, segmentBytes: SEGMENT_BYTES, idleMs: IDLE_MS, ...options };
    this.#helpers = new Array<undefined>(options.helpers).fill(undefined);
  }

  /**
   * What {@link hashFileContent} gives for the open file `fd`, or undefined when it
   * is to be asked instead: the file is small, it is changing, or a helper failed.
   * What `read`, this thread's way to read the same file, throws passes through.
   * Nobody uses the file any more when this returns or throws.
   */
  hash(fd: number, size: number, read: ReadAt): HashedContent | undefined {
    const { fileBytesMin, segmentBytes, tools } = this.#options;
    if (size < fileBytesMin || this.#helpers.length === 0) return undefined;
    const job = new SegmentJob({ fd, fileSize: size, segmentBytes });
    const helping = this.#call(job);
    try {
      job.work(read, tools);
      if (!job.waitForAll(STALL_MS)) return undefined;
      const segments = job.results();
      const chunks = segments === undefined ? undefined : joinSegments(segments, read, size, tools);
      return chunks === undefined
        ? undefined
        : { size, contentId: contentIdOfChunks(chunks, size, tools.hasher), chunks };
    } finally {
      job.stop();
      for (const helper of helping) dismiss(helper);
    }
  }

  /** Lets go of the helpers: they end when they are idle. */
  [Symbol.dispose](): void {
    for (const helper of this.#helpers) {
      // Its port closed, it cannot be given work; it ends when its time is over, or with this thread.
      helper?.jobs.close();
    }
    this.#helpers.fill(undefined);
  }

  /** Sets helpers to work. */
  #call(job: SegmentJob): readonly Helper[] {
    return this.#helpers.map((known, i) => {
      const helper = known !== undefined && wake(known, job) ? known : this.#start(i, job);
      this.#helpers[i] = helper;
      return helper;
    });
  }

  #start(index: number, job: SegmentJob): Helper {
    const state = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const { port1, port2 } = new MessageChannel();
    const helper: Helper = { state: new Int32Array(state), jobs: port1 };
    const workerData: HashHelperData = { state, jobs: port2, idleMs: this.#options.idleMs };
    // What an unref'd port holds does not keep the thread alive; nor does the worker.
    port1.unref();
    wake(helper, job);
    const worker = new Worker(new URL(`./hash-helper${extname(import.meta.url)}`, import.meta.url), {
      workerData,
      transferList: [port2],
      resourceLimits: HELPER_HEAP,
    });
    worker.unref();
    const forget = (): void => {
      // Whoever waits for it need not wait any longer.
      Atomics.store(helper.state, 0, HELPER_GONE);
      Atomics.notify(helper.state, 0);
      if (this.#helpers[index] === helper) this.#helpers[index] = undefined;
    };
    worker.on("error", forget);
    worker.on("exit", forget);
    return helper;
  }
}

/** Gives a helper a job; false when it is no more. */
function wake({ state, jobs }: Helper, job: SegmentJob): boolean {
  if (Atomics.load(state, 0) === HELPER_GONE) return false;
  jobs.postMessage(job.parts);
  if (Atomics.compareExchange(state, 0, HELPER_IDLE, HELPER_CALLED) === HELPER_GONE) return false;
  Atomics.notify(state, 0);
  return true;
}

/** Returns when a helper, whose job is stopped, has left the file: one that has not begun yet will not. */
function dismiss({ state }: Helper): void {
  if (Atomics.compareExchange(state, 0, HELPER_CALLED, HELPER_IDLE) === HELPER_CALLED) return;
  Atomics.wait(state, 0, HELPER_WORKING, STALL_MS);
}
