/** The disk worker as its users see it. */
import { Worker } from "node:worker_threads";
import { SyncError } from "../../shared/errors.ts";
import type { FolderId, ShortId } from "../../shared/ids.ts";
import type { FolderDisk } from "../folder-disk.ts";
import type { DiskOperations } from "./disk-operations.ts";
import type { DiskCall, DiskReply, DiskRequest } from "./disk-worker.ts";
import type { RunScan } from "./inline-disk.ts";

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread for the disks of all folders. */
export class DiskClient implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #failure: Error | undefined;

  constructor() {
    this.#worker = new Worker(new URL("./disk-worker.ts", import.meta.url));
    this.#worker.on("message", (reply: DiskReply) => this.#take(reply));
    this.#worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on("exit", () => this.#fail(new Error("the disk worker ended")));
  }

  /** Opens (or opens anew) a folder's root. Rejects with the reason it cannot be opened. */
  async openFolder(options: {
    readonly folder: FolderId;
    readonly self: ShortId;
    readonly root: string;
  }): Promise<void> {
    await this.#ask({ type: "open", ...options });
  }

  async closeFolder(folder: FolderId): Promise<void> {
    await this.#ask({ type: "close", folder });
  }

  /** The folder's disk; its scans run elsewhere. */
  folder(options: {
    readonly folder: FolderId;
    readonly self: ShortId;
    readonly root: string;
    readonly scan: RunScan;
  }): FolderDisk {
    const { folder, self, root, scan } = options;
    const call = <C extends DiskCall>(
      name: C,
      transfer: readonly ArrayBuffer[],
      ...args: Parameters<DiskOperations[C]>
    ): Promise<ReturnType<DiskOperations[C]>> =>
      this.#ask({ type: "call", folder, call: name, args }, transfer) as Promise<ReturnType<DiskOperations[C]>>;
    return {
      check: async () => {
        const found = await call("check", []).catch(() => undefined);
        if (found?.type === "ok") return found;
        // The root may have been unmounted and be back, or never was there: a new look needs a new handle.
        try {
          await this.openFolder({ folder, self, root });
          return await call("check", []);
        } catch (error) {
          return {
            type: "halted",
            code: "E_ROOT_UNREADABLE",
            message: error instanceof Error ? error.message : String(error),
          };
        }
      },
      writeEpoch: (epoch) => call("writeEpoch", [], epoch),
      scan,
      execute: (steps) => call("execute", [], steps),
      committed: () => call("committed", []),
      openIntents: () => call("openIntents", []),
      recover: (known) => call("recover", [], known),
      assemble: (contentId, size, chunks) => call("assemble", [], contentId, size, chunks),
      cutAnew: (place, cut) => call("cutAnew", [], place, cut),
      writeStaged: (contentId, pieces) => call("writeStaged", buffersOf(pieces), contentId, pieces),
      describeRegions: (regions) => call("describeRegions", [], regions),
      rebuildRegions: (contentId, regions) => call("rebuildRegions", [], contentId, regions),
      leaveStaged: (contentId) => call("leaveStaged", [], contentId),
      dropStaged: (contentId) => call("dropStaged", [], contentId),
      flushNames: (paths) => call("flushNames", [], paths),
      readIgnoreFile: () => call("readIgnoreFile", []),
      readStored: (storeName, size) => call("readStored", [], storeName, size),
      readUnchanged: (files) => call("readUnchanged", [], files),
      purge: (entries) => call("purge", [], entries),
      cleanStage: (olderThanMs) => call("cleanStage", [], olderThanMs),
      cookie: (name, isDone) => call("cookie", [], name, isDone),
      free: () => call("free", []),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#failure ??= new Error("the disk worker was stopped");
    await this.#worker.terminate();
  }

  #ask(request: WithoutId<DiskRequest>, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id }, [...transfer]);
    });
  }

  #take(reply: DiskReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.error === undefined) waiting?.resolve(reply.value);
    else waiting?.reject(diskError(reply.error));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure);
    this.#waiting.clear();
  }
}

/** Bytes that nobody else looks at any more move to the worker without a copy. */
function buffersOf(pieces: readonly { readonly bytes: Uint8Array }[]): readonly ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { bytes } of pieces)
    if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength) buffers.add(bytes.buffer);
  return [...buffers];
}

function diskError(error: { readonly code: string; readonly message: string }): SyncError {
  const isFull = error.code === "ENOSPC" || error.code === "EDQUOT";
  return new SyncError(isFull ? "E_DISK_FULL" : "E_WRITE_FAILED", error.message, { facts: { code: error.code } });
}
