/** Asks the serving node, be it a connected device or this node itself: the same routes, the same rights. */
import type { RouteInput, RouteOutput } from "../../shared/api.ts";
import { API } from "../../shared/api.ts";
import type { RouteName } from "../../shared/api-routes.ts";
import type { WireBytes } from "../../shared/transfer-bytes.ts";
import { callRoute } from "../api/call-route.ts";
import type { NodeService, RequestContext } from "../api/node-service.ts";
import { askPeer, type PeerAsker } from "../api/peer-commands.ts";
import type { NetPeer } from "../net/net-peer.ts";

export interface ServingDeps {
  readonly service: () => NodeService;
  readonly asker: PeerAsker;
  readonly selfName: () => string;
}

/** The node that serves a transfer. `peer` is undefined when it is this one. */
export class Serving {
  readonly peer: NetPeer | undefined;
  readonly name: string;
  readonly #deps: ServingDeps;
  /** Who asked for the transfer. */
  readonly #asker: Pick<RequestContext, "actor" | "asUser">;
  readonly #onWire: (wire: WireBytes) => void;

  /** `onWire` hears what the commands themselves take on the connection. */
  constructor(
    deps: ServingDeps,
    peer: NetPeer | undefined,
    asker: Pick<RequestContext, "actor" | "asUser">,
    onWire: (wire: WireBytes) => void,
  ) {
    this.#deps = deps;
    this.#asker = { actor: asker.actor, asUser: asker.asUser };
    this.#onWire = onWire;
    this.peer = peer;
    this.name = peer === undefined ? deps.selfName() : deps.asker.nameOf(peer.device);
  }

  /** Whether bytes can still come. */
  get isOpen(): boolean {
    return this.peer?.isOpen ?? true;
  }

  async call<R extends "uploadOpen" | "transferClose">(
    route: R,
    input: RouteInput<R>,
    signal: AbortSignal,
  ): Promise<RouteOutput<R>> {
    return (await this.#run(route, input, signal)) as RouteOutput<R>;
  }

  stream<R extends "downloadOpen" | "uploadTake">(
    route: R,
    input: RouteInput<R>,
    signal: AbortSignal,
  ): AsyncIterable<RouteOutput<R>> {
    return this.#run(route, input, signal) as AsyncIterable<RouteOutput<R>>;
  }

  #run(route: RouteName, input: unknown, signal: AbortSignal): Promise<unknown> | AsyncIterable<unknown> {
    const parsed = API[route].input.parse(input);
    const context = { signal, ...this.#asker };
    if (this.peer !== undefined) return askPeer(this.#deps.asker, this.peer, route, parsed, context, this.#onWire);
    return callRoute(this.#deps.service(), route, parsed, context);
  }
}
