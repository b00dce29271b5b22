/** Makes this device's state the one that counts: for rejected deletions, and for a send-only folder's override. Run in the folder's loop. */
import type { Head } from "../shared/file-info.ts";
import type { RelPath } from "../shared/ids.ts";
import { LIMITS } from "../shared/limits.ts";
import { tombstoneOf, writeAbove } from "./core/change.ts";
import { joinHeads, winnerOf } from "./core/heads.ts";
import type { FolderContext } from "./folder-context.ts";
import type { LocalChange } from "./index/index-port.ts";

/** Paths in which others differ from this device and it has not followed. */
export function* differences({ index, folder }: FolderContext): Generator<RelPath> {
  for (const kind of ["live", "deleted"] as const) {
    for (let after = ""; ; ) {
      const page = index.read.pending(folder, kind, after, LIMITS.planBatch.value);
      yield* page;
      const last = page.at(-1);
      if (last === undefined) break;
      after = last;
    }
  }
}

/** Writes this device's state of the paths above everything known. Returns how many there were. */
export async function claim(context: FolderContext, paths: Iterable<RelPath>): Promise<number> {
  const changes = [...paths].flatMap((path) => claimOf(context, path));
  await commitAll(context, changes);
  return changes.length;
}

/**
 * What was deleted here is wanted again, from whoever has it. Returns the
 * paths that nobody has: there is nothing to bring back, and they stay deleted.
 */
export async function wantAgain(
  context: FolderContext,
  paths: readonly RelPath[],
  hasSource: (path: RelPath, head: Head) => boolean,
): Promise<readonly RelPath[]> {
  const { index, folder } = context;
  const isGone = (path: RelPath): boolean => {
    const row = index.read.local(folder, path);
    const head = row === undefined ? undefined : winnerOf(row.heads);
    if (head === undefined || head.type !== "file" || head.size === 0 || head.contentId === null) return false;
    return index.read.versionByContent(head.contentId) === undefined && !hasSource(path, head);
  };
  const gone = paths.filter(isGone);
  const changes = paths.flatMap((path): readonly LocalChange[] => {
    const row = gone.includes(path) ? undefined : index.read.local(folder, path);
    return row === undefined ? [] : [{ path, heads: row.heads, stamp: null, announce: false }];
  });
  await commitAll(context, changes);
  return gone;
}

function claimOf({ index, folder, self, clock }: FolderContext, path: RelPath): readonly LocalChange[] {
  const row = index.read.local(folder, path);
  const known = index.read
    .remote(folder, path)
    .map((remote) => remote.heads)
    .reduce(joinHeads, row?.heads ?? []);
  if (known.length === 0) return [];
  const shown = row === undefined || row.stamp === null ? undefined : winnerOf(row.heads);
  const base = shown ?? tombstoneOf(winnerOf(known), clock.now());
  const heads = [writeAbove(known, base, self, clock.now() / 1000)];
  return [{ path, heads, stamp: row?.stamp ?? null, announce: true }];
}

async function commitAll({ index, folder, clock }: FolderContext, changes: readonly LocalChange[]): Promise<void> {
  for (let start = 0; start < changes.length; start += LIMITS.indexBatchRows.value) {
    const part = changes.slice(start, start + LIMITS.indexBatchRows.value);
    await index.write.commitLocal(folder, part, { nowMs: clock.now() });
  }
}
