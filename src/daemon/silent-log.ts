import type { Log } from "../shared/ports.ts";

const nothing = (): void => {};

/** For parts whose failures are told by who asked them. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silentLog };
