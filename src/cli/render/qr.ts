import { qrCode } from "../../shared/qr-code.ts";

const QUIET = 2;

/**
 * Lines that show a text as a QR code, two rows of modules in one of text.
 * Light modules are drawn, so that it reads on a dark terminal; most readers
 * take the reverse on a light one, too. Undefined when it does not fit.
 */
export function renderQr(text: string, columns: number): readonly string[] | undefined {
  const code = qrCode(new TextEncoder().encode(text));
  if (code === undefined || code.length + 2 * QUIET > columns) return undefined;
  const isLight = (x: number, y: number): boolean => code[y]?.[x] !== true;
  const lines: string[] = [];
  for (let y = -QUIET; y < code.length + QUIET; y += 2) {
    let line = "";
    for (let x = -QUIET; x < code.length + QUIET; x++)
      line += HALVES[Number(isLight(x, y)) * 2 + Number(isLight(x, y + 1))] ?? " ";
    lines.push(line);
  }
  return lines;
}

/** Nothing, lower half, upper half, both. */
const HALVES = [" ", "▄", "▀", "█"];
