import { checkOf, type Element, nextIndex, takesPart } from "./reconcile-mapping.ts";
import { emptySymbols, type Symbols, toggle } from "./reconcile-symbols.ts";

/** "more": further symbols are needed. "impossible": no two sets have such symbols; the sender is broken or lies. */
export type DecoderState = "more" | "done" | "impossible";

interface Found extends Element {
  /** 1: only the sender of the symbols has it. -1: only the receiver. */
  readonly sign: number;
  next: number;
  draws: number;
}

/**
 * Finds the elements in which two sets differ, by peeling: a symbol that holds
 * one element names it; taken out of all its symbols, it leaves others with
 * one.
 *
 * Takes the difference of both sets' symbols (`subtract`), a run after the
 * other. Hostile symbols cost no more than honest ones: more elements than
 * symbols are "impossible", so memory and time follow the symbols taken, which
 * the caller limits.
 */
export class SymbolDecoder {
  #symbols: Symbols = emptySymbols(64);
  #length = 0;
  readonly #found: Found[] = [];
  #isBroken = false;

  /** Elements that only the sender of the symbols has. */
  get theirs(): readonly Element[] {
    return this.#found.filter((element) => element.sign > 0);
  }

  /** Elements that only the receiver has. */
  get ours(): readonly Element[] {
    return this.#found.filter((element) => element.sign < 0);
  }

  /** Symbols taken so far. */
  get length(): number {
    return this.#length;
  }

  /** Takes the run that follows those taken so far. */
  add(run: Symbols): DecoderState {
    const first = this.#length;
    this.#append(run);
    for (const element of this.#found) this.#takeOut(element);
    const queue = Array.from({ length: run.lo.length }, (_, i) => first + i);
    for (let at = queue.pop(); at !== undefined && !this.#isBroken; at = queue.pop()) this.#peel(at, queue);
    if (this.#isBroken) return "impossible";
    return this.#isEmpty(0) ? "done" : "more";
  }

  #append(run: Symbols): void {
    const needed = this.#length + run.lo.length;
    let capacity = this.#symbols.lo.length;
    while (capacity < needed) capacity *= 2;
    if (capacity > this.#symbols.lo.length) {
      const larger = emptySymbols(capacity);
      for (const column of ["lo", "hi", "check", "count"] as const) larger[column].set(this.#symbols[column]);
      this.#symbols = larger;
    }
    for (const column of ["lo", "hi", "check", "count"] as const) this.#symbols[column].set(run[column], this.#length);
    this.#length = needed;
  }

  #peel(at: number, queue: number[]): void {
    const sign = this.#symbols.count[at] as number;
    if (sign !== 1 && sign !== -1) return;
    const lo = this.#symbols.lo[at] as number;
    const hi = this.#symbols.hi[at] as number;
    if ((this.#symbols.check[at] as number) !== checkOf(lo, hi) || !takesPart(at, lo, hi)) return;
    if (this.#found.length >= this.#length) {
      this.#isBroken = true;
      return;
    }
    const element: Found = { lo, hi, sign, next: 0, draws: 0 };
    this.#found.push(element);
    this.#takeOut(element, queue);
  }

  /** Takes a found element out of the symbols that it was not taken out of yet; those may name another one now. */
  #takeOut(element: Found, queue?: number[]): void {
    const { lo, hi, sign } = element;
    const check = checkOf(lo, hi);
    while (element.next < this.#length) {
      toggle(this.#symbols, element.next, lo, hi, check, -sign);
      queue?.push(element.next);
      element.next = nextIndex(element.next, element.draws++, lo, hi);
    }
  }

  /** Symbol 0 holds every element: once it is empty, all are found. */
  #isEmpty(at: number): boolean {
    const { lo, hi, check, count } = this.#symbols;
    return lo[at] === 0 && hi[at] === 0 && check[at] === 0 && count[at] === 0;
  }
}
