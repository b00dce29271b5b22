/**
 * One operation for a moved directory, so that a renamed tree of 100,000 files
 * costs one line in an index update. Reserved ("dir-move/1"): devices do not
 * offer it yet, but its meaning is fixed here and in docs/protocol.md.
 */
import type { FileInfo, Head } from "../../shared/file-info.ts";
import { isBelow, type RelPath, type ShortId } from "../../shared/ids.ts";
import type { DirectoryMove, IndexRecord } from "../../shared/messages.ts";
import { counterOf, merge, type VersionVector } from "../../shared/version-vector.ts";
import { broken, relPathFrom } from "./wire-values.ts";

const NS_PER_SECOND = 1_000_000_000n;

/**
 * Expands a move into the records it stands for: for each live record at or
 * below `from`, a tombstone there and the same content at the new place.
 *
 * `known` is the sender's index as the receiver holds it: every record at or
 * below `from` and at or below `to`, so that both ends expand alike.
 *
 * Invariants:
 * 1. Each new version dominates all heads that its path had, with `author` at
 *    `counter` and no other device raised.
 * 2. Content, size, mtime, mode, target and owner travel unchanged.
 * 3. The tombstones' time is the counter as seconds, equal on every device.
 *
 * Throws E_PROTOCOL when `counter` does not rise above every vector it has to.
 */
export function expandMove(move: DirectoryMove, known: readonly FileInfo[]): readonly IndexRecord[] {
  const byPath = new Map(known.map((info) => [info.path, info]));
  const moved = known.filter(
    ({ path, heads }) => (path === move.from || isBelow(path, move.from)) && heads[0]?.deleted === false,
  );
  return moved.flatMap((info) => {
    const path = relPathFrom(move.to + info.path.slice(move.from.length));
    return [record(move, info.path, tombstone(move, info)), record(move, path, arrival(move, info, byPath.get(path)))];
  });
}

function record(move: DirectoryMove, path: RelPath, head: Head): IndexRecord {
  return { sequence: move.sequence, info: { path, heads: [head] }, chunkList: new Uint8Array() };
}

function tombstone(move: DirectoryMove, info: FileInfo): Head {
  const winner = info.heads[0] as Head;
  return {
    ...winner,
    version: versionAbove(move, info.heads),
    author: move.author as ShortId,
    deleted: true,
    mtimeNs: BigInt(move.counter) * NS_PER_SECOND,
    contentId: null,
    previous: winner.contentId,
  };
}

function arrival(move: DirectoryMove, info: FileInfo, there: FileInfo | undefined): Head {
  const winner = info.heads[0] as Head;
  return {
    ...winner,
    version: versionAbove(move, [winner, ...(there?.heads ?? [])]),
    author: move.author as ShortId,
    previous: there?.heads[0]?.contentId ?? null,
  };
}

/** The least vector above all heads in which only the author's counter rose, to the move's. */
function versionAbove(move: DirectoryMove, heads: readonly Head[]): VersionVector {
  const author = move.author as ShortId;
  const seen = heads.reduce((merged: VersionVector, head) => merge(merged, head.version), []);
  if (counterOf(seen, author) >= move.counter)
    throw broken(`a move at ${move.counter}, which is not above what it moves`);
  return merge(seen, [[author, move.counter]]);
}
