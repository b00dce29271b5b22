/** SHA-256 of local files, and how `sha256sum` writes one down. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { SyncError } from "../shared/errors.ts";
import { printable } from "../shared/printable.ts";

/** Reads a local file whole. Throws E_PATH_NOT_FOUND, E_USAGE for a directory, E_UNREADABLE. */
export async function sha256OfFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { signal });
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    if (signal.aborted) throw cause;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new SyncError("E_PATH_NOT_FOUND", `there is nothing at ${printable(path)}`, {
        cause,
        hint: "check the spelling; a file of another device is PEER:FOLDER/PATH",
      });
    if (code === "EISDIR") throw new SyncError("E_USAGE", `${printable(path)} is a directory`, { cause });
    throw new SyncError("E_UNREADABLE", `${printable(path)} cannot be read: ${message}`, { cause });
  }
  return `sha256:${hash.digest("hex")}`;
}

/**
 * A line of `sha256sum`, which reads it back with `-c`: a name with a
 * backslash or a line end is escaped, and a backslash in front says so.
 */
export function sha256sumLine(hash: string, name: string): string {
  const escaped = name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `${escaped === name ? "" : "\\"}${hash.replace(/^sha256:/, "")}  ${escaped}`;
}
