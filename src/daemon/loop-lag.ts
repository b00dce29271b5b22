import { monitorEventLoopDelay } from "node:perf_hooks";

const RESOLUTION_MS = 10;
const WINDOW_MS = 30_000;

export interface LagReading {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Measures how late the main thread comes to its work. A reading covers the last 30 to 60 seconds. */
export class LoopLag implements Disposable {
  #previous: LagReading | undefined;
  #histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#histogram.enable();
    this.#timer = setInterval(() => this.#turn(), WINDOW_MS).unref();
  }

  read(): LagReading {
    const current = this.#current();
    const previous = this.#previous ?? current;
    return {
      p50: Math.max(current.p50, previous.p50),
      p99: Math.max(current.p99, previous.p99),
      max: Math.max(current.max, previous.max),
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#histogram?.disable();
  }

  #turn(): void {
    this.#previous = this.#current();
    this.#histogram?.reset();
  }

  #current(): LagReading {
    const histogram = this.#histogram;
    if (histogram === undefined || histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
    return { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) };
  }
}

/** The histogram counts the wait itself, too. */
function late(nanoseconds: number): number {
  return Math.max(0, Math.round(nanoseconds / 1e4 - RESOLUTION_MS * 100) / 100);
}
