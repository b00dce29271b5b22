import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { toIndexError } from "./sqlite-errors.ts";

export type SqlRow = readonly SQLOutputValue[];

/**
 * SQLite plans by the value of a bare `LIMIT ?`, and so prepares the statement
 * anew whenever one is bound: 60 µs instead of 1. What is computed it leaves alone.
 */
const BOUND_LIMIT = /\bLIMIT \?\d*/g;

/**
 * Runs SQL on one connection, each text prepared once.
 *
 * Rows come as arrays in the order of the selected columns. Failures are
 * thrown as the errors a user meets, naming the index.
 */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  get(sql: string, ...values: readonly SQLInputValue[]): SqlRow | undefined {
    try {
      return this.#prepare(sql).get(...values) as unknown as SqlRow | undefined;
    } catch (error) {
      throw toIndexError(error, this.#path);
    }
  }

  all(sql: string, ...values: readonly SQLInputValue[]): readonly SqlRow[] {
    try {
      return this.#prepare(sql).all(...values) as unknown as readonly SqlRow[];
    } catch (error) {
      throw toIndexError(error, this.#path);
    }
  }

  /** Returns the number of rows it changed. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    try {
      return Number(this.#prepare(sql).run(...values).changes);
    } catch (error) {
      throw toIndexError(error, this.#path);
    }
  }

  exec(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw toIndexError(error, this.#path);
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql.replaceAll(BOUND_LIMIT, "$& + 0"));
      statement.setReturnArrays(true);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}
