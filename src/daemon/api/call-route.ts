/** Calls one route of the service; the answer is a promise of one document, or a stream of them. */
import type { RouteName } from "../../shared/api-routes.ts";
import type { NodeService, RequestContext } from "./node-service.ts";

type Handler = (request: unknown, context: RequestContext) => Promise<unknown> | AsyncIterable<unknown>;

/** `input` has passed the route's schema. */
export function callRoute(
  service: NodeService,
  name: RouteName,
  input: unknown,
  context: RequestContext,
): Promise<unknown> | AsyncIterable<unknown> {
  const handler = service[name].bind(service) as Handler;
  return handler(input, context);
}

/** Whether an answer comes as a stream. */
export function isStream(result: Promise<unknown> | AsyncIterable<unknown>): result is AsyncIterable<unknown> {
  return Symbol.asyncIterator in result;
}

/** The documents of an answer as lines. */
export async function* linesOf(
  result: Promise<unknown> | AsyncIterable<unknown>,
  line: (document: unknown) => string,
): AsyncGenerator<string> {
  if (isStream(result)) for await (const document of result) yield line(document);
  else yield line(await result);
}
