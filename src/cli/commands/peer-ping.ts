import { EXIT, SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { countOption, given, textArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { formatMs } from "../render/format.ts";

/** Measures the way to a device. Exit 6 when no answer came. */
export const peerPing: CommandHandler = async (session, args, options) => {
  const peer = textArgument(args, 0);
  for await (const item of session.stream("peerPing", { peer, ...given({ count: countOption(options, "count") }) })) {
    if (session.globals.json) session.json(item);
    if (item.type === "pong") {
      if (!session.globals.json)
        session.print(
          `answer ${item.sequence} from ${printable(item.address)} by ${item.transport}: ${formatMs(item.rttMs)}`,
        );
    } else {
      if (!session.globals.json) {
        session.print(
          `${item.received} of ${item.sent} answered; least ${formatMs(item.minMs)}, mean ${formatMs(item.meanMs)}, most ${formatMs(item.maxMs)}`,
        );
      }
      return item.received > 0 ? EXIT.done : EXIT.offline;
    }
  }
  throw new SyncError("E_PEER_OFFLINE", `${peer} is not connected`);
};
