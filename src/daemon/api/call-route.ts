/** Calls one route of the service; the answer is a promise of one document, or a stream of them. */
import type { RouteName } from "../../shared/api-routes.ts";
import { PIECE_CHARACTERS } from "./answer-lines.ts";
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

/** Some documents of a stream at once: a long one costs a step of the event loop for each batch, not for each document. */
export type Batched<T> = T | readonly T[];

/** The documents of an answer as lines; those of a batch together, as far as they make one piece. */
export async function* linesOf(
  result: Promise<unknown> | AsyncIterable<unknown>,
  line: (document: unknown) => string,
): AsyncGenerator<string> {
  if (!isStream(result)) {
    yield line(await result);
    return;
  }
  for await (const documents of result) {
    let text = "";
    for (const document of Array.isArray(documents) ? documents : [documents]) {
      text += line(document);
      if (text.length < PIECE_CHARACTERS) continue;
      yield text;
      text = "";
    }
    if (text !== "") yield text;
  }
}

/** The documents of a stream one by one. */
export async function* each<T>(batches: AsyncIterable<Batched<T>>): AsyncGenerator<T> {
  for await (const documents of batches) {
    if (Array.isArray(documents)) yield* documents as readonly T[];
    else yield documents as T;
  }
}
