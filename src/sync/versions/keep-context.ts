import { SyncError } from "../../shared/errors.ts";
import type { RelPath } from "../../shared/ids.ts";
import type { IgnoreSource } from "../core/ignore.ts";
import type { FolderContext, FolderMode } from "../folder-context.ts";
import type { PeerLink } from "../peer-link.ts";

/**
 * What the commands about kept content work with: the folder's own context,
 * and a few ways into its loop.
 *
 * The commands are called from outside the loop and enter it by `inLoop`, a
 * batch at a time, so that a restore of many files holds up neither scanning
 * nor syncing. Calling one from inside the loop would wait for itself.
 */
export interface KeepContext extends FolderContext {
  /** Runs work between two turns of the loop, where alone something may change. */
  readonly inLoop: <T>(work: () => Promise<T>) => Promise<T>;
  /** These paths were just deleted because a person said so: where this device is admin, no brake holds them. */
  readonly commanded: (paths: readonly RelPath[]) => void;
  /** The disk is not as the index has it at this path. */
  readonly lookAgain: (path: RelPath) => void;
  /** Connected devices that share the folder: their stores may hold what ours does not. */
  readonly links: () => readonly PeerLink[];
  readonly mode: () => FolderMode;
  readonly ignoreSource: () => IgnoreSource;
}

/** Throws E_RECEIVE_ONLY where a change made here would be told to nobody, and overruled by the next scan. */
export function assertChangesCount(
  context: KeepContext,
  verb: "restored" | "put" | "deleted" | "moved" = "restored",
): void {
  if (context.mode() !== "receive-only") return;
  throw new SyncError("E_RECEIVE_ONLY", `folder ${context.folder} only receives: nothing can be ${verb} in it here`, {
    hint: "do it on a device that may change the folder, or change its mode with `syncline folder mode`",
  });
}
