import type { Head } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { sameContent, winnerOf } from "../core/heads.ts";
import type { FolderContext } from "../folder-context.ts";
import type { HistoryRow, LocalRow } from "../index/index-port.ts";
import { liveHead, shownHead } from "./known.ts";
import { pages, paired } from "./path-order.ts";

/** What brings one path back to how it was. Paths that are as they were have no entry. */
export type MomentEntry =
  | { readonly type: "restore"; readonly path: RelPath; readonly head: Head; readonly shown: Head | undefined }
  /** It was not there. */
  | { readonly type: "remove"; readonly path: RelPath; readonly gone: Head }
  /** It was there, but in a version that nothing here tells of. */
  | { readonly type: "unknown"; readonly path: RelPath }
  /** Many paths were gone through: a good moment to let others have a turn. */
  | { readonly type: "pause" };

const PAGE = 200;

/**
 * Compares what paths at or below `below` held at a moment with what they hold
 * now, in directory order.
 *
 * The plan may be carried out while it is read: it is a function of the past,
 * and of rows that are not reached yet.
 */
export function* momentPlan(context: FolderContext, below: RelPath | "", atMs: number): Generator<MomentEntry> {
  const { index, folder } = context;
  const then = pages((after, limit) => index.read.historyAt(folder, below, atMs, after, limit), PAGE);
  let passed = 0;
  for (const { path, a, b } of paired(then, rowsAtOrBelow(context, below))) {
    const entry = entryFor(path, a, b, atMs);
    if (entry !== undefined) yield entry;
    if (++passed % PAGE === 0) yield { type: "pause" };
  }
}

function* rowsAtOrBelow(context: FolderContext, below: RelPath | ""): Generator<LocalRow, undefined> {
  const { index, folder } = context;
  const own = below === "" ? undefined : index.read.local(folder, below);
  if (own !== undefined) yield own;
  yield* pages((after, limit) => index.read.localBelow(folder, below, after, limit), PAGE);
  return undefined;
}

function entryFor(
  path: RelPath,
  then: HistoryRow | undefined,
  row: LocalRow | undefined,
  atMs: number,
): MomentEntry | undefined {
  const live = liveHead(row);
  if (then === undefined) return live === undefined || row === undefined ? undefined : newcomer(path, row, live, atMs);
  if (then.head.deleted) return live === undefined ? undefined : { type: "remove", path, gone: live };
  // What is on its way already comes by syncing.
  if (live !== undefined && sameContent(live, then.head)) return undefined;
  return { type: "restore", path, head: then.head, shown: shownHead(row) };
}

/**
 * A path that this index came to know after the moment. It was made later only
 * when all counters in its version (seconds of some author's clock) say so:
 * what was only still on its way here then does not go.
 */
function newcomer(path: RelPath, row: LocalRow, live: Head, atMs: number): MomentEntry | undefined {
  const isOlder = winnerOf(row.heads).version.map(([, counter]) => counter * 1000 <= atMs);
  if (isOlder.every(Boolean)) return undefined;
  return isOlder.some(Boolean) ? { type: "unknown", path } : { type: "remove", path, gone: live };
}
