/**
 * Carries planned actions out: turns them into disk steps, runs them, and
 * commits what was done. One call is one batch: staged, made durable, swapped
 * in and committed together. Only the folder's loop calls it, so the index
 * cannot move between planning and committing; the disk can, and each step
 * checks that itself.
 */
import type { DiskStamp, Head } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { compare } from "../../shared/version-vector.ts";
import { sourceKey } from "../content-here.ts";
import { writeAbove } from "../core/change.ts";
import { conflictName } from "../core/conflict-name.ts";
import { joinHeads, losersOf, winnerOf } from "../core/heads.ts";
import { type Action, conflictCopyHead, type Displaced, tellsOfCopy } from "../core/plan.ts";
import { type FolderContext, newStoreName } from "../folder-context.ts";
import type { ContentSource, DiskOutcome, DiskStep, DisplacedTo } from "../folder-disk.ts";
import type { ConflictRow, LocalChange, VersionRow } from "../index/index-port.ts";

/** One path's action, with the content it needs when it installs a file. */
export interface Planned {
  readonly path: RelPath;
  readonly action: Action;
  readonly source?: ContentSource;
  /** The action is a rename of this path, whose row has the tombstone heads to commit. */
  readonly movedFrom?: { readonly path: RelPath; readonly heads: readonly Head[] };
}

/** What became of one path. */
export type Applied =
  | { readonly path: RelPath; readonly type: "done"; readonly isTouched: boolean }
  | { readonly path: RelPath; readonly type: "look-again"; readonly lookAt: readonly RelPath[] }
  /** `source`: the key of what was to be copied. */
  | {
      readonly path: RelPath;
      readonly type: "bad-source";
      readonly source: string;
      readonly lookAt: readonly RelPath[];
    }
  | {
      readonly path: RelPath;
      readonly type: "problem";
      readonly code: string;
      readonly message: string;
      readonly isCutOff: boolean;
    };

interface Work {
  readonly planned: Planned;
  readonly step: DiskStep | undefined;
  readonly displaced: Displaced | undefined;
  readonly displacedTo: DisplacedTo | undefined;
}

export async function applyBatch(context: FolderContext, batch: readonly Planned[]): Promise<readonly Applied[]> {
  const work = batch.map((planned) => workFor(context, planned));
  const steps = work.flatMap((item) => (item.step === undefined ? [] : [item.step]));
  const outcomes = steps.length === 0 ? [] : await context.disk.execute(steps);
  const commit = new Commit(context);
  let next = 0;
  const applied = work.map((item): Applied => {
    const outcome = item.step === undefined ? undefined : outcomes[next++];
    return commit.take(item, outcome);
  });
  await commit.write();
  if (steps.length > 0) await context.disk.committed();
  return applied;
}

function workFor(context: FolderContext, planned: Planned): Work {
  const { path, action } = planned;
  const row = context.index.read.local(context.folder, path);
  const expected = row?.stamp ?? null;
  const displaced = "displaced" in action ? action.displaced : undefined;
  const displacedTo = displacedToFor(context, displaced);
  const step = stepFor(context, planned, expected, displacedTo);
  return { planned, step, displaced, displacedTo };
}

/** A conflict copy whose record is known here already is not made twice: the content only goes to the store. */
function displacedToFor(context: FolderContext, displaced: Displaced | undefined): DisplacedTo {
  const storeName = newStoreName(context.random);
  if (displaced?.to !== "conflict") return { storeName, conflictPath: null };
  return { storeName, conflictPath: copyPathFor(context, displaced) };
}

/** A name whose record has nothing live; null when the copy is known already, deleted ones included. */
function copyPathFor(context: FolderContext, { head, paths }: Extract<Displaced, { to: "conflict" }>): RelPath | null {
  const known = paths.map((path) => knownHeads(context, path));
  if (known.some((heads) => tellsOfCopy(heads, head))) return null;
  return paths.find((_, position) => (known[position] ?? []).every((other) => other.deleted)) ?? null;
}

function knownHeads(context: FolderContext, path: RelPath): readonly Head[] {
  const { index, folder } = context;
  const local = index.read.local(folder, path)?.heads ?? [];
  return index.read
    .remote(folder, path)
    .map((remote) => remote.heads)
    .reduce(joinHeads, local);
}

function stepFor(
  context: FolderContext,
  planned: Planned,
  expected: DiskStamp | null,
  displacedTo: DisplacedTo,
): DiskStep | undefined {
  const { path, action } = planned;
  switch (action.type) {
    case "nothing":
    case "adopt":
      return undefined;
    case "keep-directory":
      return expected !== null && isDirectoryRow(context, path)
        ? undefined
        : { step: "directory", path, mode: directoryMode(action.above), expected, displacedTo };
    case "touch":
      if (expected === null) return undefined;
      return {
        step: "touch",
        path,
        fileType: action.winner.type,
        contentId: action.winner.contentId,
        target: action.winner.target,
        mtimeNs: action.winner.mtimeNs,
        mode: action.winner.mode,
        expected,
        storeName: displacedTo.storeName,
      };
    case "install":
      return installStep(context, planned, action.winner, expected, displacedTo);
    case "delete":
      return expected === null ? undefined : { step: "delete", path, expected, storeName: displacedTo.storeName };
    case "replace-directory":
    case "delete-directory":
      return { step: "remove-directory", path };
    default:
      return action satisfies never;
  }
}

function installStep(
  context: FolderContext,
  planned: Planned,
  winner: Head,
  expected: DiskStamp | null,
  displacedTo: DisplacedTo,
): DiskStep {
  const { path, movedFrom, source } = planned;
  if (movedFrom !== undefined && expected === null) {
    const from = context.index.read.local(context.folder, movedFrom.path);
    if (from?.stamp != null)
      return { step: "move", path: movedFrom.path, to: path, expected: from.stamp, storeName: displacedTo.storeName };
  }
  if (winner.type === "directory") return { step: "directory", path, mode: winner.mode, expected, displacedTo };
  if (winner.type === "symlink")
    return { step: "symlink", path, target: winner.target, mtimeNs: winner.mtimeNs, expected, displacedTo };
  if (winner.contentId === null || source === undefined) throw new Error(`bug: nothing to install at ${path}`);
  return {
    step: "file",
    path,
    contentId: winner.contentId,
    size: winner.size,
    mtimeNs: winner.mtimeNs,
    mode: winner.mode,
    source,
    expected,
    displacedTo,
  };
}

function badSource({ path, source }: Planned): Applied {
  if (source === undefined) throw new Error("bug: a bad source where there was none");
  const isOwn = source.from === "path" && source.folder === undefined;
  return { path, type: "bad-source", source: sourceKey(source), lookAt: isOwn ? [source.path] : [] };
}

function isDirectoryRow(context: FolderContext, path: RelPath): boolean {
  const row = context.index.read.local(context.folder, path);
  return (
    row !== undefined && row.stamp !== null && winnerOf(row.heads).type === "directory" && !winnerOf(row.heads).deleted
  );
}

function directoryMode(heads: readonly Head[]): number {
  return heads.find((head) => head.type === "directory")?.mode ?? 0o755;
}

/** Why a version is kept. */
function originOf(action: Action, displaced: Displaced, winner: Head): string {
  if (displaced.to === "conflict") return "conflict";
  if (action.type === "touch") return "touched";
  return winner.deleted ? "deleted" : "replaced";
}

/** Gathers what a batch did, to be written in one transaction. */
class Commit {
  readonly #context: FolderContext;
  readonly #changes: LocalChange[] = [];
  readonly #versions: Omit<VersionRow, "version">[] = [];
  readonly #conflicts: Omit<ConflictRow, "id" | "resolution" | "resolvedAtMs" | "undo">[] = [];

  constructor(context: FolderContext) {
    this.#context = context;
  }

  take(work: Work, outcome: DiskOutcome | undefined): Applied {
    const { path } = work.planned;
    if (work.step !== undefined && outcome === undefined) throw new Error("bug: a step without an outcome");
    switch (outcome?.type) {
      case "changed":
        if (outcome.kept !== null) this.#keepStray(path, outcome.kept);
        return { path, type: "look-again", lookAt: outcome.lookAt };
      case "bad-source":
        // A touch copies from its own path: that is what has changed.
        if (work.step?.step === "touch") return { path, type: "look-again", lookAt: [path] };
        return badSource(work.planned);
      case "not-empty":
        return {
          path,
          type: "problem",
          code: "E_DIR_NOT_EMPTY",
          message: `${path} is deleted elsewhere, but still holds files that do not sync`,
          isCutOff: false,
        };
      case "failed":
        return { path, type: "problem", code: outcome.code, message: outcome.message, isCutOff: outcome.isCutOff };
      case "done":
      case undefined:
        this.#done(work, outcome);
        return { path, type: "done", isTouched: outcome?.isTouched === true };
      default:
        return outcome satisfies never;
    }
  }

  #done(work: Work, outcome: Extract<DiskOutcome, { type: "done" }> | undefined): void {
    const { path, action, movedFrom } = work.planned;
    if (action.type === "nothing") return;
    if (movedFrom !== undefined && work.step?.step === "move") {
      this.#changes.push({ path: movedFrom.path, heads: movedFrom.heads, stamp: null, announce: true });
    }
    const heads = action.type === "keep-directory" ? this.#keptDirectory(action) : action.heads;
    this.#changes.push({ path, heads, stamp: this.#stampFor(work, outcome), announce: true });
    if (outcome !== undefined && work.displaced !== undefined)
      this.#displaced(work, work.displaced, outcome, winnerOf(heads));
    this.#metConflicts(path, heads);
  }

  /** A conflict is listed on every device that meets it, also where the loser never was: its copy is on its way from one that held it. */
  #metConflicts(path: RelPath, heads: readonly Head[]): void {
    const { index, folder, clock } = this.#context;
    if (heads.length < 2) return;
    const before = index.read.local(folder, path)?.heads ?? [];
    const knownLosers = before.length === 0 ? [] : losersOf(before);
    for (const loser of losersOf(heads)) {
      const copyPath = conflictName(path, loser);
      if (knownLosers.some((known) => compare(known.version, loser.version) === "equal")) continue;
      if (this.#conflicts.some((conflict) => conflict.path === path && conflict.copyPath === copyPath)) continue;
      this.#conflicts.push({ folder, path, copyPath, loser, winner: winnerOf(heads), createdAtMs: clock.now() });
    }
  }

  /** A directory that was to go and stays is written anew (invariant 4 of the planner). */
  #keptDirectory({ above, beside }: Extract<Action, { type: "keep-directory" }>): readonly Head[] {
    const { self, clock } = this.#context;
    const content = {
      type: "directory",
      size: 0,
      mtimeNs: 0n,
      mode: directoryMode(above),
      contentId: null,
      target: "",
      deleted: false,
    } as const;
    return joinHeads([writeAbove(above, content, self, clock.now() / 1000, beside)], beside);
  }

  /** Content that stood at the path for a moment: somebody may hold it open, so it is kept as a version. */
  #keepStray(path: RelPath, kept: { readonly storeName: string; readonly stamp: DiskStamp }): void {
    const row = this.#context.index.read.local(this.#context.folder, path);
    if (row === undefined) return;
    const head = winnerOf(row.heads);
    this.#versions.push({
      folder: this.#context.folder,
      path,
      head,
      storedAtMs: this.#context.clock.now(),
      origin: "raced",
      by: this.#context.self,
      storedAs: kept.storeName,
      stamp: kept.stamp,
    });
  }

  #stampFor(work: Work, outcome: Extract<DiskOutcome, { type: "done" }> | undefined): DiskStamp | null {
    if (outcome !== undefined) return outcome.stamp;
    const row = this.#context.index.read.local(this.#context.folder, work.planned.path);
    return row?.stamp ?? null;
  }

  #displaced(work: Work, displaced: Displaced, outcome: Extract<DiskOutcome, { type: "done" }>, winner: Head): void {
    const { path, action } = work.planned;
    const nowMs = this.#context.clock.now();
    if (outcome.conflictStamp !== null && work.displacedTo?.conflictPath != null && displaced.to === "conflict") {
      const copyPath = work.displacedTo.conflictPath;
      const row = this.#context.index.read.local(this.#context.folder, copyPath);
      const heads = joinHeads(row?.heads ?? [], [conflictCopyHead(displaced.head)]);
      this.#changes.push({ path: copyPath, heads, stamp: outcome.conflictStamp, announce: true });
      this.#conflicts.push({
        folder: this.#context.folder,
        path,
        copyPath,
        loser: displaced.head,
        winner,
        createdAtMs: nowMs,
      });
      return;
    }
    if (outcome.storedStamp === null) return;
    this.#versions.push({
      folder: this.#context.folder,
      path,
      head: displaced.head,
      storedAtMs: nowMs,
      origin: originOf(action, displaced, winner),
      by: winner.author,
      storedAs: work.displacedTo?.storeName ?? null,
      stamp: outcome.storedStamp,
    });
  }

  async write(): Promise<void> {
    if (this.#changes.length === 0 && this.#versions.length === 0) return;
    const nowMs = this.#context.clock.now();
    await this.#context.index.write.commitLocal(this.#context.folder, this.#changes, {
      nowMs,
      versions: this.#versions,
      conflicts: this.#conflicts,
    });
    for (const change of this.#changes) {
      const winner = winnerOf(change.heads);
      this.#context.emit({
        type: winner.deleted ? "file.deleted" : "file.changed",
        path: change.path,
        device: winner.author,
        data: { size: winner.size, origin: "peer" },
      });
    }
    for (const conflict of this.#conflicts) {
      this.#context.emit({
        type: "conflict.created",
        path: conflict.path,
        device: conflict.loser.author,
        data: { copy: conflict.copyPath },
      });
    }
  }
}
