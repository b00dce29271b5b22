/**
 * Runs a batch of steps on the disk: stage everything, make it durable, note
 * what will be taken from its path, swap, make the names durable.
 *
 * Synchronous and written against the Filesystem port, so that a worker, the
 * simulation and the race tests run the very same code. Each step re-checks
 * the disk right before it acts; a race is an outcome, never an exception.
 */
import type { DiskStamp } from "../../shared/file-info.ts";
import { baseName, type ContentId, type FolderId, type RelPath } from "../../shared/ids.ts";
import type { Hasher } from "../../shared/ports.ts";
import type { Cutter } from "../delta/cut.ts";
import { hashFileContent } from "../delta/hash-content.ts";
import type { ContentSource, DiskOutcome, DiskStep } from "../folder-disk.ts";
import { changeMode } from "../fs/change-mode.ts";
import { deleteDirectory, deleteFile, dropName } from "../fs/delete.ts";
import { isFsError } from "../fs/errno.ts";
import { isNamedExactly } from "../fs/exact-name.ts";
import { type Filesystem, FsError, type FsPath, type PrivatePath, privatePath } from "../fs/filesystem.ts";
import { installNew, makeDirectory } from "../fs/install-new.ts";
import { type Intent, IntentLog } from "../fs/intent-log.ts";
import type { Kept } from "../fs/keep.ts";
import { moveDirectory, moveFile } from "../fs/move.ts";
import { confirmPlaced, placeNew } from "../fs/place.ts";
import { replace } from "../fs/replace.ts";
import { makeDurable, type Staged, stageFile, stageSymlink, syncNames } from "../fs/stage.ts";
import { sameButCtime, stampOf } from "../fs/stamps.ts";
import { copyFrom, stageTaken, takeKept, unlinkQuietly } from "./across.ts";
import type { Elsewhere, Stage } from "./stage.ts";

export interface StepTools {
  readonly fs: Filesystem;
  readonly hasher: Hasher;
  readonly cutter: Cutter;
  readonly stage: Stage;
  readonly elsewhere: Elsewhere;
  /** A name nobody has used: for staged files and intent logs. */
  readonly unique: () => string;
  /** Names a rescued user's save as a conflict copy of `path`. */
  readonly rescueName: (path: RelPath, stamp: DiskStamp) => RelPath;
}

type FileLike = Extract<DiskStep, { step: "file" | "symlink" | "touch" }>;

export interface ExecutedBatch {
  readonly outcomes: readonly DiskOutcome[];
  /** To be closed once the index has committed what was done. */
  readonly log: IntentLog;
  /** A step failed that may have taken something from its path: the log is to be left for recovery. */
  readonly isCutOff: boolean;
}

export function executeSteps(tools: StepTools, steps: readonly DiskStep[]): ExecutedBatch {
  const outcomes: (DiskOutcome | undefined)[] = steps.map(() => undefined);
  const staged = steps.map((step, position) => {
    const result = stageStep(tools, step);
    if (result !== undefined && "type" in result) outcomes[position] = result;
    return result !== undefined && "stat" in result ? result : undefined;
  });
  makeAllDurable(tools, steps, staged, outcomes);
  const log = new IntentLog(tools.fs, tools.unique());
  log.record(intentsOf(steps, staged, outcomes));
  for (const [position, step] of steps.entries()) {
    outcomes[position] ??= guarded(step, () => run(tools, log, step, staged[position]));
  }
  for (const [position, item] of staged.entries()) {
    if (item !== undefined && outcomes[position]?.type !== "done") unlinkQuietly(tools.fs, item.path);
  }
  syncNames(tools.fs, touchedPaths(steps, outcomes));
  return {
    outcomes: outcomes.map((outcome) => outcome ?? failure(steps[0]?.path ?? "", new Error("bug: no outcome"))),
    log,
    isCutOff: outcomes.some((outcome) => outcome?.type === "failed" && outcome.isCutOff),
  };
}

/** Stages what a step will swap in. An outcome instead means that the step is over. */
function stageStep(tools: StepTools, step: DiskStep): Staged | DiskOutcome | undefined {
  if (!isFileLike(step)) return undefined;
  try {
    const path = privatePath("stage", `new-${tools.unique()}`);
    if (step.step === "symlink" || (step.step === "touch" && step.fileType === "symlink")) {
      return stageSymlink(tools.fs, { path, target: step.target, mtimeNs: step.mtimeNs });
    }
    if (step.step === "file")
      return stageContent(tools, {
        path,
        contentId: step.contentId,
        size: step.size,
        mode: step.mode,
        mtimeNs: step.mtimeNs,
        source: step.source,
      });
    if (
      step.step !== "touch" ||
      step.fileType !== "file" ||
      step.mtimeNs === step.expected.mtimeNs ||
      step.contentId === null
    )
      return undefined;
    return stageContent(tools, {
      path,
      contentId: step.contentId,
      size: step.expected.size,
      mode: step.mode,
      mtimeNs: step.mtimeNs,
      source: { from: "path", path: step.path },
    });
  } catch (thrown) {
    return failure(step.path, thrown);
  }
}

function isFileLike(step: DiskStep): step is FileLike {
  return step.step === "file" || step.step === "symlink" || step.step === "touch";
}

interface WantedContent {
  readonly path: PrivatePath;
  readonly contentId: ContentId;
  readonly size: number;
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly source: ContentSource;
}

function stageContent(tools: StepTools, wanted: WantedContent): Staged | DiskOutcome {
  const { path, source, mode, mtimeNs } = wanted;
  switch (source.from) {
    case "bytes":
      return stageFile(tools.fs, { path, bytes: source.bytes, mode, mtimeNs });
    case "stage":
      return tools.stage.finish(wanted.contentId, { mode, mtimeNs }) ?? { type: "bad-source" };
    case "path":
      return stageFromPath(tools, wanted, source);
    case "store":
      return stageCopy(tools, wanted, { folder: source.folder, path: privatePath("store", source.name) });
    default:
      return source satisfies never;
  }
}

function stageFromPath(
  tools: StepTools,
  wanted: WantedContent,
  { folder, path, taken }: Extract<ContentSource, { from: "path" }>,
): Staged | DiskOutcome {
  if (folder !== undefined && taken !== undefined) {
    const staged = stageTaken(tools, { folder, path, taken }, wanted);
    if (staged !== undefined) return staged;
  }
  return stageCopy(tools, wanted, { folder, path });
}

/** Copies content that is here already, and proves it: the source may have changed since it was indexed. */
function stageCopy(
  tools: StepTools,
  wanted: WantedContent,
  { folder, path }: { readonly folder: FolderId | undefined; readonly path: RelPath | PrivatePath },
): Staged | DiskOutcome {
  try {
    if (folder === undefined) tools.fs.copy(path, wanted.path);
    else if (!copyFrom(tools, folder, path, wanted.path)) return { type: "bad-source" };
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR", "ELOOP", "EINVAL", "EACCES")) return { type: "bad-source" };
    throw thrown;
  }
  const handle = tools.fs.openStage(wanted.path);
  try {
    const { size } = handle.stat();
    const content = hashFileContent((buffer, position) => handle.read(buffer, position), size, tools);
    if (content.contentId !== wanted.contentId) {
      tools.fs.unlink(wanted.path);
      return { type: "bad-source" };
    }
    handle.setMode(wanted.mode & 0o777);
    handle.setMtime(wanted.mtimeNs);
    return { path: wanted.path, stat: handle.stat() };
  } finally {
    handle.close();
  }
}

/** A failed flush is final for all that shared it: thrown away, to be staged anew (trust P6). */
function makeAllDurable(
  tools: StepTools,
  steps: readonly DiskStep[],
  staged: (Staged | undefined)[],
  outcomes: (DiskOutcome | undefined)[],
): void {
  const items = staged.filter((item) => item !== undefined);
  if (items.length === 0) return;
  try {
    makeDurable(tools.fs, items);
  } catch (thrown) {
    for (const [position, item] of staged.entries()) {
      if (item === undefined) continue;
      unlinkQuietly(tools.fs, item.path);
      staged[position] = undefined;
      outcomes[position] = failure(steps[position]?.path ?? "", thrown);
    }
  }
}

/** What the batch will take from its path, told to the disk in one flush. */
function intentsOf(
  steps: readonly DiskStep[],
  staged: readonly (Staged | undefined)[],
  outcomes: readonly (DiskOutcome | undefined)[],
): readonly Intent[] {
  return steps.flatMap((step, position): readonly Intent[] => {
    if (outcomes[position] !== undefined) return [];
    const keepAs = keepAsOf(step);
    if (keepAs === undefined || !takes(step)) return [];
    const stat = staged[position]?.stat;
    const conflictPath = "displacedTo" in step ? step.displacedTo.conflictPath : null;
    return [
      {
        path: step.path,
        keepAs,
        ...(stat === undefined ? {} : { staged: stat }),
        ...(conflictPath === null ? {} : { conflictPath }),
      },
    ];
  });
}

function keepAsOf(step: DiskStep): PrivatePath | undefined {
  if ("displacedTo" in step) return privatePath("store", step.displacedTo.storeName);
  return "storeName" in step ? privatePath("store", step.storeName) : undefined;
}

function run(tools: StepTools, log: IntentLog, step: DiskStep, staged: Staged | undefined): DiskOutcome {
  switch (step.step) {
    case "file":
    case "symlink":
      return staged === undefined ? changed(step.path) : place(tools, log, step, staged);
    case "directory":
      return runDirectory(tools, log, step);
    case "touch":
      return runTouch(tools, log, step, staged);
    case "move":
      return runMove(tools, log, step);
    case "delete":
      return runDelete(tools, log, step.path, step.expected, privatePath("store", step.storeName), null);
    case "remove-directory":
      return runRemoveDirectory(tools, step.path);
    case "move-directory":
      return runMoveDirectory(tools, step);
    case "confirm": {
      const found = tools.fs.stat(step.path);
      // A ctime that no disk has says that the stamp proves nothing; that stays so.
      return found !== undefined && step.expected.ctimeNs > 0n && sameButCtime(found, step.expected)
        ? done({ stamp: stampOf(found) })
        : changed(step.path);
    }
    case "drop-name":
      return runDropName(tools, log, step);
    case "take-kept": {
      const kept = takeKept(tools, step.source, step.storeName);
      return kept === undefined ? { type: "bad-source" } : done({ storedStamp: stampOf(kept) });
    }
    default:
      return step satisfies never;
  }
}

function place(
  tools: StepTools,
  log: IntentLog,
  step: Extract<DiskStep, { step: "file" | "symlink" }>,
  staged: Staged,
): DiskOutcome {
  const { path, expected, displacedTo } = step;
  if (expected === null) {
    const result = installNew(tools.fs, { staged, path });
    if (result.type === "installed") return done({ stamp: result.stamp, isTouched: result.isTouched });
    return result.type === "occupied" ? occupied(tools, path) : changed(path);
  }
  const keepAs = privatePath("store", displacedTo.storeName);
  const result = replace(tools.fs, log, { staged, path, expected, keepAs });
  if (result.type !== "installed")
    return raced(tools, path, result.type === "conflict", result.kept, displacedTo.storeName);
  return done({
    stamp: result.stamp,
    isTouched: result.isTouched,
    ...settleDisplaced(tools, result.kept, displacedTo.conflictPath),
  });
}

/** Gives displaced content its visible conflict copy, where one is wanted and its name is free; else it stays in the store. */
function settleDisplaced(
  tools: StepTools,
  kept: Kept,
  conflictPath: RelPath | null,
): { readonly storedStamp: DiskStamp | null; readonly conflictStamp: DiskStamp | null } {
  if (conflictPath !== null && placeNew(tools.fs, kept.path, conflictPath, { isPrecious: true }) === "placed") {
    return { storedStamp: null, conflictStamp: confirmPlaced(tools.fs, conflictPath, kept.stat).stamp };
  }
  return { storedStamp: stampOf(kept.stat), conflictStamp: null };
}

/** A race was met. A user's content that lost its path gets a name of its own beside it. */
function raced(
  tools: StepTools,
  path: RelPath,
  isUsers: boolean,
  kept: Kept | undefined,
  storeName: string,
): DiskOutcome {
  if (kept === undefined) return changed(path);
  const stamp = stampOf(kept.stat);
  if (isUsers) {
    const copy = tools.rescueName(path, stamp);
    if (placeNew(tools.fs, kept.path, copy, { isPrecious: true }) === "placed")
      return { type: "changed", lookAt: [path, copy], kept: null };
  }
  return { type: "changed", lookAt: [path], kept: { storeName, stamp } };
}

function occupied(tools: StepTools, path: RelPath): DiskOutcome {
  if (isNamedExactly(tools.fs, path)) return changed(path);
  const message = `${path} cannot be kept beside a name that this file system takes for the same`;
  return failed("E_NAME_TWIN", message);
}

function runDirectory(tools: StepTools, log: IntentLog, step: Extract<DiskStep, { step: "directory" }>): DiskOutcome {
  const { path, mode, expected, displacedTo } = step;
  let settled: ReturnType<typeof settleDisplaced> | undefined;
  if (expected !== null) {
    const removed = runDelete(
      tools,
      log,
      path,
      expected,
      privatePath("store", displacedTo.storeName),
      displacedTo.conflictPath,
    );
    if (removed.type !== "done") return removed;
    // Its user removed it first: that is a deletion of theirs, which the next look finds.
    if (removed.storedStamp === null && removed.conflictStamp === null) return changed(path);
    settled = removed;
  }
  const result = makeDirectory(tools.fs, { path, mode: mode | 0o700 });
  switch (result.type) {
    case "made":
      return done({ ...settled, stamp: stampOf(result.found) });
    case "exists": {
      const set =
        (result.found.mode & 0o777) === mode
          ? undefined
          : changeMode(tools.fs, { path, expected: stampOf(result.found), mode: mode | 0o700 });
      return done({ ...settled, stamp: set?.type === "set" ? set.stamp : stampOf(result.found) });
    }
    case "occupied":
      return occupied(tools, path);
    case "noParent":
      return changed(path);
    default:
      return result satisfies never;
  }
}

function runTouch(
  tools: StepTools,
  log: IntentLog,
  step: Extract<DiskStep, { step: "touch" }>,
  staged: Staged | undefined,
): DiskOutcome {
  const { path, expected, mode } = step;
  if (staged === undefined) {
    const result = changeMode(tools.fs, { path, expected, mode: step.fileType === "directory" ? mode | 0o700 : mode });
    return result.type === "set" ? done({ stamp: result.stamp, isTouched: result.isTouched }) : changed(path);
  }
  const keepAs = privatePath("store", step.storeName);
  const result = replace(tools.fs, log, { staged, path, expected, keepAs });
  if (result.type !== "installed") return raced(tools, path, result.type === "conflict", result.kept, step.storeName);
  // The same bytes stand at the path; but a program may still write to what was taken out.
  return done({ stamp: result.stamp, isTouched: result.isTouched, storedStamp: stampOf(result.kept.stat) });
}

function runMove(tools: StepTools, log: IntentLog, step: Extract<DiskStep, { step: "move" }>): DiskOutcome {
  const { path, to, expected, storeName } = step;
  const result = moveFile(tools.fs, log, { from: path, to, expected, keepAs: privatePath("store", storeName) });
  switch (result.type) {
    case "moved":
      return done({ stamp: result.stamp, isTouched: result.isTouched });
    case "conflict":
      return raced(tools, path, true, result.kept, storeName);
    case "occupied":
      return isNamedExactly(tools.fs, to) ? { type: "changed", lookAt: [path, to], kept: null } : occupied(tools, to);
    case "missing":
    case "changed":
    case "noParent":
      return { type: "changed", lookAt: [path, to], kept: null };
    default:
      return result satisfies never;
  }
}

function runMoveDirectory(tools: StepTools, step: Extract<DiskStep, { step: "move-directory" }>): DiskOutcome {
  const { path, to, expected } = step;
  const result = moveDirectory(tools.fs, { from: path, to, expected });
  if (result.type === "moved" && result.found !== undefined) return done({ stamp: stampOf(result.found) });
  return { type: "changed", lookAt: [path, to], kept: null };
}

function runDelete(
  tools: StepTools,
  log: IntentLog,
  path: RelPath,
  expected: DiskStamp,
  keepAs: PrivatePath,
  conflictPath: RelPath | null,
): DiskOutcome {
  const result = deleteFile(tools.fs, log, { path, expected, keepAs });
  switch (result.type) {
    case "deleted":
      return done({ stamp: null, ...settleDisplaced(tools, result.kept, conflictPath) });
    case "missing":
      return done({ stamp: null });
    case "changed":
      return changed(path);
    case "conflict":
      return raced(tools, path, true, result.kept, baseName(keepAs as unknown as RelPath));
    default:
      return result satisfies never;
  }
}

function runDropName(
  tools: StepTools,
  log: IntentLog,
  { path, expected, storeName }: Extract<DiskStep, { step: "drop-name" }>,
): DiskOutcome {
  const result = dropName(tools.fs, log, { path, expected, keepAs: privatePath("store", storeName) });
  switch (result.type) {
    case "dropped":
    case "missing":
      return done({ stamp: null });
    case "changed":
      return changed(path);
    case "conflict":
      return raced(tools, path, true, result.kept, storeName);
    default:
      return result satisfies never;
  }
}

function runRemoveDirectory(tools: StepTools, path: RelPath): DiskOutcome {
  let result = deleteDirectory(tools.fs, { path, removeJunk: false });
  if (result.type === "notEmpty" && result.isJunkOnly) result = deleteDirectory(tools.fs, { path, removeJunk: true });
  switch (result.type) {
    case "deleted":
    case "missing":
      return done({ stamp: null });
    case "changed":
      return changed(path);
    case "notEmpty":
      return { type: "not-empty" };
    default:
      return result satisfies never;
  }
}

function done(
  facts: Partial<Omit<Extract<DiskOutcome, { type: "done" }>, "type">>,
): Extract<DiskOutcome, { type: "done" }> {
  return { type: "done", stamp: null, storedStamp: null, conflictStamp: null, isTouched: false, ...facts };
}

function changed(path: RelPath): DiskOutcome {
  return { type: "changed", lookAt: [path], kept: null };
}

const FULL = ["ENOSPC", "EDQUOT"] as const;

/** Turns a failed call into an outcome of the one step; anything else is a bug and ends the batch. */
function guarded(step: DiskStep, act: () => DiskOutcome): DiskOutcome {
  try {
    return act();
  } catch (thrown) {
    const failed = failure(step.path, thrown);
    return failed.type === "failed" ? { ...failed, isCutOff: takes(step) } : failed;
  }
}

/** Whether a step takes something from its path, so that a failure in the middle may leave it in the store. */
function takes(step: DiskStep): boolean {
  return keepAsOf(step) !== undefined && "expected" in step && step.expected !== null;
}

function failure(path: string, thrown: unknown): DiskOutcome {
  if (!(thrown instanceof FsError)) throw thrown;
  const { code, message } = thrown;
  if (isFsError(thrown, ...FULL)) return failed("E_DISK_FULL", `no space left for ${path}`);
  if (isFsError(thrown, "ENAMETOOLONG", "EILSEQ", "EINVAL"))
    return failed("E_NAME_UNHOLDABLE", `${path} cannot be stored here: ${code}`);
  if (isFsError(thrown, "EACCES", "EPERM", "EROFS")) return failed("E_PERMISSION", `${path}: not permitted (${code})`);
  return failed("E_WRITE_FAILED", `${path}: ${message}`);
}

function failed(code: string, message: string): DiskOutcome {
  return { type: "failed", code, message, isCutOff: false };
}

/** Names that were made or taken away, so that their directories are flushed; a directory that is gone counts for its parent. */
function touchedPaths(steps: readonly DiskStep[], outcomes: readonly (DiskOutcome | undefined)[]): readonly FsPath[] {
  const paths = new Set<FsPath>();
  const removed = new Set<string>();
  for (const [position, step] of steps.entries()) {
    const outcome = outcomes[position];
    // A step that failed may have done its work before: what the next scan finds there must be durable, too.
    if (outcome === undefined || outcome.type === "bad-source") continue;
    if (step.step === "remove-directory") removed.add(step.path);
    if (step.step === "confirm") continue;
    if (step.step === "take-kept") {
      paths.add(privatePath("store", step.storeName));
      continue;
    }
    paths.add(step.path);
    if (step.step === "move" || step.step === "move-directory") paths.add(step.to);
    const keepAs = keepAsOf(step);
    if (keepAs !== undefined && "expected" in step && step.expected !== null) paths.add(keepAs);
    if ("displacedTo" in step && step.displacedTo.conflictPath !== null) paths.add(step.displacedTo.conflictPath);
  }
  // A child of a directory removed in this batch needs no flush of its own.
  return [...paths].filter((path) => !removed.has(path.slice(0, Math.max(0, path.lastIndexOf("/")))));
}
