import { type DiskStamp, sameStamp } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { type Filesystem, FsError, type ReadHandle } from "../fs/filesystem.ts";
import { isSmudged } from "../scanner/racy.ts";

/** A small file's bytes while it is what the index says, before and after reading; else undefined. */
export function readUnchanged(fs: Filesystem, path: RelPath, stamp: DiskStamp): Uint8Array | undefined {
  if (stamp.size > LIMITS.pushedBytes.value) return undefined;
  try {
    const handle = fs.openRead(path);
    try {
      return readWhile(handle, stamp);
    } finally {
      handle.close();
    }
  } catch (thrown) {
    // Gone, or not to be read: whoever wants it asks, and is told then.
    if (thrown instanceof FsError) return undefined;
    throw thrown;
  }
}

function readWhile(handle: ReadHandle, stamp: DiskStamp): Uint8Array | undefined {
  const before = handle.stat();
  // A file that was read in the moment it was written is sent, too: the receiver proves what it gets.
  const expected = isSmudged(stamp) ? { ...stamp, ctimeNs: before.ctimeNs } : stamp;
  if (!sameStamp(before, expected)) return undefined;
  const bytes = new Uint8Array(stamp.size);
  for (let filled = 0; filled < bytes.length; ) {
    const count = handle.read(bytes.subarray(filled), filled);
    if (count === 0) return undefined;
    filled += count;
  }
  return sameStamp(handle.stat(), expected) ? bytes : undefined;
}
