import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { type SqlRow, Statements } from "./statements.ts";

/**
 * Statements of a reading connection, those of one synchronous stretch in one
 * read transaction: so SQLite takes and gives back its locks once, not for
 * each of the thousands of rows that planning a batch looks up.
 *
 * The transaction ends in the first microtask after it began. Whoever awaited
 * a write therefore sees it: either the answer came before the transaction
 * began, or what awaits it runs after the end, which was queued first.
 */
export class StretchStatements extends Statements {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync, path: string) {
    super(database, path);
    this.#database = database;
  }

  override get(sql: string, ...values: readonly SQLInputValue[]): SqlRow | undefined {
    this.#begin();
    return super.get(sql, ...values);
  }

  override all(sql: string, ...values: readonly SQLInputValue[]): readonly SqlRow[] {
    this.#begin();
    return super.all(sql, ...values);
  }

  #begin(): void {
    if (this.#database.isTransaction) return;
    this.exec("BEGIN");
    queueMicrotask(() => this.#end());
  }

  #end(): void {
    if (this.#database.isOpen && this.#database.isTransaction) this.exec("COMMIT");
  }
}
