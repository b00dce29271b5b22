/**
 * Finds what resembles a region of which no chunk is here: a new file made from
 * another one, with changes all over.
 *
 * The features of bytes are the smallest hashes of their sub-chunks. As hashes
 * are evenly spread, these are a random sample, and the same one on both sides:
 * the share of features two regions have in common estimates the share of
 * sub-chunks they have in common (bottom-k sketch). Source: Broder, "On the
 * resemblance and containment of documents", 1997. Sixty-four bytes tell it.
 *
 * Names come first, because they cost nothing: who copies and edits a file
 * mostly keeps its ending and most of its name.
 */

/** So many tell a quarter of common sub-chunks from none 99 times in 100. */
export const FEATURE_COUNT = 16;

/** At most {@link FEATURE_COUNT} hashes, different and ascending. */
export type Features = Uint32Array;

/** The features of bytes, from the hashes of their sub-chunks (`RegionKernel.subChunks`). */
export function featuresOf(hashes: Uint32Array): Features {
  const smallest = new Uint32Array(FEATURE_COUNT).fill(0xffffffff);
  const known = new Set<number>();
  for (const hash of hashes) {
    const largest = smallest[FEATURE_COUNT - 1] as number;
    if (hash >= largest || known.has(hash)) continue;
    known.delete(largest);
    known.add(hash);
    let at = FEATURE_COUNT - 1;
    for (; at > 0 && (smallest[at - 1] as number) > hash; at--) smallest[at] = smallest[at - 1] as number;
    smallest[at] = hash;
  }
  return smallest.slice(0, known.size);
}

/** An estimate of the share of sub-chunks that two regions have in common, from 0 to 1. */
export function resemblance(a: Features, b: Features): number {
  let [i, j, counted, common] = [0, 0, 0, 0];
  while (counted < FEATURE_COUNT && (i < a.length || j < b.length)) {
    const left = a[i] ?? Number.POSITIVE_INFINITY;
    const right = b[j] ?? Number.POSITIVE_INFINITY;
    if (left === right) common++;
    if (left <= right) i++;
    if (right <= left) j++;
    counted++;
  }
  return counted === 0 ? 0 : common / counted;
}

/** Below this a signature costs about what it saves. */
const RESEMBLANCE_MIN = 2 / FEATURE_COUNT;

/** The index of the candidate that resembles the region most, or undefined when none does. */
export function mostSimilar(features: Features, candidates: readonly Features[]): number | undefined {
  let best: number | undefined;
  let most = RESEMBLANCE_MIN;
  candidates.forEach((candidate, i) => {
    const share = resemblance(features, candidate);
    if (share < most || (share === most && best !== undefined)) return;
    best = i;
    most = share;
  });
  return best;
}

/** A file as far as it is known without reading it. */
export interface NamedFile {
  /** Its path. */
  readonly path: string;
  readonly size: number;
}

/** Files of which one is more than so many times the other have little in common. */
const SIZE_RATIO_MAX = 4;

/**
 * The files that by name and size may be what `file` was made from, likeliest
 * first, at most `count`. Names count by the characters they share at start and
 * end; between equals the one of more similar size comes first.
 */
export function likelyBases<T extends NamedFile>(file: NamedFile, others: Iterable<T>, count: number): readonly T[] {
  const ranked: { readonly other: T; readonly score: number }[] = [];
  for (const other of others) {
    const ratio = sizeRatio(file.size, other.size);
    if (ratio > SIZE_RATIO_MAX || other.path === file.path) continue;
    const score = sharedCharacters(nameOf(file.path), nameOf(other.path)) - ratio / SIZE_RATIO_MAX;
    if (score <= 0) continue;
    const place = ranked.findLastIndex((entry) => entry.score >= score) + 1;
    if (place >= count) continue;
    ranked.splice(place, 0, { other, score });
    if (ranked.length > count) ranked.pop();
  }
  return ranked.map(({ other }) => other);
}

function sizeRatio(a: number, b: number): number {
  return Math.max(a, b) / Math.max(1, Math.min(a, b));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function sharedCharacters(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start++;
  let end = 0;
  while (end < most - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return start + end;
}
