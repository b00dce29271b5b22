import { MIGRATIONS, type Migration } from "../../../src/sync/index/migrations.ts";

const LAST = MIGRATIONS.at(-1)?.version ?? 0;

/** Two steps that later versions might take: columns filled from others, tables moved. */
export const LATER_MIGRATIONS: readonly Migration[] = [
  ...MIGRATIONS,
  {
    version: LAST + 1,
    up: (database) => {
      database.exec("ALTER TABLE local ADD COLUMN doubled INTEGER");
      database.exec("UPDATE local SET doubled = 2 * size WHERE sequence <= 10");
      database.exec("UPDATE local SET doubled = 2 * size WHERE sequence > 10");
      database.exec("CREATE INDEX local_doubled ON local (doubled)");
    },
  },
  {
    version: LAST + 2,
    up: (database) => {
      database.exec("CREATE TABLE label (folder INTEGER PRIMARY KEY, label TEXT) STRICT");
      database.exec("INSERT INTO label SELECT num, id FROM folder");
      database.exec("DROP INDEX local_doubled");
      database.exec("ALTER TABLE note ADD COLUMN since INTEGER");
    },
  },
];
