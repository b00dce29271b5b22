/**
 * Writes to an index until the disk refuses, then has room made and writes on,
 * in the same process: `node limited-writer.ts PATH MAKE-ROOM-COMMAND…`. Says
 * on stdout, as JSON, what it saw. `{pid}` in the command is this process.
 */
import { execFileSync } from "node:child_process";
import { startIndex } from "../../../src/sync/index/index-client.ts";
import { change, EPOCH, FOLDER, file } from "./rows.ts";

const [, , path = "", command = "", ...args] = process.argv;
await using index = await startIndex(path);
await index.write.openFolder(FOLDER, EPOCH);
let acked = 0;
let failure: unknown;
while (failure === undefined) {
  try {
    acked = await writeSome(acked);
  } catch (error) {
    failure = error;
  }
}
const seen = { acked, rows: index.read.totals(FOLDER).files, sequence: index.read.folder(FOLDER)?.sequence };
const again = await writeSome(acked).then(
  () => "written",
  (error: unknown) => (error as { code: string }).code,
);
execFileSync(
  command,
  args.map((arg) => arg.replace("{pid}", String(process.pid))),
);
const after = await writeSome(acked);
const rowsAfter = index.read.totals(FOLDER).files;
process.stdout.write(JSON.stringify({ code: (failure as { code: string }).code, again, ...seen, after, rowsAfter }));

async function writeSome(from: number): Promise<number> {
  const changes = Array.from({ length: 100 }, (_, i) =>
    change(`d${from}/${i}-${"long".repeat(20)}`, file({ A: 1 }, `${from + i}`)),
  );
  return await index.write.commitLocal(FOLDER, changes, { nowMs: 1 });
}
