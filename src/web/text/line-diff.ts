/**
 * What differs between two texts, line by line: the fewest lines taken out and
 * put in (Myers, "An O(ND) Difference Algorithm", 1986). Pure; where two texts
 * have hardly anything in common it gives up, because nobody would read that.
 */
export interface DiffLine {
  readonly type: "same" | "added" | "removed" | "gap";
  readonly text: string;
}

/** Changed lines beyond which the two are shown whole. */
const CHANGES_MAX = 1000;
/** Unchanged lines shown around changes. */
const AROUND = 3;

/** The lines of `after` against those of `before`; undefined when they differ too much. */
export function lineDiff(before: string, after: string): readonly DiffLine[] | undefined {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const path = shortestEdit(a, b);
  return path === undefined ? undefined : withGaps(trace(path, a, b));
}

/** For each number of changes the furthest place reached on each diagonal. */
function shortestEdit(a: readonly string[], b: readonly string[]): readonly ReadonlyMap<number, number>[] | undefined {
  const furthest = new Map<number, number>([[1, 0]]);
  const steps: ReadonlyMap<number, number>[] = [];
  for (let changes = 0; changes <= Math.min(CHANGES_MAX, a.length + b.length); changes++) {
    steps.push(new Map(furthest));
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      const down = furthest.get(diagonal + 1) ?? -1;
      const right = furthest.get(diagonal - 1) ?? -1;
      let x = diagonal === -changes || (diagonal !== changes && right < down) ? down : right + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      furthest.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return steps;
    }
  }
  return undefined;
}

/** Goes the way back from the end. */
function trace(steps: readonly ReadonlyMap<number, number>[], a: readonly string[], b: readonly string[]): DiffLine[] {
  const lines: DiffLine[] = [];
  let [x, y] = [a.length, b.length];
  for (let changes = steps.length - 1; changes >= 0; changes--) {
    const furthest = steps[changes] ?? new Map<number, number>();
    const diagonal = x - y;
    const down = furthest.get(diagonal + 1) ?? -1;
    const right = furthest.get(diagonal - 1) ?? -1;
    const from = diagonal === -changes || (diagonal !== changes && right < down) ? diagonal + 1 : diagonal - 1;
    const fromX = furthest.get(from) ?? 0;
    const fromY = fromX - from;
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      lines.push({ type: "same", text: a[--x] ?? "" });
      y--;
    }
    if (changes === 0) break;
    if (x === fromX) lines.push({ type: "added", text: b[--y] ?? "" });
    else lines.push({ type: "removed", text: a[--x] ?? "" });
  }
  return lines.reverse();
}

/** Leaves out what is the same and far from changes. */
function withGaps(lines: readonly DiffLine[]): readonly DiffLine[] {
  const isNear = lines.map((_, i) =>
    lines.slice(Math.max(0, i - AROUND), i + AROUND + 1).some(({ type }) => type !== "same"),
  );
  const shown: DiffLine[] = [];
  for (const [i, line] of lines.entries()) {
    if (isNear[i] === true) shown.push(line);
    else if (shown.at(-1)?.type !== "gap") shown.push({ type: "gap", text: "…" });
  }
  return shown;
}
