import type { Statements } from "./statements.ts";

/** Ids kept at hand; batches stay within few directories. */
const KEPT_MAX = 4096;

/** Numbers of directories, for the writer. Only it makes and removes them, so what it has seen holds until it rolls back. */
export class DirectoryTable {
  readonly #sql: Statements;
  readonly #ids = new Map<string, number>();

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** The number of a directory, made when there is none. */
  idOf(folder: number, path: string): number {
    const found = this.find(folder, path);
    if (found !== undefined) return found;
    const row = this.#sql.get("INSERT INTO directory (folder, path) VALUES (?, ?) RETURNING id", folder, path);
    return this.#keep(`${folder}/${path}`, row?.[0] as number);
  }

  find(folder: number, path: string): number | undefined {
    const key = `${folder}/${path}`;
    const kept = this.#ids.get(key);
    if (kept !== undefined) return kept;
    const row = this.#sql.get("SELECT id FROM directory WHERE folder = ? AND path = ?", folder, path);
    return row === undefined ? undefined : this.#keep(key, row[0] as number);
  }

  /** Forgets what was kept: after a rollback, and after directories were removed. */
  forget(): void {
    this.#ids.clear();
  }

  #keep(key: string, id: number): number {
    if (this.#ids.size >= KEPT_MAX) this.#ids.clear();
    this.#ids.set(key, id);
    return id;
  }
}
