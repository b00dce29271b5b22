/** What is known of a path, as commands ask for it. */
import type { Head } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { tombstoneOf, writeAbove } from "../core/change.ts";
import { joinHeads, winnerOf } from "../core/heads.ts";
import type { FolderContext } from "../folder-context.ts";
import type { LocalRow } from "../index/index-port.ts";

/** Every version of a path that this device knows of: applied, and announced by others. */
export function knownHeads(context: FolderContext, path: RelPath): readonly Head[] {
  const { index, folder } = context;
  const local = index.read.local(folder, path)?.heads ?? [];
  return index.read
    .remote(folder, path)
    .map((remote) => remote.heads)
    .reduce(joinHeads, local);
}

/** The live version of a row, whether the disk has it or it is on its way. */
export function liveHead(row: LocalRow | undefined): Head | undefined {
  const head = row === undefined ? undefined : winnerOf(row.heads);
  return head === undefined || head.deleted ? undefined : head;
}

/** The version that the disk shows, as far as the index knows. */
export function shownHead(row: LocalRow | undefined): Head | undefined {
  return row === undefined || row.stamp === null ? undefined : liveHead(row);
}

/** A new version by this device with an older one's content. An explicit command may overrule all that is known: what it displaces is kept. */
export function versionAbove(context: FolderContext, known: readonly Head[], content: Head): Head {
  return writeAbove(known, content, context.self, context.clock.now() / 1000);
}

/** A deletion by this device. */
export function tombstoneAbove(context: FolderContext, known: readonly Head[], gone: Head): Head {
  const nowMs = context.clock.now();
  return writeAbove(known, tombstoneOf(gone, nowMs), context.self, nowMs / 1000);
}
