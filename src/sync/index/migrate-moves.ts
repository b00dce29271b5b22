import type { DatabaseSync } from "node:sqlite";
import { winnerOf } from "../core/heads.ts";
import { inodeKeyOf } from "./inode-key.ts";
import { decodeRecord } from "./record-codec.ts";

/**
 * Directories are found by inode, and a moved one is remembered as one.
 *
 * `move`: peer 0 is this device's own index, else whose index it was told in;
 * `state`: 0 when nothing is to be done about it; 1 for a peer's move that is
 * stored but not on the disk yet; 2 for one of this device that can be told
 * as one no longer, because some of its records were written anew.
 */
const TABLES = `
  ALTER TABLE local ADD COLUMN inode INTEGER;
  CREATE INDEX local_inode ON local (inode) WHERE inode IS NOT NULL;
  CREATE TABLE move (
    folder INTEGER NOT NULL,
    peer INTEGER NOT NULL,
    last INTEGER NOT NULL,
    first INTEGER NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    author TEXT NOT NULL,
    counter INTEGER NOT NULL,
    digest TEXT NOT NULL,
    state INTEGER NOT NULL,
    PRIMARY KEY (folder, peer, last)
  ) STRICT, WITHOUT ROWID;
`;

/** The kind of a live directory that is on the disk, as it was when this step was written. */
const PRESENT_DIRECTORY = 5;

/** Adds what directory moves need, and notes the inodes of the directories that are there. */
export function addMoves(database: DatabaseSync): void {
  database.exec(TABLES);
  const rows = database.prepare(`SELECT directory, name, record FROM local WHERE kind = ${PRESENT_DIRECTORY}`);
  const note = database.prepare("UPDATE local SET inode = ? WHERE directory = ? AND name = ?");
  for (const row of rows.all() as unknown as readonly { directory: number; name: string; record: Uint8Array }[]) {
    const { heads, stamp } = decodeRecord(row.record);
    note.run(inodeKeyOf(winnerOf(heads), stamp), row.directory, row.name);
  }
}
