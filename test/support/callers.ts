import { localAdmin } from "../../src/daemon/api/actor.ts";
import type { ControlServerOptions } from "../../src/daemon/api/control-server.ts";
import { SyncError } from "../../src/shared/errors.ts";

/** Who calls the control server of a test: its own person, on a node without connections. */
export const callers: Pick<ControlServerOptions, "peers" | "actor"> = {
  actor: () => localAdmin("laptop"),
  peers: {
    reach: async (text) => {
      throw new SyncError("E_PEER_OFFLINE", `${text} is not connected`);
    },
    nameOf: (device) => device.slice(0, 7),
    sessionOf: (_device, user) => user,
  },
};
