import type { SqlRow, Statements } from "./statements.ts";
import type { UserRow } from "./user-port.ts";

/** Version 6: the accounts of this node. Names differ by more than the case of their letters. */
export const USERS: string = `
  CREATE TABLE user (
    name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    password_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

export class UserTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  users(): readonly UserRow[] {
    return this.#sql.all("SELECT name, role, password, created_at, password_at FROM user ORDER BY name").map(toUserRow);
  }

  put({ name, role, password, createdAtMs, passwordAtMs }: UserRow): void {
    this.#sql.run(
      "INSERT OR REPLACE INTO user (name, role, password, created_at, password_at) VALUES (?, ?, ?, ?, ?)",
      ...[name, role, password, createdAtMs, passwordAtMs],
    );
  }

  remove(name: string): void {
    this.#sql.run("DELETE FROM user WHERE name = ?", name);
  }
}

function toUserRow(row: SqlRow): UserRow {
  const [name, role, password, createdAtMs, passwordAtMs] = row;
  return { name, role, password, createdAtMs, passwordAtMs } as unknown as UserRow;
}
