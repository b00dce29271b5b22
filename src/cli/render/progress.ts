/** Progress of what arrives: bar, rates, time left. */
import { formatBytes, formatClock, plural } from "./format.ts";

const BAR_CELLS = 20;
/** Rates are over this time, so that they do not jump. */
const WINDOW_MS = 5000;

export interface Sample {
  readonly timeMs: number;
  readonly needFiles: number;
  readonly needBytes: number;
  readonly wireBytes: number;
}

/**
 * Follows how a need shrinks. The whole is the largest need seen, because
 * more may be announced while the first arrives.
 */
export class Progress {
  readonly #samples: Sample[] = [];
  #wholeFiles = 0;
  #wholeBytes = 0;
  #wireStart = 0;

  add(sample: Sample): void {
    const last = this.#samples.at(-1);
    if (last === undefined || last.needFiles === 0) {
      this.#samples.length = 0;
      this.#wholeFiles = sample.needFiles;
      this.#wholeBytes = sample.needBytes;
      this.#wireStart = sample.wireBytes;
    } else {
      // What is announced later makes the whole larger.
      this.#wholeFiles += Math.max(0, sample.needFiles - last.needFiles);
      this.#wholeBytes += Math.max(0, sample.needBytes - last.needBytes);
    }
    this.#samples.push(sample);
    while ((this.#samples[1]?.timeMs ?? Number.POSITIVE_INFINITY) < sample.timeMs - WINDOW_MS) this.#samples.shift();
  }

  /** `↓ 14 files  1.2 GB  ━━━━━━━━╸  88%  112 MB/s  wire 9 MB/s  ETA 0:01` */
  line(): string {
    const last = this.#samples.at(-1);
    if (last === undefined) return "";
    const doneBytes = this.#doneBytes(last);
    const done = this.#wholeBytes === 0 ? 1 : doneBytes / this.#wholeBytes;
    const { fileRate, wireRate } = this.#rates(last);
    const eta = fileRate > 0 ? `  ETA ${formatClock(((this.#wholeBytes - doneBytes) / fileRate) * 1000)}` : "";
    const rates = `${formatBytes(Math.round(fileRate))}/s  wire ${formatBytes(Math.round(wireRate))}/s`;
    return `↓ ${plural(this.#wholeFiles, "file")}  ${formatBytes(this.#wholeBytes)}  ${bar(done)}  ${Math.floor(done * 100)}%  ${rates}${eta}`;
  }

  /**
   * A file leaves the need when it is whole. Until then what came over the
   * wire tells how far a large one is; the last hundredth is for the disk.
   */
  #doneBytes(sample: Sample): number {
    const arrived = Math.min(sample.wireBytes - this.#wireStart, this.#wholeBytes * 0.99);
    return Math.max(this.#wholeBytes - sample.needBytes, arrived);
  }

  #rates(last: Sample): { readonly fileRate: number; readonly wireRate: number } {
    const first = this.#samples[0] ?? last;
    const seconds = (last.timeMs - first.timeMs) / 1000;
    if (seconds <= 0) return { fileRate: 0, wireRate: 0 };
    return {
      fileRate: Math.max(0, this.#doneBytes(last) - this.#doneBytes(first)) / seconds,
      wireRate: Math.max(0, last.wireBytes - first.wireBytes) / seconds,
    };
  }
}

/** `━━━━━━━━╸           ` */
export function bar(fraction: number): string {
  const halves = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_CELLS * 2);
  return `${"━".repeat(Math.floor(halves / 2))}${halves % 2 === 1 ? "╸" : ""}`.padEnd(BAR_CELLS);
}
