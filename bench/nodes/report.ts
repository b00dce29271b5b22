/** Prints figures side by side: first ours, then others with what they are of ours. */
import { loadavg } from "node:os";
import { styleText } from "node:util";

const NAME_WIDTH = 26;
const VALUE_WIDTH = 14;

/** One measured figure. */
export interface Figure {
  readonly who: string;
  readonly value: number;
  readonly unit: string;
  /** More of it, such as memory; shown as it is. */
  readonly more?: string | undefined;
}

export class Report {
  readonly #out: (line: string) => void;

  constructor(out: (line: string) => void) {
    this.#out = out;
  }

  title(name: string, title: string, target: string): void {
    this.#out(`\n${styleText("bold", name)}  ${title}  ${styleText("dim", `[load ${loadText()}]`)}`);
    if (target !== "") this.#out(`  ${"target".padEnd(NAME_WIDTH)}${target}`);
  }

  /** The figure that others are compared with, and theirs. */
  figures(ours: Figure, others: readonly Figure[]): void {
    this.#figure(ours, "");
    for (const other of others) this.#figure(other, `${(other.value / ours.value).toFixed(2)} × ours`);
  }

  figure(figure: Figure): void {
    this.#figure(figure, "");
  }

  /** Something that cannot be measured here. */
  absent(who: string, why: string): void {
    this.#out(`  ${who.padEnd(NAME_WIDTH)}${styleText("dim", why)}`);
  }

  #figure({ who, value, unit, more }: Figure, ratio: string): void {
    const text = `${rounded(value)} ${unit}`.padStart(VALUE_WIDTH);
    const rest = [ratio.padEnd(13), more ?? ""].join("  ").trimEnd();
    this.#out(`  ${who.padEnd(NAME_WIDTH)}${text}   ${rest}`.trimEnd());
  }
}

/** Three digits that mean something. */
function rounded(value: number): string {
  if (!Number.isFinite(value)) return "?";
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return Number(value.toFixed(digits)).toLocaleString("en-US");
}

export function loadText(): string {
  return loadavg()
    .slice(0, 2)
    .map((load) => load.toFixed(1))
    .join(" ");
}
