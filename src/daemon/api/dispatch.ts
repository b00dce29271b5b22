/** Answers one HTTP request by one call of the node's service, or of a peer's. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { API } from "../../shared/api.ts";
import type { RouteName } from "../../shared/api-routes.ts";
import { SyncError } from "../../shared/errors.ts";
import type { Log } from "../../shared/ports.ts";
import { inPieces, lineOf } from "./answer-lines.ts";
import { asSyncError, badInput, errorDocument, httpStatus } from "./api-error.ts";
import { callRoute, isStream, linesOf } from "./call-route.ts";
import type { NodeService, RequestContext } from "./node-service.ts";
import { askPeerBatched, type PeerAsker } from "./peer-commands.ts";
import { readInput } from "./request-input.ts";
import { matchRoute, type RouteMatch } from "./route-match.ts";

export interface DispatchOptions {
  readonly service: NodeService;
  readonly peers: PeerAsker;
  readonly log: Log;
  /** Compares every answer with its schema; for tests. */
  readonly checkOutput: boolean;
}

/**
 * Finds the route, checks the input, calls the service or asks the peer that
 * the path names, sends what comes. Never throws: a failure becomes an error
 * document, or the last line of a stream that has begun.
 */
export async function dispatch(
  request: IncomingMessage,
  response: ServerResponse,
  context: RequestContext,
  options: DispatchOptions,
): Promise<void> {
  try {
    // Not by URL, which takes an escaped ".." for a step in the path.
    const [pathname = "", query = ""] = (request.url ?? "/").split(/\?(.*)/s, 2);
    const match = matchRoute(request.method ?? "", pathname);
    if (match === undefined) throw new SyncError("E_USAGE", `there is no ${request.method} ${pathname}`);
    await answerRoute(match, new URLSearchParams(query), request, response, context, options);
  } catch (error) {
    sendFailure(error, response, options.log, { withStack: true });
  }
}

/** Answers a request whose route is found, and whose caller may call it. Throws what went wrong before the answer ended. */
export async function answerRoute(
  match: RouteMatch,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
  context: RequestContext,
  options: DispatchOptions,
): Promise<void> {
  const input = await readInput(request, query, match.parameters);
  const parsed = API[match.name].input.safeParse(input);
  if (!parsed.success) throw badInput(parsed.error);
  const peer = match.peer === undefined ? undefined : await options.peers.reach(match.peer);
  const result =
    peer === undefined
      ? callRoute(options.service, match.name, parsed.data, context)
      : askPeerBatched(options.peers, peer, match.name, parsed.data, context);
  await answer(match.name, result, response, context.signal, options);
}

async function answer(
  name: RouteName,
  result: Promise<unknown> | AsyncIterable<unknown>,
  response: ServerResponse,
  signal: AbortSignal,
  { checkOutput }: DispatchOptions,
): Promise<void> {
  const line = (document: unknown): string => lineOf(checkOutput ? API[name].output.parse(document) : document);
  if (!isStream(result)) {
    const document = (await result) as object;
    sendDocument(checkOutput ? (API[name].output.parse(document) as object) : document, response);
    return;
  }
  for await (const piece of inPieces(linesOf(result, line))) {
    if (!response.headersSent) response.writeHead(200, { "Content-Type": "application/x-ndjson" });
    if (!response.write(piece)) await once(response, "drain", { signal });
  }
  signal.throwIfAborted();
  response.end();
}

/** Sends one document, with the version that every document carries. */
export function sendDocument(document: object, response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "application/json" });
  response.end(lineOf(document));
}

/** Sends an error document, or makes it the last line of a stream that has begun. Only bugs carry their stack, and only to the node's own person, who shows it with -v. */
export function sendFailure(
  error: unknown,
  response: ServerResponse,
  log: Log,
  { withStack }: { readonly withStack: boolean },
): void {
  const failure = asSyncError(error);
  if (failure.code === "E_INTERNAL") log.error("A request failed", { error });
  if (response.destroyed) return;
  if (!response.headersSent) response.writeHead(httpStatus(failure), { "Content-Type": "application/json" });
  response.end(`${JSON.stringify({ ...errorDocument(failure), ...(withStack ? stackOf(failure) : {}) })}\n`);
}

function stackOf(failure: SyncError): { readonly stack?: string } {
  const { cause } = failure;
  return failure.code === "E_INTERNAL" && cause instanceof Error && cause.stack !== undefined
    ? { stack: cause.stack }
    : {};
}
