import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { MIGRATIONS } from "../../../src/sync/index/migrations.ts";
import { openForWriting } from "../../../src/sync/index/open-database.ts";
import { openIndex } from "../../../src/sync/index/open-index.ts";
import { seeded } from "../../support/seeded.ts";
import { LATER_MIGRATIONS } from "./later-migrations.ts";
import { indexPlaces } from "./places.ts";
import { change, EPOCH, FOLDER, file } from "./rows.ts";

const newIndexPath = indexPlaces();
const KILLS = 20;
const BATCH_ROWS = 25;
const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const WRITER = fileURLToPath(new URL("crashing-writer.ts", import.meta.url));
const MIGRATION = fileURLToPath(new URL("crashing-migration.ts", import.meta.url));

/** Runs the writer until it has acknowledged `acks` writes, kills it there, and tells the last sequence it acknowledged. */
async function writeAndKill(path: string, acks: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, path, String(BATCH_ROWS)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.split("\n").length > acks) child.kill("SIGKILL");
  });
  await once(child, "close");
  expect(child.signalCode).toBe("SIGKILL");
  const lines = said.split("\n").filter((line) => line !== "");
  return Math.max(...lines.map(Number));
}

test(`a writer killed ${KILLS} times in the middle loses nothing it acknowledged (SEED=${SEED})`, {
  timeout: 60_000,
}, async () => {
  const path = newIndexPath();
  const random = seeded(SEED);
  for (let round = 0; round < KILLS; round++) {
    const acked = await writeAndKill(path, 1 + Math.floor(random() * 40));
    await using index = openIndex(path);
    const { sequence } = index.read.folder(FOLDER) ?? { sequence: -1 };
    expect(sequence).toBeGreaterThanOrEqual(acked);
    expect(sequence % BATCH_ROWS, "half a transaction").toBe(0);
    expect(index.read.totals(FOLDER).files).toBe(sequence);
    expect(index.read.localSince(FOLDER, 0, 100_000)).toHaveLength(sequence);
    expect(integrityOf(path)).toBe("ok");
    expectWaitingToFollow(path);
  }
});

function integrityOf(path: string): unknown {
  using database = new DatabaseSync(path, { readOnly: true });
  return Object.values(database.prepare("PRAGMA integrity_check").get() ?? {})[0];
}

/** Counters and the waiting list are in the transactions of the rows they tell of. */
function expectWaitingToFollow(path: string): void {
  using database = new DatabaseSync(path, { readOnly: true });
  const counts = database
    .prepare(
      "SELECT (SELECT count(*) FROM remote WHERE pending > 0) AS pending, (SELECT count(*) FROM waiting) AS listed, waiting AS counted FROM folder",
    )
    .get();
  expect(counts?.["listed"]).toBe(counts?.["pending"]);
  expect(counts?.["counted"]).toBe(counts?.["pending"]);
}

/** Runs the migration until its `point`th step; tells whether it came to its end before. */
async function migrateAndKill(path: string, point: number): Promise<boolean> {
  const child = spawn(process.execPath, [MIGRATION, path, String(point)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await once(child, "close");
  if (child.signalCode !== "SIGKILL") expect(child.exitCode).toBe(0);
  return child.signalCode === null;
}

test("a migration killed at any of its steps leaves a whole version, and is completed at the next start", {
  timeout: 60_000,
}, async () => {
  let point = 1;
  for (let isComplete = false; !isComplete; point += 3) {
    isComplete = (await Promise.all([point, point + 1, point + 2].map(checkMigrationKilledAt))).includes(true);
  }
  expect(point).toBeGreaterThan(20);
});

/** Tells whether the migration has fewer steps than that. */
async function checkMigrationKilledAt(point: number): Promise<boolean> {
  const path = newIndexPath();
  await fill(path);
  const isComplete = await migrateAndKill(path, point);
  const version = pragmaOf(path, "user_version");
  expect(LATER_MIGRATIONS.map((step) => step.version)).toContain(version);
  if (version !== MIGRATIONS.at(-1)?.version)
    expect(existsSync(`${path}.v${MIGRATIONS.at(-1)?.version}.bak`)).toBe(true);
  openForWriting(path, LATER_MIGRATIONS).close();
  expect(pragmaOf(path, "user_version")).toBe(LATER_MIGRATIONS.at(-1)?.version);
  expect(integrityOf(path)).toBe("ok");
  using database = new DatabaseSync(path, { readOnly: true });
  expect(
    database.prepare("SELECT count(*) AS rows, sum(size) AS size, sum(doubled) AS doubled FROM local").get(),
  ).toEqual({ rows: 30, size: 300, doubled: 600 });
  await using backup = openIndex(`${path}.v${MIGRATIONS.at(-1)?.version}.bak`);
  expect(backup.read.localSince(FOLDER, 0, 99)).toHaveLength(30);
  return isComplete;
}

async function fill(path: string): Promise<void> {
  await using index = openIndex(path);
  await index.write.openFolder(FOLDER, EPOCH);
  await index.write.commitLocal(
    FOLDER,
    Array.from({ length: 30 }, (_, i) => change(`d/${i}`, file({ A: 1 }, `${i}`))),
    { nowMs: 1 },
  );
}

function pragmaOf(path: string, name: string): unknown {
  using database = new DatabaseSync(path, { readOnly: true });
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}
