/** The last minutes of traffic, from counters that only grow. */
export interface Counters {
  readonly wireBytesSent: number;
  readonly wireBytesReceived: number;
}

/** Bytes a second. */
export interface Rate {
  readonly up: number;
  readonly down: number;
}

interface Sample extends Counters {
  readonly atMs: number;
}

const KEPT_MS = 120_000;
const STEP_MS = 1000;

export class TrafficLog {
  readonly #samples: readonly Sample[];

  constructor(samples: readonly Sample[] = []) {
    this.#samples = samples;
  }

  /** With one more reading. A counter that fell belongs to a daemon that started anew. */
  with(counters: Counters, atMs: number): TrafficLog {
    const last = this.#samples.at(-1);
    const { wireBytesSent, wireBytesReceived } = counters;
    const sample = { wireBytesSent, wireBytesReceived, atMs };
    const isReset = last !== undefined && wireBytesSent < last.wireBytesSent;
    const kept = isReset ? [] : this.#samples.filter((one) => one.atMs > atMs - KEPT_MS - STEP_MS);
    return new TrafficLog([...kept, sample]);
  }

  /** The rate in each of the last `seconds` seconds, oldest first. What came between two readings is spread over the time between them. */
  rates(nowMs: number, seconds: number): readonly Rate[] {
    return Array.from({ length: seconds }, (_, index) => {
      const toMs = nowMs - (seconds - 1 - index) * STEP_MS;
      const [before, after] = [this.#at(toMs - STEP_MS), this.#at(toMs)];
      return { up: Math.max(0, after.up - before.up), down: Math.max(0, after.down - before.down) };
    });
  }

  /** The counters at a time, between two readings in proportion. */
  #at(ms: number): Rate {
    const samples = this.#samples;
    const next = samples.findIndex(({ atMs }) => atMs >= ms);
    const later = next === -1 ? samples.at(-1) : samples[next];
    const earlier = next === -1 ? later : (samples[next - 1] ?? later);
    if (later === undefined || earlier === undefined) return { up: 0, down: 0 };
    const span = later.atMs - earlier.atMs;
    const part = span === 0 ? 1 : Math.min(1, Math.max(0, (ms - earlier.atMs) / span));
    const between = (from: number, to: number): number => from + (to - from) * part;
    return {
      up: between(earlier.wireBytesSent, later.wireBytesSent),
      down: between(earlier.wireBytesReceived, later.wireBytesReceived),
    };
  }
}
