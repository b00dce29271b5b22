/** Text to copy: words as a text has them. */
import { Noise } from "./data.ts";

const VOCABULARY = 4000;
const WORD_LETTERS = 11;

/** Words as a text has them: few often, most seldom; in lines. */
export function words(vocabulary: readonly string[], noise: Noise, size: number): Uint8Array {
  const text = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const rank = noise.number() / 2 ** 32;
    const word = vocabulary[Math.floor(rank ** 3 * VOCABULARY)] ?? "";
    const end = noise.number() % 12 === 0 ? "\n" : " ";
    at += text.write(`${word}${end}`, at, "latin1");
  }
  return text;
}

export function makeVocabulary(): readonly string[] {
  const noise = new Noise(11);
  const letters = "eeeetttaaooiinnsshhrrdlucmwfgypbvk";
  const letter = (): string => letters[noise.number() % letters.length] ?? "e";
  return Array.from({ length: VOCABULARY }, () =>
    Array.from({ length: 2 + (noise.number() % WORD_LETTERS) }, letter).join(""),
  );
}
