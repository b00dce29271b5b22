import type { RelPath } from "../../shared/ids.ts";
import { isFsError } from "./errno.ts";
import { type DiskStat, type Filesystem, type PrivatePath, privatePath } from "./filesystem.ts";
import { INTENTS_PREFIX, type Intent, parseIntents } from "./intent-log.ts";
import { putBack, statPrivate } from "./keep.ts";
import { parentPath } from "./place.ts";
import { readText } from "./read-text.ts";
import { sameButCtime } from "./stamps.ts";

export type RecoveredIntent =
  /** What had been taken is at this path: its own again, as it was, or that of its conflict copy. Scan it. */
  | { readonly type: "restored"; readonly path: RelPath }
  /** `kept` was taken from the path, where something else is now. Adopt it as a version of the path: it may be known nowhere else. */
  | { readonly type: "kept"; readonly path: RelPath; readonly kept: PrivatePath; readonly stat: DiskStat };

export interface Recovery {
  readonly items: readonly RecoveredIntent[];
  /** Forgets the logs; only after the index has every `kept`. Until then recovery may run again, any number of times. */
  done(): void;
}

/**
 * Finishes what a crash or a failure left half done: run it at start and after
 * a batch threw, before the folder is scanned, because a path that is empty
 * only for this reason must not count as deleted.
 *
 * `isKnown` says whether the index has committed what lies at a name in the
 * store: that intent is finished, and putting it back would undo a deletion.
 */
export function recoverIntents(
  fs: Filesystem,
  options: { readonly isKnown: (kept: PrivatePath) => boolean },
): Recovery {
  const stage = privatePath("stage");
  const logs = fs
    .list(stage)
    .filter((entry) => entry.name?.startsWith(INTENTS_PREFIX) === true)
    .map((entry) => privatePath("stage", entry.name ?? ""));
  const items = logs
    .flatMap((log) => parseIntents(readText(fs, log)))
    .filter((intent) => !options.isKnown(intent.keepAs))
    .flatMap((intent) => recover(fs, intent));
  return {
    items,
    done: () => {
      for (const log of logs) fs.unlink(log);
    },
  };
}

function recover(fs: Filesystem, intent: Intent): readonly RecoveredIntent[] {
  const { path, keepAs, staged, conflictPath } = intent;
  const kept = fs.stat(keepAs);
  // Nothing had been taken yet, or it is back.
  if (kept === undefined) return [];
  const found = fs.stat(path);
  if (staged !== undefined && sameButCtime(kept, staged)) {
    // Our own content, on its way to the path or back; it can be fetched again.
    fs.unlink(keepAs);
    return [];
  }
  if (found !== undefined && found.ino === kept.ino && found.dev === kept.dev) {
    // Put back by link, and stopped before the second name went.
    fs.syncDirectory(parentPath(path));
    fs.unlink(keepAs);
    return [{ type: "restored", path }];
  }
  if (found === undefined && putBack(fs, keepAs, path) === "placed") {
    syncQuietly(fs, path);
    return [{ type: "restored", path }];
  }
  if (conflictPath !== undefined && putBack(fs, keepAs, conflictPath) === "placed") {
    syncQuietly(fs, conflictPath);
    return [{ type: "restored", path: conflictPath }];
  }
  return [{ type: "kept", path, kept: keepAs, stat: statPrivate(fs, keepAs) }];
}

function syncQuietly(fs: Filesystem, path: RelPath): void {
  try {
    fs.syncDirectory(parentPath(path));
  } catch (thrown) {
    if (!isFsError(thrown, "ENOENT", "ENOTDIR")) throw thrown;
  }
}
