/**
 * Brings the folder's disk up to date with what peers announced.
 *
 * Plans pending paths page by page, starts fetching what has to come from
 * peers, and applies what is ready; live paths first, parents before children;
 * then deletions, children before parents; then what takes the place of a
 * directory. A fetched content is planned again just before it is applied:
 * the plan that started the fetch may be old by then. While the disk works on
 * a batch, what later ones need is asked for.
 *
 * Only the folder's loop calls `step`; fetches run beside it and wake the loop.
 */
import type { Head, PathProblem } from "../../shared/file-info.ts";
import { toHex } from "../../shared/hex.ts";
import { type ContentId, parentOf, type RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { TransferBytes } from "../../shared/transfer-bytes.ts";
import { type Holders, sourceKey, sourcesOf, type Twin, twinsOf } from "../content-here.ts";
import { joinHeads, winnerOf } from "../core/heads.ts";
import { type Action, keepDirectory, type PathKnowledge, planPath } from "../core/plan.ts";
import type { FolderContext } from "../folder-context.ts";
import type { ContentSource } from "../folder-disk.ts";
import type { LocalRow, SeenPath } from "../index/index-port.ts";
import type { ProblemBook } from "../problem-book.ts";
import { type Applied, applyBatch, type Planned } from "./apply.ts";
import { MoveApplier } from "./apply-moves.ts";
import { Fetcher, type Transfer } from "./fetcher.ts";
import type { Sources } from "./sources.ts";

const BATCH_STEPS = 512;
const PLANS_AT_A_STRETCH = 64;
const LOOK_AGAIN_MAX = 5;
const CHILDREN_PAGE = 500;

export interface PullerHooks {
  /** Something is ready to be applied. */
  wake(): void;
  /** Hands over a content that a peer sent along, unproven. */
  takePushed(contentId: ContentId): Uint8Array | undefined;
  hasPushed(contentId: ContentId): boolean;
  /** The disk is not as the index has it. */
  lookAgain(path: RelPath): void;
  /** Paths that are not to be touched, because a change made here stands on them. */
  isBlocked(path: RelPath): boolean;
  /** A step failed half-way: what it took from its path is to be put back before anything is looked at. */
  recover(): void;
  isIgnored(path: RelPath, isDirectory: boolean): boolean;
  /** Judges all deletions that wait, together; `isDeletionAllowed` then answers for each. */
  judgeDeletions(waiting: readonly RelPath[]): Promise<void>;
  isDeletionAllowed(path: RelPath): boolean;
  /** Evidence that the folder is really there, before anything is removed. */
  isRootPresent(): Promise<boolean>;
}

export class Puller {
  readonly #context: FolderContext;
  readonly #fetcher: Fetcher;
  readonly #problems: ProblemBook;
  readonly #hooks: PullerHooks;
  /** Local sources that turned out wrong, by the paths that were to be made of them. */
  readonly #badSources = new Map<RelPath, Set<string>>();
  readonly #lookedAgain = new Map<RelPath, number>();
  /** Paths that take the place of a directory: last of all. */
  readonly #late = new Set<RelPath>();
  /** Pending paths that need nothing after all, because they are ignored, for instance. */
  readonly #settled: SeenPath[] = [];
  /** Paths whose disk is not as the index has it: they wait until they have been looked at. */
  readonly #unlooked = new Set<RelPath>();
  readonly #moves: MoveApplier;
  #cursor = "";
  /** How far {@link #fetchAhead} has looked. */
  #ahead = "";
  #planned = 0;
  readonly #sources: Sources;
  /** No file is here yet: nothing can be found by content. */
  #isEmptyHere = false;

  constructor(context: FolderContext, sources: Sources, problems: ProblemBook, hooks: PullerHooks) {
    this.#context = context;
    this.#sources = sources;
    this.#problems = problems;
    this.#hooks = hooks;
    this.#fetcher = new Fetcher(context, sources, {
      wake: () => hooks.wake(),
      restart: () => this.restart(),
      failed: (problem) => this.#report(problem),
    });
    this.#moves = new MoveApplier(context, {
      lookAgain: (path) => hooks.lookAgain(path),
      isBlocked: (path) => hooks.isBlocked(path),
      isIgnored: (path, isDirectory) => hooks.isIgnored(path, isDirectory),
      isRootPresent: () => hooks.isRootPresent(),
      unlooked: this.#unlooked,
      makeParent: (path) => this.#makeParent(path),
    });
  }

  get isIdle(): boolean {
    return this.#fetcher.isIdle;
  }

  /** File bytes that came to this device's disk by sync, and what they cost. */
  get traffic(): TransferBytes {
    return this.#fetcher.traffic;
  }

  get transfers(): readonly Transfer[] {
    return this.#fetcher.transfers;
  }

  /** Stops fetching and waits for what runs. */
  async dispose(): Promise<void> {
    await this.#fetcher.dispose();
  }

  /** The folder was scanned: what waited for that is tried again. */
  looked(): void {
    this.#unlooked.clear();
    this.#badSources.clear();
    this.restart();
  }

  /** Starts a new pass over everything pending; called when a peer announced something or a link came. */
  restart(): void {
    this.#cursor = "";
    this.#ahead = "";
  }

  /** Plans and applies one batch. Returns whether another step would find more to do now. */
  async step(): Promise<boolean> {
    // Before anything is planned: below a directory that moves, no path is to go its own way first.
    if (await this.#moves.step()) return true;
    const batch = await this.#takeReady();
    const didPlan = await this.#planLive(batch);
    // Before anything that may fail: what was planned to be fetched is already noted as being on its way.
    this.#fetcher.start();
    await this.#settle();
    const applied = await this.#applyAndFetchAhead(batch);
    this.#fetcher.applied();
    if (didPlan || applied > 0 || this.#fetcher.hasReady) return true;
    if (!this.isIdle) return false;
    if (await this.#applyDeletions()) return true;
    if (this.isIdle) this.#problems.clearIdle();
    return false;
  }

  /**
   * Whether everything else on this thread is due its turn: no stretch of
   * planning holds the loop for long. Between turns nothing is awaited, so that
   * a stretch reads the index in one transaction.
   */
  #isBreathDue(): boolean {
    this.#planned++;
    return this.#planned % PLANS_AT_A_STRETCH === 0;
  }

  async #takeReady(): Promise<Map<RelPath, Planned>> {
    const batch = new Map<RelPath, Planned>();
    for (const item of this.#fetcher.take(BATCH_STEPS)) {
      if (this.#isBreathDue()) await this.#context.clock.sleep(0);
      const action = planPath(this.#knowledge(item.path));
      if (isFileInstall(action) && action.winner.contentId === item.contentId) {
        this.#withAncestors(batch, item.path);
        batch.set(item.path, { path: item.path, action, source: item.source });
      }
    }
    return batch;
  }

  /** Adds pending live paths to the batch, or to what has to be fetched. Returns whether there were any. */
  async #planLive(batch: Map<RelPath, Planned>): Promise<boolean> {
    if (this.#fetcher.activeCount >= LIMITS.planBatch.value * 2) return false;
    let didPlan = false;
    this.#isEmptyHere = !this.#context.index.read.hasFiles();
    while (batch.size < BATCH_STEPS && this.#fetcher.wantedCount < LIMITS.planBatch.value) {
      const page = this.#context.index.read.pending(this.#context.folder, "live", this.#cursor, BATCH_STEPS);
      const last = page.at(-1);
      if (last === undefined) {
        this.restart();
        return didPlan;
      }
      this.#cursor = last;
      for (const path of page) {
        if (this.#fetcher.isActive(path) || batch.has(path) || this.#mustWait(path)) continue;
        if (this.#isBreathDue()) await this.#context.clock.sleep(0);
        this.#problems.begin(path);
        didPlan = this.#planOne(path, batch) || didPlan;
      }
    }
    return didPlan;
  }

  /** Neither of the two is left behind when the other fails. */
  async #applyAndFetchAhead(batch: Map<RelPath, Planned>): Promise<number> {
    let isApplied = false;
    const applying = this.#apply(batch).finally(() => {
      isApplied = true;
    });
    const fetching = this.#fetchAhead(batch, () => isApplied);
    const [applied, fetched] = await Promise.allSettled([applying, fetching]);
    if (applied.status === "rejected") throw applied.reason;
    if (fetched.status === "rejected") throw fetched.reason;
    return applied.value;
  }

  /**
   * Asks for what later batches need while the disk works on the one in hand,
   * so that disk and network do not wait for each other. Only for what has to
   * be fetched: everything else is planned in its turn, and what arrives is
   * planned again.
   */
  async #fetchAhead(inHand: ReadonlyMap<RelPath, Planned>, isApplied: () => boolean): Promise<void> {
    const { index, folder, clock } = this.#context;
    let inVain = 0;
    while (this.#fetcher.activeCount + BATCH_STEPS <= LIMITS.planBatch.value * 2) {
      const page = index.read.pending(folder, "live", this.#ahead, BATCH_STEPS);
      if (page.length === 0) return;
      for (const path of page) {
        this.#ahead = path;
        if (this.#fetcher.isActive(path) || inHand.has(path) || this.#mustWait(path)) continue;
        const winner = this.#missingContent(path);
        if (winner === undefined) inVain++;
        else {
          this.#problems.begin(path);
          this.#fetcher.want(path, winner);
        }
        if (this.#isBreathDue()) await clock.sleep(0);
        if (isApplied() || inVain > PLANS_AT_A_STRETCH) break;
      }
      this.#fetcher.start();
      if (isApplied() || inVain > PLANS_AT_A_STRETCH) return;
    }
  }

  /** The version whose content a path needs from a peer; undefined when it needs none. */
  #missingContent(path: RelPath): Head | undefined {
    const known = this.#knowledge(path);
    const action = planPath(known);
    if (!isFileInstall(action) || this.#isIgnored(known)) return undefined;
    const { winner } = action;
    if (winner.contentId === null) return undefined;
    const isHere =
      this.#hooks.hasPushed(winner.contentId) ||
      this.#localSource(path, winner, this.#twinsOf(path, winner)) !== undefined;
    return isHere ? undefined : winner;
  }

  #mustWait(path: RelPath): boolean {
    return this.#problems.isWaiting(path) || this.#unlooked.has(path) || this.#hooks.isBlocked(path);
  }

  #planOne(path: RelPath, batch: Map<RelPath, Planned>): boolean {
    const known = this.#knowledge(path);
    const action = planPath(known);
    if (action.type === "nothing" || this.#isIgnored(known)) {
      this.#settled.push({ path, heads: headsOf(known) });
      return true;
    }
    if (action.type === "replace-directory" || action.type === "keep-directory") {
      this.#late.add(path);
      return false;
    }
    if (!isFileInstall(action)) {
      this.#withAncestors(batch, path);
      batch.set(path, { path, action });
      return true;
    }
    const twins = this.#twinsOf(path, action.winner);
    const movedFrom = this.#moveSource(path, action.winner, twins, batch);
    const source = this.#localSource(path, action.winner, twins);
    if (movedFrom !== undefined || source !== undefined) {
      this.#fetcher.countReused(action.winner.size);
      this.#withAncestors(batch, path);
      batch.set(path, {
        path,
        action,
        ...(source === undefined ? {} : { source }),
        ...(movedFrom === undefined ? {} : { movedFrom }),
      });
      return true;
    }
    const pushed = this.#pushed(action.winner);
    if (pushed === undefined) return this.#fetcher.want(path, action.winner);
    this.#withAncestors(batch, path);
    batch.set(path, { path, action, source: { from: "bytes", bytes: pushed } });
    return true;
  }

  /** What came along with the record, if it is the content. */
  #pushed({ contentId, size }: Head): Uint8Array | undefined {
    const bytes = contentId === null ? undefined : this.#hooks.takePushed(contentId);
    if (bytes === undefined) return undefined;
    if (bytes.length !== size || toHex(this.#context.hasher.chunk(bytes)) !== contentId) {
      this.#context.log.warn("Content sent along does not match its hash; it is fetched", { bytes: bytes.length });
      return undefined;
    }
    this.#fetcher.countPushed(bytes.length);
    return bytes;
  }

  #isIgnored(known: PathKnowledge): boolean {
    const heads = headsOf(known);
    return heads.length > 0 && this.#hooks.isIgnored(known.path, winnerOf(heads).type === "directory");
  }

  async #settle(): Promise<void> {
    const seen = this.#settled.splice(0);
    if (seen.length > 0) await this.#context.index.write.settle(this.#context.folder, seen);
  }

  /** Directories that must exist first. One that should not exist any more is kept (planner invariant 4). */
  #withAncestors(batch: Map<RelPath, Planned>, path: RelPath): void {
    const missing: RelPath[] = [];
    for (let parent = parentOf(path); parent !== undefined && !batch.has(parent); parent = parentOf(parent)) {
      const row = this.#context.index.read.local(this.#context.folder, parent);
      const shown = row?.stamp == null ? undefined : winnerOf(row.heads);
      if (shown !== undefined && !shown.deleted && shown.type === "directory") break;
      missing.push(parent);
    }
    for (const parent of missing.reverse()) {
      const known = this.#knowledge(parent);
      const action = planPath(known);
      const makesDirectory = action.type === "install" && action.winner.type === "directory";
      batch.set(parent, { path: parent, action: makesDirectory ? action : keepDirectory(known) });
    }
  }

  /** Makes the directory that holds a path where it only waits to be made; none is kept or made for the path's sake. */
  async #makeParent(path: RelPath): Promise<void> {
    const batch = new Map<RelPath, Planned>();
    this.#withAncestors(batch, path);
    if ([...batch.values()].every(({ action }) => action.type === "install")) await this.#apply(batch);
  }

  #knowledge(path: RelPath): PathKnowledge {
    const { index, folder } = this.#context;
    const local = index.read.local(folder, path);
    const isDirectory = local !== undefined && winnerOf(local.heads).type === "directory";
    return {
      path,
      local,
      remotes: index.read.remote(folder, path).map((remote) => remote.heads),
      hasLiveChildren: isDirectory && local.stamp !== null && this.#hasLiveChildren(path),
    };
  }

  /** Whether something below a directory stays: it lives, and nobody has removed it. */
  #hasLiveChildren(path: RelPath): boolean {
    return this.#someBelow(path, (row) => !this.#isLeaving(row));
  }

  /** Whether a deletion below a directory is still to be applied: the directory waits for it, and is not kept for its sake. */
  #hasLeavingChildren(path: RelPath): boolean {
    return this.#someBelow(path, (row) => this.#isLeaving(row));
  }

  #isLeaving(row: LocalRow): boolean {
    const remotes = this.#context.index.read.remote(this.#context.folder, row.path).map((remote) => remote.heads);
    return winnerOf(remotes.reduce(joinHeads, row.heads)).deleted;
  }

  #someBelow(path: RelPath, matches: (row: LocalRow) => boolean): boolean {
    const { index, folder } = this.#context;
    for (let after = ""; ; ) {
      const page = index.read.localBelow(folder, path, after, CHILDREN_PAGE);
      if (page.some((row) => !winnerOf(row.heads).deleted && matches(row))) return true;
      const last = page.at(-1);
      if (last === undefined || page.length < CHILDREN_PAGE) return false;
      after = last.path;
    }
  }

  /** Paths that show this very content now, of this folder and of others that may be used. */
  #twinsOf(path: RelPath, winner: Head): readonly Twin[] {
    if (winner.contentId === null || winner.size === 0 || this.#isEmptyHere) return [];
    // Something else stands there: a change that only counts here, or one that is about to be looked at.
    const isDoubted = (twin: RelPath): boolean => this.#hooks.isBlocked(twin) || this.#unlooked.has(twin);
    return twinsOf(this.#context, winner.contentId, this.#holders(path, winner)).filter(
      ({ folder, row }) => folder !== this.#context.folder || !isDoubted(row.path),
    );
  }

  #holders(path: RelPath, { contentId, size }: Head): Holders {
    return () =>
      contentId === null ? [] : this.#sources.holding({ path, contentId, size }).map(({ device }) => device);
  }

  /** A path here with this very content that is to be deleted: then this is a rename. */
  #moveSource(
    path: RelPath,
    winner: Head,
    twins: readonly Twin[],
    batch: ReadonlyMap<RelPath, Planned>,
  ): Planned["movedFrom"] {
    if (twins.length === 0 || this.#context.index.read.local(this.#context.folder, path)?.stamp != null)
      return undefined;
    const taken = new Set([...batch.values()].map((planned) => planned.movedFrom?.path));
    for (const { folder, row } of twins) {
      if (folder !== this.#context.folder || taken.has(row.path)) continue;
      const heads = this.#knowledge(row.path).remotes.reduce(joinHeads, row.heads);
      const shown = winnerOf(row.heads);
      const keepsMeta = shown.mtimeNs === winner.mtimeNs && shown.mode === winner.mode;
      if (keepsMeta && winnerOf(heads).deleted) return { path: row.path, heads };
    }
    return undefined;
  }

  #localSource(path: RelPath, winner: Head, twins: readonly Twin[]): ContentSource | undefined {
    if (winner.contentId === null) return undefined;
    if (winner.size === 0) return { from: "bytes", bytes: new Uint8Array(0) };
    if (this.#isEmptyHere) return undefined;
    const bad = this.#badSources.get(path);
    for (const source of sourcesOf(this.#context, winner.contentId, twins, this.#holders(path, winner)))
      if (bad?.has(sourceKey(source)) !== true) return source;
    return undefined;
  }

  async #apply(batch: Map<RelPath, Planned>): Promise<number> {
    if (batch.size === 0) return 0;
    const applied = await applyBatch(this.#context, [...batch.values()]);
    for (const result of applied) this.#take(result);
    return applied.length;
  }

  #take(result: Applied): void {
    const { path } = result;
    switch (result.type) {
      case "done":
        this.#problems.clear(path);
        this.#badSources.delete(path);
        this.#lookedAgain.delete(path);
        if (result.isTouched) this.#hooks.lookAgain(path);
        break;
      case "look-again": {
        const times = (this.#lookedAgain.get(path) ?? 0) + 1;
        this.#lookedAgain.set(path, times);
        this.#unlooked.add(path);
        for (const other of result.lookAt) this.#hooks.lookAgain(other);
        if (times >= LOOK_AGAIN_MAX)
          this.#report({ path, code: "E_CHANGING", message: `${path} keeps changing on disk while it is updated` });
        break;
      }
      case "bad-source":
        this.#badSources.set(path, (this.#badSources.get(path) ?? new Set()).add(result.source));
        for (const other of result.lookAt) this.#hooks.lookAgain(other);
        break;
      case "problem":
        this.#report({ path, code: result.code, message: result.message });
        if (result.isCutOff) this.#hooks.recover();
        break;
      default:
        result satisfies never;
    }
  }

  #report(problem: PathProblem): void {
    if (this.#problems.get(problem.path)?.code !== problem.code)
      this.#context.log.warn("Path not in step", { ...problem });
    this.#problems.report(problem);
  }

  /** Removes what peers removed, children first; then lets files take the place of directories. */
  async #applyDeletions(): Promise<boolean> {
    const waiting = this.#waitingDeletions();
    await this.#settle();
    if (waiting.length === 0 && this.#late.size === 0) return false;
    if (!(await this.#hooks.isRootPresent())) return false;
    await this.#hooks.judgeDeletions(waiting);
    const isHeld = waiting.some((path) => !this.#hooks.isDeletionAllowed(path));
    const due = waiting.filter((path) => this.#hooks.isDeletionAllowed(path) && !this.#problems.isWaiting(path));
    for (const path of due) this.#problems.begin(path);
    if (due.length > 0 && (await this.#applyByDepth(due.slice(0, LIMITS.planBatch.value))) > 0) return true;
    return !isHeld && (await this.#applyLate());
  }

  #waitingDeletions(): readonly RelPath[] {
    const waiting: RelPath[] = [];
    for (let after = ""; ; ) {
      const page = this.#context.index.read.pending(this.#context.folder, "deleted", after, LIMITS.planBatch.value);
      const last = page.at(-1);
      if (last === undefined) return waiting;
      for (const path of page) {
        const known = this.#knowledge(path);
        if (this.#isIgnored(known)) this.#settled.push({ path, heads: headsOf(known) });
        else if (!this.#hooks.isBlocked(path) && !this.#unlooked.has(path)) waiting.push(path);
      }
      after = last;
    }
  }

  /** A directory is planned only after its children are committed, so each level is a batch of its own. */
  async #applyByDepth(paths: readonly RelPath[]): Promise<number> {
    const directories: RelPath[] = [];
    const others = new Map<RelPath, Planned>();
    for (const path of paths) {
      const action = planPath(this.#knowledge(path));
      if (action.type === "delete-directory" || action.type === "keep-directory") directories.push(path);
      else if (isRemoval(action)) others.set(path, { path, action });
    }
    let done = await this.#apply(others);
    for (const level of groupByDepth(directories)) {
      const ready = level.filter((path) => !this.#hasLeavingChildren(path));
      const planned = ready.map((path): Planned => ({ path, action: planPath(this.#knowledge(path)) }));
      done += await this.#apply(
        new Map(planned.filter(({ action }) => isRemoval(action)).map((item) => [item.path, item])),
      );
    }
    return done;
  }

  /** Removes empty directories whose place something else takes; what takes it is then "wanted again" and installed as usual. */
  async #applyLate(): Promise<boolean> {
    const batch = new Map<RelPath, Planned>();
    for (const path of this.#late) {
      if (this.#problems.isWaiting(path) || this.#hasLeavingChildren(path)) continue;
      const action = planPath(this.#knowledge(path));
      // Else it is a matter for the next pass: its directory has gone meanwhile.
      if (action.type === "replace-directory" || action.type === "keep-directory") batch.set(path, { path, action });
    }
    for (const path of batch.keys()) this.#problems.begin(path);
    this.#late.clear();
    this.restart();
    return (await this.#apply(batch)) > 0;
  }
}

/** Peers may have told of something new since a path was found to be deleted; then it is a matter for the next pass. */
function isRemoval(action: Action): boolean {
  return action.type !== "install" && action.type !== "touch" && action.type !== "replace-directory";
}

function headsOf({ local, remotes }: PathKnowledge): readonly Head[] {
  return remotes.reduce(joinHeads, local?.heads ?? []);
}

function isFileInstall(action: Action): action is Extract<Action, { type: "install" }> {
  return action.type === "install" && action.winner.type === "file";
}

function depth(path: string): number {
  return path.split("/").length;
}

function groupByDepth(paths: readonly RelPath[]): readonly (readonly RelPath[])[] {
  const groups = new Map<number, RelPath[]>();
  for (const path of paths) groups.set(depth(path), [...(groups.get(depth(path)) ?? []), path]);
  return [...groups].sort(([a], [b]) => b - a).map(([, group]) => group);
}
