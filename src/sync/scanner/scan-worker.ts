/**
 * The thread that scans: walks the disks of all folders of a node, and cuts and
 * hashes what is new; large files with the help of others.
 *
 * It has disk handles and a reading index connection of its own. Scans take
 * turns at batches; a scan that is far ahead of its taker waits.
 */
import { availableParallelism } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { SyncError } from "../../shared/errors.ts";
import type { FolderId } from "../../shared/ids.ts";
import { createCutter } from "../delta/cut.ts";
import type { HashTools } from "../delta/hash-content.ts";
import type { ScanBatch, ScanRequest } from "../folder-disk.ts";
import { type Disk, openDisk } from "../fs/disk.ts";
import { DiskReadHandle } from "../fs/disk-handles.ts";
import { FsError } from "../fs/filesystem.ts";
import { readMarker } from "../fs/marker.ts";
import { createHasher } from "../hash/blake3.ts";
import { type ErrorMessage, toErrorMessage } from "../index/error-message.ts";
import { openReader } from "../index/index-client.ts";
import type { HashLarge } from "./examine.ts";
import { IgnoreCache } from "./ignore-cache.ts";
import { ParallelHash } from "./parallel-hash.ts";
import { scan } from "./scan.ts";

export interface ScanWorkerData {
  readonly indexPath: string;
}

export type ToScanWorker =
  | {
      readonly type: "scan";
      readonly id: number;
      readonly folder: FolderId;
      readonly root: string;
      readonly request: ScanRequest;
      /** One 32-bit word; not 0: stop. */
      readonly abort: SharedArrayBuffer;
    }
  /** A batch was taken. */
  | { readonly type: "taken"; readonly id: number }
  | { readonly type: "close" };

export type FromScanWorker =
  | { readonly type: "batch"; readonly id: number; readonly batch: ScanBatch }
  | { readonly type: "done"; readonly id: number }
  | { readonly type: "failed"; readonly id: number; readonly error: ErrorMessage };

interface Running {
  readonly steps: Iterator<ScanBatch>;
  /** Batches sent and not taken yet. */
  untaken: number;
  /** The last batch told of moves: the scan goes on from the rows that taking it leaves. */
  mustBeTaken: boolean;
}

/** Enough to keep hashing while a batch is committed. */
const UNTAKEN_MAX = 3;

const port = parentPort;
if (port === null) throw new Error("bug: the scan worker is a thread");
const index = openReader((workerData as ScanWorkerData).indexPath);
const hash: HashTools = { hasher: createHasher(), cutter: createCutter() };
// Beside the thread that works at the one core more there must be; beyond four the disk is the limit.
const parallel = new ParallelHash({ tools: hash, helpers: Math.min(3, availableParallelism() - 1) });
const hashLarge: HashLarge = (handle, size, read) =>
  handle instanceof DiskReadHandle ? parallel.hash(handle.fd, size, read) : undefined;
const ignores = new IgnoreCache();
const disks = new Map<string, Disk>();
const running = new Map<number, Running>();

function send(message: FromScanWorker): void {
  port?.postMessage(message);
}

/** A root that was unmounted or replaced since is opened anew. */
function diskAt(root: string): Disk {
  const known = disks.get(root);
  if (known?.rootState() === "same") return known;
  known?.close();
  disks.delete(root);
  try {
    const disk = openDisk(root);
    disks.set(root, disk);
    if (readMarker(disk).type === "ok") disk.probe();
    return disk;
  } catch (error) {
    if (!(error instanceof FsError)) throw error;
    throw new SyncError("E_ROOT_UNREADABLE", `${root} cannot be opened: ${error.code}`, { cause: error });
  }
}

function* start({ folder, root, request, abort }: Extract<ToScanWorker, { type: "scan" }>): Generator<ScanBatch> {
  const word = new Int32Array(abort);
  yield* scan(
    {
      fs: diskAt(root),
      reader: index.read,
      folder,
      hash,
      hashLarge,
      ignore: ignores.compile(request.ignore),
      now: Date.now,
      isAborted: () => Atomics.load(word, 0) !== 0,
    },
    request,
  );
}

/** Goes on with a scan until it is ahead far enough, or at its end. */
function advance(id: number, scanning: Running): void {
  try {
    while (scanning.untaken < (scanning.mustBeTaken ? 1 : UNTAKEN_MAX)) {
      const { done, value: batch } = scanning.steps.next();
      if (done) {
        running.delete(id);
        send({ type: "done", id });
        return;
      }
      scanning.mustBeTaken = batch.moves.length > 0;
      if (batch.observations.length === 0 && batch.problems.length === 0 && !scanning.mustBeTaken) continue;
      scanning.untaken++;
      send({ type: "batch", id, batch });
    }
  } catch (error) {
    running.delete(id);
    send({ type: "failed", id, error: toErrorMessage(error) });
  }
}

port.on("message", (message: ToScanWorker) => {
  switch (message.type) {
    case "scan": {
      const scanning: Running = { steps: start(message), untaken: 0, mustBeTaken: false };
      running.set(message.id, scanning);
      advance(message.id, scanning);
      break;
    }
    case "taken": {
      const scanning = running.get(message.id);
      if (scanning === undefined) break;
      scanning.untaken--;
      advance(message.id, scanning);
      break;
    }
    case "close":
      for (const disk of disks.values()) disk.close();
      parallel[Symbol.dispose]();
      index[Symbol.dispose]();
      port.close();
  }
});
