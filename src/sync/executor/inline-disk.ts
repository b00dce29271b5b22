import type { FolderDisk, ScanBatch, ScanRequest } from "../folder-disk.ts";
import { DiskOperations, type DiskOperationsOptions } from "./disk-operations.ts";

/** How a folder's disk is scanned: in a worker, or inline. */
export type RunScan = (
  request: ScanRequest,
  take: (batch: ScanBatch) => Promise<void>,
  signal: AbortSignal,
) => Promise<void>;

/** Puts synchronous operations and a scan together into a folder's disk, on this very thread. */
export function inlineDisk(options: DiskOperationsOptions, scan: RunScan): FolderDisk & { close(): void } {
  const operations = new DiskOperations(options);
  return {
    check: async () => operations.check(),
    writeEpoch: async (epoch) => operations.writeEpoch(epoch),
    scan,
    execute: async (steps) => operations.execute(steps),
    committed: async () => operations.committed(),
    openIntents: async () => operations.openIntents(),
    recover: async (known) => operations.recover(known),
    assemble: async (contentId, size, chunks) => operations.assemble(contentId, size, chunks),
    cutAnew: async (place, cut) => operations.cutAnew(place, cut),
    writeStaged: async (contentId, pieces) => operations.writeStaged(contentId, pieces),
    describeRegions: async (regions) => operations.describeRegions(regions),
    rebuildRegions: async (contentId, regions) => operations.rebuildRegions(contentId, regions),
    leaveStaged: async (contentId) => operations.leaveStaged(contentId),
    dropStaged: async (contentId) => operations.dropStaged(contentId),
    flushNames: async (paths) => operations.flushNames(paths),
    readIgnoreFile: async () => operations.readIgnoreFile(),
    readStored: async (storeName, size) => operations.readStored(storeName, size),
    readUnchanged: async (files) => operations.readUnchanged(files),
    purge: async (entries) => operations.purge(entries),
    cleanStage: async (olderThanMs) => operations.cleanStage(olderThanMs),
    cookie: async (name, isDone) => operations.cookie(name, isDone),
    free: async () => operations.free(),
    close: () => operations.close(),
  };
}
