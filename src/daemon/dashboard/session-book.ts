/**
 * Who is signed in. A session is proven by two secrets: a cookie, which no
 * script can read, and a token in a header, which no other page can send.
 * Cookies are shared by all ports of a host, so a program on another port may
 * see the cookie; it never sees the token. Only hashes of both are kept.
 */
import type { Clock, Random } from "../../shared/ports.ts";
import { hashOf, secret } from "./secrets.ts";

const DAY_MS = 86_400_000;
/** A session that nobody uses ends. */
const IDLE_MS = 7 * DAY_MS;
/** Every session ends. */
const LIFE_MS = 30 * DAY_MS;
/** More than people have browsers; the one unused for longest gives way. */
const SESSIONS_MAX = 64;
/** How old the kept time of the last use may be: it is not worth a write each time. */
const SEEN_GRAIN_MS = 3_600_000;

/** Whom a session speaks for. */
export interface SessionActor {
  /** Null: who runs the node, by a link that only he could make. */
  readonly user: string | null;
  readonly role: "admin" | "user";
}

/** As it is kept. */
export interface SessionRecord extends SessionActor {
  readonly cookieHash: string;
  readonly tokenHash: string;
  readonly createdMs: number;
  readonly seenMs: number;
}

export interface SessionBookOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly records: readonly SessionRecord[];
  /** Called after each change, with all that there is. */
  readonly save: (records: readonly SessionRecord[]) => void;
}

/** A session in force. */
export interface Session {
  /** Names it in this process; opens nothing. */
  readonly id: string;
  readonly actor: SessionActor;
  /** Aborts when the session ends, and with it every answer that is under way. */
  readonly ended: AbortSignal;
}

interface Entry {
  record: SessionRecord;
  readonly stop: AbortController;
}

export class SessionBook {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #save: (records: readonly SessionRecord[]) => void;
  readonly #entries = new Map<string, Entry>();

  constructor(options: SessionBookOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#save = options.save;
    for (const record of options.records) this.#entries.set(record.cookieHash, makeEntry(record));
    this.#sweep();
  }

  /** Signs somebody in, always with new secrets: what was there before cannot be made his. */
  open(actor: SessionActor): { readonly cookie: string; readonly token: string } {
    this.#sweep();
    if (this.#entries.size >= SESSIONS_MAX) this.#dropStalest();
    const [cookie, token] = [secret(this.#random), secret(this.#random)];
    const nowMs = this.#clock.now();
    const { user, role } = actor;
    const record = {
      user,
      role,
      cookieHash: hashOf(cookie),
      tokenHash: hashOf(token),
      createdMs: nowMs,
      seenMs: nowMs,
    };
    this.#entries.set(record.cookieHash, makeEntry(record));
    this.#changed();
    return { cookie, token };
  }

  /** The session that both secrets belong to. */
  find(cookie: string, token: string): Session | undefined {
    const entry = this.#find(cookie);
    if (entry === undefined || entry.record.tokenHash !== hashOf(token)) return undefined;
    const nowMs = this.#clock.now();
    if (nowMs - entry.record.seenMs >= SEEN_GRAIN_MS) {
      entry.record = { ...entry.record, seenMs: nowMs };
      this.#changed();
    }
    return sessionOf(entry);
  }

  /** The session of a cookie alone: for what has a secret of its own beside it. */
  findByCookie(cookie: string): Session | undefined {
    const entry = this.#find(cookie);
    return entry === undefined ? undefined : sessionOf(entry);
  }

  /** Ends one session. */
  close(cookie: string): void {
    if (this.#drop(hashOf(cookie))) this.#changed();
  }

  /** Ends every session of a user, as when his role or password changes; null: of whoever came by a link. */
  closeAll(user: string | null): number {
    const hashes = [...this.#entries.values()].filter(({ record }) => record.user === user);
    for (const { record } of hashes) this.#drop(record.cookieHash);
    if (hashes.length > 0) this.#changed();
    return hashes.length;
  }

  #find(cookie: string): Entry | undefined {
    const entry = this.#entries.get(hashOf(cookie));
    return entry !== undefined && this.#isInForce(entry.record) ? entry : undefined;
  }

  #isInForce({ createdMs, seenMs }: SessionRecord): boolean {
    const nowMs = this.#clock.now();
    return nowMs < createdMs + LIFE_MS && nowMs < seenMs + IDLE_MS;
  }

  #sweep(): void {
    for (const [hash, { record }] of this.#entries) if (!this.#isInForce(record)) this.#drop(hash);
  }

  #dropStalest(): void {
    const [stalest] = [...this.#entries.values()].sort((a, b) => a.record.seenMs - b.record.seenMs);
    if (stalest !== undefined) this.#drop(stalest.record.cookieHash);
  }

  #drop(hash: string): boolean {
    this.#entries.get(hash)?.stop.abort();
    return this.#entries.delete(hash);
  }

  #changed(): void {
    this.#save([...this.#entries.values()].map(({ record }) => record));
  }
}

function sessionOf({ record, stop }: Entry): Session {
  const { user, role, cookieHash } = record;
  return { id: cookieHash, actor: { user, role }, ended: stop.signal };
}

function makeEntry(record: SessionRecord): Entry {
  return { record, stop: new AbortController() };
}
