import type { Log } from "../../src/shared/ports.ts";

/** A log that keeps quiet. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
