/** One daemon for each directory: two on one would take each other's staging and rewrite each other's marker. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FolderDisk } from "../sync/folder-disk.ts";
import { PRIVATE_DIRECTORY } from "../sync/fs/filesystem.ts";
import { tryLock } from "./instance-lock.ts";

/** Whether another process syncs this directory now. */
export async function isTaken(root: string): Promise<boolean> {
  if (!existsSync(join(root, PRIVATE_DIRECTORY))) return false;
  const lock = await takeLock(root);
  if (lock !== "taken") lock?.[Symbol.dispose]();
  return lock === "taken";
}

/**
 * The disk of a folder, halted while another process has its lock.
 *
 * The lock is taken when the root is first found right, let go when it is not
 * (it may come back as another), and asked for again at each look.
 */
export class LockedDisk implements Disposable {
  readonly disk: FolderDisk;
  readonly #root: string;
  #lock: Disposable | undefined;

  constructor(disk: FolderDisk, root: string) {
    this.#root = root;
    this.disk = { ...disk, check: async () => await this.#check(disk) };
  }

  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
  }

  async #check(disk: FolderDisk): ReturnType<FolderDisk["check"]> {
    const state = await disk.check();
    if (state.type === "halted") this[Symbol.dispose]();
    else if (this.#lock === undefined) {
      const lock = await takeLock(this.#root);
      if (lock === "taken")
        return { type: "halted", code: "E_FOLDER_IN_USE", message: `${this.#root} is synced by another Syncline node` };
      this.#lock = lock;
    }
    return state;
  }
}

/** undefined: this file system has no locks, or takes no file; then there is nothing to rely on. */
async function takeLock(root: string): Promise<Disposable | "taken" | undefined> {
  try {
    return (await tryLock(join(root, PRIVATE_DIRECTORY, "lock.db"), 0)) ?? "taken";
  } catch {
    return undefined;
  }
}
