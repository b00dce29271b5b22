import type { JsonRoute, RouteOutput, RouteRequest, StreamRoute } from "../../shared/api.ts";
import type { Actor } from "./actor.ts";
import type { Batched } from "./call-route.ts";

/** What a handler knows of its caller. */
export interface RequestContext {
  readonly actor: Actor;
  /** As which of its users another device is asked, where this node's person said so; undefined: as this device. */
  readonly asUser?: string | undefined;
  /** The session that the request came by, at this node: of a browser, or of a device's user. */
  readonly session?: { readonly id: string; end(): void } | undefined;
  /** Aborts when the caller hangs up or the daemon stops. */
  readonly signal: AbortSignal;
}

/**
 * What the node does for its callers: one method for each route of
 * src/shared/api.ts, with the route's name.
 *
 * The control server calls it with checked input and sends what it returns.
 * A `json` method gives one document; an `ndjson` method gives lines, its
 * summary or result as the last, one by one or in batches, and ends when the signal aborts. Expected
 * failures are thrown as SyncError; folder and peer texts may be ids, labels
 * or names (resolve-names.ts).
 */
export type NodeService = {
  readonly [R in JsonRoute]: (request: RouteRequest<R>, context: RequestContext) => Promise<RouteOutput<R>>;
} & {
  readonly [R in StreamRoute]: (
    request: RouteRequest<R>,
    context: RequestContext,
  ) => AsyncIterable<Batched<RouteOutput<R>>>;
};
