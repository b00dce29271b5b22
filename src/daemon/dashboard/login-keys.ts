/** Links that sign in once: what `syncline open` and `syncline up` hand to a browser. */
import type { Clock, Random } from "../../shared/ports.ts";
import { hashOf, secret } from "../users/secrets.ts";

/** More than a person makes; the oldest gives way. */
const KEYS_MAX = 16;

export class LoginKeys {
  readonly #clock: Clock;
  readonly #random: Random;
  /** By the hash of the key: when it ends, and what becomes of it then. */
  readonly #keys = new Map<string, { readonly endMs: number; readonly onGone: () => void }>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Makes a key for `lifeMs`. `onGone` is called once, when it is used or given up; after its end at the latest by the next {@link sweep}. */
  make(lifeMs: number, onGone: () => void): string {
    this.sweep();
    const [oldest] = this.#keys.keys();
    if (this.#keys.size >= KEYS_MAX && oldest !== undefined) this.#drop(oldest);
    const key = secret(this.#random);
    this.#keys.set(hashOf(key), { endMs: this.#clock.now() + lifeMs, onGone });
    return key;
  }

  /** Uses a key up. False when there is none such, or no longer. */
  take(key: string): boolean {
    this.sweep();
    return this.#drop(hashOf(key));
  }

  /** Forgets what has ended. */
  sweep(): void {
    for (const [hash, { endMs }] of this.#keys) if (endMs <= this.#clock.now()) this.#drop(hash);
  }

  /** Ends all of them. */
  clear(): void {
    for (const hash of this.#keys.keys()) this.#drop(hash);
  }

  #drop(hash: string): boolean {
    const entry = this.#keys.get(hash);
    this.#keys.delete(hash);
    entry?.onGone();
    return entry !== undefined;
  }
}
