import process from "node:process";
import { SyncError } from "../../shared/errors.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { stopDaemon } from "../start-daemon.ts";

const STOP_MS = 30_000;

/** Stops the daemon; returns when its process is gone and the home's lock is free. */
export const down: CommandHandler = async (session) => {
  const timeout = AbortSignal.timeout(session.globals.timeoutMs ?? STOP_MS);
  const ask = async (pid: number | undefined): Promise<void> => {
    try {
      await session.call("shutdown", {});
    } catch (error) {
      // It is still starting, or does not answer any more: the signal reaches it all the same.
      if (pid === undefined) throw error;
      signalProcess(pid);
    }
  };
  const pid = await stopDaemon(session.paths, ask, AbortSignal.any([timeout, session.signal])).catch(
    (error: unknown) => {
      if (!timeout.aborted) throw error;
      throw new SyncError("E_TIMEOUT", "the daemon has not ended yet", {
        hint: "see `syncline logs`, or run `syncline down` again",
      });
    },
  );
  if (session.globals.json) session.json({ stopped: pid !== undefined, pid: pid ?? null });
  else session.say(pid === undefined ? "not running" : `${session.style("green", "✓")} stopped`);
};

function signalProcess(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // It ended meanwhile.
  }
}
