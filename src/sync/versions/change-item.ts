/** What a command that takes paths away, or elsewhere, tells of each of them. */
import { SyncError } from "../../shared/errors.ts";
import type { FileType } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import type { LocalRow } from "../index/index-port.ts";

export interface SkippedItem {
  readonly type: "skipped";
  readonly path: RelPath;
  readonly code: string;
  readonly message: string;
}

export interface DeletedItem {
  readonly type: "deleted";
  readonly path: RelPath;
  readonly fileType: FileType;
  readonly size: number;
}

export interface MovedItem {
  readonly type: "moved";
  readonly path: RelPath;
  readonly storedAs: RelPath;
  readonly fileType: FileType;
  readonly size: number;
}

/** Who gives a command, as the folder's engine needs to know it. */
export interface Asker {
  /** As an owner is written: whose change it is, and whose what it makes will be. */
  readonly by: string;
  /** Throws E_NOT_ALLOWED where these may not be taken away by whoever asks. */
  readonly assertMayRemove: (found: readonly Pick<LocalRow, "path" | "owner">[]) => void;
}

/** Why one path may not be taken away, as an item: inside the folder's loop nothing is thrown for it. */
export function refusalOf(
  { assertMayRemove }: Asker,
  found: Pick<LocalRow, "path" | "owner">,
): SkippedItem | undefined {
  try {
    assertMayRemove([found]);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    return { type: "skipped", path: found.path, code: error.code, message: error.message };
  }
}
