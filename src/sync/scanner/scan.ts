/**
 * Compares a folder, or parts of it, with its index, and says what differs.
 *
 * Synchronous, step by step: in the daemon it runs on a worker, in the
 * simulation inline, and between two steps anything may happen to the disk.
 * No link is followed, no other file system entered, and never is more than
 * one directory's names and a page of rows in memory.
 *
 * Invariants:
 * 1. Evidence (trust P10): a row is missing only if its directory was listed
 *    without error, a second time after all that is there was seen, does not
 *    name it, and lies on the folder's own file system; and if the folder's
 *    root and marker are there before and after. What cannot be listed or
 *    looked at is a problem and never missing.
 * 2. All that is present comes before all that is missing, so that what moved
 *    is met at its new place first. What goes while the scan is at it was
 *    perhaps moved to where the scan had been: it is E_CHANGING (trust B11).
 * 3. Directories come before what they hold. What took a directory's place
 *    comes after all that was in it is missing.
 * 4. A directory that was moved is met as one: it is told with the first batch
 *    after it was found, and looked at by the rows that its taking leaves. One
 *    that another took the place of is looked at when everything else was.
 * 5. Rows that show nothing on disk (tombstones, versions wanted again) and
 *    ignored rows are not missing.
 */
import type { FolderId } from "../../shared/ids.ts";
import type { IgnoreRules } from "../core/ignore.ts";
import type { HashTools } from "../delta/hash-content.ts";
import type { ScanBatch, ScanRequest } from "../folder-disk.ts";
import type { Filesystem } from "../fs/filesystem.ts";
import type { IndexReader } from "../index/index-port.ts";
import type { HashLarge } from "./examine.ts";
import { MissingFinder } from "./find-missing.ts";
import { ScanState } from "./scan-state.ts";
import { Visitor } from "./visit.ts";

export interface ScanParts {
  readonly fs: Filesystem;
  readonly reader: Pick<IndexReader, "local" | "localChildren" | "localBelow" | "directoriesAt">;
  readonly folder: FolderId;
  readonly hash: HashTools;
  readonly hashLarge?: HashLarge;
  readonly ignore: IgnoreRules;
  /** Milliseconds since 1970, by the clock that stamps files. */
  readonly now: () => number;
  /** Asked between steps. */
  readonly isAborted: () => boolean;
}

export type ScanScope = Pick<ScanRequest, "paths" | "isThorough">;

/** What a scan looked at. */
export interface ScanSummary {
  /** Files and symlinks. */
  readonly files: number;
  readonly directories: number;
  readonly missing: number;
  readonly problems: number;
}

/**
 * Scans. Batches hold at most 500 observations. Throws E_ROOT_UNREADABLE or
 * E_MARKER_MISSING when the folder is not there, or is no longer, and
 * E_INTERRUPTED when aborted: then nothing that was called missing counts.
 */
export function* scan(parts: ScanParts, scope: ScanScope): Generator<ScanBatch, ScanSummary> {
  const state = new ScanState(parts, scope.isThorough);
  const visitor = new Visitor(state);
  const finder = new MissingFinder(state, visitor);
  if (scope.paths === "everything") visitor.startAtRoot();
  else visitor.startAt(scope.paths);
  yield* visitor.visitAll();
  yield* finder.findAll();
  state.checkRoot();
  yield state.takeBatch();
  return state.summary;
}
