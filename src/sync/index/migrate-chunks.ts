import type { DatabaseSync } from "node:sqlite";

/**
 * Chunks are found by their hashes: `key` is 48 bits of one, `family` the id of
 * the first of the chunk lists that share the row (chunk-table.ts).
 */
const TABLES = `
  ALTER TABLE chunk_list ADD COLUMN family INTEGER NOT NULL DEFAULT 0;
  UPDATE chunk_list SET family = id;
  CREATE INDEX chunk_list_family ON chunk_list (family);
  CREATE TABLE chunk (
    key INTEGER NOT NULL,
    family INTEGER NOT NULL,
    PRIMARY KEY (key, family)
  ) STRICT, WITHOUT ROWID;
`;
/** Hash and size of each chunk, as lists were stored when this step was written; the key is the first six bytes. */
const ENTRY_BYTES = 36;
const KEY_BYTES = 6;

/** Adds the table of chunks, and fills it with what is there: each list by itself. */
export function addChunks(database: DatabaseSync): void {
  database.exec(TABLES);
  const lists = database.prepare("SELECT id, list FROM chunk_list");
  const add = database.prepare("INSERT OR IGNORE INTO chunk (key, family) VALUES (?, ?)");
  for (const { id, list } of lists.iterate() as unknown as Iterable<{ id: number; list: Uint8Array }>) {
    const bytes = Buffer.from(list.buffer, list.byteOffset, list.length);
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) add.run(bytes.readUIntBE(at, KEY_BYTES), id);
  }
}
