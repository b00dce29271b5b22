/**
 * What run.json says of the daemon that uses a home. A hint that outlives a
 * crash: the lock, not this file, tells whether a daemon runs.
 */
export interface RunInfo {
  readonly v: 1;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
  /** Null until the control interface answers. */
  readonly socket: string | null;
}

/** Reads run.json. Undefined when it is not what a daemon writes, as after a power cut. */
export function parseRunInfo(text: string): RunInfo | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { pid, version, startedAt, socket } = value as Readonly<Record<string, unknown>>;
  const isPid = typeof pid === "number" && Number.isInteger(pid) && pid > 0;
  if (!isPid || typeof version !== "string" || typeof startedAt !== "string") return undefined;
  if (socket !== null && typeof socket !== "string") return undefined;
  return { v: 1, pid, version, startedAt, socket };
}
