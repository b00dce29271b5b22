/** A transfer's own thread as main sees it. It ends with the transfer, whatever it is doing. */
import { Worker } from "node:worker_threads";
import { SyncError } from "../../shared/errors.ts";
import type { FetchStage } from "../../sync/fetch/fetch-context.ts";
import type { WantedChunk } from "../../sync/folder-disk.ts";
import type { ServedFolder } from "../net/net-api.ts";
import { ThreadCalls } from "../net/thread-calls.ts";
import type { FileCalls, StagePlace } from "./file-calls.ts";
import type { FileWorkerData } from "./file-worker.ts";
import { stagePathOf } from "./stage-file.ts";

export class FileThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #calls: ThreadCalls<FileCalls, Record<string, never>>;

  constructor(options: { readonly indexFile: string; readonly folders: readonly ServedFolder[] }) {
    const workerData: FileWorkerData = options;
    this.#worker = new Worker(new URL("./file-worker.ts", import.meta.url), { workerData });
    this.#calls = new ThreadCalls(this.#worker);
    this.#worker.on("message", (message) => void this.#calls.take(message));
    this.#worker.on("error", (error) => this.#calls.end(error));
    this.#worker.on("exit", () => this.#calls.end(new SyncError("E_INTERRUPTED", "the transfer was stopped")));
  }

  call<K extends keyof FileCalls>(
    method: K,
    args: Parameters<FileCalls[K]>,
    signal?: AbortSignal,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Awaited<ReturnType<FileCalls[K]>>> {
    return this.#calls.call(method, args as never, signal, transfer) as Promise<Awaited<ReturnType<FileCalls[K]>>>;
  }

  /**
   * The staging area of one file, beside its target. `isFresh`: nothing of an earlier try counts. `places`: where
   * the names of local sources lead that are no absolute paths.
   */
  stage(
    place: StagePlace,
    { isFresh, places }: { readonly isFresh: boolean; readonly places: ReadonlyMap<string, string> },
  ): FetchStage {
    const placed = (chunk: WantedChunk): WantedChunk => ({
      ...chunk,
      // What the file holds more than once is copied from itself.
      sources: chunk.sources.map((source) => ({
        ...source,
        name: source.from === "stage" ? stagePathOf(place) : (places.get(source.name) ?? source.name),
      })),
    });
    return {
      assemble: (_, size, chunks) => this.call("assemble", [place, size, chunks.map(placed), isFresh]),
      cutAnew: ({ name }, cut) => this.call("cutAnew", [places.get(name) ?? name, cut]),
      writeStaged: (_, pieces) => this.call("writeStaged", [place, pieces], undefined, buffersOf(pieces)),
      dropStaged: () => this.call("dropStaged", [place]),
      describeRegions: () => Promise.reject(new Error("bug: regions are for folders")),
      rebuildRegions: () => Promise.reject(new Error("bug: regions are for folders")),
      free: async () => ({ ...(await this.call("free", [place.directory])), totalBytes: 0, inodes: undefined }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Bytes that nobody else looks at any more move to the thread without a copy. */
function buffersOf(pieces: readonly { readonly bytes: Uint8Array }[]): readonly ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { bytes } of pieces)
    if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength) buffers.add(bytes.buffer);
  return [...buffers];
}
