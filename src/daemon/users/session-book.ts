/**
 * Who is signed in, in a browser or from a paired device.
 *
 * A browser's session is proven by two secrets: a cookie, which no script can
 * read, and a token in a header, which no other page can send. Cookies are
 * shared by all ports of a host, so a program on another port may see the
 * cookie; it never sees the token. A device's session is proven by one token,
 * and counts only over a connection that proved to be that device. Only hashes
 * are kept.
 *
 * Invariant: a session counts only while its account has the role that it had
 * when it began; a changed or removed account ends it, whoever tells the book.
 */
import type { Clock, Random } from "../../shared/ports.ts";
import { hashOf, secret } from "./secrets.ts";

const DAY_MS = 86_400_000;
/** A session that nobody uses ends. */
const IDLE_MS = 7 * DAY_MS;
/** Every session ends. */
const LIFE_MS = 30 * DAY_MS;
/** Of one user: more than people have browsers and devices; the one unused for longest gives way. */
const SESSIONS_PER_USER_MAX = 64;
/** How old the kept time of the last use may be: it is not worth a write each time. */
const SEEN_GRAIN_MS = 3_600_000;
const ID_CHARACTERS = 10;

/** Whom a session speaks for. */
export interface SessionActor {
  /** Null: who runs the node, by a link that only he could make. */
  readonly user: string | null;
  readonly role: "admin" | "user";
}

export interface SessionPlace {
  readonly kind: "browser" | "device";
  /** The address a browser came from, or the id of the device. */
  readonly from: string;
}

/** As it is kept. Of a device's session both hashes are of its one token. */
export interface SessionRecord extends SessionActor, SessionPlace {
  readonly cookieHash: string;
  readonly tokenHash: string;
  readonly createdMs: number;
  readonly seenMs: number;
}

/** As it is shown. */
export interface SessionView extends SessionActor, SessionPlace {
  /** Names it, and opens nothing. */
  readonly id: string;
  readonly createdMs: number;
  readonly seenMs: number;
}

export interface SessionBookOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly records: readonly SessionRecord[];
  /** The role that an account has now; undefined when there is none of that name. */
  readonly roleOf: (user: string) => SessionActor["role"] | undefined;
  /** Called after each change, with all that there is. */
  readonly save: (records: readonly SessionRecord[]) => void;
}

/** A session in force. */
export interface Session {
  readonly id: string;
  readonly actor: SessionActor;
  /** Aborts when the session ends, and with it every answer that is under way. */
  readonly ended: AbortSignal;
}

interface Entry {
  readonly id: string;
  record: SessionRecord;
  readonly stop: AbortController;
}

export class SessionBook {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #roleOf: SessionBookOptions["roleOf"];
  readonly #save: (records: readonly SessionRecord[]) => void;
  readonly #entries = new Map<string, Entry>();

  constructor(options: SessionBookOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#roleOf = options.roleOf;
    this.#save = options.save;
    for (const record of options.records) this.#entries.set(record.cookieHash, makeEntry(record));
    this.#sweep();
  }

  /** Signs a browser in, always with new secrets: what was there before cannot be made his. */
  open(actor: SessionActor, from: string): { readonly cookie: string; readonly token: string } {
    const [cookie, token] = [secret(this.#random), secret(this.#random)];
    this.#add(actor, { kind: "browser", from }, hashOf(cookie), hashOf(token));
    return { cookie, token };
  }

  /** Signs an account in from a paired device. */
  openFor(device: string, actor: SessionActor): string {
    const token = secret(this.#random);
    this.#add(actor, { kind: "device", from: device }, hashOf(token), hashOf(token));
    return token;
  }

  /** The browser's session that both secrets belong to. */
  find(cookie: string, token: string): Session | undefined {
    const entry = this.#find(cookie, "browser");
    return entry === undefined || entry.record.tokenHash !== hashOf(token) ? undefined : this.#seen(entry);
  }

  /** The session of a browser's cookie alone: for what has a secret of its own beside it. */
  findByCookie(cookie: string): Session | undefined {
    const entry = this.#find(cookie, "browser");
    return entry === undefined ? undefined : sessionOf(entry);
  }

  /** The session that a device was given; undefined for any other device that learned of the token. */
  findFor(device: string, token: string): Session | undefined {
    const entry = this.#find(token, "device");
    return entry === undefined || entry.record.from !== device ? undefined : this.#seen(entry);
  }

  /** Those in force, of one user or of all; the last used first. */
  list(user?: string): readonly SessionView[] {
    return [...this.#entries.values()]
      .filter(({ record }) => this.#isInForce(record) && (user === undefined || record.user === user))
      .map(({ id, record: { cookieHash: _cookie, tokenHash: _token, ...shown } }) => ({ id, ...shown }))
      .toSorted((a, b) => b.seenMs - a.seenMs);
  }

  /** Ends one session. */
  close(secretText: string): void {
    if (this.#drop(hashOf(secretText))) this.#changed();
  }

  /** Ends the session of a user that is shown under this id. False when there is none. */
  closeById(user: string | null, id: string): boolean {
    return this.#closeWhere((entry) => entry.record.user === user && entry.id === id) > 0;
  }

  /** Ends every session of a user but one, as when his role or password changes; null: of whoever came by a link. */
  closeAll(user: string | null, except?: string): number {
    return this.#closeWhere((entry) => entry.record.user === user && entry.id !== except);
  }

  /** Ends every session from a device: it is trusted no longer. */
  closeDevice(device: string): number {
    return this.#closeWhere(({ record }) => record.kind === "device" && record.from === device);
  }

  #closeWhere(isMeant: (entry: Entry) => boolean): number {
    const meant = [...this.#entries.values()].filter(isMeant);
    for (const { record } of meant) this.#drop(record.cookieHash);
    if (meant.length > 0) this.#changed();
    return meant.length;
  }

  #add({ user, role }: SessionActor, { kind, from }: SessionPlace, cookieHash: string, tokenHash: string): void {
    this.#sweep();
    this.#makeRoom(user);
    const nowMs = this.#clock.now();
    const record = { user, role, kind, from, cookieHash, tokenHash, createdMs: nowMs, seenMs: nowMs };
    this.#entries.set(cookieHash, makeEntry(record));
    this.#changed();
  }

  #find(key: string, kind: SessionPlace["kind"]): Entry | undefined {
    const entry = this.#entries.get(hashOf(key));
    return entry !== undefined && entry.record.kind === kind && this.#isInForce(entry.record) ? entry : undefined;
  }

  #seen(entry: Entry): Session {
    const nowMs = this.#clock.now();
    if (nowMs - entry.record.seenMs >= SEEN_GRAIN_MS) {
      entry.record = { ...entry.record, seenMs: nowMs };
      this.#changed();
    }
    return sessionOf(entry);
  }

  #isInForce({ user, role, createdMs, seenMs }: SessionRecord): boolean {
    const nowMs = this.#clock.now();
    const isYoung = nowMs < createdMs + LIFE_MS && nowMs < seenMs + IDLE_MS;
    return isYoung && (user === null || this.#roleOf(user) === role);
  }

  #sweep(): void {
    for (const [hash, { record }] of this.#entries) if (!this.#isInForce(record)) this.#drop(hash);
  }

  #makeRoom(user: string | null): void {
    const own = [...this.#entries.values()].filter(({ record }) => record.user === user);
    const [stalest] = own.sort((a, b) => a.record.seenMs - b.record.seenMs);
    if (own.length >= SESSIONS_PER_USER_MAX && stalest !== undefined) this.#drop(stalest.record.cookieHash);
  }

  #drop(hash: string): boolean {
    this.#entries.get(hash)?.stop.abort();
    return this.#entries.delete(hash);
  }

  #changed(): void {
    this.#save([...this.#entries.values()].map(({ record }) => record));
  }
}

function sessionOf({ id, record: { user, role }, stop }: Entry): Session {
  return { id, actor: { user, role }, ended: stop.signal };
}

function makeEntry(record: SessionRecord): Entry {
  const id = Buffer.from(record.cookieHash, "base64url").toString("hex").slice(0, ID_CHARACTERS);
  return { id, record, stop: new AbortController() };
}
