import type { Io } from "../io.ts";
import { fitWidth } from "./table.ts";

const CLEAR_BELOW = "\u001B[J";

/** Lines at the bottom of a terminal that are drawn over again. */
export class LiveArea {
  readonly #io: Io;
  #height = 0;
  #shown = "";

  constructor(io: Io) {
    this.#io = io;
  }

  /** Replaces what was drawn before. Lines are cut to the width, so that none wraps. */
  draw(lines: readonly string[]): void {
    const width = this.#io.columns() - 1;
    const text = lines.map((line) => `${fitWidth(line, width)}\n`).join("");
    if (text === this.#shown && this.#height > 0) return;
    this.#io.out(this.#up() + CLEAR_BELOW + text);
    this.#height = lines.length;
    this.#shown = text;
  }

  /** Takes away what was drawn. */
  clear(): void {
    if (this.#height > 0) this.#io.out(this.#up() + CLEAR_BELOW);
    this.#height = 0;
  }

  #up(): string {
    return this.#height > 0 ? `\u001B[${this.#height}A` : "";
  }
}
