/**
 * One folder, end to end: observe, plan, act.
 *
 * There is one loop, and it alone decides and changes anything. Events (the
 * watcher, messages, commands, finished fetches) leave a note and ring the
 * bell. Scanning and applying never run at the same time, so the index cannot
 * move under either; the disk can, and every step re-checks it.
 *
 * Invariants:
 * 1. Nothing is scanned, written or believed deleted while the root is not
 *    proven present (trust P10).
 * 2. A change is committed before it is announced, and what applying produced
 *    is announced before it is acknowledged.
 * 3. What was found present in a scan is committed before what was found
 *    missing, so that moves are met as additions first.
 */
import { SyncError } from "../shared/errors.ts";
import type { PathProblem } from "../shared/file-info.ts";
import { parentOf, type RelPath, relPathFault, type ShortId } from "../shared/ids.ts";
import { LIMITS } from "../shared/limits.ts";
import type { FolderMessage, IndexRecord } from "../shared/messages.ts";
import type { TransferBytes } from "../shared/transfer-bytes.ts";
import { type BarrierAnswer, Barriers } from "./barriers.ts";
import { Bell } from "./bell.ts";
import { claim, differences, wantAgain } from "./claims.ts";
import { winnerOf } from "./core/heads.ts";
import { IGNORE_FILE, type IgnoreSource } from "./core/ignore.ts";
import { DeletionGuard } from "./deletion-guard.ts";
import { PeerSession } from "./exchange/peer-session.ts";
import { PushedContents } from "./exchange/pushed-contents.ts";
import type { FolderContext, FolderEvent, FolderMode } from "./folder-context.ts";
import { isHaltCode, type ScanBatch } from "./folder-disk.ts";
import type { FolderStateName, FolderStatus, PeerProgress } from "./folder-status.ts";
import { IgnoreKeeper } from "./ignore-keeper.ts";
import { finishInterrupted } from "./interrupted.ts";
import { commitMissing, commitPresent, type PresentObservation, type ScanMood } from "./local-changes.ts";
import { commitMoves } from "./local-moves.ts";
import { splitOwnChanges } from "./own-changes.ts";
import type { PeerLink } from "./peer-link.ts";
import { ProblemBook } from "./problem-book.ts";
import { dissolveMoves } from "./puller/apply-moves.ts";
import { Puller } from "./puller/puller.ts";
import { Sources } from "./puller/sources.ts";
import { RootKeeper } from "./root-keeper.ts";
import { ScanAgenda, type ScanScope } from "./scanner/scan-agenda.ts";
import { noteHistoryBegin } from "./versions/history-begin.ts";

const HALTED_RETRY_MS = 5_000;
/** An unmounted disk says nothing to the watcher: an idle folder asks whether it is still there. */
const IDLE_LOOK_MS = 10_000;
/** Both names of a rename are told of within less. */
const RENAME_MS = 2 * LIMITS.settleMs.value;

export interface FolderSettings {
  readonly mode: FolderMode;
  readonly isPaused: boolean;
  readonly rescanMs: number;
  /** This device's own ignore patterns. */
  readonly ignorePatterns: readonly string[];
}

/** What waits for its turn. */
interface Command {
  readonly run: () => Promise<void>;
  readonly giveUp: (reason: SyncError) => void;
}

export class Folder implements AsyncDisposable {
  readonly #context: FolderContext;
  readonly #emitOut: (event: FolderEvent) => void;
  readonly #bell: Bell;
  readonly #stop = new AbortController();
  readonly #sessions = new Map<PeerLink, PeerSession>();
  readonly #inbox = new Map<ShortId, Promise<void>>();
  readonly #sources: Sources;
  readonly #pushed = new PushedContents();
  readonly #agenda: ScanAgenda;
  readonly #scanProblems: ProblemBook;
  readonly #applyProblems: ProblemBook;
  readonly #puller: Puller;
  readonly #guard: DeletionGuard;
  readonly #commands: Command[] = [];
  readonly #barriers: Barriers;
  readonly #ignore: IgnoreKeeper;
  readonly #root: RootKeeper;
  readonly #waiters = new Set<() => void>();
  /** Changes made here in a receive-only folder: kept on disk, told to nobody. */
  readonly #ownChanges = new Set<RelPath>();
  #settings: FolderSettings;
  #needsRecovery = true;
  #isWatchedWhole = true;
  #error: PathProblem | undefined;
  /** What stopped the folder last, so that the log tells it once. */
  #lastFailure: string | undefined;
  #done: Promise<void> = Promise.resolve();
  #stateTold: FolderStateName | undefined;

  constructor(context: FolderContext, settings: FolderSettings) {
    this.#context = { ...context, emit: (event) => this.#emit(event) };
    this.#emitOut = context.emit;
    this.#settings = settings;
    this.#bell = new Bell(context.clock);
    this.#sources = new Sources(this.#context);
    this.#barriers = new Barriers(this.#context);
    this.#ignore = new IgnoreKeeper(this.#context);
    this.#root = new RootKeeper(this.#context, {
      cameBack: () => this.rescan(),
      began: () => {
        this.#agenda.startAnew();
        this.#beginAnew();
      },
      renewed: () => {
        this.rescan();
        this.#beginAnew();
      },
    });
    this.#agenda = new ScanAgenda(context.clock);
    this.#scanProblems = new ProblemBook(context.clock);
    this.#applyProblems = new ProblemBook(context.clock);
    this.#guard = new DeletionGuard(this.#context);
    this.#puller = new Puller(this.#context, this.#sources, this.#applyProblems, {
      wake: () => this.#bell.ring(),
      takePushed: (contentId) => this.#pushed.take(contentId),
      hasPushed: (contentId) => this.#pushed.has(contentId),
      lookAgain: (path) => this.#agenda.note(path),
      recover: () => {
        this.#needsRecovery = true;
      },
      isBlocked: (path) => this.#isOwnChange(path),
      isIgnored: (path, isDirectory) => this.#ignore.rules.isIgnored(path, isDirectory),
      judgeDeletions: (waiting) => this.#guard.judgeReceived(waiting),
      isDeletionAllowed: (path) => this.#guard.isAllowed(path),
      isRootPresent: async () => (await this.#root.check()).type === "ok",
    });
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Stops the loop and waits for the step in hand to reach the disk. Whoever still waits for a turn is told. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#bell.ring();
    await this.#done;
    for (const { giveUp } of this.#commands.splice(0)) giveUp(stopped());
    for (const wake of [...this.#waiters]) wake();
    await this.#puller.dispose();
  }

  /** Whether a change that only counts here stands on a path, or on a directory around it. */
  #isOwnChange(path: RelPath): boolean {
    if (this.#ownChanges.size === 0) return false;
    for (let at: RelPath | undefined = path; at !== undefined; at = parentOf(at))
      if (this.#ownChanges.has(at)) return true;
    return false;
  }

  #emit(event: FolderEvent): void {
    if (event.path === IGNORE_FILE) this.#ignore.doubt();
    this.#emitOut(event);
  }

  // What others tell the folder. Each only leaves a note.

  configure(settings: FolderSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#ignore.doubt();
    if (before.isPaused !== settings.isPaused) {
      for (const session of this.#sessions.values()) this.#open(session);
      if (!settings.isPaused) this.rescan();
    }
    if (before.mode !== settings.mode) this.rescan();
    this.#puller.restart();
    this.#bell.ring();
  }

  /** The watcher saw something at or below `path`; "" is the root. */
  hint(path: string): void {
    if (this.#barriers.takeHint(path)) return;
    if (path !== "" && relPathFault(path) !== undefined) {
      // A name that cannot sync is not found by its path: what it lies in is looked through, to report it or that it went.
      if (!path.startsWith(".syncline/")) this.hint(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
      return;
    }
    if (path === "" || path === IGNORE_FILE) this.#ignore.doubt();
    this.#agenda.note(path as RelPath | "");
    this.#bell.ring();
  }

  /** Where not every directory is watched, a cookie that comes back proves nothing about the others. */
  noteWatching(isWhole: boolean): void {
    this.#isWatchedWhole = isWhole;
  }

  /** Looks now whether a halted folder is back. */
  lookForRoot(): Promise<void> {
    return this.command(async () => void (await this.#root.check()));
  }

  /** Looks at everything again: hints may have been lost, patterns changed, or a person asked. */
  rescan(isThorough = false): void {
    this.#agenda.noteWhole(isThorough);
    this.#bell.ring();
  }

  attach(link: PeerLink): void {
    const session = new PeerSession(this.#context, link, this.#pushed, (row) =>
      this.#guard.isApproved(row.path, row.heads),
    );
    this.#sessions.set(link, session);
    this.#sources.add(link);
    this.#applyProblems.clearWhere((problem) => problem.code === "E_NO_SOURCE" || problem.code === "E_BAD_DATA");
    this.#puller.restart();
    this.#open(session);
    this.#bell.ring();
  }

  detach(link: PeerLink): void {
    this.#sessions.get(link)?.end();
    this.#sessions.delete(link);
    this.#sources.remove(link);
    this.#bell.ring();
  }

  /** What was told and fetched under the epoch before counts no more. */
  #beginAnew(): void {
    this.#puller.restart();
    for (const session of this.#sessions.values()) this.#open(session);
  }

  /** In its turn: what is being stored counts as held then. */
  #open(session: PeerSession): void {
    void this.#inTurn(session.link, async () => {
      if (this.#sessions.get(session.link) !== session) return;
      if (!this.#settings.isPaused) return await this.#ask(session);
      session.send({
        type: "folder-closed",
        folder: this.#context.folder,
        code: "E_PAUSED",
        message: "the folder is paused there",
      });
    });
  }

  /** Devices may have held records back until now: they are asked for all of them, at their next connection at the latest. */
  async askAnew(devices: readonly ShortId[]): Promise<void> {
    const { index, folder } = this.#context;
    for (const device of devices) await index.write.setNote(folder, askedNote(device), "");
    for (const session of this.#sessions.values()) this.#open(session);
  }

  /** Opens the exchange; anew when other patterns count than when the peer was asked last, because rows were forgotten since. */
  async #ask(session: PeerSession): Promise<void> {
    const { index, folder } = this.#context;
    const note = askedNote(session.link.device);
    const key = this.#ignore.key;
    const before = index.read.note(folder, note);
    if (before === key || before === undefined) session.open();
    else await session.openAnew();
    if (before !== key) await index.write.setNote(folder, note, key);
  }

  /** Takes a message; resolves when it is dealt with, so that the caller can hold back the next. */
  receive(link: PeerLink, message: FolderMessage): Promise<void> {
    return this.#inTurn(link, () => this.#deal(link, message));
  }

  /** Runs work that concerns a device after all that it said before, on this connection or the one before. */
  #inTurn(link: PeerLink, work: () => Promise<void>): Promise<void> {
    const before = this.#inbox.get(link.device) ?? Promise.resolve();
    const dealt = before.then(work).catch((error: unknown) => {
      if (!this.#stop.signal.aborted)
        this.#context.log.error("Exchange with a device failed", { device: link.name, error: String(error) });
    });
    this.#inbox.set(link.device, dealt);
    return dealt;
  }

  async #deal(link: PeerLink, message: FolderMessage): Promise<void> {
    const session = this.#sessions.get(link);
    if (session === undefined || this.#stop.signal.aborted) return;
    switch (message.type) {
      case "folder-state": {
        const taken = await session.takeState(message);
        if (taken === "rolled-back") {
          const reason = "a peer remembers more of this index than there is";
          await this.command(() => this.#root.renewEpoch(reason));
        }
        if (taken !== "answered") {
          if (this.#settings.isPaused) this.#open(session);
          else session.answer();
        }
        await this.#meet(session);
        break;
      }
      case "index-update":
        if (await session.takeUpdate(message)) {
          for (const record of message.records) this.#applyProblems.clear(record.info.path);
          if (link.isAdmin) this.#guard.allowApproved(message.records.filter(isApproved).map(({ info }) => info.path));
          this.#puller.restart();
        }
        break;
      case "index-ack":
        await session.takeAck(message);
        break;
      case "reconcile":
      case "reconcile-step":
        await session.takeMeeting(message);
        this.#puller.restart();
        break;
      case "barrier":
        void this.#answerBarrier(link, message.id);
        break;
      case "barrier-reply":
        this.#barriers.answered(message.id, message);
        break;
      case "folder-closed":
        session.takeClosed(message.code, message.message);
        break;
      default:
        message satisfies never;
    }
    this.#bell.ring();
  }

  /** Runs a command in the loop, between turns, and resolves with its result. Rejects with E_INTERRUPTED when the folder ends first. */
  command<T>(work: () => Promise<T>): Promise<T> {
    if (this.#stop.signal.aborted) return Promise.reject(stopped());
    return new Promise<T>((resolve, reject) => {
      const run = (): Promise<void> =>
        work().then(resolve, (error: unknown) => {
          // It may have failed between the disk and the index.
          this.#needsRecovery = true;
          reject(error);
        });
      this.#commands.push({ run, giveUp: reject });
      this.#bell.ring();
    });
  }

  // The loop.

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        this.#error = undefined;
        const hasMore = await this.#turn();
        this.#lastFailure = undefined;
        this.#tell();
        if (hasMore) continue;
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        this.#fail(error);
      }
      await this.#bell.wait(this.#nextTurnMs(), this.#stop.signal);
    }
  }

  /** One turn of the loop. Returns whether more can be done at once. */
  async #turn(): Promise<boolean> {
    for (let command = this.#commands.shift(); command !== undefined; command = this.#commands.shift())
      await command.run();
    if (this.#settings.isPaused) return false;
    if ((await this.#root.check(HALTED_RETRY_MS)).type !== "ok") return false;
    await this.#recover();
    await this.#loadIgnore();
    const request = this.#dueScan();
    if (request !== undefined) await this.#runScan(request);
    if (this.#settings.mode === "send-only") await dissolveMoves(this.#context);
    const hasMore = this.#settings.mode !== "send-only" && (await this.#puller.step());
    this.#exchange();
    return hasMore || this.#commands.length > 0;
  }

  #fail(error: unknown): void {
    const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "E_INTERNAL";
    const message = error instanceof Error ? error.message : String(error);
    this.#needsRecovery = true;
    const isNews = this.#lastFailure !== message;
    this.#lastFailure = message;
    // The root may go while it is scanned or written to.
    if (isHaltCode(code)) {
      this.#root.halt(code, message);
    } else {
      this.#error = { path: "", code: code.startsWith("E_") ? code : "E_WRITE_FAILED", message };
      this.#root.doubt();
    }
    this.#context.log[isNews ? "error" : "debug"]("Folder stopped for now", {
      code,
      message,
      stack: error instanceof Error ? error.stack : undefined,
    });
    this.#tell();
  }

  #nextTurnMs(): number | undefined {
    if (this.#settings.isPaused) return undefined;
    if (this.#reason() !== undefined) return HALTED_RETRY_MS;
    const candidates = [
      this.#agenda.nextDueMs(this.#settings.rescanMs),
      this.#scanProblems.nextDueMs(),
      // A deletion that is due waits until nothing is fetched any more; that wakes the loop by itself.
      this.#settings.mode === "send-only"
        ? undefined
        : this.#applyProblems.nextDueMs({ isLater: !this.#puller.isIdle }),
      IDLE_LOOK_MS,
    ].filter((value) => value !== undefined);
    return Math.min(...candidates);
  }

  async #recover(): Promise<void> {
    if (!this.#needsRecovery) return;
    for (const path of await finishInterrupted(this.#context)) this.#agenda.note(path);
    this.#needsRecovery = false;
  }

  // What does not sync.

  /** The patterns that count now. */
  get ignoreSource(): IgnoreSource {
    return this.#ignore.source;
  }

  async #loadIgnore(): Promise<void> {
    if ((await this.#ignore.load(this.#settings.ignorePatterns)) === "same") return;
    if (!this.#settings.isPaused) for (const session of this.#sessions.values()) this.#open(session);
    this.#puller.restart();
    this.rescan();
  }

  // Scanning.

  #dueScan(): ScanScope | undefined {
    return this.#agenda.takeDue({
      rescanMs: this.#settings.rescanMs,
      retries: this.#scanProblems.due() as RelPath[],
      // While deletions are held, every look is at the whole, so that the held set is always the true one.
      isWholeOnly: this.#guard.heldHere.length > 0,
    });
  }

  async #runScan(request: ScanScope): Promise<void> {
    const isFull = request.paths === "everything";
    const missing: RelPath[] = [];
    const late: PresentObservation[] = [];
    const mood: ScanMood = { isReborn: this.#root.isReborn };
    this.#agenda.begin(request);
    this.#tell();
    if (isFull) {
      this.#ignore.doubt();
      await this.#loadIgnore();
      this.#agenda.dropWhole();
      this.#scanProblems.beginAll();
      this.#ownChanges.clear();
    } else for (const path of request.paths) this.#scanProblems.begin(path);
    const take = async (batch: ScanBatch): Promise<void> => {
      for (const problem of batch.problems) this.#noteScanProblem(problem);
      const present: PresentObservation[] = [];
      for (const seen of batch.observations) {
        if (seen.type === "missing") missing.push(seen.path);
        else if (seen.fileType !== "directory" && this.#isDirectoryRow(seen.path)) late.push(seen);
        else present.push(seen);
      }
      await this.#commit(present, mood);
      const isMoving = batch.moves.length > 0 && this.#settings.mode !== "receive-only";
      // At once, before what comes on top of it: only while all of it stands is a move told as one.
      if (isMoving && (await commitMoves(this.#context, batch.moves))) this.#exchange();
      // A small change is announced whole, so that a rename is met as one.
      if (isFull) this.#exchange();
    };
    const look = (scope: ScanScope): Promise<void> =>
      this.#context.disk.scan({ ...scope, ignore: this.ignoreSource }, take, this.#stop.signal);
    try {
      await look(request);
      if (missing.length > 0 && !isFull) await this.#lookForNewNames(look);
      // Paths that lie below each other are each looked at whole: what is gone below both counts once.
      await this.#takeMissing([...new Set(missing)]);
      await this.#commit(late, mood);
      this.#scanProblems.end(isFull ? undefined : request.paths);
      if (isFull) {
        this.#agenda.seenWhole();
        if (mood.isReborn) await this.#root.grownUp();
        await noteHistoryBegin(this.#context);
        for (const [link, session] of this.#sessions) void this.#inTurn(link, () => this.#meet(session));
      }
    } catch (error) {
      this.#agenda.again(request);
      throw error;
    } finally {
      this.#agenda.end();
    }
    this.#guard.observe();
    this.#puller.looked();
  }

  /** What is gone may only have another name, of which the watcher told a moment later: that is looked at first (invariant 3). */
  async #lookForNewNames(look: (scope: ScanScope) => Promise<void>): Promise<void> {
    const soon = this.#agenda.takeSoon(RENAME_MS);
    if (soon === "everything") this.rescan();
    else if (soon.length > 0) {
      const scope: ScanScope = { paths: soon, isThorough: false };
      await look(scope).catch((error: unknown) => {
        this.#agenda.again(scope);
        throw error;
      });
    }
  }

  #isDirectoryRow(path: RelPath): boolean {
    const row = this.#context.index.read.local(this.#context.folder, path);
    const head = row === undefined ? undefined : winnerOf(row.heads);
    return head !== undefined && !head.deleted && head.type === "directory";
  }

  async #commit(present: readonly PresentObservation[], mood: ScanMood): Promise<void> {
    if (present.length === 0) return;
    if (this.#settings.mode !== "receive-only") {
      await commitPresent(this.#context, present, mood);
      return;
    }
    const { known, own } = splitOwnChanges(this.#context, present);
    await commitPresent(this.#context, known, mood);
    for (const path of own) this.#noteOwnChange(path, "was changed here");
  }

  async #takeMissing(missing: readonly RelPath[]): Promise<void> {
    if (missing.length === 0 && this.#guard.heldHere.length === 0) return;
    if (this.#settings.mode === "receive-only") {
      for (const path of missing) this.#noteOwnChange(path, "was deleted here");
      return;
    }
    if ((await this.#root.check()).type !== "ok") return;
    const allowed = await this.#guard.judgeHere(missing);
    await commitMissing(this.#context, allowed);
  }

  #noteOwnChange(path: RelPath, what: string): void {
    this.#ownChanges.add(path);
    this.#noteScanProblem({ path, code: "E_RECEIVE_ONLY", message: `${path} ${what}; this folder only receives` });
  }

  #noteScanProblem(problem: PathProblem): void {
    if (this.#scanProblems.get(problem.path)?.code !== problem.code)
      this.#context.log.warn("Path not in step", { ...problem });
    this.#scanProblems.report(problem);
  }

  // Peers.

  /** What a receive-only folder finds it takes only when a peer has told of it: it looks at the disk later. */
  async #meet(session: PeerSession): Promise<void> {
    const hasScanned = this.#agenda.hasSeenWhole || this.#settings.mode === "receive-only";
    await session.meet({ hasScanned });
    this.#bell.ring();
  }

  /** Announces what is new, then acknowledges what is applied. */
  #exchange(): void {
    const problems = this.#problems(LIMITS.ackProblems.value);
    for (const session of this.#sessions.values()) {
      void session.pump().then(
        () => session.acknowledge({ problems, takesNothing: this.#settings.mode === "send-only" }),
        (error: unknown) =>
          this.#context.log.debug("Announcing ended", { device: session.link.name, error: String(error) }),
      );
    }
  }

  /** Connected devices that share the folder. */
  get links(): readonly PeerLink[] {
    return [...this.#sessions.keys()];
  }

  /** Where each connected peer stands. */
  get peers(): readonly PeerProgress[] {
    const sequence = this.#context.index.read.folder(this.#context.folder)?.sequence ?? 0;
    return [...this.#sessions.values()].map((session) => ({
      device: session.link.device,
      isActive: session.isActive,
      closed: session.closed,
      applied: session.applied,
      hasOurs: session.isActive && session.applied >= sequence,
      haveTheirs: this.#settings.mode === "send-only" || !session.link.canWrite || session.isCaughtUp,
      problems: session.peerProblems,
    }));
  }

  // Waiting.

  /** Resolves when something changed that a waiter may wait for. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener("abort", wake, { once: true });
      if (signal.aborted) wake();
    });
  }

  /**
   * Sees to it that everything on the disk at this moment is in the index:
   * a cookie file comes back through the watcher (then all earlier hints have,
   * too), or after two seconds everything is scanned. Returns the sequence
   * that covers it, or undefined when the folder cannot be looked at.
   */
  async flush(signal: AbortSignal): Promise<{ readonly sequence: number } | undefined> {
    if (!this.#agenda.hasSeenWhole) this.#bell.ring();
    else if (!this.#isWatchedWhole || !(await this.#barriers.isWatcherCurrent(signal))) this.rescan();
    await this.command(async () => this.#agenda.hurry());
    while (!signal.aborted) {
      if (this.#stop.signal.aborted) throw stopped();
      if (this.#settings.isPaused || this.#root.halted !== undefined) return undefined;
      if (!this.#agenda.isBehind) break;
      await this.changed(signal);
    }
    signal.throwIfAborted();
    return { sequence: this.#context.index.read.folder(this.#context.folder)?.sequence ?? 0 };
  }

  async #answerBarrier(link: PeerLink, id: number): Promise<void> {
    const flushed = await this.flush(
      AbortSignal.any([this.#stop.signal, AbortSignal.timeout(LIMITS.requestMs.value)]),
    ).catch(() => undefined);
    const problems = this.#problems(LIMITS.ackProblems.value);
    const sequence = flushed?.sequence ?? this.#context.index.read.folder(this.#context.folder)?.sequence ?? 0;
    this.#sessions.get(link)?.owe(sequence);
    this.#exchange();
    if (this.#sessions.has(link))
      link.send({ type: "barrier-reply", folder: this.#context.folder, id, sequence, problems });
  }

  /** Asks a peer to look at its disk now. Undefined when it is not connected, or the signal aborts first. */
  askBarrier(device: ShortId, signal: AbortSignal): Promise<BarrierAnswer | undefined> {
    const session = [...this.#sessions.values()].find(({ link }) => link.device === device);
    return session === undefined ? Promise.resolve(undefined) : this.#barriers.ask(session, signal);
  }

  /** Whether everything a peer announced up to `sequence` is applied here. */
  hasApplied(device: ShortId, sequence: number): boolean {
    const session = [...this.#sessions.values()].find(({ link }) => link.device === device);
    return (
      this.#settings.mode === "send-only" ||
      session?.link.canWrite === false ||
      this.#context.index.read.appliedUpTo(this.#context.folder, device) >= sequence
    );
  }

  /** Deletions that a command of a person made: told to peers as such. */
  noteCommanded(paths: readonly RelPath[]): void {
    this.#guard.noteApproved(paths);
  }

  // Decisions of a person.

  /** Lets exactly what is held go through. Returns how many paths. */
  approve(): Promise<number> {
    return this.command(async () => {
      const received = this.#guard.heldReceived.length;
      const here = this.#guard.approve();
      await commitMissing(this.#context, here);
      this.#guard.noteApproved(here);
      this.#puller.restart();
      return here.length + received;
    });
  }

  /** Brings back what is held: files deleted here are restored, deletions by others are overruled. Returns how many paths. */
  reject(): Promise<number> {
    return this.command(async () => {
      const { here, received } = this.#guard.reject();
      const gone = await wantAgain(this.#context, here, (path, head) => this.#sources.isKnown(path, head));
      await commitMissing(this.#context, gone);
      await claim(this.#context, received);
      this.#puller.restart();
      return here.length + received.length;
    });
  }

  /** Makes the others follow this device in every difference (send-only). Returns how many paths. */
  override(): Promise<number> {
    return this.command(() => claim(this.#context, [...this.differences()]));
  }

  /** Paths in which others differ from this device and it has not followed. */
  differences(): Iterable<RelPath> {
    return differences(this.#context);
  }

  /** Paths changed here although the folder only receives. */
  get ownChanges(): readonly RelPath[] {
    return [...this.#ownChanges];
  }

  // What others ask of the folder.

  /** File bytes brought here since the start, and how many of them did not have to be fetched. */
  get traffic(): TransferBytes {
    return this.#puller.traffic;
  }

  /** Nothing waits to be looked at, applied or decided. */
  get isSettled(): boolean {
    const { state, needFiles } = this.status;
    return state === "in-sync" || (state === "syncing" && !this.#isBusy(needFiles));
  }

  isIgnored(path: RelPath): boolean {
    const row = this.#context.index.read.local(this.#context.folder, path);
    return this.#ignore.rules.isIgnored(path, row !== undefined && winnerOf(row.heads).type === "directory");
  }

  /** Whether nothing below a directory can sync: it needs no watch. */
  isIgnoredDirectory(path: RelPath): boolean {
    return this.#ignore.rules.isIgnored(path, true);
  }

  /** Calls `listener` when other patterns count than before. */
  onIgnoreChange(listener: () => void): void {
    this.#ignore.onChange = listener;
  }

  /** Whether the deletion of a path waits for a person. */
  isHeld(path: RelPath): boolean {
    return this.#guard.heldHere.includes(path) || this.#guard.heldReceived.includes(path);
  }

  problemOf(path: string): PathProblem | undefined {
    return this.#scanProblems.get(path) ?? this.#applyProblems.get(path);
  }

  #problems(limit: number): readonly PathProblem[] {
    const held = this.#guard.held;
    const halted = this.#reason();
    return [
      ...(halted === undefined ? [] : [halted]),
      ...(held === undefined
        ? []
        : [
            {
              path: "",
              code: "E_MANY_DELETES",
              message: `${held.here + held.received} deletions are held: ${held.reason}`,
            },
          ]),
      ...this.#applyProblems.list(limit),
      ...this.#scanProblems.list(limit),
    ].slice(0, limit);
  }

  #reason(): PathProblem | undefined {
    return this.#error ?? this.#root.halted;
  }

  get status(): FolderStatus {
    const { index, folder } = this.#context;
    const totals = index.read.totals(folder);
    const need = index.read.pendingTotals(folder);
    const held = this.#guard.held;
    return {
      state: this.#state(need.files),
      reason: this.#reason(),
      files: totals.files + totals.symlinks,
      directories: totals.directories,
      bytes: totals.bytes,
      needFiles: need.files,
      // What is on its way counts as far as it has come.
      needBytes: Math.max(0, need.bytes - this.#puller.transfers.reduce((sum, transfer) => sum + transfer.done, 0)),
      problems: [...this.#sources.problems, ...this.#problems(LIMITS.problemsShown.value)],
      problemsTotal:
        this.#scanProblems.size +
        this.#applyProblems.size +
        this.#sources.problems.length +
        (held === undefined ? 0 : 1) +
        (this.#reason() === undefined ? 0 : 1),
      held,
      transfers: this.#puller.transfers,
    };
  }

  #state(needFiles: number): FolderStateName {
    if (this.#settings.isPaused) return "paused";
    if (this.#root.halted !== undefined) return "halted";
    if (this.#error !== undefined) return "error";
    if (this.#agenda.isLookingAtAll) return "scanning";
    const isShared = this.peers.every((peer) => !peer.isActive || (peer.hasOurs && peer.haveTheirs));
    return this.#isBusy(needFiles) || !isShared ? "syncing" : "in-sync";
  }

  #isBusy(needFiles: number): boolean {
    const isNeeded = needFiles > 0 && this.#settings.mode !== "send-only";
    return isNeeded || this.#agenda.isBusy || !this.#puller.isIdle || this.#guard.held !== undefined;
  }

  #tell(): void {
    const state = this.status.state;
    if (state !== this.#stateTold) {
      this.#stateTold = state;
      this.#context.emit({ type: "folder.state", path: null, device: this.#context.self, data: { state } });
    }
    for (const wake of [...this.#waiters]) wake();
  }
}

function stopped(): SyncError {
  return new SyncError("E_INTERRUPTED", "the folder was stopped meanwhile");
}

/** Under this note lies what patterns counted when a device was asked for its index. */
function askedNote(device: ShortId): string {
  return `asked-${device}`;
}

function isApproved(record: IndexRecord): boolean {
  return record.isApproved === true;
}
