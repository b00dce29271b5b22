/**
 * Walks two lists of paths side by side, both in directory order (see
 * index/index-port.ts), a page at a time.
 */
import type { RelPath } from "../../shared/ids.ts";

/** Compares in directory order: by the path of the directory, then by name, as UTF-8 bytes. */
export function comparePaths(a: RelPath, b: RelPath): number {
  if (a === b) return 0;
  const [slashA, slashB] = [a.lastIndexOf("/"), b.lastIndexOf("/")];
  const byParent = compareBytes(a.slice(0, Math.max(0, slashA)), b.slice(0, Math.max(0, slashB)));
  return byParent || compareBytes(a.slice(slashA + 1), b.slice(slashB + 1));
}

function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Reads pages one after the other: `read` gets the last path of the page before, "" at first. */
export function* pages<T extends { readonly path: RelPath }>(
  read: (after: string, limit: number) => readonly T[],
  limit: number,
): Generator<T, undefined> {
  for (let after = ""; ; ) {
    const page = read(after, limit);
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return undefined;
    after = last.path;
  }
}

/** Pairs up what two lists say of each path. */
export function* paired<A extends { readonly path: RelPath }, B extends { readonly path: RelPath }>(
  first: Iterator<A, undefined>,
  second: Iterator<B, undefined>,
): Generator<{ readonly path: RelPath; readonly a: A | undefined; readonly b: B | undefined }> {
  let a = first.next().value;
  let b = second.next().value;
  while (a !== undefined || b !== undefined) {
    const order = a === undefined ? 1 : b === undefined ? -1 : comparePaths(a.path, b.path);
    const path = (order <= 0 ? a?.path : b?.path) as RelPath;
    yield { path, a: order <= 0 ? a : undefined, b: order >= 0 ? b : undefined };
    if (order <= 0) a = first.next().value;
    if (order >= 0) b = second.next().value;
  }
}
