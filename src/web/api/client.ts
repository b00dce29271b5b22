/** Speaks to the daemon: the same routes and shapes as the command line. */
import type {
  ApiError,
  JsonRoute,
  RouteInput,
  RouteOutput,
  SessionInput,
  SessionOutput,
  StreamRoute,
} from "../../shared/api.ts";
import { fillPath, pathPart, queryOf } from "../../shared/api-address.ts";
import {
  API_PREFIX,
  PEER_PREFIX,
  ROUTES,
  type Route,
  SESSION_ROUTES,
  type SessionRouteName,
  TOKEN_HEADER,
} from "../../shared/api-routes.ts";

/** What the daemon refused or could not do, as it said it. */
export class Failure extends Error {
  readonly code: string;
  readonly hint: string;
  /** Of a faulty pattern: which character. */
  readonly index: number | undefined;

  constructor(document: Pick<ApiError, "code" | "message" | "hint" | "index">) {
    super(document.message);
    this.name = "Failure";
    this.code = document.code;
    this.hint = document.hint;
    this.index = document.index;
  }
}

/** The daemon does not answer. */
export function isLost(error: unknown): boolean {
  return error instanceof Failure && error.code === LOST;
}

const LOST = "E_NOT_RUNNING";
const TOKEN = "syncline-token";

/** The half of the session that scripts keep: it is stored for this host and port alone. */
export const token = {
  get: (): string => {
    try {
      return localStorage.getItem(TOKEN) ?? memory;
    } catch {
      return memory;
    }
  },
  set: (value: string): void => {
    memory = value;
    try {
      if (value === "") localStorage.removeItem(TOKEN);
      else localStorage.setItem(TOKEN, value);
    } catch {
      // Storage is off: the session lasts as long as this tab.
    }
  },
};
let memory = "";

/** Calls a route and returns its document. Throws Failure. */
export async function call<R extends JsonRoute>(
  route: R,
  input: RouteInput<R>,
  signal?: AbortSignal,
): Promise<RouteOutput<R>> {
  return (await readDocument(await send(ROUTES[route], input as Input, signal))) as RouteOutput<R>;
}

/** The same, of a route as a peer answers it; undefined is this node. */
export async function callAt<R extends JsonRoute>(
  peer: string | undefined,
  route: R,
  input: RouteInput<R>,
  signal?: AbortSignal,
): Promise<RouteOutput<R>> {
  return (await readDocument(await send(ROUTES[route], input as Input, signal, peer))) as RouteOutput<R>;
}

/** Calls what the dashboard's server answers by itself. */
export async function callSession<R extends SessionRouteName>(
  route: R,
  input: SessionInput<R>,
): Promise<SessionOutput<R>> {
  return (await readDocument(await send(SESSION_ROUTES[route], input as Input))) as SessionOutput<R>;
}

/** Sends bytes of a file from `start` on, with their hash. */
export async function putBytes(
  piece: SessionInput<"batchPut"> & { readonly start: number; readonly bytes: ArrayBuffer },
  signal: AbortSignal,
): Promise<SessionOutput<"batchPut">> {
  const { start, bytes, ...facts } = piece;
  const { path, rest } = fillPath(SESSION_ROUTES.batchPut.path, facts);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const range = `bytes ${start}-${start + bytes.byteLength - 1}/${String(facts.size)}`;
  const response = await fetch(API_PREFIX + path + queryOf(rest), {
    method: "PUT",
    credentials: "same-origin",
    cache: "no-store",
    headers: {
      [TOKEN_HEADER]: token.get(),
      "Content-Digest": `sha-256=:${btoa(String.fromCharCode(...digest))}:`,
      ...(bytes.byteLength === 0 ? {} : { "Content-Range": range }),
    },
    body: bytes,
    signal,
  }).catch((error: unknown) => {
    throw signal.aborted ? error : lost();
  });
  return (await readDocument(response)) as SessionOutput<"batchPut">;
}

/** Calls a route that answers line by line, here or on a peer. Throws Failure, also when the answer is cut short. */
export async function* stream<R extends StreamRoute>(
  route: R,
  input: RouteInput<R>,
  signal?: AbortSignal,
  peer?: string,
): AsyncGenerator<RouteOutput<R>> {
  const response = await send(ROUTES[route], input as Input, signal, peer);
  if (!response.ok || response.body === null) throw new Failure((await response.json()) as ApiError);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw signal?.aborted === true ? error : lost();
      });
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield parseLine(line) as RouteOutput<R>;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
  if (rest !== "") throw lost();
}

/** All lines of a stream that ends by itself. */
export async function collect<R extends StreamRoute>(
  route: R,
  input: RouteInput<R>,
  signal?: AbortSignal,
): Promise<RouteOutput<R>[]> {
  return await collectAt(undefined, route, input, signal);
}

/** The same, of a route as a peer answers it; undefined is this node. */
export async function collectAt<R extends StreamRoute>(
  peer: string | undefined,
  route: R,
  input: RouteInput<R>,
  signal?: AbortSignal,
): Promise<RouteOutput<R>[]> {
  const all: RouteOutput<R>[] = [];
  for await (const item of stream(route, input, signal, peer)) all.push(item);
  return all;
}

type Input = Readonly<Record<string, unknown>>;

async function send(route: Route, input: Input, signal?: AbortSignal, peer?: string): Promise<Response> {
  const { path, rest } = fillPath(route.path, input);
  const isRead = route.method === "GET";
  try {
    return await fetch(
      API_PREFIX +
        (peer === undefined ? "" : `${PEER_PREFIX}/${pathPart(peer)}`) +
        path +
        (isRead ? queryOf(rest) : ""),
      {
        method: route.method,
        credentials: "same-origin",
        cache: "no-store",
        headers: { [TOKEN_HEADER]: token.get(), ...(isRead ? {} : { "Content-Type": "application/json" }) },
        ...(isRead ? {} : { body: JSON.stringify(rest) }),
        ...(signal === undefined ? {} : { signal }),
      },
    );
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw lost();
  }
}

/** What an answer that is no good says. */
export async function failureOf(response: Response): Promise<Failure> {
  return new Failure((await response.json().catch(() => lost())) as ApiError);
}

async function readDocument(response: Response): Promise<unknown> {
  let document: unknown;
  try {
    document = await response.json();
  } catch {
    throw lost();
  }
  if (!response.ok) throw new Failure(document as ApiError);
  return document;
}

function parseLine(line: string): unknown {
  const document = JSON.parse(line) as Partial<ApiError>;
  if (document.type === "error" && document.code !== undefined) throw new Failure(document as ApiError);
  return document;
}

/** The failure of a daemon that does not answer. */
export function lost(): Failure {
  return new Failure({
    code: LOST,
    message: "Syncline does not answer",
    hint: "start it with `syncline up`; this page goes on by itself then",
  });
}
