/**
 * Writes to an index until it is killed, and says on stdout what was
 * acknowledged: `node crashing-writer.ts PATH BATCH_ROWS`.
 */
import { writeSync } from "node:fs";
import { startIndex } from "../../../src/sync/index/index-client.ts";
import { announced, B, change, EPOCH, FOLDER, file } from "./rows.ts";

const [, , path = "", rows = ""] = process.argv;
const index = await startIndex(path);
await index.write.openFolder(FOLDER, EPOCH);
const first = index.read.folder(FOLDER)?.sequence ?? 0;

for (let batch = first / Number(rows); ; batch += 4) await Promise.all([0, 1, 2, 3].map((i) => writeBatch(batch + i)));

/** One batch is one directory; the peer's rows for the one after it wait. */
async function writeBatch(batch: number): Promise<void> {
  const names = Array.from({ length: Number(rows) }, (_, i) => i);
  const changes = names.map((i) => change(`d${batch}/${i}`, file({ A: 1 }, `${batch}/${i}`)));
  const [last] = await Promise.all([
    index.write.commitLocal(FOLDER, changes, { nowMs: 1 }),
    index.write.commitRemote(
      FOLDER,
      B,
      "e",
      batch + 1,
      names.map((i) => announced(batch + 1, `d${batch + 1}/${i}`, file({ A: 1 }, `${batch + 1}/${i}`))),
    ),
  ]);
  writeSync(1, `${last}\n`);
}
