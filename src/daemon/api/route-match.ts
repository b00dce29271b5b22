import { API_PREFIX, ROUTES, type RouteName } from "../../shared/api-routes.ts";

export interface RouteMatch {
  readonly name: RouteName;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Pattern {
  readonly name: RouteName;
  readonly method: string;
  readonly parts: readonly string[];
}

const PATTERNS: readonly Pattern[] = Object.entries(ROUTES).map(([name, { method, path }]) => ({
  name: name as RouteName,
  method,
  parts: path.split("/").slice(1),
}));

/** The route of a request, with what its path says; undefined for an unknown path or method. */
export function matchRoute(method: string, pathname: string): RouteMatch | undefined {
  if (!pathname.startsWith(`${API_PREFIX}/`)) return undefined;
  const parts = pathname.slice(API_PREFIX.length + 1).split("/");
  for (const pattern of PATTERNS) {
    if (pattern.method !== method || pattern.parts.length !== parts.length) continue;
    const parameters = matchParts(pattern.parts, parts);
    if (parameters !== undefined) return { name: pattern.name, parameters };
  }
  return undefined;
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
