/** Decides when something is asked anew: soon after a change, and seldom what takes long. */

/** Gathers what happens at once. */
export const PAUSE_MS = 250;
/** What takes long is asked for less often: a list of 100,000 files is not read four times a second. */
const REST_FACTOR = 20;
/** But what is shown is not older than this, however long an answer once took. */
const LONGEST_REST_MS = 5000;

export interface Asked {
  /** Asks; resolves when the answer is there. */
  readonly act: () => Promise<void>;
  /** How long the last answer took. */
  readonly tookMs: () => number;
}

/** Asks a moment after a change, once for many in a row, and no sooner than the rest after the last answer is over. */
export class Paced {
  readonly #asked: () => Asked;
  readonly #restMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #restsUntil = 0;
  #isAsking = false;
  #isStale = false;
  #isStopped = false;

  /** `asked` says what is to be done now; `restMs` is the shortest rest. */
  constructor(asked: () => Asked, restMs: number) {
    this.#asked = asked;
    this.#restMs = restMs;
  }

  readonly changed = (): void => {
    if (this.#isAsking) this.#isStale = true;
    else this.#timer ??= setTimeout(() => void this.#run(), Math.max(PAUSE_MS, this.#restsUntil - performance.now()));
  };

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    [this.#isAsking, this.#isStale] = [true, false];
    await this.#asked().act();
    const rest = Math.min(this.#asked().tookMs() * REST_FACTOR, LONGEST_REST_MS);
    this.#restsUntil = performance.now() + Math.max(this.#restMs, rest);
    this.#isAsking = false;
    if (this.#isStale && !this.#isStopped) this.changed();
  }
}
