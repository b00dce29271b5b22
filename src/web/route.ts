/** Where the person is on the page: the part of the address behind `#`. */
import { signal } from "@preact/signals";

export interface Place {
  readonly page: string;
  /** What follows the page's name. */
  readonly rest: readonly string[];
  readonly query: URLSearchParams;
}

function read(): Place {
  // A key that signs in is no place; it is taken out of the address in a moment.
  const hash = location.hash.startsWith("#k=") ? "" : location.hash;
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s, 2);
  const [page = "", ...rest] = path.split("/").map(decode);
  return { page: page === "" ? "home" : page, rest, query: new URLSearchParams(query) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const place = signal(read());

addEventListener("hashchange", () => {
  const before = place.value.page;
  place.value = read();
  // Like a new page: to its top, and its heading is what is read next.
  if (before !== place.value.page) queueMicrotask(() => document.querySelector("h1")?.focus());
});

/** The address of a place. */
export function href(page: string, ...rest: readonly string[]): string {
  return `#/${[page, ...rest].map(encodeURIComponent).join("/")}`;
}

export function go(page: string, ...rest: readonly string[]): void {
  location.hash = href(page, ...rest);
}
