/** Words for what keeps single paths from being seen. */
import type { PathProblem } from "../../shared/file-info.ts";
import { FsError } from "../fs/filesystem.ts";

const GONE = new Set(["ENOENT", "ENOTDIR"]);

/** Whether a failure means that the thing is no longer where it was, as far as this one call can tell. */
export function isGone(error: unknown): boolean {
  return error instanceof FsError && GONE.has(error.code);
}

/** The problem for a failed call on one path. What is no file system failure is a bug and is thrown on. */
export function unreadable(path: string, error: unknown): PathProblem {
  if (!(error instanceof FsError)) throw error;
  if (error.code === "EXDEV") return otherFilesystem(path);
  if (error.code === "EILSEQ") {
    return { path, code: "E_NAME_NOT_UTF8", message: `${path} points to a name that is not UTF-8` };
  }
  return { path, code: "E_UNREADABLE", message: `${path} cannot be read: ${error.code}` };
}

export function changing(path: string): PathProblem {
  return { path, code: "E_CHANGING", message: `${path} changed while it was read` };
}

export function otherFilesystem(path: string): PathProblem {
  return { path, code: "E_OTHER_FILESYSTEM", message: `${path} lies on another file system` };
}

export function special(path: string): PathProblem {
  return { path, code: "E_SPECIAL_FILE", message: `${path} is a socket, a pipe or a device` };
}

export function notUtf8(path: string): PathProblem {
  return { path, code: "E_NAME_NOT_UTF8", message: `the name of ${path} is not UTF-8` };
}

export function unholdable(path: string, fault: string): PathProblem {
  return { path, code: "E_NAME_UNHOLDABLE", message: `${path} ${fault}, so it is not synced` };
}
