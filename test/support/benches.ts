/** Folders to test on: real ones in a temporary directory, and simulated ones. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkedLookup, walkedLookup } from "../../src/sync/fs/directory.ts";
import { type Disk, type DiskOptions, openDisk } from "../../src/sync/fs/disk.ts";
import { DiskUser } from "./disk-user.ts";
import type { Personality } from "./sim-disk.ts";
import { SimFs } from "./sim-fs.ts";

export const DISK_VARIANTS: Readonly<Record<string, DiskOptions>> = {
  "disk with natives": {},
  "disk through /proc": { natives: undefined, lookup: (_, root) => walkedLookup(root) },
  "disk by checked paths": { natives: undefined, lookup: (rootPath) => checkedLookup(rootPath) },
};

export interface DiskBench {
  readonly fs: Disk;
  readonly user: DiskUser;
  readonly root: string;
  dispose(): void;
}

/** A file system in memory where there is one, for suites that open folders by the thousand. */
export const FAST_TMP: string = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** A new directory with a private area. */
export function diskBench(options: DiskOptions = {}, parent: string = tmpdir()): DiskBench {
  const base = mkdtempSync(join(parent, "syncline-fs-"));
  const root = join(base, "folder");
  mkdirSync(join(root, ".syncline", "stage"), { recursive: true });
  mkdirSync(join(root, ".syncline", "store"));
  const fs = openDisk(root, options);
  const dispose = (): void => {
    fs.close();
    rmSync(base, { recursive: true, force: true });
  };
  return { fs, user: new DiskUser(root), root, dispose };
}

export interface SimBench {
  readonly fs: SimFs;
  readonly user: SimFs["user"];
  dispose(): void;
}

export function simBench(personality: Personality): SimBench {
  const fs = new SimFs({ nowMs: () => 1_750_000_000_000, personality });
  fs.user.plant({ ".syncline": { stage: {}, store: {} } });
  return { fs, user: fs.user, dispose: () => {} };
}
