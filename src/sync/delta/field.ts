/**
 * Arithmetic in GF(2^32), the field of the sketch.
 *
 * An element is a polynomial over GF(2) of degree below 32, bit i its
 * coefficient of x^i, modulo x^32 + x^7 + x^3 + x^2 + 1. Addition is xor.
 * Source of the polynomial: minisketch, https://github.com/sipa/minisketch/blob/master/src/fields/generic_4bytes.cpp
 */

/** x^32 modulo the field's polynomial. */
const REDUCTION = 0x8d;
const BITS = 32;

/** The product of two elements. */
export function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = BITS - 1; bit >= 0; bit--) {
    product = (product << 1) ^ (product < 0 ? REDUCTION : 0);
    product ^= a & -((b >>> bit) & 1);
    product |= 0;
  }
  return product >>> 0;
}

/** The inverse of an element other than 0: a^(2^32 - 2), as the multiplicative group has 2^32 - 1 elements. */
export function invert(a: number): number {
  let power = a;
  let inverse = 1;
  for (let bit = 1; bit < BITS; bit++) {
    power = multiply(power, power);
    inverse = multiply(inverse, power);
  }
  return inverse;
}
