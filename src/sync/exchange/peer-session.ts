/**
 * The index exchange with one connected peer: what was sent, what it has
 * acknowledged, and what of its index is stored here.
 *
 * Invariants:
 * 1. Updates go out in order of sequence, without gaps; an update that does
 *    not continue what is stored is refused and the exchange starts again.
 * 2. An acknowledgement is sent only after everything committed here so far
 *    was announced on the same link.
 * 3. A record the peer announced itself, unchanged, is not sent back; but a
 *    peer that holds nothing of this index is told all there is: it may have
 *    forgotten what it announced, because it was ignored there for a while.
 * 4. Each opening is answered once, by its number: either side may begin anew at
 *    any time (a restarted folder, other rights, a new index) and hears where the
 *    other stands. What was said before the answer counts for nothing, nor does
 *    an answer to another opening. Who waits for an answer says so again when the
 *    peer opens: the opening may have come before the peer knew of the folder.
 * 5. What is not here is not announced: a row that is only wanted gets a new
 *    sequence, and is sent, once it has come.
 * 6. Nothing is sent that tells nothing: sequences without a record for the peer
 *    (what came from it, above all) wait for the next record, until they are
 *    many or the peer was told of them and waits for them. An acknowledgement
 *    goes out when more is applied or other problems are in the way.
 * 7. While two indexes are compared (first-meeting.ts) nothing is announced;
 *    afterwards what both have counts as told.
 */
import { FEATURES } from "../../shared/features.ts";
import type { ChunkList, FileInfo, Head, PathProblem } from "../../shared/file-info.ts";
import type { ContentId, RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type {
  DirectoryMove,
  FolderMessage,
  FolderState,
  IndexAck,
  IndexRecord,
  IndexUpdate,
} from "../../shared/messages.ts";
import type { Reconcile, ReconcileStep } from "../../shared/reconcile-messages.ts";
import { covers, sameHeads, winnerOf } from "../core/heads.ts";
import type { FolderContext } from "../folder-context.ts";
import type { LocalRow } from "../index/index-port.ts";
import type { TellPlan } from "../index/meeting-port.ts";
import { isForgotten } from "../index-lives.ts";
import type { PeerLink } from "../peer-link.ts";
import { MoveAnnouncer } from "./announce-moves.ts";
import { listToSend } from "./announced-list.ts";
import { FirstMeeting } from "./first-meeting.ts";
import { relativesThere } from "./held-there.ts";
import { withContents } from "./push-contents.ts";
import type { PushedContents } from "./pushed-contents.ts";
import { storeUpdate } from "./store-update.ts";

const UPDATE_BYTES = 384 * 1024;
/** Rows that a peer was not told of, because they are no news to it; more would have to be looked through again after a reconnect. */
const UNTOLD_MAX = 1000;
/** So many records of an update are looked up for what they resemble: some hundred microseconds each, of main's time. */
const RELATED_MAX = 64;
/** Openings are named by numbers of so many. */
const OPENINGS_MAX = 2 ** 31;
/** So many are told apart; of more it is enough to know that there are some. */
const REFUSED_MAX = 1000;

/** What goes out next. */
interface Next {
  readonly records: readonly IndexRecord[];
  readonly moves: readonly DirectoryMove[];
  readonly lastSequence: number;
  /** Rows passed over, because they are no news to the peer. */
  readonly untold: number;
}

export class PeerSession {
  readonly link: PeerLink;
  readonly #context: FolderContext;
  readonly #pushed: PushedContents;
  readonly #isApproved: (row: LocalRow) => boolean;
  /** The peer's last word on where it stands; undefined until it spoke. */
  #peerState: FolderState | undefined;
  /** The opening that the peer has not answered yet; 0 for none. */
  #asked = 0;
  /** The peer's latest opening; 0 for none. */
  #theirOpening = 0;
  /** What the peer announced is being dropped: no update may continue it. */
  #isForgetting = false;
  /** The peer is told up to here; the next update continues it. */
  #sent = 0;
  /** Looked through up to here: rows behind `#sent` are no news to the peer. */
  #looked = 0;
  #untold = 0;
  /** Counts how often the exchange began. */
  #round = 0;
  /** The peer knows that there is so much, and waits for it. */
  #owed = 0;
  /** Up to this sequence the peer is told everything (invariant 3). */
  #tellsAllUpTo = 0;
  #announced = 0;
  readonly #moves: MoveAnnouncer;
  #isPumping = false;
  #ack: IndexAck | undefined;
  #appliedKept = "";
  /** Changes of a peer that may only read, in order of its sequence. */
  readonly #refused = new Map<RelPath, { readonly sequence: number; readonly heads: FileInfo["heads"] }>();
  #lastAckSent = "";
  readonly #meeting: FirstMeeting;
  /** Whether a comparison may begin: once each time that the peer says where it stands. */
  #mayMeet = false;
  /** What is to be told up to a sequence after a comparison. */
  #plan: TellPlan | undefined;
  /** The peer tells first after a comparison. */
  #speaksSecond = false;
  /** Nothing of the peer's index was stored when it said where it stands: what is there now is its present word. */
  #heldNothing = false;
  #closed: { readonly code: string; readonly message: string } | undefined;

  /** `pushed`: where contents go that the peer sends along; `isApproved`: whether a person here approved a row's deletion. */
  constructor(context: FolderContext, link: PeerLink, pushed: PushedContents, isApproved: (row: LocalRow) => boolean) {
    this.#context = context;
    this.#pushed = pushed;
    this.#isApproved = isApproved;
    this.link = link;
    this.#moves = new MoveAnnouncer(context, link);
    this.#meeting = new FirstMeeting(context, link);
  }

  /** The link is gone. */
  end(): void {
    this.#meeting.reset();
  }

  /** Says where this device stands; the peer answers with the same and then with updates. */
  open(): void {
    this.#meeting.reset();
    const { random } = this.#context;
    this.#asked = 1 + Math.floor(random.fraction() * OPENINGS_MAX);
    this.#say(0);
  }

  /** Forgets what the peer announced and asks for all of it again. */
  async openAnew(): Promise<void> {
    this.#isForgetting = true;
    await this.#context.index.write.resetRemote(this.#context.folder, this.link.device);
    this.#isForgetting = false;
    this.open();
  }

  /** Says where this device stands because the peer opened. */
  answer(): void {
    this.#say(this.#theirOpening);
  }

  #say(answers: number): void {
    const { folder, index } = this.#context;
    const own = index.read.folder(folder);
    const held = index.read.remoteState(folder, this.link.device);
    this.owe(own?.sequence ?? 0);
    this.link.send({
      type: "folder-state",
      folder,
      epoch: own?.epoch ?? "",
      sequence: own?.sequence ?? 0,
      heldEpoch: held.epoch,
      heldSequence: held.received,
      opening: this.#asked,
      answers,
    });
  }

  /** Whether the peer takes part now. */
  get isActive(): boolean {
    return this.#peerState !== undefined && this.#closed === undefined;
  }

  /** Why the peer does not take part. */
  get closed(): { readonly code: string; readonly message: string } | undefined {
    return this.#closed;
  }

  get peerProblems(): readonly PathProblem[] {
    return this.#ack?.problems ?? [];
  }

  /** Our sequence up to which the peer has applied everything. */
  get applied(): number {
    const own = this.#context.index.read.folder(this.#context.folder);
    if (this.#ack === undefined || this.#ack.epoch !== own?.epoch) return 0;
    // What it told itself it has.
    return this.#ack.applied >= this.#sent ? Math.max(this.#ack.applied, this.#looked) : this.#ack.applied;
  }

  /** The peer is about to wait for everything up to `sequence`: the next pump tells it, news or not. */
  owe(sequence: number): void {
    this.#owed = Math.max(this.#owed, sequence);
  }

  /** Whether the peer has told everything it has, and we have applied it. */
  get isCaughtUp(): boolean {
    const { folder, index } = this.#context;
    if (this.#peerState === undefined) return false;
    return index.read.appliedUpTo(folder, this.link.device) >= this.#announced;
  }

  /**
   * Takes where the peer stands. Returns "opened" when it waits for an answer,
   * and "rolled-back" when, beside that, it holds more of this index than there
   * is: an older copy of it was restored.
   */
  async takeState(state: FolderState): Promise<"opened" | "answered" | "rolled-back"> {
    const isOpening = state.opening !== 0 && state.opening !== this.#theirOpening;
    const isAnswer = this.#asked !== 0 && state.answers === this.#asked;
    if (isAnswer) this.#asked = 0;
    if (isOpening) this.#theirOpening = state.opening;
    // What came with an opening that is said again was taken then.
    if (!isOpening && (!isAnswer || state.opening !== 0)) return "answered";
    const { folder, index } = this.#context;
    const own = index.read.folder(folder);
    if (own !== undefined && state.heldEpoch === own.epoch && isForgotten(this.#context, state.heldSequence))
      return "rolled-back";
    const held = index.read.remoteState(folder, this.link.device);
    this.#heldNothing = held.epoch !== state.epoch || held.received === 0;
    if (held.epoch !== state.epoch && held.epoch !== "") await index.write.resetRemote(folder, this.link.device);
    this.#closed = undefined;
    this.#peerState = state;
    this.#announced = Math.max(state.sequence, 0);
    this.#sent = own !== undefined && state.heldEpoch === own.epoch ? state.heldSequence : 0;
    this.#moves.reopened(this.#sent);
    this.#looked = this.#sent;
    this.#untold = 0;
    this.#round++;
    this.#tellsAllUpTo = this.#sent === 0 ? (own?.sequence ?? 0) : this.#tellsAllUpTo;
    this.#lastAckSent = "";
    this.#meeting.reset();
    this.#plan = undefined;
    this.#mayMeet = true;
    return isOpening ? "opened" : "answered";
  }

  /**
   * Compares both indexes when one side holds nothing of the other's and this
   * one has much to tell. A device that has not looked at its disk yet, and
   * whose index nobody knows, does so first: what it finds may be there already.
   */
  async meet({ hasScanned }: { readonly hasScanned: boolean }): Promise<void> {
    const { folder, index, recordsComparedMin = LIMITS.reconcileRecords.value } = this.#context;
    const state = this.#peerState;
    if (!this.#mayMeet || this.#asked !== 0 || state === undefined || !this.isActive) return;
    if (this.#canMeet(state) && !hasScanned && !index.read.isAcknowledged(folder)) {
      this.#meeting.wait();
      return;
    }
    this.#mayMeet = false;
    const { files, directories, symlinks } = index.read.totals(folder);
    if (this.#canMeet(state) && files + directories + symlinks >= recordsComparedMin)
      await this.#meeting.open(state.epoch);
    else this.#meeting.decline();
  }

  #canMeet(state: FolderState): boolean {
    const { folder, index } = this.#context;
    const { link } = this;
    if (!link.speaks(FEATURES.reconcile) || !link.canWrite || link.distrusts.size > 0) return false;
    const held = index.read.remoteState(folder, link.device);
    return this.#looked === 0 || held.epoch !== state.epoch || held.received === 0;
  }

  /** Takes a message of a comparison. */
  async takeMeeting(message: Reconcile | ReconcileStep): Promise<void> {
    if (message.type === "reconcile") await this.#meeting.takeOpening(message);
    else await this.#meeting.takeStep(message);
    const outcome = this.#meeting.takeOutcome();
    // A peer that held something before is told as ever: it may hold what is old.
    if (outcome === undefined || this.#looked > 0) return;
    this.#plan = outcome.plan;
    this.#speaksSecond = outcome.speaksSecond && this.#heldNothing;
    this.#tellsAllUpTo = outcome.plan.upTo;
    this.owe(outcome.plan.upTo);
  }

  takeClosed(code: string, message: string): void {
    this.#closed = { code, message };
    this.#asked = 0;
    this.#meeting.reset();
  }

  /** Stores an update. Returns whether anything may have to be applied. */
  async takeUpdate(update: IndexUpdate): Promise<boolean> {
    const { folder, index, log } = this.#context;
    if (!this.link.canWrite) {
      // What may not be taken is told path by path: it is asked for in records.
      if (update.moves.length > 0) this.open();
      else this.#refuse(update);
      return false;
    }
    const held = index.read.remoteState(folder, this.link.device);
    const received = held.epoch === update.epoch ? held.received : 0;
    // Everything already on its way when the exchange starts again.
    if (this.#asked !== 0 || this.#isForgetting) return false;
    if (this.#peerState === undefined || update.epoch !== this.#peerState.epoch || update.afterSequence !== received) {
      log.warn("Index update does not continue what is stored; starting the exchange again", {
        device: this.link.name,
        expected: received,
        got: update.afterSequence,
      });
      this.open();
      return false;
    }
    this.#announced = Math.max(this.#announced, update.lastSequence);
    for (const { info, content } of update.records) {
      const { contentId } = winnerOf(info.heads);
      if (content !== undefined && contentId !== null) this.#pushed.keep(contentId, content);
    }
    const isWhole = await storeUpdate(this.#context, this.link, update);
    if (!isWhole) this.open();
    return isWhole;
  }

  /** Keeps in mind what a peer wants to change that may not, so that it is told. */
  #refuse(update: IndexUpdate): void {
    this.#announced = Math.max(this.#announced, update.lastSequence);
    const before = this.#refused.size;
    for (const { sequence, info } of update.records) {
      this.#refused.delete(info.path);
      if (this.#refused.size < REFUSED_MAX && !this.#isHere(info))
        this.#refused.set(info.path, { sequence, heads: info.heads });
    }
    if (before === 0 && this.#refused.size > 0)
      this.#context.log.warn("Changes of a device that may only read are not taken", {
        device: this.link.name,
        paths: this.#refused.size,
      });
  }

  #isHere({ path, heads }: FileInfo): boolean {
    const row = this.#context.index.read.local(this.#context.folder, path);
    return row === undefined ? winnerOf(heads).deleted : covers(row.heads, heads);
  }

  /** Drops what is here by now, by way of another peer. */
  #stillRefused(): readonly { readonly path: RelPath; readonly sequence: number }[] {
    const rest = [];
    for (const [path, { sequence, heads }] of this.#refused) {
      if (this.#isHere({ path, heads })) this.#refused.delete(path);
      else rest.push({ path, sequence });
    }
    return rest;
  }

  async takeAck(ack: IndexAck): Promise<void> {
    const { folder, index } = this.#context;
    if (ack.epoch !== index.read.folder(folder)?.epoch) return;
    this.#ack = ack;
    await this.#keepApplied(ack.epoch);
  }

  /** Remembers what the peer has, for when it is not connected. */
  async #keepApplied(epoch: string): Promise<void> {
    const { folder, index } = this.#context;
    const [applied, key] = [this.applied, `${epoch} ${this.applied}`];
    if (applied === 0 || key === this.#appliedKept) return;
    this.#appliedKept = key;
    await index.write.setAcked(folder, this.link.device, epoch, applied);
  }

  /**
   * Sends what changed since the last update, in pieces, as fast as the link
   * takes it. Called whenever something was committed; one run at a time.
   */
  async pump(): Promise<void> {
    this.#meeting.checkSilence();
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#mayTell && (await this.#sendNext())) await this.link.drained();
    } finally {
      this.#isPumping = false;
    }
  }

  /** Not before the peer has said what it holds: it would be told twice. */
  get #mayTell(): boolean {
    return this.isActive && this.#asked === 0 && !this.#meeting.isRunning;
  }

  /** Whether everything committed here was announced to this peer. */
  get isDrained(): boolean {
    return this.#looked >= (this.#context.index.read.folder(this.#context.folder)?.sequence ?? 0);
  }

  /** Looks through the next page, and sends what is news. Returns whether there was anything to look through. */
  async #sendNext(): Promise<boolean> {
    const { folder, index } = this.#context;
    const own = index.read.folder(folder);
    if (own === undefined) return false;
    const isOwed = this.#sent < Math.min(this.#owed, own.sequence);
    if (this.#looked >= own.sequence && !isOwed) return false;
    if (this.#plan !== undefined && this.#speaksSecond && !this.#hasToldAll()) return false;
    const round = this.#round;
    const next = await this.#next(own.sequence);
    // Meanwhile the exchange has begun anew.
    if (round !== this.#round || !this.#mayTell) return true;
    const { records, moves, lastSequence } = next;
    this.#looked = lastSequence;
    if (this.#plan !== undefined && this.#plan.upTo <= this.#looked) this.#plan = undefined;
    this.#untold += next.untold;
    if (records.length === 0 && moves.length === 0 && !isOwed && this.#untold < UNTOLD_MAX) {
      this.#keepApplied(own.epoch).catch((error: unknown) =>
        this.#context.log.debug("Not noted what a device has", { device: this.link.name, error: String(error) }),
      );
      return true;
    }
    this.link.send({
      type: "index-update",
      folder,
      epoch: own.epoch,
      afterSequence: this.#sent,
      lastSequence,
      records,
      moves,
    });
    this.#sent = lastSequence;
    this.#untold = 0;
    return true;
  }

  /** What comes next: a directory move, or a page of records, with contents where they may go along. */
  async #next(ownSequence: number): Promise<Next> {
    if (this.#plan !== undefined) return this.#nextPlanned(this.#plan);
    const next = this.#moves.next(this.#looked, this.#tellsAllUpTo);
    if (next.type === "move") return { records: [], moves: [next.move], lastSequence: next.move.sequence, untold: 0 };
    if (next.type === "known") return { records: [], moves: [], lastSequence: next.upTo, untold: 1 };
    const page = this.#nextRecords(ownSequence, next.upTo);
    return this.#mayPush(page.records)
      ? {
          ...page,
          records: await withContents(this.#context, page.records, {
            device: this.link.device,
            knownUpTo: this.#looked,
          }),
        }
      : page;
  }

  /** Whether contents may go along: it takes them, and has all that was before. */
  #mayPush(records: readonly IndexRecord[]): boolean {
    return records.length > 0 && this.link.speaks(FEATURES.splice) && this.applied >= this.#looked;
  }

  #nextRecords(ownSequence: number, upTo: number): Next {
    const { folder, index } = this.#context;
    const rows = index.read
      .localSince(folder, this.#looked, LIMITS.indexBatchRows.value)
      .filter((row) => row.sequence <= upTo);
    // Rows that moved on to higher sequences leave gaps: the last page reaches up to now.
    return this.#pageOf(rows, rows.length < LIMITS.indexBatchRows.value ? Math.min(ownSequence, upTo) : 0);
  }

  /** As `#nextRecords`, of what a comparison left to tell. */
  #nextPlanned({ sequences, upTo }: TellPlan): Next {
    const { folder, index } = this.#context;
    const left = sequences.filter((sequence) => sequence > this.#looked);
    const page = left.slice(0, LIMITS.indexBatchRows.value);
    const rows = page.flatMap((sequence) =>
      index.read.localSince(folder, sequence - 1, 1).filter((row) => row.sequence === sequence),
    );
    return this.#pageOf(
      this.#speaksSecond ? rows.filter((row) => !this.#isOverruledThere(row)) : rows,
      page.length === left.length ? upTo : (page.at(-1) ?? 0),
    );
  }

  /** As many of the rows as fit into a message; `through`: how far the peer has come once it has all of them. */
  #pageOf(rows: readonly LocalRow[], through: number): Next {
    const records: IndexRecord[] = [];
    let [bytes, count] = [0, 0];
    let last = this.#looked;
    // Then it has what these rows replace.
    const isInStep = this.applied >= this.#sent;
    for (const row of rows) {
      if (bytes > UPDATE_BYTES) break;
      last = row.sequence;
      count++;
      const heads = this.#relayed(row);
      if (heads.length === 0 || isWanted(row) || this.#isKnownToPeer(row)) continue;
      const record = this.#recordOf({ ...row, heads }, { isInStep, isAmongFew: records.length < RELATED_MAX });
      records.push(record);
      bytes += 200 * row.heads.length + row.path.length + record.chunkList.length + (record.splice?.length ?? 0);
    }
    const lastSequence = last === (rows.at(-1)?.sequence ?? last) ? Math.max(last, through) : last;
    return { records, moves: [], lastSequence, untold: count - records.length };
  }

  /** Versions that may be told: none by a device that the peer's person removed (trust I10). */
  #relayed(row: LocalRow): readonly Head[] {
    const { distrusts } = this.link;
    return distrusts.size === 0 ? row.heads : row.heads.filter(({ author }) => !distrusts.has(author));
  }

  /** Whether the peer has told all that it had when it said where it stands. */
  #hasToldAll(): boolean {
    const { folder, index } = this.#context;
    return index.read.remoteState(folder, this.link.device).received >= (this.#peerState?.sequence ?? 0);
  }

  /** Whether the peer's own record of a path has seen all of this one. */
  #isOverruledThere(row: LocalRow): boolean {
    const theirs = this.#context.index.read.remoteOf(this.#context.folder, this.link.device, row.path);
    return theirs !== undefined && covers(theirs.heads, row.heads);
  }

  #isKnownToPeer(row: LocalRow): boolean {
    if (row.sequence <= this.#tellsAllUpTo) return false;
    const theirs = this.#context.index.read.remoteOf(this.#context.folder, this.link.device, row.path);
    return theirs !== undefined && sameHeads(theirs.heads, row.heads);
  }

  #recordOf(
    row: LocalRow,
    { isInStep, isAmongFew }: { readonly isInStep: boolean; readonly isAmongFew: boolean },
  ): IndexRecord {
    const winner = winnerOf(row.heads);
    const { device } = this.link;
    const relatives = (list: ChunkList): readonly ContentId[] =>
      relativesThere(this.#context, { ...winner, path: row.path, list }, { device, knownUpTo: this.applied });
    const list = listToSend(winner, (contentId) => this.#context.index.read.chunkList(contentId), {
      canSplice: this.link.speaks(FEATURES.splice),
      isInStep,
      ...(isAmongFew && this.link.speaks(FEATURES.anySplice) ? { relatives } : {}),
    });
    const mark = winner.deleted && this.#isApproved(row) ? { isApproved: true } : {};
    return { sequence: row.sequence, info: { path: row.path, heads: row.heads }, ...list, ...mark };
  }

  /** Tells the peer how far this device is, when that changed (invariant 2). */
  acknowledge(options: { readonly problems: readonly PathProblem[]; readonly takesNothing: boolean }): void {
    const state = this.#peerState;
    if (state === undefined || !this.isActive || this.#isPumping || !this.isDrained) return;
    if (this.#meeting.isRunning) return;
    const { folder, index } = this.#context;
    const held = index.read.remoteState(folder, this.link.device);
    if (held.epoch !== state.epoch) {
      if (this.#announced > 0 && this.link.canWrite) return;
    }
    const received = held.epoch === state.epoch ? held.received : 0;
    const appliesAll = options.takesNothing || !this.link.canWrite;
    const refused = options.takesNothing ? [] : this.#stillRefused();
    const taken = appliesAll ? this.#announced : index.read.appliedUpTo(folder, this.link.device);
    const applied = refused.reduce((least, { sequence }) => Math.min(least, sequence - 1), taken);
    const problems = refused.map(({ path }) => ({
      path,
      code: "E_NOT_ALLOWED",
      message: `this device may only read ${folder} there`,
    }));
    const ack: IndexAck = {
      type: "index-ack",
      folder,
      epoch: state.epoch,
      received: appliesAll ? this.#announced : received,
      applied,
      problems:
        applied >= received && refused.length === 0
          ? []
          : [...problems, ...options.problems].slice(0, LIMITS.ackProblems.value),
    };
    const text = JSON.stringify({ ...ack, received: null });
    if (text === this.#lastAckSent) return;
    this.#lastAckSent = text;
    this.link.send(ack);
  }

  send(message: FolderMessage): void {
    this.link.send(message);
  }
}

function isWanted(row: LocalRow): boolean {
  return row.stamp === null && !winnerOf(row.heads).deleted;
}
