import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { fromErrorMessage } from "../index/error-message.ts";
import type { ReadBack } from "./read-back.ts";
import type { FromReread, RereadData } from "./reread-worker.ts";

/**
 * Reads files of a folder back from the disk, in a thread that ends with the
 * reading, whatever it is doing then. Parts come as they are asked for. Throws
 * when the folder's directory cannot be opened.
 */
export async function* reread(data: RereadData, signal: AbortSignal): AsyncGenerator<readonly ReadBack[]> {
  signal.throwIfAborted();
  const worker = new Worker(new URL("./reread-worker.ts", import.meta.url), { workerData: data });
  try {
    for (;;) {
      worker.postMessage("next");
      const [answer] = (await once(worker, "message", { signal })) as [FromReread];
      if (answer.type === "done") return;
      if (answer.type === "failed") throw fromErrorMessage(answer.error);
      yield answer.items;
    }
  } finally {
    await worker.terminate();
  }
}
