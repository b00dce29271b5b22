/**
 * What is kept of a password: argon2id, as a PHC string.
 *
 * Parameters are those that OWASP's Password Storage Cheat Sheet gives as the
 * minimum for argon2id (19 MiB, two passes, one lane): a daemon that idles at
 * little memory must not take the 64 MiB of RFC 9106's second choice for each
 * try. Salt and tag have the lengths of RFC 9106 §4. Parameters stand in the
 * string, so that they can be raised: a hash made with others is made anew at
 * the next right password.
 */
import { argon2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import PQueue from "p-queue";
import { SyncError } from "../../shared/errors.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Random } from "../../shared/ports.ts";

interface Cost {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

const COST: Cost = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const FORM = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{16,})\$([A-Za-z0-9+/]{16,})$/;

export class PasswordHasher {
  readonly #random: Random;
  /** Each takes memory and a core for a while: a few at once, and no long queue that outlives whoever waits. */
  readonly #queue = new PQueue({ concurrency: LIMITS.passwordChecksAtOnce.value });
  #nobody: Promise<string> | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  async hash(password: string): Promise<string> {
    const salt = Buffer.from(this.#random.bytes(SALT_BYTES));
    const tag = await this.#run(password, salt, COST, TAG_BYTES);
    const { memory, passes, parallelism } = COST;
    return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
  }

  /** Whether a password is the one that was hashed. Without a hash, because there is no such account, it takes as long and is false. */
  async verify(stored: string | undefined, password: string): Promise<boolean> {
    const parsed = parse(stored ?? (await this.#hashOfNobody()));
    const tag = await this.#run(password, parsed.salt, parsed.cost, parsed.tag.length);
    return timingSafeEqual(tag, parsed.tag) && stored !== undefined;
  }

  /** Whether a hash was made at other cost than new ones are. */
  isOutdated(stored: string): boolean {
    const { memory, passes, parallelism } = parse(stored).cost;
    return memory !== COST.memory || passes !== COST.passes || parallelism !== COST.parallelism;
  }

  /** Made once, of something that nobody knows. */
  async #hashOfNobody(): Promise<string> {
    const making = this.#nobody ?? this.hash(base64(Buffer.from(this.#random.bytes(TAG_BYTES))));
    this.#nobody = making;
    // One that was turned away is tried again the next time.
    making.catch(() => {
      this.#nobody = undefined;
    });
    return await making;
  }

  async #run(password: string, salt: Buffer, cost: Cost, tagLength: number): Promise<Buffer> {
    if (this.#queue.size >= LIMITS.passwordChecksWaiting.value)
      throw new SyncError("E_TOO_MANY_TRIES", "too many people are signing in at once");
    // The same text typed on another keyboard may be composed differently.
    const message = Buffer.from(password.normalize("NFC"), "utf8");
    const { memory, passes, parallelism } = cost;
    return await this.#queue.add(
      async () => await promisify(argon2)("argon2id", { message, nonce: salt, parallelism, tagLength, memory, passes }),
    );
  }
}

function parse(stored: string): { readonly cost: Cost; readonly salt: Buffer; readonly tag: Buffer } {
  const match = FORM.exec(stored);
  if (match === null) throw new SyncError("E_INDEX_BROKEN", "a stored password is none");
  const [, memory, passes, parallelism, salt = "", tag = ""] = match;
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  return { cost, salt: Buffer.from(salt, "base64"), tag: Buffer.from(tag, "base64") };
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}
