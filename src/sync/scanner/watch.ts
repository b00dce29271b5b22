/**
 * Hears of changes soon after they happen.
 *
 * A hint, never evidence (trust P20): events are late, doubled, or lost, and
 * full scans find what was missed. So a watcher says "look there" and nothing
 * more.
 */
import type { PathProblem } from "../../shared/file-info.ts";

export interface WatchListener {
  /** Something happened at or below a path of the folder ("" = anywhere); also a cookie file in `.syncline`. Not a checked path. */
  onHint(path: string): void;
  /** Events may have been lost, or cannot be had: everything has to be looked at. */
  onSuspect(reason: string): void;
  /** Why not everything is watched. */
  onProblem(problem: PathProblem): void;
}

export interface Watcher {
  /**
   * Begins to watch. Resolves once every directory is watched that can be: a
   * scan begun after that, together with the hints, sees every change.
   */
  start(listener: WatchListener): Promise<void>;
  /** Watches what is no longer ignored, and no longer what is. */
  refresh(): void;
  close(): Promise<void>;
}

/** Names in `.syncline` that a barrier makes to see its events come back. */
export const COOKIE_PREFIX = "cookie-";
