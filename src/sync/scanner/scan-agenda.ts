/**
 * What of a folder is to be looked at next: single paths, or everything.
 *
 * One owner: the folder's loop. It takes what is due, looks, and says how that
 * went. Nothing told here is forgotten until a look at it has ended well: what
 * a look could not end goes back by `again`.
 */
import type { RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Clock } from "../../shared/ports.ts";
import type { ScanRequest } from "../folder-disk.ts";
import { type DirtyPaths, DirtySet } from "./settle.ts";

export type ScanScope = Omit<ScanRequest, "ignore">;

const EVERYTHING: ScanScope = { paths: "everything", isThorough: false };

export class ScanAgenda {
  readonly #clock: Clock;
  readonly #dirty = new DirtySet();
  /** A look at everything that is asked for. */
  #whole: ScanScope | undefined;
  /** What is being looked at; until that is over, none of it counts as known. */
  #current: ScanScope | undefined;
  #lastWholeAt = 0;
  #hasSeenWhole = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether everything was looked at since the index began. */
  get hasSeenWhole(): boolean {
    return this.#hasSeenWhole;
  }

  /** Whether the folder cannot be told of yet, because all of it is looked at, or was not yet. */
  get isLookingAtAll(): boolean {
    return this.#current?.paths === "everything" || !this.#hasSeenWhole;
  }

  /** Whether a path waits or is being looked at. */
  get isBusy(): boolean {
    return this.#dirty.size > 0 || this.#current !== undefined;
  }

  /** Whether something is to be looked at now. What has to keep quiet first does not count. */
  get isBehind(): boolean {
    return (
      !this.#hasSeenWhole ||
      this.#whole !== undefined ||
      this.#current !== undefined ||
      this.#dirty.nextDueMs(this.#clock.monotonic()) === 0
    );
  }

  /** Something happened at or below a path; "" is the root. */
  note(path: RelPath | ""): void {
    this.#dirty.note(path, this.#clock.monotonic());
  }

  /** Everything is to be looked at; thoroughly when anybody who asked wants it so. */
  noteWhole(isThorough: boolean): void {
    this.#whole = { paths: "everything", isThorough: isThorough || this.#whole?.isThorough === true };
  }

  /** What waits to keep quiet is due now. */
  hurry(): void {
    const now = this.#clock.monotonic();
    const rest = this.#dirty.takeAll();
    if (rest === "everything") this.noteWhole(false);
    else for (const path of rest) this.#dirty.note(path, now - LIMITS.settleMaxMs.value);
  }

  /** The index began anew: nothing counts as seen. */
  startAnew(): void {
    this.#hasSeenWhole = false;
  }

  /** Takes out what is to be looked at now, with `retries`. Where `isWholeOnly`, that is everything, or nothing. */
  takeDue(how: {
    readonly rescanMs: number;
    readonly retries: readonly RelPath[];
    readonly isWholeOnly: boolean;
  }): ScanScope | undefined {
    const now = this.#clock.monotonic();
    if (this.#whole !== undefined || now - this.#lastWholeAt >= how.rescanMs || !this.#hasSeenWhole) {
      const request = this.#whole ?? EVERYTHING;
      this.#whole = undefined;
      this.#dirty.takeAll();
      return request;
    }
    const due = this.#dirty.takeDue(now);
    if (due === "everything") return EVERYTHING;
    const paths = [...due, ...how.retries];
    if (paths.length === 0) return undefined;
    // A problem of the folder's own directory is one of the whole; it has no path and is no row.
    if (how.isWholeOnly || (paths as readonly string[]).includes("")) return EVERYTHING;
    return { paths, isThorough: false };
  }

  /** Takes out the paths that are due within a while. */
  takeSoon(withinMs: number): DirtyPaths {
    return this.#dirty.takeDue(this.#clock.monotonic() + withinMs);
  }

  begin(scope: ScanScope): void {
    this.#current = scope;
  }

  /** The look at everything that is about to begin is the one that was asked for until now. */
  dropWhole(): void {
    this.#whole = undefined;
  }

  seenWhole(): void {
    this.#lastWholeAt = this.#clock.monotonic();
    this.#hasSeenWhole = true;
  }

  /** What was not looked at to the end is looked at again. */
  again(scope: ScanScope): void {
    if (scope.paths === "everything") this.noteWhole(scope.isThorough);
    else for (const path of scope.paths) this.note(path);
  }

  end(): void {
    this.#current = undefined;
  }

  /** Milliseconds until something is due by itself. */
  nextDueMs(rescanMs: number): number {
    const now = this.#clock.monotonic();
    const wholeMs = Math.max(0, this.#lastWholeAt + rescanMs - now);
    return Math.min(this.#dirty.nextDueMs(now) ?? wholeMs, wholeMs);
  }
}
