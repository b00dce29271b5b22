/** Chance from a seed: the same seed gives the same numbers on every machine, for ever. */
import type { Random } from "../../src/shared/ports.ts";

export class Prng implements Random {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  constructor(seed: number, stream = "") {
    let hash = 2_166_136_261 ^ seed;
    for (const character of `${seed}/${stream}`) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619);
    this.#a = seed | 0;
    this.#b = hash;
    this.#c = Math.imul(hash, 0x9e3779b1);
    for (let turn = 0; turn < 12; turn++) this.#next();
  }

  /** The small fast counting generator (sfc32) of Chris Doty-Humphrey's PractRand. */
  #next(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#next() & 0xff);
  }

  chance(probability: number): boolean {
    return probability > 0 && this.fraction() < probability;
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  /** One of `choices`; undefined when there is none. */
  pick<T>(choices: readonly T[]): T | undefined {
    return choices[Math.floor(this.fraction() * choices.length)];
  }

  /** One of `choices`, of which there is at least one. */
  one<T>(choices: readonly [T, ...T[]]): T {
    return this.pick(choices) ?? choices[0];
  }
}
