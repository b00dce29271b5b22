/**
 * Decides what brings one path of this device up to date with all that is known of it.
 *
 * Pure: reads nothing and writes nothing, so every case is a row in
 * `plan.test.ts`. The executor carries the answer out and re-checks the disk
 * before it does, because the disk may have moved on since the scan.
 *
 * Invariants:
 * 1. Nothing on disk is lost: content that leaves its path is named in
 *    `displaced`, and goes to the version store or to a conflict copy.
 * 2. Symmetric: devices that know the same heads choose the same winner and
 *    the same name for each conflict copy.
 * 3. A change beats a deletion made without knowledge of it.
 * 4. A directory with live children lives: it is never replaced or deleted
 *    under them, but written anew.
 * 5. A settled path plans to nothing.
 */
import type { DiskStamp, Head } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { compare } from "../../shared/version-vector.ts";
import { conflictName, distinctConflictName } from "./conflict-name.ts";
import { joinHeads, losersOf, sameContent, sameHeads, winnerOf } from "./heads.ts";

/** What is known of one path. */
export interface PathKnowledge {
  readonly path: RelPath;
  readonly local: { readonly heads: readonly Head[]; readonly stamp: DiskStamp | null } | undefined;
  /** The records of the peers whose changes count here. */
  readonly remotes: readonly (readonly Head[])[];
  /** Whether something that stays lies below this path here. Only read when a directory would go. */
  readonly hasLiveChildren: boolean;
}

/** Where content goes that leaves its path. */
export type Displaced =
  | { readonly to: "store"; readonly head: Head }
  | { readonly to: "conflict"; readonly head: Head; readonly paths: readonly RelPath[] };

/** What to do for one path. Data, never a closure. `heads` is the record to commit once it is done. */
export type Action =
  | { readonly type: "nothing" }
  /** The disk is right already; only the record grows. */
  | { readonly type: "adopt"; readonly heads: readonly Head[] }
  /** Same content; mtime or mode change. A new mtime comes with a copy; what it takes the place of is kept, since a program may hold it open. */
  | {
      readonly type: "touch";
      readonly heads: readonly Head[];
      readonly winner: Head;
      readonly displaced: Displaced;
    }
  /** The winner's content takes its place. `displaced` is undefined when nothing is there. */
  | {
      readonly type: "install";
      readonly heads: readonly Head[];
      readonly winner: Head;
      readonly displaced: Displaced | undefined;
    }
  /** Something else takes the place of a directory, after its children are gone. */
  | { readonly type: "replace-directory"; readonly heads: readonly Head[]; readonly winner: Head }
  | { readonly type: "delete"; readonly heads: readonly Head[]; readonly displaced: Displaced }
  | { readonly type: "delete-directory"; readonly heads: readonly Head[] }
  /** Invariant 4: the directory is written anew, above what removed it and beside what would have taken its place. */
  | {
      readonly type: "keep-directory";
      readonly above: readonly Head[];
      readonly beside: readonly Head[];
      readonly displaced: Displaced | undefined;
    };

/**
 * What makes `path` a directory because something live lies below it,
 * whatever its own record says (invariant 4).
 *
 * The new directory is written above deletions and other directories only, so
 * that a file which was to take its place is concurrent with it: it loses, and
 * whoever holds it makes its conflict copy.
 */
export function keepDirectory(known: PathKnowledge): Action {
  const heads = known.remotes.reduce(joinHeads, known.local?.heads ?? []);
  const shown = shownHead(known);
  const isFile = shown !== undefined && shown.type !== "directory";
  return {
    type: "keep-directory",
    above: heads.filter((head) => head.deleted || head.type === "directory"),
    beside: heads.filter((head) => !head.deleted && head.type !== "directory"),
    displaced: isFile ? conflictOf(known.path, shown) : undefined,
  };
}

/** Plans one path. */
export function planPath(known: PathKnowledge): Action {
  const local = known.local;
  const heads = known.remotes.reduce(joinHeads, local?.heads ?? []);
  if (heads.length === 0) return { type: "nothing" };
  const winner = winnerOf(heads);
  const shown = shownHead(known);
  if (shown === undefined) return planAbsent(known, heads, winner);
  if (winner.deleted) return planDeletion(known, heads, shown);
  if (sameContent(winner, shown)) return planSameContent(known, heads, winner, shown);
  if (shown.type === "directory") {
    return known.hasLiveChildren ? keepDirectory(known) : { type: "replace-directory", heads, winner };
  }
  return { type: "install", heads, winner, displaced: displacedBy(known.path, heads, shown) };
}

/** The version that the disk shows here, as far as the index knows. */
function shownHead(known: PathKnowledge): Head | undefined {
  if (known.local === undefined || known.local.stamp === null) return undefined;
  const head = winnerOf(known.local.heads);
  return head.deleted ? undefined : head;
}

function planAbsent(known: PathKnowledge, heads: readonly Head[], winner: Head): Action {
  if (!winner.deleted) return { type: "install", heads, winner, displaced: undefined };
  const isKnown = known.local !== undefined && sameHeads(known.local.heads, heads);
  return isKnown ? { type: "nothing" } : { type: "adopt", heads };
}

function planDeletion(known: PathKnowledge, heads: readonly Head[], shown: Head): Action {
  if (shown.type !== "directory") return { type: "delete", heads, displaced: { to: "store", head: shown } };
  return known.hasLiveChildren ? keepDirectory(known) : { type: "delete-directory", heads };
}

function planSameContent(known: PathKnowledge, heads: readonly Head[], winner: Head, shown: Head): Action {
  if (known.local !== undefined && sameHeads(known.local.heads, heads)) return { type: "nothing" };
  const isSame = winner.mode === shown.mode && winner.mtimeNs === shown.mtimeNs;
  return isSame ? { type: "adopt", heads } : { type: "touch", heads, winner, displaced: { to: "store", head: shown } };
}

/**
 * A version that the winner's author had seen goes to the store; one it had
 * not seen is a conflict, whose copy is named from the loser's record alone.
 */
function displacedBy(path: RelPath, heads: readonly Head[], shown: Head): Displaced {
  const isLoser = losersOf(heads).some((head) => compare(head.version, shown.version) === "equal");
  return isLoser ? conflictOf(path, shown) : { to: "store", head: shown };
}

function conflictOf(path: RelPath, loser: Head): Displaced {
  return { to: "conflict", head: loser, paths: copyPathsOf(path, loser) };
}

/**
 * Names for the copy of a version that lost, the first that is free to be
 * taken. The copy of a conflict copy may be due the very name it has.
 */
export function copyPathsOf(path: RelPath, loser: Head): readonly RelPath[] {
  return [conflictName(path, loser), distinctConflictName(path, loser)].filter((name) => name !== path);
}

/**
 * Whether the record of a copy's path tells of the copy of this loser, or of
 * what somebody made of it. Vectors of two paths compare by chance, since
 * counters follow the clock: a greater one proves nothing when it belongs to
 * the untouched copy of another version.
 */
export function tellsOfCopy(copyHeads: readonly Head[], loser: Head): boolean {
  return copyHeads.some(
    (head) => sameContent(head, loser) || (!isUntouchedCopy(head) && compare(loser.version, head.version) === "before"),
  );
}

/** Whether nobody has edited this file since it was made: an edit says what it replaced. */
function isUntouchedCopy(head: Head): boolean {
  return head.type === "file" && !head.deleted && head.previous === null;
}

/** The record of a conflict copy: the loser's own version, so that copies made on several devices are one. */
export function conflictCopyHead(loser: Head): Head {
  return { ...loser, previous: null };
}
