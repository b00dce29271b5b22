import fc from "fast-check";
import { expect, test } from "vitest";
import { chunkKey } from "../../../src/sync/delta/chunk-key.ts";
import { encodeChunkList, HASH_BYTES, hashAt } from "../../../src/sync/delta/chunk-list.ts";
import { ChunkTable } from "../../../src/sync/index/chunk-table.ts";
import { openForWriting } from "../../../src/sync/index/open-database.ts";
import { Statements } from "../../../src/sync/index/statements.ts";

/** Lists of chunks, each named by a number: equal numbers are equal chunks. */
class Lists {
  readonly #database = openForWriting(":memory:");
  readonly #sql = new Statements(this.#database, ":memory:");
  readonly table = new ChunkTable(this.#sql);
  readonly #chunksById = new Map<number, readonly number[]>();
  #next = 1;

  add(chunks: readonly number[]): number {
    const list = {
      sizes: new Uint32Array(chunks.length).fill(33_000),
      hashes: new Uint8Array(chunks.length * HASH_BYTES),
    };
    for (const [i, chunk] of chunks.entries()) hashAt(list, i).set(hashOf(chunk));
    const id = this.#next++;
    const stored = encodeChunkList(list);
    this.#sql.run(
      "INSERT INTO chunk_list (id, key, content_id, list) VALUES (?, ?, ?, ?)",
      id,
      id,
      Buffer.of(id),
      stored,
    );
    this.table.add(id, stored);
    this.#chunksById.set(id, chunks);
    return id;
  }

  remove(id: number): void {
    this.table.remove([id], 1_000_000);
    this.#chunksById.delete(id);
  }

  /** Chunks that are found, and of which a list of their family really has them. */
  found(chunks: readonly number[]): readonly number[] {
    const found = new Set<number>();
    for (const [family, keys] of this.table.families(Float64Array.from(chunks, keyOf))) {
      const ids = this.table.contentsOf(family).map((contentId) => Number.parseInt(contentId, 16));
      const held = new Set(ids.flatMap((id) => this.#chunksById.get(id) ?? []).map(keyOf));
      for (const key of keys) {
        expect(held.has(key), "a row of a chunk that no list of its family has").toBe(true);
        found.add(key);
      }
    }
    return chunks.filter((chunk) => found.has(keyOf(chunk)));
  }

  get rows(): number {
    return Number(this.#database.prepare("SELECT count(*) AS n FROM chunk").get()?.["n"]);
  }
}

function hashOf(chunk: number): Uint8Array {
  const hash = Buffer.alloc(HASH_BYTES, 7);
  hash.writeUInt32BE(Math.imul(chunk + 1, 0x9e3779b1) >>> 0, 0);
  hash.writeUInt16BE(chunk & 0xffff, 4);
  return hash;
}

function keyOf(chunk: number): number {
  return chunkKey(hashOf(chunk), 0);
}

function numbers(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

test("a new version writes rows for what changed in it only", () => {
  const lists = new Lists();
  const before = lists.add(numbers(0, 1000));
  expect(lists.rows).toBe(1000);
  const after = lists.add([...numbers(0, 500), 5000, ...numbers(501, 499)]);
  expect(lists.rows).toBe(1001);
  lists.remove(before);
  expect(lists.rows).toBe(1000);
  expect(lists.found([0, 500, 5000])).toEqual([0, 5000]);
  lists.remove(after);
  expect(lists.rows).toBe(0);
});

test("a family takes so many lists and no more", () => {
  const lists = new Lists();
  for (let version = 0; version < 20; version++) lists.add([...numbers(0, 50), 1000 + version]);
  expect(lists.table.families(Float64Array.of(keyOf(7))).size).toBe(3);
});

test("whatever is stored and removed, exactly the chunks of the lists that are there are found", () => {
  const chunks = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 30 });
  const step = fc.oneof({ weight: 3, arbitrary: chunks }, { weight: 2, arbitrary: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const lists = new Lists();
      const held = new Map<number, readonly number[]>();
      for (const each of steps) {
        if (typeof each !== "number") held.set(lists.add(each), each);
        else {
          const id = [...held.keys()][each % Math.max(1, held.size)];
          if (id === undefined) continue;
          lists.remove(id);
          held.delete(id);
        }
      }
      const here = new Set([...held.values()].flat());
      expect(lists.found(numbers(0, 41))).toEqual(numbers(0, 41).filter((chunk) => here.has(chunk)));
      if (held.size === 0) expect(lists.rows).toBe(0);
    }),
    { numRuns: 60 },
  );
});
