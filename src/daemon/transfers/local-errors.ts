/** What the disk says to a transfer, as a person meets it. */
import { type ErrorCode, SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: "E_DISK_FULL",
  EDQUOT: "E_DISK_FULL",
  EFBIG: "E_DISK_FULL",
  EACCES: "E_PERMISSION",
  EPERM: "E_PERMISSION",
  EROFS: "E_PERMISSION",
  ENOENT: "E_PATH_NOT_FOUND",
  ENOTDIR: "E_PATH_NOT_FOUND",
  ENAMETOOLONG: "E_NAME_UNHOLDABLE",
  EILSEQ: "E_NAME_UNHOLDABLE",
  EINVAL: "E_NAME_UNHOLDABLE",
  EEXIST: "E_EXISTS",
};

/** Names the path, says why; a failure that is no file system's passes unchanged as what it is. */
export function localError(path: string, error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const known = CODES[code] ?? "E_WRITE_FAILED";
  const shown = printable(path);
  switch (known) {
    case "E_DISK_FULL":
      return new SyncError(known, `no space left for ${shown}`, {
        hint: "free some space, then run it again",
        cause: error,
      });
    case "E_PATH_NOT_FOUND":
      return new SyncError(known, `there is no ${shown}`, { hint: "check the spelling", cause: error });
    case "E_PERMISSION":
      return new SyncError(known, `${shown}: not permitted (${code})`, {
        hint: "give the user that runs Syncline permission, or name another place",
        cause: error,
      });
    case "E_NAME_UNHOLDABLE":
      return new SyncError(known, `${shown} cannot be stored here (${code})`, { cause: error });
    case "E_EXISTS":
      return new SyncError(known, `${shown} exists`, { cause: error });
    default:
      return new SyncError("E_WRITE_FAILED", `${shown}: ${message}`, { hint: "run it again", cause: error });
  }
}
