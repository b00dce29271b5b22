/**
 * Joins what devices know of one path and names the winner.
 *
 * A path's record is the set of its heads: the versions that no other known
 * version dominates, each with the vector its author wrote. Joining is union,
 * then dropping what is dominated; nothing is ever merged into a vector, so
 * every order of arrival ends equal.
 */
import type { Head } from "../../shared/file-info.ts";
import { compare } from "../../shared/version-vector.ts";

/**
 * Joins two sets of heads. Commutative, associative and idempotent: this is
 * the invariant that lets devices meet in any order.
 */
export function joinHeads(a: readonly Head[], b: readonly Head[]): readonly Head[] {
  const all = [...a, ...b];
  const kept: Head[] = [];
  for (const [position, head] of all.entries()) {
    const isCovered = all.some((other, otherPosition) => {
      if (otherPosition === position) return false;
      const ordering = compare(head.version, other.version);
      if (ordering === "before") return true;
      // Equal vectors carry equal records unless a device was cloned; then the canonical order decides.
      return ordering === "equal" && precedence(other, head, otherPosition, position);
    });
    if (!isCovered) kept.push(head);
  }
  return kept.sort(compareHeads);
}

function precedence(other: Head, head: Head, otherPosition: number, position: number): boolean {
  const order = compareHeads(other, head);
  return order < 0 || (order === 0 && otherPosition < position);
}

/**
 * The canonical order of heads, the winner first: a live version before a
 * tombstone (an edit beats a deletion that did not see it); a directory before
 * anything else (its children need it; the other becomes a conflict copy);
 * then the newer mtime; then the larger device id. The rest only makes the
 * order total, so that two devices never disagree.
 */
export function compareHeads(a: Head, b: Head): number {
  return (
    Number(a.deleted) - Number(b.deleted) ||
    Number(b.type === "directory") - Number(a.type === "directory") ||
    descending(a.mtimeNs, b.mtimeNs) ||
    descending(a.author, b.author) ||
    descending(a.contentId ?? "", b.contentId ?? "") ||
    descending(a.target, b.target) ||
    descending(a.type, b.type) ||
    b.size - a.size ||
    b.mode - a.mode ||
    descending(a.previous ?? "", b.previous ?? "") ||
    descending(a.owner, b.owner) ||
    descending(JSON.stringify(a.version), JSON.stringify(b.version))
  );
}

function descending<T extends string | bigint>(a: T, b: T): number {
  return a === b ? 0 : a > b ? -1 : 1;
}

/** The version that a path shows. `heads` is never empty and in canonical order. */
export function winnerOf(heads: readonly Head[]): Head {
  const [winner] = heads;
  if (winner === undefined) throw new Error("bug: a record without heads");
  return winner;
}

/** Whether two versions hold the same thing, so that nothing has to move and nothing conflicts. */
export function sameContent(a: Head, b: Head): boolean {
  return (
    a.deleted === b.deleted &&
    a.type === b.type &&
    a.contentId === b.contentId &&
    a.target === b.target &&
    a.size === b.size
  );
}

/** Whether two sets of heads, both in canonical order, are the same set. */
export function sameHeads(a: readonly Head[], b: readonly Head[]): boolean {
  return a.length === b.length && a.every((head, position) => isSameHead(head, b[position]));
}

function isSameHead(a: Head, b: Head | undefined): boolean {
  return b !== undefined && compareHeads(a, b) === 0;
}

/** Whether `known` already covers everything in `heads`: joining would change nothing. */
export function covers(known: readonly Head[], heads: readonly Head[]): boolean {
  return heads.every((head) =>
    known.some((other) => {
      const ordering = compare(head.version, other.version);
      return ordering === "before" || (ordering === "equal" && compareHeads(other, head) <= 0);
    }),
  );
}

/** The heads that lost with content of their own: each is kept as a conflict copy by whoever holds it. */
export function losersOf(heads: readonly Head[]): readonly Head[] {
  const winner = winnerOf(heads);
  return heads.slice(1).filter((head) => !head.deleted && head.type !== "directory" && !sameContent(head, winner));
}
