import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { SyncError } from "../../shared/errors.ts";
import { LIMITS } from "../../shared/limits.ts";
import { regexFlags } from "../../shared/regex-fault.ts";
import type { RegexData } from "./regex-worker.ts";

/**
 * Runs a regular expression that somebody handed in, in a thread of its own,
 * because one can be written that takes longer than the world will last. It has
 * so much time for all it is asked together; then the thread is ended.
 */
export class RegexMatcher implements AsyncDisposable {
  readonly #data: RegexData;
  /** Begun when it is first asked: what was never asked leaves nothing behind, however it ends. */
  #thread: Promise<Worker> | undefined;
  #leftMs: number = LIMITS.regexMs.value;

  /** Throws E_USAGE for a pattern that is none. */
  constructor(pattern: string) {
    const checked = regexFlags(pattern);
    if ("fault" in checked)
      throw new SyncError("E_USAGE", `${checked.fault.message} at character ${checked.fault.index + 1} of ${pattern}`, {
        facts: { index: checked.fault.index },
        hint: "mend the regular expression",
      });
    this.#data = { pattern, flags: checked.flags };
  }

  /** Which of the texts the pattern is found in. Throws E_REGEX_SLOW. */
  async test(texts: readonly string[], signal: AbortSignal): Promise<readonly boolean[]> {
    this.#thread ??= startThread(this.#data);
    const worker = await this.#thread;
    const begunMs = performance.now();
    const late = AbortSignal.timeout(Math.max(1, Math.ceil(this.#leftMs)));
    worker.postMessage(texts);
    try {
      const [found] = await once(worker, "message", { signal: AbortSignal.any([signal, late]) });
      return found as readonly boolean[];
    } catch (cause) {
      if (signal.aborted || !late.aborted) throw cause;
      throw new SyncError("E_REGEX_SLOW", `the regular expression ${this.#data.pattern} takes too long`, { cause });
    } finally {
      this.#leftMs -= performance.now() - begunMs;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = await this.#thread?.catch(() => undefined);
    await worker?.terminate();
  }
}

async function startThread(workerData: RegexData): Promise<Worker> {
  const worker = new Worker(new URL("./regex-worker.ts", import.meta.url), { workerData });
  await once(worker, "message");
  return worker;
}
