/**
 * The first meeting of two indexes: finds what both have and stores it here as
 * the peer's, so that only what differs has to be told.
 *
 * docs/reconcile.md describes the messages. Whatever goes wrong ends the
 * comparison, and the exchange goes on as if there had been none: all records
 * are sent. What was stored until then is true all the same.
 *
 * Invariants:
 * 1. While it runs nothing is announced to the peer.
 * 2. What is stored as the peer's has no sequence of its own: how far the
 *    peer's index is received is told by its updates alone.
 * 3. A record that changes after it was read comes as an ordinary update: its
 *    sequence is above all that were read.
 */

import { LIMITS } from "../../shared/limits.ts";
import type { OriginRun, Reconcile, ReconcileStep, Step } from "../../shared/reconcile-messages.ts";
import type { FolderContext } from "../folder-context.ts";
import type { FilledRows, MeetingOf, TellPlan } from "../index/meeting-port.ts";
import type { PeerLink } from "../peer-link.ts";
import { isDecoder, type MeetingSide, nextRun, saltsOf, symbolsMax, tagOf } from "./meeting-rules.ts";

const SALT_BYTES = 16;
/** Pages of origins gathered for one message, as long as they are few runs: the decoder writes while more are read. */
const ORIGIN_PAGES = 20;
const ORIGIN_RUNS = 500;
const NO_BYTES = new Uint8Array(0);

type State =
  | { readonly type: "idle" }
  /** This side will say whether it compares once it has looked at its disk. */
  | { readonly type: "waiting" }
  /** This side has opened and waits for the other. */
  | { readonly type: "open"; readonly salt: Uint8Array; readonly isFresh: boolean }
  | {
      readonly type: "comparing";
      readonly tag: number;
      readonly salt: Uint8Array;
      readonly isDecoder: boolean;
      /** Only facts are compared: the decoder takes the other's versions for its own. */
      readonly isByFacts: boolean;
      /** Elements of this side, and their sum. */
      size: number;
      root: Uint8Array;
      /** Elements of the other; known to the decoder. */
      otherSize: number;
      /** Symbols sent, or taken. */
      symbols: number;
      heardAtMs: number;
    };

export interface MeetingOutcome {
  readonly plan: TellPlan;
  /** The peer tells first what it has; what that covers need not be told. */
  readonly speaksSecond: boolean;
}

const IDLE: State = { type: "idle" };

export class FirstMeeting {
  readonly #context: FolderContext;
  readonly #link: PeerLink;
  readonly #of: MeetingOf;
  /** The epoch that the peer named last. */
  #epoch = "";
  #state: State = IDLE;
  /** The other's opening, if it came first. */
  #theirs: Reconcile | undefined;
  #outcome: MeetingOutcome | undefined;

  constructor(context: FolderContext, link: PeerLink) {
    this.#context = context;
    this.#link = link;
    this.#of = { folder: context.folder, device: link.device };
  }

  /** Whether announcing waits for it (invariant 1). */
  get isRunning(): boolean {
    return this.#state.type !== "idle";
  }

  /** What is left to tell, once after each meeting that came to its end. */
  takeOutcome(): MeetingOutcome | undefined {
    const outcome = this.#outcome;
    this.#outcome = undefined;
    return outcome;
  }

  /** The exchange begins anew: whatever was compared counts no longer. */
  reset(): void {
    if (this.#state.type === "comparing") void this.#context.index.write.meetings.end(this.#of).catch(() => {});
    this.#state = IDLE;
    this.#theirs = undefined;
    this.#outcome = undefined;
  }

  /** Announces nothing until this side knows what it has. */
  wait(): void {
    this.#state = { type: "waiting" };
  }

  /** Opens, to a peer whose index has this epoch. */
  async open(epoch: string): Promise<void> {
    const { folder, index, random } = this.#context;
    this.#epoch = epoch;
    const salt = random.bytes(SALT_BYTES);
    const isFresh = !index.read.isAcknowledged(folder);
    this.#state = { type: "open", salt, isFresh };
    this.#link.send({ type: "reconcile", folder, salt, isFresh, isDeclined: false });
    if (this.#theirs !== undefined) await this.#begin(this.#theirs);
  }

  /** There will be no comparison; says so to a peer that has opened one. */
  decline(): void {
    const theirs = this.#theirs;
    this.reset();
    if (theirs !== undefined) this.#sendDecline(theirs);
  }

  /** Gives up on a peer that says nothing more. */
  checkSilence(): void {
    if (this.#state.type !== "comparing") return;
    if (this.#context.clock.monotonic() - this.#state.heardAtMs > LIMITS.reconcileMs.value)
      this.#fail("no answer came");
  }

  async takeOpening(message: Reconcile): Promise<void> {
    if (message.isDeclined) {
      // It may be about an opening that is forgotten already.
      if ("salt" in this.#state && isSame(this.#state.salt, message.salt)) this.reset();
      return;
    }
    switch (this.#state.type) {
      case "idle":
        this.#sendDecline(message);
        break;
      case "waiting":
        this.#theirs = message;
        break;
      case "open":
        await this.#begin(message);
        break;
      case "comparing":
        // The other began anew; so does this side, so that both know of it.
        this.reset();
        this.#theirs = message;
        await this.open(this.#epoch);
        break;
      default:
        this.#state satisfies never;
    }
  }

  /** Takes a step. A failure of any kind ends the comparison, never the connection. */
  async takeStep({ tag, step }: ReconcileStep): Promise<void> {
    const state = this.#state;
    if (state.type !== "comparing" || state.tag !== tag) {
      if (step.type !== "failure") this.#send({ tag }, { type: "failure", reason: "not compared here any longer" });
      return;
    }
    state.heardAtMs = this.#context.clock.monotonic();
    if (step.type === "failure") {
      this.#context.log.info("First meeting given up there", { device: this.#link.name, reason: step.reason });
      this.reset();
      return;
    }
    await this.#guarded(state, () =>
      state.isDecoder ? this.#takeAsDecoder(state, step) : this.#takeAsSender(state, step),
    );
  }

  async #begin(other: Reconcile): Promise<void> {
    if (this.#state.type !== "open") return;
    const { self, hasher, clock } = this.#context;
    const own: MeetingSide = { device: self, ...this.#state };
    const theirs: MeetingSide = { device: this.#link.device, ...other };
    const key = hasher.chunk(saltsOf(own, theirs));
    const isByFacts = own.isFresh || theirs.isFresh;
    const state: State = {
      type: "comparing",
      tag: tagOf(key),
      salt: own.salt,
      isDecoder: isDecoder(own, theirs),
      isByFacts,
      size: 0,
      root: NO_BYTES,
      otherSize: 0,
      symbols: 0,
      heardAtMs: clock.monotonic(),
    };
    this.#theirs = undefined;
    this.#state = state;
    await this.#guarded(state, async () => {
      const form = isByFacts ? "facts" : "whole";
      const { size, root } = await this.#context.index.write.meetings.begin(this.#of, form, key);
      if (this.#state !== state) return;
      state.size = size;
      state.root = root;
      state.heardAtMs = clock.monotonic();
      if (!state.isDecoder) this.#send(state, { type: "summary", size, root });
    });
  }

  async #takeAsDecoder(state: Comparing, step: Step): Promise<void> {
    const { meetings } = this.#context.index.write;
    switch (step.type) {
      case "summary":
        state.otherSize = step.size;
        if (isSame(step.root, state.root)) await this.#propose(state);
        else this.#wish(state);
        break;
      case "symbols": {
        if (step.first !== state.symbols) throw new Error("coded symbols out of order");
        const run = { first: step.first, length: step.length, size: state.otherSize, bytes: step.symbols };
        const decoded = await meetings.decode(this.#of, run);
        if (this.#state !== state) return;
        state.symbols += step.length;
        if (decoded === "impossible") throw new Error("coded symbols that cannot be");
        if (decoded === "more") this.#wish(state);
        else await this.#propose(state);
        break;
      }
      case "origins":
        await this.#takeOrigins(state, step);
        break;
      default:
        throw new Error(`a step "${step.type}" that is not the peer's`);
    }
  }

  async #propose(state: Comparing): Promise<void> {
    const { theirs, sum } = await this.#context.index.write.meetings.propose(this.#of);
    if (this.#state === state) this.#send(state, { type: "proposal", theirs, sum });
  }

  async #takeOrigins(state: Comparing, { runs, isLast }: Extract<Step, { type: "origins" }>): Promise<void> {
    const { index, clock, self } = this.#context;
    const { meetings } = index.write;
    const by = { epoch: this.#epoch, self, nowMs: clock.now() };
    if (state.isByFacts) await meetings.adopt(this.#of, by, runs);
    if (!isLast || this.#state !== state) return;
    const filled = state.isByFacts
      ? await meetings.adopted(this.#of, by)
      : await meetings.fill(this.#of, this.#epoch, NO_BYTES);
    if (this.#state !== state) return;
    this.#send(state, { type: "filled", changed: filled.changed });
    this.#end(state, filled);
  }

  async #takeAsSender(state: Comparing, step: Step): Promise<void> {
    const { meetings } = this.#context.index.write;
    switch (step.type) {
      case "wish": {
        const { first, length } = step;
        if (first !== state.symbols || first + length > LIMITS.reconcileSymbols.value)
          throw new Error("symbols wished for out of order");
        state.symbols += length;
        const symbols = await meetings.make(this.#of, first, length);
        if (this.#state === state) this.#send(state, { type: "symbols", first, length, symbols });
        break;
      }
      case "proposal":
        if (!(await meetings.agree(this.#of, step.theirs, step.sum))) throw new Error("what both have does not add up");
        if (this.#state === state) await this.#sendOrigins(state);
        break;
      case "filled": {
        const filled = await meetings.fill(this.#of, this.#epoch, step.changed);
        if (this.#state === state) this.#end(state, filled);
        break;
      }
      default:
        throw new Error(`a step "${step.type}" that is not the peer's`);
    }
  }

  async #sendOrigins(state: Comparing): Promise<void> {
    if (!state.isByFacts) {
      this.#send(state, { type: "origins", isLast: true, runs: [] });
      return;
    }
    let runs: OriginRun[] = [];
    for (let pages = 1; ; pages++) {
      const page = await this.#context.index.write.meetings.origins(this.#of);
      if (this.#state !== state) return;
      appendRuns(runs, page.runs);
      const { isLast } = page;
      if (!isLast && pages % ORIGIN_PAGES !== 0 && runs.length < ORIGIN_RUNS) continue;
      for (; runs.length > LIMITS.recordsPerUpdate.value; runs = runs.slice(LIMITS.recordsPerUpdate.value))
        this.#send(state, { type: "origins", isLast: false, runs: runs.slice(0, LIMITS.recordsPerUpdate.value) });
      this.#send(state, { type: "origins", isLast, runs });
      if (isLast) return;
      runs = [];
      await this.#link.drained();
      if (this.#state !== state) return;
    }
  }

  #wish(state: Comparing): void {
    const most = symbolsMax(state.size, state.otherSize);
    // Sizes alone tell of so many differences, each of which needs more than one symbol.
    const length = Math.abs(state.size - state.otherSize) > most ? 0 : nextRun(state.symbols, most);
    if (length === 0) throw new Error("too much differs");
    this.#send(state, { type: "wish", first: state.symbols, length });
  }

  #end(state: Comparing, { plan }: FilledRows): void {
    this.#context.log.info("First meeting compared what both have", {
      device: this.#link.name,
      records: state.size,
      symbols: state.symbols,
      toTell: plan.sequences.length,
    });
    this.reset();
    this.#outcome = { plan, speaksSecond: state.isDecoder };
  }

  async #guarded(state: Comparing, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#state === state) this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  #fail(reason: string): void {
    const { log } = this.#context;
    log.info("First meeting given up; all records are sent", { device: this.#link.name, reason });
    if (this.#state.type === "comparing") this.#send(this.#state, { type: "failure", reason });
    this.reset();
  }

  #send({ tag }: Pick<Comparing, "tag">, step: Step): void {
    this.#link.send({ type: "reconcile-step", folder: this.#context.folder, tag, step });
  }

  #sendDecline({ salt }: Reconcile): void {
    const { folder } = this.#context;
    this.#link.send({ type: "reconcile", folder, salt, isFresh: false, isDeclined: true });
  }
}

/** Joins two lists of runs: where one ends as the next begins, they are one. */
function appendRuns(runs: OriginRun[], more: readonly OriginRun[]): void {
  const [first, ...rest] = more;
  if (first === undefined) return;
  const last = runs.at(-1);
  if (last !== undefined && JSON.stringify(last.origin) === JSON.stringify(first.origin))
    runs[runs.length - 1] = { count: last.count + first.count, origin: last.origin };
  else runs.push(first);
  runs.push(...rest);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

type Comparing = Extract<State, { type: "comparing" }>;
