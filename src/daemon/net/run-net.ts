import { systemClock, systemRandom } from "../system-ports.ts";
import { DiskChunkSource } from "./chunk-source.ts";
import type { MainCalls, MainNote, NetCalls, NetEvent, NetOptions } from "./net-api.ts";
import { threadLog } from "./net-log.ts";
import { NetNode } from "./net-node.ts";
import { ThreadCalls, type ThreadPort } from "./thread-calls.ts";

/** Builds the parts of the net thread and connects them to main, at the other end of `port`. */
export function runNet(port: ThreadPort, options: NetOptions): void {
  const post = (event: NetEvent, transfer: readonly ArrayBuffer[] = []): void => port.postMessage({ event }, transfer);
  const calls = new ThreadCalls<MainCalls, NetCalls>(port);
  const node = new NetNode({
    options,
    clock: systemClock,
    random: systemRandom,
    source: new DiskChunkSource({ indexFile: options.indexFile, log: threadLog(post) }),
    post,
    main: {
      storePaired: (paired) => calls.call("storePaired", [paired]),
      acceptOffer: (offer) => calls.call("acceptOffer", [offer]),
      runCommand: (connection, command) => calls.call("runCommand", [connection, command]),
    },
  });
  calls.serve(node.handlers);
  port.on("message", (message) => {
    if (!calls.take(message)) node.take(message as MainNote);
  });
}
