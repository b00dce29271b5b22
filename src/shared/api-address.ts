/** How a route's input becomes an address: what the path names goes into it, the rest is query or body. */

export interface Address {
  readonly path: string;
  /** What the path does not name. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** Puts what the path names into it. */
export function fillPath(path: string, input: Readonly<Record<string, unknown>>): Address {
  const rest: Record<string, unknown> = { ...input };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(rest[name]);
    delete rest[name];
    return pathPart(value);
  });
  return { path: filled, rest };
}

/** A text as one part of a path. A lone "." or ".." would be taken for a step in it. */
export function pathPart(text: string): string {
  return /^\.{1,2}$/.test(text) ? text.replaceAll(".", "%2E") : encodeURIComponent(text);
}

/** `?a=1&b=2`, or nothing. */
export function queryOf(input: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(input)) if (value !== undefined) query.set(key, String(value));
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
