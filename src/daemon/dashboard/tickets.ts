/**
 * Tickets: addresses that give out one file, once, to the browser that asked
 * for them. A browser's own downloads and images send no headers of ours; the
 * ticket stands for the session's token, the cookie is needed beside it.
 *
 * A ticket is used up by its first use. Afterwards it serves only to go on
 * with that download: from a later byte on, of the same content, by the same
 * session (decision 30).
 */

import { LIMITS } from "../../shared/limits.ts";
import type { Clock, Random } from "../../shared/ports.ts";
import { hashOf, secret } from "../users/secrets.ts";

/** More than a person asks for at once; the oldest gives way. */
const TICKETS_MAX = 2000;

export interface Ticket<T> {
  readonly wanted: T;
  /** The content that the first use gave out; undefined before. */
  tag: string | undefined;
}

interface Entry<T> extends Ticket<T> {
  readonly session: string;
  endMs: number;
}

export class Tickets<T> {
  readonly #clock: Clock;
  readonly #random: Random;
  /** By the ticket's hash. */
  readonly #entries = new Map<string, Entry<T>>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  make(session: string, wanted: T): { readonly ticket: string; readonly endMs: number } {
    this.#sweep();
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= TICKETS_MAX && oldest !== undefined) this.#entries.delete(oldest);
    const ticket = secret(this.#random);
    const endMs = this.#clock.now() + LIMITS.ticketMs.value;
    this.#entries.set(hashOf(ticket), { session, wanted, endMs, tag: undefined });
    return { ticket, endMs };
  }

  /** Uses a ticket; undefined when it is none, over, used up or somebody else's. `continuing` names the content that a download goes on with. */
  use(session: string, ticket: string, continuing: string | undefined): Ticket<T> | undefined {
    this.#sweep();
    const entry = this.#entries.get(hashOf(ticket));
    if (entry === undefined || entry.session !== session) return undefined;
    if (entry.tag !== undefined && entry.tag !== continuing) return undefined;
    // Until the content is known nothing can be gone on with.
    entry.tag ??= "";
    entry.endMs = this.#clock.now() + LIMITS.ticketResumeMs.value;
    return entry;
  }

  #sweep(): void {
    for (const [hash, { endMs }] of this.#entries) if (endMs <= this.#clock.now()) this.#entries.delete(hash);
  }
}
