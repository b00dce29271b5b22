/**
 * The accounts of this node: a table in its database, kept in memory as well
 * because it is small and asked at every request.
 *
 * One change at a time, so that what a change is judged by still holds when it
 * is written: of two that each leave one admin, the second finds the last one.
 */
import { suggestion } from "../../shared/did-you-mean.ts";
import { SyncError } from "../../shared/errors.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Clock } from "../../shared/ports.ts";
import { printable } from "../../shared/printable.ts";
import { passwordFault, userNameFault } from "../../shared/user-rules.ts";
import type { FolderIndex } from "../../sync/index/index-port.ts";
import type { UserRow } from "../../sync/index/user-port.ts";
import type { PasswordHasher } from "./password-hash.ts";

export type Role = "admin" | "user";

/** An account as others may see it. */
export type Account = Omit<UserRow, "password">;

export interface AccountsDeps {
  readonly index: FolderIndex;
  readonly clock: Clock;
  readonly hasher: PasswordHasher;
}

export class Accounts {
  readonly #deps: AccountsDeps;
  #rows: ReadonlyMap<string, UserRow>;
  #work: Promise<unknown> = Promise.resolve();

  constructor(deps: AccountsDeps) {
    this.#deps = deps;
    this.#rows = byName(deps.index.read.users());
  }

  get all(): readonly Account[] {
    return [...this.#rows.values()].map(withoutPassword);
  }

  find(name: string): Account | undefined {
    const row = this.#rows.get(keyOf(name));
    return row === undefined ? undefined : withoutPassword(row);
  }

  /** The account of that name, its case aside. Throws E_USER_NOT_FOUND. */
  get(name: string): Account {
    return withoutPassword(this.#row(name));
  }

  /** Throws E_USAGE for a name or password that cannot be one, E_NAME_TAKEN. */
  async add(name: string, role: Role, password: string): Promise<Account> {
    const fault = userNameFault(name);
    if (fault !== undefined) throw new SyncError("E_USAGE", fault);
    checkPassword(password, name);
    return await this.#inTurn(async () => {
      const known = this.#rows.get(keyOf(name));
      if (known !== undefined)
        throw new SyncError("E_NAME_TAKEN", `there is a user ${known.name} already`, {
          hint: `choose another name, or: syncline user password ${known.name}`,
        });
      if (this.#rows.size >= LIMITS.usersMax.value)
        throw new SyncError("E_NOT_ALLOWED", `there are ${LIMITS.usersMax.value} users already`);
      const nowMs = this.#deps.clock.now();
      const hash = await this.#deps.hasher.hash(password);
      return await this.#put({ name, role, password: hash, createdAtMs: nowMs, passwordAtMs: nowMs });
    });
  }

  /** Throws E_USER_NOT_FOUND, and E_LAST_ADMIN when nobody would be admin any more. */
  async setRole(name: string, role: Role): Promise<{ readonly account: Account; readonly isChanged: boolean }> {
    return await this.#inTurn(async () => {
      const row = this.#row(name);
      if (row.role === role) return { account: withoutPassword(row), isChanged: false };
      if (role !== "admin") this.#assertNotLast(row, "it would be a plain user");
      return { account: await this.#put({ ...row, role }), isChanged: true };
    });
  }

  async setPassword(name: string, password: string): Promise<Account> {
    checkPassword(password, this.#row(name).name);
    return await this.#inTurn(async () => {
      const row = this.#row(name);
      const hash = await this.#deps.hasher.hash(password);
      return await this.#put({ ...row, password: hash, passwordAtMs: this.#deps.clock.now() });
    });
  }

  /** Throws E_USER_NOT_FOUND, E_LAST_ADMIN. */
  async remove(name: string): Promise<Account> {
    return await this.#inTurn(async () => {
      const row = this.#row(name);
      this.#assertNotLast(row, "nobody could sign in as one");
      await this.#deps.index.write.removeUser(row.name);
      this.#rows = new Map([...this.#rows].filter(([key]) => key !== keyOf(name)));
      return withoutPassword(row);
    });
  }

  /** The account, when the password is its own; undefined for a wrong one and for a name that nobody has, after the same time. */
  async check(name: string, password: string): Promise<Account | undefined> {
    const { hasher } = this.#deps;
    const row = this.#rows.get(keyOf(name));
    if (!(await hasher.verify(row?.password, password)) || row === undefined) return undefined;
    if (hasher.isOutdated(row.password)) await this.#refresh(row, password);
    // It may have been changed or removed while the password was looked at.
    return this.#rows.get(keyOf(name))?.passwordAtMs === row.passwordAtMs ? this.find(name) : undefined;
  }

  async #refresh(before: UserRow, password: string): Promise<void> {
    await this.#inTurn(async () => {
      const row = this.#rows.get(keyOf(before.name));
      if (row?.password === before.password)
        await this.#put({ ...row, password: await this.#deps.hasher.hash(password) });
    });
  }

  #row(name: string): UserRow {
    const row = this.#rows.get(keyOf(name));
    if (row !== undefined) return row;
    const names = [...this.#rows.values()].map((one) => one.name);
    const guess = suggestion(name, names);
    throw new SyncError("E_USER_NOT_FOUND", `there is no user "${printable(name)}" here`, {
      ...(guess === undefined ? {} : { hint: `${printable(guess)} See \`syncline user list\`` }),
    });
  }

  #assertNotLast(row: UserRow, what: string): void {
    const isLast =
      row.role === "admin" && [...this.#rows.values()].every(({ name, role }) => role !== "admin" || name === row.name);
    if (isLast) throw new SyncError("E_LAST_ADMIN", `${row.name} is the last admin here: ${what}`);
  }

  async #put(row: UserRow): Promise<Account> {
    await this.#deps.index.write.putUser(row);
    this.#rows = byName([...[...this.#rows.values()].filter(({ name }) => keyOf(name) !== keyOf(row.name)), row]);
    return withoutPassword(row);
  }

  async #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(change);
    this.#work = turn.catch(() => undefined);
    return await turn;
  }
}

function checkPassword(password: string, name: string): void {
  const fault = passwordFault(password, name);
  if (fault !== undefined) throw new SyncError("E_PASSWORD_WEAK", fault);
}

function byName(rows: readonly UserRow[]): ReadonlyMap<string, UserRow> {
  return new Map(
    rows.toSorted((a, b) => (keyOf(a.name) < keyOf(b.name) ? -1 : 1)).map((row) => [keyOf(row.name), row]),
  );
}

/** Names differ by more than the case of their letters, or one account could pass for another. */
function keyOf(name: string): string {
  return name.toLowerCase();
}

function withoutPassword({ password: _password, ...account }: UserRow): Account {
  return account;
}
