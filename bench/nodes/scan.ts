/** How fast one folder is scanned: everything for the first time, and again when nothing has changed. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock, systemRandom } from "../../src/daemon/system-ports.ts";
import type { FolderId, ShortId } from "../../src/shared/ids.ts";
import type { Log } from "../../src/shared/ports.ts";
import type { FolderContext } from "../../src/sync/folder-context.ts";
import type { FolderDisk, ScanRequest } from "../../src/sync/folder-disk.ts";
import { openDisk } from "../../src/sync/fs/disk.ts";
import { writeMarker } from "../../src/sync/fs/marker.ts";
import { createHasher } from "../../src/sync/hash/blake3.ts";
import { startIndex } from "../../src/sync/index/index-client.ts";
import type { FolderIndex } from "../../src/sync/index/index-port.ts";
import { commitPresent } from "../../src/sync/local-changes.ts";
import { ScanClient } from "../../src/sync/scanner/scan-client.ts";
import { makeSmallFiles } from "./data.ts";

const FOLDER = "bench" as FolderId;
const KIB = 1024;
const EVERYTHING: ScanRequest = {
  paths: "everything",
  isThorough: false,
  ignore: { folderText: "", devicePatterns: [] },
};
const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => SILENT };

export interface ScanRates {
  readonly files: number;
  /** Read, hashed and committed. */
  readonly firstPerSecond: number;
  /** Looked at only. */
  readonly unchangedPerSecond: number;
}

/** Scans `files` files of 1 to 4 KiB in a directory of its own below `base`. */
export async function measureScan(base: string, files: number, signal: AbortSignal): Promise<ScanRates> {
  const root = join(base, "folder");
  makeSmallFiles(root, files, 4 * KIB);
  mark(root);
  const indexPath = join(base, "index.db");
  await using index = await startIndex(indexPath);
  await index.write.openFolder(FOLDER, "epoch");
  await using client = new ScanClient({ indexPath });
  const context = contextOf(index);
  const scan = async (): Promise<number> => {
    const startedMs = performance.now();
    await client.folder({ folder: FOLDER, root })(
      EVERYTHING,
      async ({ observations }) => {
        const present = observations.filter((one) => one.type === "present");
        await commitPresent(context, present, { isReborn: false });
      },
      signal,
    );
    return files / ((performance.now() - startedMs) / 1000);
  };
  return { files, firstPerSecond: await scan(), unchangedPerSecond: await scan() };
}

function mark(root: string): void {
  mkdirSync(join(root, ".syncline"), { recursive: true });
  const disk = openDisk(root);
  writeMarker(disk, { format: 1, folder: FOLDER, epoch: "epoch" });
  disk.close();
}

/** What committing a scan needs; the disk is reached through the scan thread alone. */
function contextOf(index: FolderIndex): FolderContext {
  const disk = new Proxy({}, { get: (_, name) => unused(String(name)) }) as FolderDisk;
  const self = "AAAAAAAAAAAA" as ShortId;
  const ports = { clock: systemClock, random: systemRandom, hasher: createHasher(), log: SILENT };
  return { folder: FOLDER, self, index, disk, ...ports, emit: () => {} };
}

function unused(name: string): never {
  throw new Error(`bug: committing a scan asked the disk for ${name}`);
}
