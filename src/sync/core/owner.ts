/**
 * Who owns a path, as one device judges it for itself.
 *
 * A record names its owner, and honest devices carry it from version to
 * version. A peer with write right can write a version that names another.
 * Rewriting what it wrote would leave devices with different records for ever,
 * so records stay as their authors wrote them, and each device remembers beside
 * its own row whom it holds to instead.
 */
import type { Head } from "../../shared/file-info.ts";
import { compare } from "../../shared/version-vector.ts";
import { sameContent } from "./heads.ts";

/** The row of a path before it is written anew. */
export interface OwnedBefore {
  readonly winner: Head;
  /** Whom this device holds to, where that is not whom the record names. */
  readonly kept: string | null;
}

/**
 * Decides whom a device holds to when the version that a path shows is to be
 * `next`. Null: whom that version names.
 *
 * Invariants:
 * 1. The owner of what lives is never changed by a later version of it, nor by
 *    a concurrent one with the same content, of which no conflict would tell.
 * 2. What is brought where nothing lived belongs to whoever brings it.
 * 3. Where another content wins that did not see the one before, it is another
 *    file: the one before becomes a conflict copy under its own record.
 */
export function keptOwner(before: OwnedBefore | undefined, next: Head): string | null {
  if (before === undefined) return null;
  const { winner, kept } = before;
  if (winner.deleted && !next.deleted) return null;
  if (compare(winner.version, next.version) === "concurrent" && !sameContent(winner, next)) return null;
  const owner = kept ?? winner.owner;
  return owner === next.owner ? null : owner;
}
