/**
 * Carries out what a command decided for some paths: disk steps, then one
 * commit of all that was done. What leaves its path goes to the store and
 * becomes a version of it; what the index does not know is never displaced.
 *
 * Runs inside the folder's loop. A path that turns out different on disk is
 * left as it is, reported, and looked at again.
 */
import { SyncError } from "../../shared/errors.ts";
import type { DiskStamp, Head } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { deviceOfOwner, userOfOwner } from "../../shared/owner.ts";
import { sourceKey } from "../content-here.ts";
import { sameContent, sameHeads, winnerOf } from "../core/heads.ts";
import { newStoreName } from "../folder-context.ts";
import type { ContentSource, DiskOutcome, DiskStep } from "../folder-disk.ts";
import type { LocalChange, LocalRow, VersionRow } from "../index/index-port.ts";
import { sourcesHere } from "./content-source.ts";
import type { KeepContext } from "./keep-context.ts";
import { shownHead } from "./known.ts";

/** One path's change. `origin` says why what it displaces is kept. */
export type PathChange =
  /** The path shows the winner of `heads`. `storedAs`, `fetched`: where its content may lie. */
  | {
      readonly type: "show";
      readonly path: RelPath;
      readonly heads: readonly Head[];
      readonly origin: string;
      readonly storedAs: string | null;
      readonly fetched?: ContentSource | undefined;
    }
  /** What the index knows to be there goes: a file to the store, a directory when it is empty. The winner of `heads` is a tombstone. */
  | {
      readonly type: "remove";
      readonly path: RelPath;
      readonly heads: readonly Head[];
      readonly origin: string;
      /** The inode at the path, when it has another name: it loses this one, and nothing of it is kept. */
      readonly twin?: Pick<DiskStamp, "dev" | "ino"> | undefined;
    }
  /**
   * What is at the path gets the name `to`, where nothing is, and its kept
   * versions go along. `gone` is what stands at the old path from then on.
   */
  | {
      readonly type: "move";
      readonly path: RelPath;
      readonly to: RelPath;
      readonly heads: readonly Head[];
      readonly gone: readonly Head[];
    }
  /** Only the record grows; the disk stays as it is. */
  | { readonly type: "settle"; readonly path: RelPath; readonly heads: readonly Head[] }
  /**
   * Something the index does not have goes, as it was just seen; null: nothing
   * is there. The record stays as it is, and what it names is wanted again.
   */
  | {
      readonly type: "clear";
      readonly path: RelPath;
      readonly origin: string;
      readonly seen: { readonly stamp: DiskStamp; readonly head: Head } | null;
    };

export type Carried =
  | { readonly type: "done"; readonly path: RelPath }
  | { readonly type: "skipped"; readonly path: RelPath; readonly code: string; readonly message: string };

interface Attempt {
  readonly change: PathChange;
  readonly row: LocalRow | undefined;
  readonly tried: Set<string>;
  step: DiskStep | undefined;
}

/**
 * Carries changes out in their order, and answers for each. `by` is whose
 * command it is, as an owner is written. Throws when the folder is not there.
 */
export async function carryOut(
  context: KeepContext,
  changes: readonly PathChange[],
  by: string = context.self,
): Promise<readonly Carried[]> {
  const root = await context.disk.check();
  if (root.type === "halted") throw new SyncError(root.code, `folder ${context.folder}: ${root.message}`);
  const carried = new Map<PathChange, Carried>();
  let waiting = changes.map((change) => ({ change, tried: new Set<string>() }));
  // Each round tries the next source of those whose last one did not hold what it should.
  while (waiting.length > 0) {
    const attempts = waiting.flatMap((item) => {
      const attempt = attemptFor(context, item.change, item.tried);
      if ("code" in attempt) carried.set(item.change, attempt);
      return "code" in attempt ? [] : [attempt];
    });
    waiting = await carryOutOnce(context, attempts, carried, by);
  }
  const left = changes.filter(
    (change) => (change.type === "remove" || change.type === "move") && carried.get(change)?.type === "done",
  );
  context.commanded(left.map(({ path }) => path));
  return changes.map(
    (change) => carried.get(change) ?? skipped(change.path, "E_INTERNAL", "bug: a change without an outcome"),
  );
}

async function carryOutOnce(
  context: KeepContext,
  attempts: readonly Attempt[],
  carried: Map<PathChange, Carried>,
  by: string,
): Promise<Attempt[]> {
  const steps = attempts.flatMap(({ step }) => (step === undefined ? [] : [step]));
  const outcomes = steps.length === 0 ? [] : await context.disk.execute(steps);
  const commit = new Commit(context, by);
  const again: Attempt[] = [];
  let next = 0;
  for (const attempt of attempts) {
    const outcome = attempt.step === undefined ? undefined : outcomes[next++];
    if (outcome?.type === "bad-source") {
      again.push(attempt);
      const source = attempt.step?.step === "file" ? attempt.step.source : undefined;
      if (source?.from === "path") context.lookAgain(source.path);
    } else carried.set(attempt.change, commit.take(attempt, outcome));
  }
  await commit.write();
  if (steps.length > 0) await context.disk.committed();
  return again;
}

function attemptFor(
  context: KeepContext,
  change: PathChange,
  tried: Set<string>,
): Attempt | Extract<Carried, { type: "skipped" }> {
  const row = context.index.read.local(context.folder, change.path);
  const attempt: Attempt = { change, row, tried, step: undefined };
  switch (change.type) {
    case "settle":
      return attempt;
    case "clear":
      attempt.step = clearStep(context, change);
      return attempt;
    case "remove":
      attempt.step = removeStep(context, change, row);
      return attempt;
    case "move":
      return moveAttempt(context, change, attempt);
    case "show":
      return showAttempt(context, change, attempt);
    default:
      return change satisfies never;
  }
}

function clearStep(context: KeepContext, { path, seen }: Extract<PathChange, { type: "clear" }>): DiskStep | undefined {
  if (seen === null) return undefined;
  if (seen.head.type === "directory") return { step: "remove-directory", path };
  return { step: "delete", path, expected: seen.stamp, storeName: newStoreName(context.random) };
}

function removeStep(
  context: KeepContext,
  { path, twin }: Extract<PathChange, { type: "remove" }>,
  row: LocalRow | undefined,
): DiskStep | undefined {
  const shown = shownHead(row);
  if (shown === undefined || row?.stamp == null) return undefined;
  if (shown.type === "directory") return { step: "remove-directory", path };
  const storeName = newStoreName(context.random);
  if (twin !== undefined) return { step: "drop-name", path, expected: twin, storeName };
  return { step: "delete", path, expected: row.stamp, storeName };
}

function moveAttempt(
  context: KeepContext,
  { path, to }: Extract<PathChange, { type: "move" }>,
  attempt: Attempt,
): Attempt | Extract<Carried, { type: "skipped" }> {
  const { row } = attempt;
  if (row?.stamp == null || shownHead(row) === undefined)
    return skipped(path, "E_NOT_SYNCED_YET", `${path} is known, but its content has not arrived yet`);
  attempt.step = { step: "move", path, to, expected: row.stamp, storeName: newStoreName(context.random) };
  return attempt;
}

function showAttempt(
  context: KeepContext,
  change: Extract<PathChange, { type: "show" }>,
  attempt: Attempt,
): Attempt | Extract<Carried, { type: "skipped" }> {
  const { path } = change;
  const winner = winnerOf(change.heads);
  const shown = shownHead(attempt.row);
  const expected = attempt.row?.stamp ?? null;
  const displacedTo = { storeName: newStoreName(context.random), conflictPath: null };
  if (shown !== undefined && sameContent(shown, winner)) return withTouch(context, attempt, winner, shown);
  if (shown?.type === "directory") return skipped(path, "E_EXISTS", `${path} is a directory now`);
  if (winner.type === "directory") attempt.step = { step: "directory", path, mode: winner.mode, expected, displacedTo };
  else if (winner.type === "symlink")
    attempt.step = { step: "symlink", path, target: winner.target, mtimeNs: winner.mtimeNs, expected, displacedTo };
  else {
    const { contentId, size, mtimeNs, mode } = winner;
    const source = nextSource(context, change, winner, attempt.tried);
    if (contentId === null || source === undefined) return noContent(path, [...attempt.tried]);
    attempt.step = { step: "file", path, contentId, size, mtimeNs, mode, source, expected, displacedTo };
  }
  return attempt;
}

/** The content is there already: only permissions and mtime may differ. */
function withTouch(context: KeepContext, attempt: Attempt, winner: Head, shown: Head): Attempt {
  const { row, change } = attempt;
  const isSame = winner.mode === shown.mode && (winner.type === "directory" || winner.mtimeNs === shown.mtimeNs);
  if (row?.stamp == null || isSame) return attempt;
  attempt.step = {
    step: "touch",
    path: change.path,
    fileType: winner.type,
    contentId: winner.contentId,
    target: winner.target,
    mtimeNs: winner.mtimeNs,
    mode: winner.mode,
    expected: row.stamp,
    storeName: newStoreName(context.random),
  };
  return attempt;
}

function nextSource(
  context: KeepContext,
  change: Extract<PathChange, { type: "show" }>,
  winner: Head,
  tried: Set<string>,
): ContentSource | undefined {
  const fetched = change.fetched === undefined ? [] : [change.fetched];
  const source = [...fetched, ...sourcesHere(context, winner, change.storedAs)].find(
    (candidate) => !tried.has(sourceKey(candidate)),
  );
  if (source !== undefined) tried.add(sourceKey(source));
  return source;
}

function noContent(path: RelPath, tried: readonly string[]): Extract<Carried, { type: "skipped" }> {
  if (tried.length === 0) return skipped(path, "E_NO_SOURCE", `no connected device has this version of ${path}`);
  if (tried.every((key) => key.startsWith("path:")))
    return skipped(path, "E_CHANGING", `the file that ${path} was to be copied from was changed a moment ago`);
  return skipped(path, "E_NO_SOURCE", `what was kept of ${path} has changed since, and no connected device has it`);
}

function skipped(path: RelPath, code: string, message: string): Extract<Carried, { type: "skipped" }> {
  return { type: "skipped", path, code, message };
}

/** Gathers what was done, to be written in one transaction. */
class Commit {
  readonly #context: KeepContext;
  readonly #changes: LocalChange[] = [];
  readonly #versions: Omit<VersionRow, "version">[] = [];
  readonly #moved: { readonly from: RelPath; readonly to: RelPath }[] = [];
  readonly #by: string;

  constructor(context: KeepContext, by: string) {
    this.#context = context;
    this.#by = by;
  }

  take(attempt: Attempt, outcome: Exclude<DiskOutcome, { type: "bad-source" }> | undefined): Carried {
    const { path } = attempt.change;
    if (attempt.step !== undefined && outcome === undefined) throw new Error("bug: a step without an outcome");
    switch (outcome?.type) {
      case "changed":
        return this.#changed(attempt, outcome);
      case "not-empty":
        return skipped(path, "E_DIR_NOT_EMPTY", `${path} still holds files that do not sync`);
      case "failed":
        return skipped(path, outcome.code, outcome.message);
      case "done":
      case undefined:
        this.#done(attempt, outcome);
        return { type: "done", path };
      default:
        return outcome satisfies never;
    }
  }

  #changed(attempt: Attempt, outcome: Extract<DiskOutcome, { type: "changed" }>): Carried {
    const { path } = attempt.change;
    for (const other of outcome.lookAt) this.#context.lookAgain(other);
    const head = attempt.row === undefined ? undefined : winnerOf(attempt.row.heads);
    if (outcome.kept !== null && head !== undefined)
      this.#keep(path, head, { origin: "raced", storedAs: outcome.kept.storeName, stamp: outcome.kept.stamp });
    const isNew = attempt.step !== undefined && "expected" in attempt.step && attempt.step.expected === null;
    if (attempt.change.type === "move")
      return skipped(path, "E_CHANGING", `${path}, or what is at ${attempt.change.to}, was changed a moment ago`);
    return isNew
      ? skipped(path, "E_EXISTS", `something that has not been looked at yet is at ${path}`)
      : skipped(path, "E_CHANGING", `${path} was changed a moment ago`);
  }

  #done({ change, row, step }: Attempt, outcome: Extract<DiskOutcome, { type: "done" }> | undefined): void {
    const { path } = change;
    if (change.type === "move") {
      this.#movedTo(change, outcome);
      return;
    }
    if (outcome?.isTouched === true) this.#context.lookAgain(path);
    const displaced = change.type === "clear" ? change.seen?.head : row === undefined ? undefined : winnerOf(row.heads);
    if (outcome?.storedStamp != null && displaced !== undefined && change.type !== "settle")
      this.#keep(path, displaced, { origin: change.origin, storedAs: storeNameOf(step), stamp: outcome.storedStamp });
    const heads = change.type === "clear" ? row?.heads : change.heads;
    if (heads === undefined) return;
    const stamp = outcome === undefined && change.type !== "clear" ? (row?.stamp ?? null) : (outcome?.stamp ?? null);
    const announce = row === undefined || !sameHeads(row.heads, heads);
    this.#changes.push({ path, heads, stamp: winnerOf(heads).deleted ? null : stamp, announce });
  }

  #movedTo(
    { path, to, heads, gone }: Extract<PathChange, { type: "move" }>,
    outcome: Extract<DiskOutcome, { type: "done" }> | undefined,
  ): void {
    // An edit that travelled along is a change on top of the move.
    if (outcome?.isTouched === true) this.#context.lookAgain(to);
    this.#changes.push({ path: to, heads, stamp: outcome?.stamp ?? null, announce: true });
    this.#changes.push({ path, heads: gone, stamp: null, announce: true });
    this.#moved.push({ from: path, to });
  }

  #keep(path: RelPath, head: Head, kept: Pick<VersionRow, "origin" | "storedAs" | "stamp">): void {
    const { folder, clock } = this.#context;
    this.#versions.push({ folder, path, head, storedAtMs: clock.now(), by: this.#by, ...kept });
  }

  async write(): Promise<void> {
    if (this.#changes.length === 0 && this.#versions.length === 0) return;
    const { index, folder, clock, emit } = this.#context;
    await index.write.commitLocal(folder, this.#changes, {
      nowMs: clock.now(),
      versions: this.#versions,
      movedVersions: this.#moved,
    });
    const asker = { device: deviceOfOwner(this.#by), user: userOfOwner(this.#by) };
    for (const { path, heads, announce } of this.#changes) {
      if (!announce) continue;
      const { deleted, size } = winnerOf(heads);
      emit({ type: deleted ? "file.deleted" : "file.changed", path, ...asker, data: { size, origin: "command" } });
    }
  }
}

function storeNameOf(step: DiskStep | undefined): string | null {
  if (step === undefined) return null;
  if ("displacedTo" in step) return step.displacedTo.storeName;
  return "storeName" in step ? step.storeName : null;
}
