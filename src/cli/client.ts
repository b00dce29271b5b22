/** Speaks to the daemon over its control socket. */
import type { IncomingMessage } from "node:http";
import process from "node:process";
import type { ApiError, JsonRoute, RouteInput, RouteOutput, StreamRoute } from "../shared/api.ts";
import { fillPath, pathPart, queryOf } from "../shared/api-address.ts";
import { API_PREFIX, PEER_PREFIX, ROUTES, type RouteName, USER_HEADER } from "../shared/api-routes.ts";
import { SyncError } from "../shared/errors.ts";
import { ApiFailure } from "./failure.ts";

/** An import reads all that http offers, a WebSocket client among it: 20 ms of each command. */
const { request: httpRequest } = process.getBuiltinModule("node:http");

/** A document as it came, with its `"v": 1`. */
export type Document<R extends RouteName> = RouteOutput<R> & { readonly v: 1 };

const BROKEN: ReadonlySet<string> = new Set(["EPIPE", "ECONNRESET"]);

export class Client {
  readonly #socket: string;
  readonly #user: string | undefined;

  /** `user`: as whom other devices are asked, where it is not as this device. */
  constructor(socket: string, user?: string) {
    this.#socket = socket;
    this.#user = user;
  }

  /** Calls a route, here or as a paired device answers it, and returns its document. Throws ApiFailure, E_NOT_RUNNING, or the signal's reason. */
  async call<R extends JsonRoute>(
    route: R,
    input: RouteInput<R>,
    signal: AbortSignal,
    peer?: string,
  ): Promise<Document<R>> {
    const response = await this.#send({ route, peer }, input as Record<string, unknown>, signal);
    let text = "";
    for await (const chunk of this.#chunks(response, signal)) text += chunk;
    const document = parse(text);
    if (isError(document)) throw new ApiFailure(document);
    return document as Document<R>;
  }

  /** Calls a route that answers line by line. */
  async *stream<R extends StreamRoute>(
    route: R,
    input: RouteInput<R>,
    signal: AbortSignal,
    peer?: string,
  ): AsyncIterable<Document<R>> {
    const response = await this.#send({ route, peer }, input as Record<string, unknown>, signal);
    let rest = "";
    for await (const chunk of this.#chunks(response, signal)) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const document = parse(line);
        if (isError(document)) throw new ApiFailure(document);
        yield document as Document<R>;
      }
    }
    if (rest !== "") throw gone();
  }

  async #send(
    { route, peer }: { readonly route: RouteName; readonly peer: string | undefined },
    input: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const { method } = ROUTES[route];
    const { path, rest } = fillPath(ROUTES[route].path, input);
    const query = method === "GET" ? queryOf(rest) : "";
    const body = method === "GET" ? undefined : JSON.stringify(rest);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = httpRequest({
      socketPath: this.#socket,
      method,
      path: API_PREFIX + (peer === undefined ? "" : `${PEER_PREFIX}/${pathPart(peer)}`) + path + query,
      signal,
      agent: false,
      headers: {
        ...(this.#user === undefined ? {} : { [USER_HEADER]: this.#user }),
        ...(body === undefined
          ? {}
          : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }),
      },
    });
    request.on("response", resolve);
    request.on("error", reject);
    request.end(body);
    try {
      return await promise;
    } catch (error) {
      throw translate(error, signal);
    }
  }

  async *#chunks(response: IncomingMessage, signal: AbortSignal): AsyncIterable<string> {
    response.setEncoding("utf8");
    try {
      yield* response as AsyncIterable<string>;
    } catch (error) {
      throw translate(error, signal);
    }
  }
}

function isError(document: unknown): document is ApiError {
  return (
    typeof document === "object" &&
    document !== null &&
    "type" in document &&
    document.type === "error" &&
    "code" in document
  );
}

function translate(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  // A daemon that was killed leaves its socket.
  if (code === "ECONNREFUSED" || code === "ENOENT")
    return new SyncError("E_NOT_RUNNING", "no daemon is running: its socket does not answer");
  return BROKEN.has(code) ? gone() : error;
}

/** An answer that was cut short came from a daemon that ended. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw gone();
  }
}

function gone(): SyncError {
  return new SyncError("E_NOT_RUNNING", "the daemon went away");
}
