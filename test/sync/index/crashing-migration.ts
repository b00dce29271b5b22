/**
 * Migrates an index and kills itself before a given step, where a step is one
 * SQL text run, one flush or one rename: `node crashing-migration.ts PATH STEP`.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";

const [, , path = "", point = ""] = process.argv;
let step = 0;

function killAtPoint(): void {
  if (++step === Number(point)) process.kill(process.pid, "SIGKILL");
}

function spied<A extends unknown[], R>(original: (this: unknown, ...args: A) => R): (this: unknown, ...args: A) => R {
  return function spy(...args) {
    killAtPoint();
    return original.apply(this, args);
  };
}

DatabaseSync.prototype.exec = spied(DatabaseSync.prototype.exec);
StatementSync.prototype.run = spied(StatementSync.prototype.run) as typeof StatementSync.prototype.run;
fs.fsyncSync = spied(fs.fsyncSync);
fs.renameSync = spied(fs.renameSync) as typeof fs.renameSync;
syncBuiltinESMExports();

const { openForWriting } = await import("../../../src/sync/index/open-database.ts");
const { LATER_MIGRATIONS } = await import("./later-migrations.ts");
openForWriting(path, LATER_MIGRATIONS).close();
