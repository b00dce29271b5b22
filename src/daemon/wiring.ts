/** Puts the parts of a node together. */
import { openIdentity } from "../peer/identity.ts";
import { SyncError } from "../shared/errors.ts";
import { localRoutes } from "./api/local-routes.ts";
import type { NodeService } from "./api/node-service.ts";
import type { NodeContext, RunningNode } from "./node-context.ts";

/** Opens the identity and serves what needs no folder and no peer. */
export async function openNode(context: NodeContext): Promise<RunningNode> {
  const identity = await openIdentity(context.paths.stateDir);
  const local = localRoutes(context, identity.deviceId);
  const service = new Proxy(local, {
    get: (target, name) =>
      Reflect.get(target, name) ??
      (() => {
        throw new SyncError("E_INTERNAL", `${String(name)} is not wired`);
      }),
  }) as NodeService;
  return { service, [Symbol.asyncDispose]: async () => {} };
}
