/** Rows in columns. Cells are made safe to print here. */
import { printable } from "../../shared/printable.ts";

export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly align?: "right";
}

export type Cell = string | number;

/**
 * Lines of a table, its head first. Plain: no head, tabs between cells, so
 * that `cut -f` works.
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], isPlain: boolean): string {
  const cells = rows.map((row) => row.map((cell) => printable(String(cell))));
  if (isPlain) return cells.map((row) => row.join("\t")).join("\n");
  const all = [columns.map(({ title }) => title), ...cells];
  const widths = columns.map((_, index) => Math.max(...all.map((row) => textWidth(row[index] ?? ""))));
  const line = (row: readonly string[]): string =>
    row.map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align === "right")).join("  ");
  return all.map((row) => line(row).trimEnd()).join("\n");
}

/** Names and values below each other, the names in one column. */
export function renderFacts(facts: readonly (readonly [name: string, value: Cell])[], isPlain: boolean): string {
  const width = Math.max(...facts.map(([name]) => textWidth(name)));
  return facts
    .map(([name, value]) => (isPlain ? `${name}\t` : `${pad(name, width, false)}  `) + printable(String(value)))
    .join("\n");
}

function pad(text: string, width: number, isRight: boolean): string {
  const space = " ".repeat(Math.max(0, width - textWidth(text)));
  return isRight ? space + text : text + space;
}

const ZERO_WIDTH = /[\p{M}\u200b-\u200d\u2060]/u;
const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

/** Terminal cells that a text takes; near enough for columns to line up. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** Cuts a text to a width, with an ellipsis where something is missing. */
export function fitWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = "";
  for (const character of text) {
    if (textWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
