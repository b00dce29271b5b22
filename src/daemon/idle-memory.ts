/**
 * Gives memory that a burst of work left behind back to the system once
 * nothing is going on. Measured after a first sync of 10,000 files: 308 MB
 * before, 179 MB after. Without koffi, or off Linux, only the heap is collected.
 */
import { createRequire } from "node:module";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock } from "../shared/ports.ts";
import { inBackground } from "./in-background.ts";

const LOOK_MS = 5_000;

/** Looks now and then; two quiet looks after a busy one give memory back. Dispose ends it. */
export function startIdleMemory(deps: { readonly clock: Clock; readonly isBusy: () => boolean }): AsyncDisposable {
  return inBackground((signal) => run(deps.clock, deps.isBusy, signal));
}

async function run(clock: Clock, isBusy: () => boolean, signal: AbortSignal): Promise<void> {
  const giveBack = bindGiveBack();
  // The start itself is a burst.
  let quietLooks = 0;
  let isDue = true;
  for (;;) {
    try {
      await clock.sleep(LOOK_MS, signal);
    } catch {
      return;
    }
    quietLooks = isBusy() ? 0 : quietLooks + 1;
    isDue ||= quietLooks === 0;
    if (!isDue || quietLooks < 2) continue;
    isDue = false;
    giveBack();
  }
}

/** Collects this thread's heap, then lets the allocator return free pages of all threads. */
function bindGiveBack(): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const trim = bindTrim();
  return () => {
    collect();
    trim();
  };
}

function bindTrim(): () => void {
  if (process.platform !== "linux") return () => {};
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    const mallocTrim = koffi.load(null).func("int malloc_trim(size_t pad)");
    return () => void mallocTrim(0);
  } catch {
    // Another C library than glibc, or no koffi: the pages stay.
    return () => {};
  }
}
