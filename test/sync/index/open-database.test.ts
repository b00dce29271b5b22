import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { startIndex } from "../../../src/sync/index/index-client.ts";
import { MIGRATIONS, type Migration } from "../../../src/sync/index/migrations.ts";
import { openForReading, openForWriting } from "../../../src/sync/index/open-database.ts";
import { openIndex } from "../../../src/sync/index/open-index.ts";
import { encodeRecord } from "../../../src/sync/index/record-codec.ts";
import { indexPlaces } from "./places.ts";
import { change, directory, EPOCH, FOLDER, file, path, stamp } from "./rows.ts";

const newIndexPath = indexPlaces();

async function filledIndex(): Promise<string> {
  const at = newIndexPath();
  await using index = openIndex(at);
  await index.write.openFolder(FOLDER, EPOCH);
  await index.write.commitLocal(FOLDER, [change("d/a", file({ A: 1 })), change("b", file({ A: 1 }))], { nowMs: 1 });
  return at;
}

const LAST = MIGRATIONS.at(-1)?.version ?? 0;
const COMMENT: Migration = {
  version: LAST + 1,
  up: (database) => database.exec("ALTER TABLE folder ADD COLUMN label TEXT"),
};
const BROKEN: Migration = {
  version: LAST + 2,
  up: (database) => database.exec("CREATE TABLE later (x); INSERT INTO nowhere VALUES (1)"),
};

describe("opening an index", () => {
  test("makes a new one, flushed at every commit, in the form that readers share", () => {
    const at = newIndexPath();
    using database = openForWriting(at);
    const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect(pragma("user_version")).toBe(MIGRATIONS.at(-1)?.version);
    expect(pragma("journal_mode")).toBe("wal");
    expect(pragma("synchronous")).toBe(2);
    expect(pragma("mmap_size")).toBe(0);
  });

  test("takes an empty file for a new one", () => {
    const at = newIndexPath();
    writeFileSync(at, "");
    using database = openForWriting(at);
    expect(database.prepare("SELECT count(*) AS n FROM folder").get()).toEqual({ n: 0 });
  });

  test("refuses one that a newer Syncline wrote, and leaves it as it is", async () => {
    const at = await filledIndex();
    openForWriting(at, [...MIGRATIONS, COMMENT]).close();
    const before = readFileSync(at);
    for (const open of [() => openForWriting(at), () => openForReading(at), () => openIndex(at)]) {
      expect(open).toThrow(expect.objectContaining({ code: "E_INDEX_NEWER", message: expect.stringContaining(at) }));
    }
    await expect(startIndex(at)).rejects.toMatchObject({
      code: "E_INDEX_NEWER",
      hint: expect.stringContaining("update"),
    });
    expect(readFileSync(at).equals(before)).toBe(true);
  });

  test.each([
    { name: "text", bytes: Buffer.from("this is not a database\n".repeat(100)) },
    { name: "a few bytes", bytes: Buffer.from("oops") },
    { name: "zeros", bytes: Buffer.alloc(8192) },
  ])("refuses $name with a way out, and leaves it as it is", async ({ bytes }) => {
    const at = newIndexPath();
    writeFileSync(at, bytes);
    expect(() => openForWriting(at)).toThrow(
      expect.objectContaining({ code: "E_INDEX_BROKEN", hint: expect.stringContaining("move index.db away") }),
    );
    await expect(startIndex(at)).rejects.toMatchObject({ code: "E_INDEX_BROKEN" });
    expect(readFileSync(at).equals(bytes)).toBe(true);
  });

  test("refuses somebody else's database, and leaves it as it is", () => {
    const at = newIndexPath();
    using other = new DatabaseSync(at);
    other.exec("CREATE TABLE bookmarks (url TEXT)");
    other.close();
    const before = readFileSync(at);
    expect(() => openForWriting(at)).toThrow(expect.objectContaining({ code: "E_INDEX_BROKEN" }));
    expect(readFileSync(at).equals(before)).toBe(true);
  });

  test("refuses a path that it cannot open, by name", () => {
    expect(() => openForWriting("/no/such/place/index.db")).toThrow(
      expect.objectContaining({ code: "E_PERMISSION", message: expect.stringContaining("/no/such/place") }),
    );
  });

  test("a page broken later on is told as a broken index, not as a wrong answer", async () => {
    const at = await filledIndex();
    using database = openForWriting(at);
    const row = database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'local'").get();
    database.close();
    const bytes = readFileSync(at);
    bytes.fill(0xff, 4096 * (Number(row?.["rootpage"]) - 1), 4096 * Number(row?.["rootpage"]));
    writeFileSync(at, bytes);
    await using index = openIndex(at);
    expect(() => index.read.local(FOLDER, path("b"))).toThrow(expect.objectContaining({ code: "E_INDEX_BROKEN" }));
  });
});

describe("migrating an index", () => {
  test("keeps every row, and the file as it was beside it", async () => {
    const at = await filledIndex();
    using database = openForWriting(at, [...MIGRATIONS, COMMENT]);
    expect(database.prepare("SELECT id, label FROM folder").get()).toEqual({ id: FOLDER, label: null });
    await using backup = openIndex(`${at}.v${LAST}.bak`);
    expect(backup.read.localBelow(FOLDER, "", "", 9)).toHaveLength(2);
    expect(existsSync(`${at}.v${LAST}.bak.partial`)).toBe(false);
  });

  test("a step that fails leaves the version before it, whole", async () => {
    const at = await filledIndex();
    expect(() => openForWriting(at, [...MIGRATIONS, COMMENT, BROKEN])).toThrow("nowhere");
    using database = openForWriting(at, [...MIGRATIONS, COMMENT]);
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: LAST + 1 });
    expect(database.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'later'").get()).toEqual({ n: 0 });
    expect(database.prepare("SELECT count(*) AS n FROM local").get()).toEqual({ n: 2 });
  });

  test("from the first version notes the inodes of the directories that are there", async () => {
    const at = newIndexPath();
    const old = openForWriting(at, MIGRATIONS.slice(0, 1));
    old.exec(`INSERT INTO folder (num, id, epoch, sequence) VALUES (1, '${FOLDER}', '${EPOCH}', 1)`);
    old.exec("INSERT INTO directory (id, folder, path) VALUES (1, 1, '')");
    old
      .prepare(
        "INSERT INTO local (directory, name, folder, sequence, since, kind, size, record) VALUES (1, 'd', 1, 1, 1, 5, 0, ?)",
      )
      .run(encodeRecord([directory({ A: 1 })], stamp(77n)));
    old.close();
    await using index = openIndex(at);
    expect(index.read.directoriesAt(FOLDER, stamp(77n)).map((row) => row.path)).toEqual(["d"]);
    expect(existsSync(`${at}.v1.bak`)).toBe(true);
  });

  test("a new index needs no backup", () => {
    const at = newIndexPath();
    openForWriting(at, [...MIGRATIONS, COMMENT]).close();
    expect(existsSync(`${at}.v0.bak`)).toBe(false);
  });
});
