/** Where a restored path goes, and what is said when it cannot. */
import { ERRORS, type ErrorCode, SyncError } from "../../shared/errors.ts";
import { baseName, type RelPath, relPathFault } from "../../shared/ids.ts";
import type { FolderContext } from "../folder-context.ts";
import { shownHead } from "./known.ts";
import type { RestoreItem } from "./restore-item.ts";

/** Where a file goes that is given another name: into a directory that exists, under its base name. */
export function targetFor(context: FolderContext, path: RelPath, as: RelPath | undefined): RelPath {
  if (as === undefined) return path;
  const shown = shownHead(context.index.read.local(context.folder, as));
  const target = shown?.type === "directory" ? (`${as}/${baseName(path)}` as RelPath) : as;
  const fault = relPathFault(target);
  if (fault !== undefined) throw new SyncError("E_BAD_PATH", `the path ${JSON.stringify(target)} ${fault}`);
  return target;
}

export function existsError(path: RelPath, what: string): SyncError {
  return new SyncError("E_EXISTS", `${path} ${what}`, { hint: "give it another name with --as" });
}

/** What stops the restore of one path, as an error. */
export function failureOf({ path, code, message }: Extract<RestoreItem, { type: "skipped" }>): SyncError {
  const known = (code in ERRORS ? code : "E_WRITE_FAILED") as ErrorCode;
  const options = known === "E_EXISTS" ? { hint: "give it another name with --as" } : {};
  return new SyncError(known, message, { ...options, facts: { path } });
}
