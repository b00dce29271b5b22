import {
  API_PREFIX,
  PEER_PREFIX,
  ROUTES,
  type Route,
  type RouteName,
  SESSION_ROUTES,
  type SessionRouteName,
} from "../../shared/api-routes.ts";

export interface RouteMatch<N extends string = RouteName> {
  readonly name: N;
  readonly parameters: Readonly<Record<string, string>>;
  /** The device that is to answer, as a person named it; undefined: this one. */
  readonly peer: string | undefined;
}

interface Pattern<N extends string> {
  readonly name: N;
  readonly method: string;
  readonly parts: readonly string[];
}

const PATTERNS = patternsOf<RouteName>(ROUTES);
const SESSION_PATTERNS = patternsOf<SessionRouteName>(SESSION_ROUTES);

function patternsOf<N extends string>(routes: Readonly<Record<N, Route>>): readonly Pattern<N>[] {
  return Object.entries<Route>(routes).map(([name, { method, path }]) => ({
    name: name as N,
    method,
    parts: path.split("/").slice(1),
  }));
}

/** The route of a request, with what its path says; undefined for an unknown path or method. */
export function matchRoute(method: string, pathname: string): RouteMatch | undefined {
  return match(PATTERNS, method, pathname);
}

/** The same for what the dashboard's server answers by itself. */
export function matchSessionRoute(method: string, pathname: string): RouteMatch<SessionRouteName> | undefined {
  return match(SESSION_PATTERNS, method, pathname);
}

function match<N extends string>(
  patterns: readonly Pattern<N>[],
  method: string,
  pathname: string,
): RouteMatch<N> | undefined {
  if (!pathname.startsWith(`${API_PREFIX}/`)) return undefined;
  const { peer, path } = splitPeer(pathname.slice(API_PREFIX.length));
  if (path === undefined) return undefined;
  const parts = path.split("/").slice(1);
  for (const pattern of patterns) {
    if (pattern.method !== method || pattern.parts.length !== parts.length) continue;
    const parameters = matchParts(pattern.parts, parts);
    if (parameters !== undefined) return { name: pattern.name, parameters, peer };
  }
  return undefined;
}

/** Takes `/at/PEER` off a path; undefined for a path when PEER is none. */
function splitPeer(path: string): { readonly peer: string | undefined; readonly path: string | undefined } {
  if (!path.startsWith(`${PEER_PREFIX}/`)) return { peer: undefined, path };
  const start = PEER_PREFIX.length + 1;
  const end = path.indexOf("/", start);
  const peer = end === -1 ? undefined : decode(path.slice(start, end));
  return peer === undefined || peer === "" ? { peer: undefined, path: undefined } : { peer, path: path.slice(end) };
}

function matchParts(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [position, wanted] of pattern.entries()) {
    const part = parts[position] ?? "";
    if (wanted.startsWith("{")) {
      const value = decode(part);
      if (value === undefined || value === "") return undefined;
      parameters[wanted.slice(1, -1)] = value;
    } else if (wanted !== part) return undefined;
  }
  return parameters;
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
