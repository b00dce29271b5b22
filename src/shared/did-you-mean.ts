/** Near misses: what a person probably meant. */

const LENGTH_MAX = 64;

/** The one of `known` that `text` most probably stands for, or undefined when none is near. */
export function nearest(text: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(text.length * 0.4)) + 1;
  for (const candidate of known) {
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `did you mean "desk"?`, or undefined. */
export function suggestion(text: string, known: Iterable<string>): string | undefined {
  const match = nearest(text, known);
  return match === undefined ? undefined : `did you mean "${match}"?`;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. Source: Damerau, A technique for computer detection and correction of spelling errors, 1964. */
function editDistance(a: string, b: string): number {
  if (a.length > LENGTH_MAX || b.length > LENGTH_MAX) return a === b ? 0 : LENGTH_MAX;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + cost);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) least = Math.min(least, at(i - 2, j - 2) + 1);
      rows[i]?.push(least);
    }
  }
  return at(a.length, b.length);
}
