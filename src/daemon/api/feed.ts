/**
 * Turns pushed items into an async iterable with a bound: when the reader is
 * slow, the oldest waiting items are dropped, never the program's memory.
 */
export class Feed<T> {
  readonly #itemsMax: number;
  readonly #items: T[] = [];
  #wake: () => void = () => {};

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
  }

  push(item: T): void {
    if (this.#items.length >= this.#itemsMax) this.#items.shift();
    this.#items.push(item);
    this.#wake();
  }

  /** What waits now. */
  take(): readonly T[] {
    return this.#items.splice(0);
  }

  /** Every item, as it comes; ends when the signal aborts. For one reader. */
  async *items(signal: AbortSignal): AsyncIterable<T> {
    const onAbort = (): void => this.#wake();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        const item = this.#items.shift();
        if (item !== undefined) yield item;
        else await this.#arrival(signal);
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #arrival(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (signal.aborted || this.#items.length > 0) resolve();
    });
    this.#wake = () => {};
  }
}
