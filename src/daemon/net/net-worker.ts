/** The entry of the net thread. */
import { parentPort, workerData } from "node:worker_threads";
import type { NetOptions } from "./net-api.ts";
import { runNet } from "./run-net.ts";
import type { ThreadPort } from "./thread-calls.ts";

runNet(parentPort as unknown as ThreadPort, workerData as NetOptions);
