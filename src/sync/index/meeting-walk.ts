import { assert } from "../../shared/errors.ts";
import type { Element } from "../delta/reconcile-mapping.ts";
import type { LocalRow } from "./index-port.ts";
import { isWanted, kindOf } from "./local-kind.ts";
import type { MeetingDigests } from "./meeting-digests.ts";

/** Own elements that the peer does not have, or has to be told of. */
export interface Differing {
  has(lo: number, hi: number): boolean;
}

/** What a walk does with the rows that both sides have. */
export interface EqualRows {
  /** Whether one more may be taken now; false ends the stretch. */
  isReady(): boolean;
  /** `row` is undefined when it has changed since it was read. Returns whether the peer need not be told of it. */
  take(row: LocalRow | undefined): boolean;
}

/**
 * Goes through a folder a second time, in the order in which its records were
 * read, and tells equal rows from those that differ or have changed since.
 *
 * A row that is unchanged has the sequence it had then; rows keep their order;
 * so one that was read and is not met any more has changed, and its new
 * sequence is above all that were read.
 */
export class MeetingWalk {
  readonly #digests: MeetingDigests;
  readonly #upTo: number;
  readonly #differing: Differing;
  /** The last path that was dealt with. */
  after = "";
  readonly changed: Element[] = [];
  readonly tell: number[] = [];
  #row = 0;
  #element = 0;

  constructor(digests: MeetingDigests, upTo: number, differing: Differing) {
    this.#digests = digests;
    this.#upTo = upTo;
    this.#differing = differing;
  }

  /** Goes through one page of rows. False when it had to stop because `equal` was not ready. */
  take(page: readonly LocalRow[], equal: EqualRows): boolean {
    for (const row of page) {
      if (row.sequence <= this.#upTo) {
        if (!this.#skipTo(row.sequence, equal)) return false;
        if (!this.#takeRow(row, equal)) return false;
      }
      this.after = row.path;
    }
    return true;
  }

  /** Deals with what was read behind the last row that is there now. */
  finish(equal: EqualRows): boolean {
    return this.#skipTo(undefined, equal);
  }

  #skipTo(sequence: number | undefined, equal: EqualRows): boolean {
    const { rows } = this.#digests;
    while (this.#row < rows.length && Math.abs(rows[this.#row] as number) !== sequence) {
      if (this.#isEqual()) {
        if (!equal.isReady()) return false;
        equal.take(undefined);
        this.changed.push({
          lo: this.#digests.elements.lo(this.#element),
          hi: this.#digests.elements.hi(this.#element),
        });
      }
      this.#advance();
    }
    assert(sequence === undefined || this.#row < rows.length, "a row that was not read");
    return true;
  }

  #takeRow(row: LocalRow, equal: EqualRows): boolean {
    let isToTell = !isWanted(kindOf(row.heads[0] as LocalRow["heads"][0], row.stamp));
    if (this.#isEqual()) {
      if (!equal.isReady()) return false;
      isToTell = !equal.take(row);
    }
    if (isToTell) this.tell.push(row.sequence);
    this.#advance();
    return true;
  }

  #isEqual(): boolean {
    const { rows, elements } = this.#digests;
    if ((rows[this.#row] as number) < 0) return false;
    return !this.#differing.has(elements.lo(this.#element), elements.hi(this.#element));
  }

  #advance(): void {
    if ((this.#digests.rows[this.#row] as number) > 0) this.#element++;
    this.#row++;
  }
}
