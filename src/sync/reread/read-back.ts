/** Reads what lies at a path now, past everything that is remembered of it. */
import { createHash } from "node:crypto";
import { sameStamp } from "../../shared/file-info.ts";
import type { ContentId, RelPath } from "../../shared/ids.ts";
import { type HashTools, hashFileContent } from "../delta/hash-content.ts";
import { isFsError } from "../fs/errno.ts";
import { type Filesystem, FsError } from "../fs/filesystem.ts";

/** What was found. Data that crosses threads. */
export type ReadBack =
  | {
      readonly type: "file";
      readonly path: RelPath;
      readonly size: number;
      /** Of the whole content, as hex. */
      readonly sha256: string;
      readonly contentId: ContentId;
    }
  | { readonly type: "symlink"; readonly path: RelPath; readonly target: string }
  | { readonly type: "directory"; readonly path: RelPath }
  | { readonly type: "missing"; readonly path: RelPath }
  | { readonly type: "unreadable"; readonly path: RelPath; readonly code: string; readonly message: string };

/** A file that is written to meanwhile is read again so many times. */
const TRIES = 3;

/** Never throws for what one path holds. */
export function readBack(fs: Filesystem, path: RelPath, tools: HashTools): ReadBack {
  try {
    const type = fs.stat(path)?.type;
    switch (type) {
      case undefined:
        return { type: "missing", path };
      case "directory":
        return { type: "directory", path };
      case "symlink":
        return { type: "symlink", path, target: fs.readLink(path) };
      case "special":
        return unreadable(path, "E_SPECIAL_FILE", `${path} is no file, directory or link`);
      case "file":
        return readFile(fs, path, tools);
      default:
        return type satisfies never;
    }
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return { type: "missing", path };
    if (!(thrown instanceof FsError)) throw thrown;
    return unreadable(path, "E_UNREADABLE", `${path} cannot be read: ${thrown.message}`);
  }
}

function readFile(fs: Filesystem, path: RelPath, tools: HashTools): ReadBack {
  for (let tries = 0; tries < TRIES; tries++) {
    const handle = fs.openRead(path);
    try {
      const before = handle.stat();
      const sha256 = createHash("sha256");
      const read = (buffer: Uint8Array, position: number): number => {
        const length = handle.read(buffer, position);
        sha256.update(buffer.subarray(0, length));
        return length;
      };
      const { contentId, size } = hashFileContent(read, before.size, tools);
      if (contentId !== null && sameStamp(before, handle.stat()))
        return { type: "file", path, size, sha256: sha256.digest("hex"), contentId };
    } finally {
      handle.close();
    }
  }
  return unreadable(path, "E_CHANGING", `${path} is being written to`);
}

function unreadable(path: RelPath, code: string, message: string): ReadBack {
  return { type: "unreadable", path, code, message };
}
