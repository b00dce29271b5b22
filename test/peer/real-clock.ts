import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../src/shared/ports.ts";

/** The machine's own clock, for tests of what real sockets do. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (delayMs, signal) => sleep(delayMs, undefined, signal === undefined ? {} : { signal }),
};
