/** Reads a line as bash would, as far as the cursor, and writes what is to stand there. Pure. */

export interface BashLine {
  /** With quotes and backslashes taken away; the last one is being written, and may be empty. */
  readonly words: readonly string[];
  readonly last: LastWord;
}

interface LastWord {
  /** The quotation mark that is still open. */
  readonly quote: "" | "'" | '"';
  /** So many characters of the word stand before the part that bash replaces: it takes `:`, `=` and an open quotation mark for ends of words. */
  readonly keptLength: number;
}

const BREAKS = ":=";

/** Splits a line at its spaces. Expansions stay as they are written. */
export function splitBashLine(line: string): BashLine {
  const words: string[] = [];
  let word: string | undefined;
  let quote: LastWord["quote"] = "";
  let breakLength = 0;
  let quoteLength = 0;
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote === "" && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      breakLength = 0;
      continue;
    }
    word ??= "";
    if (character === quote) quote = "";
    else if (quote === "" && (character === "'" || character === '"')) {
      quote = character;
      quoteLength = word.length;
    } else if (character === "\\" && quote !== "'") word += escapedBy(line.charAt(++at), quote);
    else {
      word += character;
      if (quote === "" && BREAKS.includes(character)) breakLength = word.length;
    }
  }
  return { words: [...words, word ?? ""], last: { quote, keptLength: quote === "" ? breakLength : quoteLength } };
}

/** Between double quotes a backslash escapes few characters, and is itself before all others. */
function escapedBy(character: string, quote: string): string {
  return quote === '"' && !'"$`\\'.includes(character) ? `\\${character}` : character;
}

/** The part of a candidate that replaces what bash takes for the current word, quoted as the word has begun. */
export function bashReplacement(candidate: string, { quote, keptLength }: LastWord): string {
  const rest = candidate.slice(keptLength);
  if (quote === "'") return rest.replaceAll("'", String.raw`'\''`);
  if (quote === '"') return rest.replaceAll(/["$`\\]/g, String.raw`\$&`);
  const isHome = keptLength === 0 && rest.startsWith("~/");
  return isHome ? `~/${escaped(rest.slice(2))}` : escaped(rest);
}

function escaped(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}\p{M}_@%+=:,./-]/gu, String.raw`\$&`);
}
