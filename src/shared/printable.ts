/**
 * Control characters, direction overrides, invisible tags, line separators and
 * lone surrogates: what could move a cursor, hide text or end a line. Zero
 * width joiners stay, emoji names need them.
 */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu;
/** Most texts: they need no closer look. */
const PLAIN = /^[ -~]*$/u;
const NAMED: Readonly<Record<string, string>> = { "\n": String.raw`\n`, "\r": String.raw`\r`, "\t": String.raw`\t` };

/**
 * A text that is safe to print on a terminal and in a one-line log: names come
 * from other devices and may hold anything.
 */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replaceAll(UNSAFE, (character) => NAMED[character] ?? escaped(character));
}

/** As {@link printable}, but line ends stay: for texts of several lines that were put together here. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}
