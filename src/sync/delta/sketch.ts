/**
 * A set sketch: c numbers of 32 bits from which the difference of two sets of
 * 32-bit elements is computed when it has at most c elements, whatever the size
 * of the sets.
 *
 * The numbers are the odd power sums of the set's elements in GF(2^32), the
 * syndromes of a BCH code. As addition is xor, the sum of two sketches is the
 * sketch of the symmetric difference; its decoding is that of the code:
 * Berlekamp and Massey find the polynomial whose roots the elements are.
 * Nobody has to find these roots: each side tries its own elements.
 * Source: Dodis, Ostrovsky, Reyzin, Smith, "Fuzzy Extractors" (PinSketch),
 * https://www.cs.bu.edu/~reyzin/papers/fuzzysketch.pdf, section 6.3.
 */
import { invert, multiply } from "./field.ts";

/** The odd power sums s[k] = sum of x^(2k+1) over the elements, all different, none 0. */
export function syndromesScalar(elements: Uint32Array, capacity: number): Uint32Array {
  const sums = new Uint32Array(capacity);
  for (const element of elements) {
    const square = multiply(element, element);
    let power = element;
    for (let k = 0; k < capacity; k++) {
      sums[k] = (sums[k] as number) ^ power;
      power = multiply(power, square);
    }
  }
  return sums;
}

/** The syndromes of the symmetric difference of two sets. */
export function differenceOf(a: Uint32Array, b: Uint32Array): Uint32Array {
  return a.map((value, k) => value ^ (b[k] as number));
}

/**
 * The monic polynomial whose roots are the elements of the set with these
 * syndromes, lowest coefficient first and without the leading 1; or undefined
 * when the set has more elements than syndromes.
 *
 * A larger set may also give some other polynomial: its roots are then wrong,
 * which nothing here can see. Costs the square of the capacity.
 */
export function locate(syndromes: Uint32Array): Uint32Array | undefined {
  const capacity = syndromes.length;
  const sums = allPowerSums(syndromes);
  // Berlekamp-Massey: `current` is the shortest recurrence that yields the sums so far, of length `length`.
  let current = new Uint32Array(2 * capacity + 2);
  current[0] = 1;
  let before = current.slice();
  let beforeGap = 1;
  let sinceBefore = 1;
  let length = 0;
  for (let n = 0; n < sums.length; n++) {
    const gap = gapAt(sums, n, current, length);
    if (gap === 0) {
      sinceBefore++;
      continue;
    }
    const factor = multiply(gap, invert(beforeGap));
    const next = current.slice();
    for (let i = 0; i + sinceBefore < next.length; i++) {
      const at = i + sinceBefore;
      if (before[i] !== 0) next[at] = (next[at] as number) ^ multiply(factor, before[i] as number);
    }
    if (2 * length <= n) {
      length = n + 1 - length;
      if (length > capacity) return undefined;
      before = current;
      beforeGap = gap;
      sinceBefore = 1;
    } else sinceBefore++;
    current = next;
  }
  // An element of 0 does not exist, so the last coefficient of a true locator is not 0.
  if (current[length] === 0) return undefined;
  // The recurrence is that of the reciprocal roots: turned round, it is the polynomial itself.
  return current.slice(1, length + 1).reverse();
}

/** Power sums 1 to 2c: the even ones follow, because squaring is linear. */
function allPowerSums(odd: Uint32Array): Uint32Array {
  const sums = new Uint32Array(2 * odd.length);
  for (let i = 0; i < sums.length; i++) {
    const half = sums[(i - 1) >> 1] as number;
    sums[i] = i % 2 === 0 ? (odd[i >> 1] as number) : multiply(half, half);
  }
  return sums;
}

function gapAt(sums: Uint32Array, n: number, recurrence: Uint32Array, length: number): number {
  let gap = sums[n] as number;
  for (let i = 1; i <= length; i++) {
    if (recurrence[i] !== 0) gap ^= multiply(recurrence[i] as number, sums[n - i] as number);
  }
  return gap >>> 0;
}

/** For each element 1 when it is a root of the monic polynomial, else 0. */
export function rootsScalar(polynomial: Uint32Array, elements: Uint32Array): Uint8Array {
  const flags = new Uint8Array(elements.length);
  elements.forEach((element, at) => {
    let value = 1;
    for (let i = polynomial.length - 1; i >= 0; i--) value = multiply(value, element) ^ (polynomial[i] as number);
    if (value === 0) flags[at] = 1;
  });
  return flags;
}

/** The monic polynomial without its root `element`. */
export function withoutRoot(polynomial: Uint32Array, element: number): Uint32Array {
  const quotient = new Uint32Array(polynomial.length - 1);
  let carry = 1;
  for (let i = quotient.length; i > 0; i--) {
    carry = multiply(carry, element) ^ (polynomial[i] as number);
    quotient[i - 1] = carry;
  }
  return quotient;
}
