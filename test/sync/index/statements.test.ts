import { constants, DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { Statements } from "../../../src/sync/index/statements.ts";

test("a statement with a limit is prepared once, whatever limits it is given", () => {
  using database = new DatabaseSync(":memory:");
  const sql = new Statements(database, ":memory:");
  sql.exec("CREATE TABLE row (number INTEGER PRIMARY KEY) STRICT; INSERT INTO row VALUES (1), (2), (3)");
  let prepared = 0;
  // Asked whenever SQLite prepares something, also anew.
  database.setAuthorizer((action) => {
    if (action === constants.SQLITE_SELECT) prepared++;
    return constants.SQLITE_OK;
  });
  const first = (limit: number): number => sql.all("SELECT number FROM row ORDER BY number LIMIT ?", limit).length;
  const second = (limit: number): number =>
    sql.all("SELECT number FROM row WHERE number > ?1 LIMIT ?2", 1, limit).length;
  expect([1, 2, -1, 3].map(first)).toEqual([1, 2, 3, 3]);
  expect([1, 2, -1].map(second)).toEqual([1, 2, 2]);
  expect(prepared).toBe(2);
});
