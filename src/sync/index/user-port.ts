/** What is remembered of the accounts of a node. Small: read whole, and kept in memory by who owns them (daemon/users). */

export interface UserRow {
  readonly name: string;
  readonly role: "admin" | "user";
  /** As `daemon/users/password-hash.ts` makes it. */
  readonly password: string;
  readonly createdAtMs: number;
  readonly passwordAtMs: number;
}

export interface UserReader {
  /** All, by name. */
  users(): readonly UserRow[];
}

export interface UserWriter {
  /** Adds an account, or replaces the one of that name. */
  putUser(row: UserRow): Promise<void>;
  removeUser(name: string): Promise<void>;
}
