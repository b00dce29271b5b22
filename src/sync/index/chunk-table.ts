/**
 * Which chunk lists have a chunk: a row for each chunk and *family* of lists.
 *
 * Lists that have much in common, as versions and copies of a file do, are of
 * one family and share their rows. So a new version of a large file writes rows
 * for what changed in it only, and one that goes takes only those that no other
 * list of the family needs. A family is bounded, because a list that goes is
 * compared with all others of it.
 */
import { toHex } from "../../shared/hex.ts";
import type { ContentId } from "../../shared/ids.ts";
import { chunkKey } from "../delta/chunk-key.ts";
import type { Statements } from "./statements.ts";

/** A stored list's entry: 32 bytes of hash, 4 of size (delta/chunk-list.ts). */
const ENTRY_BYTES = 36;
const FAMILY_LISTS_MAX = 8;
/** Chunks of a new list that are looked up to find its family; two that are known tell. */
const SAMPLES = 8;
const SAMPLES_SHARED_MIN = 2;
const FAMILIES_PER_CHUNK = 16;
const SLICE_KEYS = 4096;

interface ListRow {
  readonly id: number;
  readonly family: number;
  readonly list: Uint8Array;
}

export class ChunkTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Notes the chunks of a list that was just stored. */
  add(id: number, list: Uint8Array): void {
    const family = this.#familyOf(list) ?? id;
    this.#sql.run("UPDATE chunk_list SET family = ? WHERE id = ?", family, id);
    for (const keys of inSlices(keysOf(list).sort()))
      this.#sql.run("INSERT OR IGNORE INTO chunk (key, family) SELECT value, ?2 FROM json_each(?1)", keys, family);
  }

  /** Which of these chunks are in lists, by family; those of families that have most first. */
  families(keys: Float64Array): ReadonlyMap<number, readonly number[]> {
    const found = new Map<number, number[]>();
    for (const slice of inSlices(keys)) {
      const rows = this.#sql.all(
        "SELECT chunk.family, chunk.key FROM json_each(?) wanted CROSS JOIN chunk ON chunk.key = wanted.value",
        slice,
      );
      for (const [family, key] of rows as readonly (readonly [number, number])[]) {
        const known = found.get(family);
        if (known === undefined) found.set(family, [key]);
        else known.push(key);
      }
    }
    return new Map([...found].sort(([, a], [, b]) => b.length - a.length));
  }

  /** The contents whose lists are of a family, the newest first. */
  contentsOf(family: number): readonly ContentId[] {
    return this.#sql
      .all("SELECT content_id FROM chunk_list WHERE family = ? ORDER BY id DESC", family)
      .map(([id]) => toHex(id as Uint8Array) as ContentId);
  }

  /** Deletes lists, and the rows of chunks that are in none any more. Returns how many of them it did: about `chunksMax` chunks at once. */
  remove(ids: readonly number[], chunksMax: number): number {
    let [removed, chunks] = [0, 0];
    for (const id of ids) {
      if (chunks >= chunksMax) break;
      chunks += this.#removeOne(id);
      removed++;
    }
    return removed;
  }

  #removeOne(id: number): number {
    const row = this.#sql.get("SELECT family, list FROM chunk_list WHERE id = ?", id);
    if (row === undefined) return 0;
    const [family, list] = row as [number, Uint8Array];
    this.#sql.run("DELETE FROM chunk_list WHERE id = ?", id);
    const gone = new Set(keysOf(list));
    let looked = list.length;
    for (const other of this.#lists(family)) {
      looked += other.list.length;
      for (const key of keysOf(other.list)) gone.delete(key);
    }
    for (const keys of inSlices(Float64Array.from(gone).sort()))
      this.#sql.run("DELETE FROM chunk WHERE family = ?2 AND key IN (SELECT value FROM json_each(?1))", keys, family);
    return looked / ENTRY_BYTES;
  }

  #lists(family: number): readonly ListRow[] {
    return this.#sql
      .all("SELECT id, list FROM chunk_list WHERE family = ?", family)
      .map(([id, list]) => ({ id: id as number, family, list: list as Uint8Array }));
  }

  /** The family that most of a sample of the chunks are of already, when it takes another list. */
  #familyOf(list: Uint8Array): number | undefined {
    const count = list.length / ENTRY_BYTES;
    const shared = new Map<number, number>();
    for (let sample = 0; sample < Math.min(SAMPLES, count); sample++) {
      const at = Math.floor(((sample + 0.5) * count) / Math.min(SAMPLES, count));
      const key = chunkKey(list, at * ENTRY_BYTES);
      for (const [family] of this.#sql.all("SELECT family FROM chunk WHERE key = ? LIMIT ?", key, FAMILIES_PER_CHUNK))
        shared.set(family as number, (shared.get(family as number) ?? 0) + 1);
    }
    const known = [...shared].filter(([, times]) => times >= SAMPLES_SHARED_MIN).sort((a, b) => b[1] - a[1]);
    return known.find(([family]) => this.#size(family) < FAMILY_LISTS_MAX)?.[0];
  }

  #size(family: number): number {
    return this.#sql.get("SELECT count(*) FROM chunk_list WHERE family = ?", family)?.[0] as number;
  }
}

function keysOf(list: Uint8Array): Float64Array {
  return Float64Array.from({ length: list.length / ENTRY_BYTES }, (_, chunk) => chunkKey(list, chunk * ENTRY_BYTES));
}

/** Keys as SQL takes many at once, for a third of what one by one costs; sorted ones meet each page of the table once. */
function* inSlices(keys: Float64Array): Generator<string> {
  for (let at = 0; at < keys.length; at += SLICE_KEYS) yield `[${keys.subarray(at, at + SLICE_KEYS).join(",")}]`;
}
