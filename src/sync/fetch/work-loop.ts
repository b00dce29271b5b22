/**
 * Has pieces of work done by several devices at once: carries out what
 * `schedule.ts` decides.
 *
 * Invariants:
 * 1. A piece is put to use once, however many devices were asked for it.
 * 2. When `run` ends, in whatever way, nothing that it asked for is under way.
 */
import type { Clock, Log } from "../../shared/ports.ts";
import { Bell } from "../bell.ts";
import type { FetchLink } from "./fetch-context.ts";
import type { LinkBook } from "./link-book.ts";
import { type Asked, askBytes, deadlineMs, hasRoom, pickSteal } from "./schedule.ts";

export interface Piece {
  /** About what it takes to bring. */
  readonly bytes: number;
}

export type Outcome =
  /** Proven; `put` uses it. `bytes` tells how fast the device is. */
  | { readonly type: "proven"; readonly bytes: number; readonly put: () => Promise<void> }
  /** The device does not have it any more. */
  | { readonly type: "not-here" }
  | { readonly type: "wrong" };

/** What is to be done. All calls are synchronous but `ask`. */
export interface Work<P extends Piece> {
  /** What a device is asked for next, of about so many bytes; undefined when nothing is left that it may be asked for. */
  take(link: FetchLink, bytes: number): P | undefined;
  /** Whether a device may be asked for a piece, too. */
  mayAsk(link: FetchLink, piece: P): boolean;
  ask(link: FetchLink, piece: P, signal: AbortSignal): Promise<Outcome>;
  /** The device failed at the piece and is not asked for it again. */
  exclude(link: FetchLink, piece: P, why: "not-here" | "wrong" | "failed"): void;
  /** Nobody is asked for the piece any more: it waits to be taken anew. */
  giveBack(piece: P): void;
}

export interface WorkLoopDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly book: LinkBook;
  /** The devices that can be asked now. */
  readonly links: () => readonly FetchLink[];
  /** How often that is looked up: the slowest device may have been the first to have it. */
  readonly linksMs: number;
}

interface Asking {
  readonly asked: Asked;
  readonly stop: AbortController;
  end: "late" | "overtaken" | undefined;
}

interface Held<P> {
  readonly piece: P;
  readonly askings: Map<FetchLink, Asking>;
  isDone: boolean;
}

const TICK_MS = 100;

class WorkLoop<P extends Piece> {
  readonly #deps: WorkLoopDeps;
  readonly #work: Work<P>;
  readonly #signal: AbortSignal;
  readonly #bell: Bell;
  readonly #held = new Set<Held<P>>();
  #links: readonly FetchLink[] = [];
  #linksAtMs = Number.NEGATIVE_INFINITY;
  #error: { readonly thrown: unknown } | undefined;

  constructor(deps: WorkLoopDeps, work: Work<P>, signal: AbortSignal) {
    this.#deps = deps;
    this.#work = work;
    this.#signal = signal;
    this.#bell = new Bell(deps.clock);
  }

  async run(): Promise<void> {
    const unwatch = this.#deps.book.watch(() => this.#bell.ring());
    try {
      for (;;) {
        const isStopping = this.#error !== undefined || this.#signal.aborted;
        let mayGoOn = false;
        if (isStopping) this.#stopAll();
        else mayGoOn = this.#step();
        if (this.#held.size === 0 && !mayGoOn) break;
        await this.#bell.wait(TICK_MS, isStopping ? NEVER : this.#signal);
      }
    } finally {
      unwatch();
    }
    this.#signal.throwIfAborted();
    if (this.#error !== undefined) throw this.#error.thrown;
  }

  /** Asks whom it can; returns whether a device is busy with what others asked for, and may be asked later. */
  #step(): boolean {
    const { clock, book, links, linksMs } = this.#deps;
    const now = clock.monotonic();
    if (now - this.#linksAtMs >= linksMs) {
      this.#links = links();
      this.#linksAtMs = now;
    }
    const byRate = [...this.#links].sort((a, b) => speed(book, b) - speed(book, a));
    let isSomeBusy = false;
    for (const link of byRate) {
      for (;;) {
        const rate = book.rateOf(link);
        if (!hasRoom(rate)) {
          isSomeBusy = true;
          break;
        }
        const piece = this.#work.take(link, askBytes(rate.bytesPerMs, book.failuresOf(link)));
        if (piece === undefined) {
          this.#steal(link, now);
          break;
        }
        this.#ask(link, { piece, askings: new Map(), isDone: false });
      }
    }
    if (this.#links.length > 1) this.#giveUpLate(now);
    return isSomeBusy;
  }

  #steal(link: FetchLink, now: number): void {
    const rate = this.#deps.book.rateOf(link);
    const candidates = [...this.#held].filter(
      ({ piece, askings, isDone }) =>
        !isDone && askings.size === 1 && !askings.has(link) && this.#work.mayAsk(link, piece),
    );
    const asked = candidates.map(({ askings }) => [...askings.values()].map((asking) => asking.asked)[0] as Asked);
    const held = candidates[pickSteal(asked, rate, now) ?? -1];
    if (held !== undefined) this.#ask(link, held);
  }

  /** Where somebody else can be asked, an answer that does not come is waited for no longer. */
  #giveUpLate(now: number): void {
    for (const { piece, askings } of this.#held) {
      for (const [link, asking] of askings) {
        const isLate = asking.end === undefined && now - asking.asked.sinceMs > deadlineMs(asking.asked);
        if (!isLate || !this.#links.some((other) => other !== link && this.#work.mayAsk(other, piece))) continue;
        asking.end = "late";
        asking.stop.abort();
      }
    }
  }

  #ask(link: FetchLink, held: Held<P>): void {
    const asking: Asking = {
      asked: this.#deps.book.ask(link, held.piece.bytes),
      stop: new AbortController(),
      end: undefined,
    };
    held.askings.set(link, asking);
    this.#held.add(held);
    void this.#carryOut(link, held, asking).finally(() => this.#bell.ring());
  }

  async #carryOut(link: FetchLink, held: Held<P>, asking: Asking): Promise<void> {
    const { book, log } = this.#deps;
    const { piece, askings } = held;
    try {
      const outcome = await this.#work.ask(link, piece, asking.stop.signal);
      book.answered(link, asking.asked, outcome.type === "proven" ? outcome.bytes : 0);
      if (outcome.type === "proven") await this.#put(held, link, outcome.put);
      else this.#failed(link, held, outcome.type);
    } catch (error) {
      if (asking.end === "overtaken") book.dropped(link, asking.asked);
      else {
        book.failed(link, asking.asked, asking.end === "late");
        if (!this.#signal.aborted) {
          log.debug("Fetch failed; another device is asked", { device: link.name, error: String(error) });
          this.#failed(link, held, "failed");
        }
      }
    }
    askings.delete(link);
    if (askings.size > 0) return;
    this.#held.delete(held);
    if (!held.isDone) this.#work.giveBack(piece);
  }

  /** The first answer counts; who was asked for the same is stopped. */
  async #put(held: Held<P>, link: FetchLink, put: () => Promise<void>): Promise<void> {
    if (held.isDone) return;
    held.isDone = true;
    for (const [other, asking] of held.askings) {
      if (other === link) continue;
      asking.end ??= "overtaken";
      asking.stop.abort();
    }
    try {
      await put();
    } catch (thrown) {
      this.#error ??= { thrown };
    }
  }

  #failed(link: FetchLink, held: Held<P>, why: "not-here" | "wrong" | "failed"): void {
    if (!held.isDone) this.#work.exclude(link, held.piece, why);
    // It may be gone, or is not asked any more.
    this.#linksAtMs = Number.NEGATIVE_INFINITY;
  }

  #stopAll(): void {
    for (const { askings } of this.#held) for (const { stop } of askings.values()) stop.abort();
  }
}

/**
 * Runs until nothing is left that anybody can be asked for, and says nothing
 * about what is: that is the work's to know. Rejects on abort, and with what
 * `put` threw; either way after everything asked for has ended.
 */
export async function carryOut<P extends Piece>(deps: WorkLoopDeps, work: Work<P>, signal: AbortSignal): Promise<void> {
  await new WorkLoop(deps, work, signal).run();
}

const NEVER = new AbortController().signal;

/** Whom to ask first: the fastest; and before it whoever has not shown yet what it can do. */
function speed(book: LinkBook, link: FetchLink): number {
  return book.rateOf(link).bytesPerMs ?? Number.MAX_VALUE;
}
