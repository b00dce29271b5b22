import type { RunScan } from "../executor/inline-disk.ts";
import { IgnoreCache } from "./ignore-cache.ts";
import { type ScanParts, scan } from "./scan.ts";

/** Scans on this very thread, handing over batch by batch: for the simulation and for tools. */
export function inlineScan(parts: Omit<ScanParts, "ignore" | "isAborted">): RunScan {
  const ignores = new IgnoreCache();
  return async (request, take, signal) => {
    signal.throwIfAborted();
    const ignore = ignores.compile(request.ignore);
    const isAborted = (): boolean => signal.aborted;
    for (const batch of scan({ ...parts, ignore, isAborted }, request)) {
      if (batch.observations.length > 0 || batch.problems.length > 0) await take(batch);
    }
  };
}
