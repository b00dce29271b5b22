/**
 * One operation for a moved directory, so that a renamed tree of 100,000 files
 * costs one line in an index update. Pure: what a move does to each record is
 * a function of the move and of what was there, so that every device that
 * holds the same records makes the same new ones (docs/protocol.md "Directory
 * moves").
 *
 * Invariants:
 * 1. Each new version dominates all heads that its path had, with `author` at
 *    `counter` and no other device raised.
 * 2. Content, size, mtime, mode, target and owner travel unchanged.
 * 3. The tombstones' time is the counter as seconds, equal on every device.
 */
import type { Head } from "../../shared/file-info.ts";
import { isBelow, type RelPath, relPathFault } from "../../shared/ids.ts";
import type { DirectoryMove } from "../../shared/messages.ts";
import { counterOf, merge, type VersionVector } from "../../shared/version-vector.ts";

const NS_PER_SECOND = 1_000_000_000n;

/** Who moves what where, and at which counter. */
export type MoveRule = Pick<DirectoryMove, "from" | "to" | "author" | "counter">;

/** What a move makes of one record. */
export interface MovedRecord {
  /** Stands at the old path from now on. */
  readonly gone: Head;
  /** Stands at the new path from now on. */
  readonly arrived: Head;
}

/** Whether a record takes part in a move at all: it lives, and no conflict is open on it. */
export function isMovable(heads: readonly Head[]): boolean {
  return heads.length === 1 && heads[0]?.deleted === false;
}

/** Whether one of two directories lies in the other, or both are one: then a move between them makes no sense. */
export function isNested({ from, to }: Pick<MoveRule, "from" | "to">): boolean {
  return from === to || isBelow(from, to) || isBelow(to, from);
}

/** Where something at or below `from` goes; undefined when no such path can be. */
export function movedPath({ from, to }: Pick<MoveRule, "from" | "to">, path: RelPath): RelPath | undefined {
  const moved = to + path.slice(from.length);
  return relPathFault(moved) === undefined ? (moved as RelPath) : undefined;
}

/**
 * What becomes of a record, given the heads at its new path, which all are
 * deleted. Undefined when the counter does not rise above all it has to.
 */
export function moveRecord(rule: MoveRule, head: Head, there: readonly Head[]): MovedRecord | undefined {
  const { author, counter } = rule;
  const before = there.reduce((seen: VersionVector, other) => merge(seen, other.version), head.version);
  if (counterOf(before, author) >= counter) return undefined;
  const arrived: Head = {
    ...head,
    version: merge(before, [[author, counter]]),
    author,
    previous: null,
  };
  const gone: Head = {
    ...head,
    version: merge(head.version, [[author, counter]]),
    author,
    deleted: true,
    size: 0,
    target: "",
    mtimeNs: BigInt(counter) * NS_PER_SECOND,
    contentId: null,
    previous: head.contentId,
  };
  return { gone, arrived };
}

/**
 * The line by which a moved record enters the digest of its move: JSON as
 * ECMA-262's `JSON.stringify` writes it, and a line feed. `path` is the new
 * one. Two devices with equal digests made equal records.
 */
export function digestLine(path: RelPath, { gone, arrived }: MovedRecord): string {
  const { type, size, mtimeNs, mode, contentId, target, previous, owner } = arrived;
  const fields = [path, gone.version, arrived.version, type, size, String(mtimeNs), mode, contentId, target, previous];
  return `${JSON.stringify([...fields, owner])}\n`;
}
