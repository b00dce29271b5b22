/**
 * The devices that seem to be on the local network, bounded.
 *
 * One device answers on each of its interfaces under a name of its own; what
 * carries the same salted id is shown as one candidate. A forger can add its
 * address to somebody else's candidate that way, which costs a dial that fails
 * at the pin: the true addresses stay and are tried, too.
 */
import { formatHostPort } from "../../shared/host-port.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Address } from "./address.ts";
import type { Candidate } from "./discovery.ts";

interface Entry {
  readonly candidate: Candidate;
  /** Address of the machine that announced it; a single one cannot fill the table. */
  readonly source: string;
  readonly seenAt: number;
}

const ENTRIES_PER_SOURCE = 32;
const ADDRESSES_MAX = 8;

export class CandidateTable {
  /** By instance name, least recently seen first. */
  readonly #entries = new Map<string, Entry>();

  /** Adds or renews an announcement. False when its source has announced too many; the one longest unseen gives way when the table is full. */
  add(name: string, candidate: Candidate, seen: { readonly source: string; readonly at: number }): boolean {
    const isKnown = this.#entries.has(name);
    const fromSource = [...this.#entries.values()].filter((entry) => entry.source === seen.source).length;
    if (!isKnown && fromSource >= ENTRIES_PER_SOURCE) return false;
    this.#entries.delete(name);
    this.#entries.set(name, { candidate, source: seen.source, seenAt: seen.at });
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > LIMITS.discoveredMax.value && oldest.done !== true) this.#entries.delete(oldest.value);
    return true;
  }

  remove(name: string): void {
    this.#entries.delete(name);
  }

  /** Forgets what was not seen since `time`. */
  expire(time: number): void {
    for (const [name, entry] of this.#entries) {
      if (entry.seenAt < time) this.#entries.delete(name);
    }
  }

  /** Candidates by the hash of their id, one for each device. */
  merged(): ReadonlyMap<string, Candidate> {
    const byId = new Map<string, Candidate>();
    for (const { candidate } of this.#entries.values()) {
      const key = candidate.id.hash;
      const before = byId.get(key);
      byId.set(key, before === undefined ? candidate : join(before, candidate));
    }
    return byId;
  }
}

/** Whether two candidates say the same. */
export function isSameCandidate(a: Candidate, b: Candidate): boolean {
  return textOf(a) === textOf(b);
}

function textOf(candidate: Candidate): string {
  const addresses = candidate.addresses.map(formatHostPort).sort();
  return [candidate.id.salt, candidate.id.hash, candidate.channels.join(""), ...addresses].join(" ");
}

function join(a: Candidate, b: Candidate): Candidate {
  const addresses = new Map<string, Address>();
  for (const address of [...a.addresses, ...b.addresses]) addresses.set(formatHostPort(address), address);
  const channels = [...new Set([...a.channels, ...b.channels])].sort((x, y) => x - y);
  return { id: a.id, channels, addresses: [...addresses.values()].slice(0, ADDRESSES_MAX) };
}
