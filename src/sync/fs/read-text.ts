import { fsError } from "./errno.ts";
import type { Filesystem, PrivatePath } from "./filesystem.ts";

const TEXT_BYTES_MAX = 64 * 1024 * 1024;

/** Reads a small file that Syncline wrote itself. Fails with EFBIG when somebody put something else there. */
export function readText(fs: Filesystem, path: PrivatePath): string {
  const handle = fs.openRead(path);
  try {
    const { size } = handle.stat();
    if (size > TEXT_BYTES_MAX) throw fsError("EFBIG", path, "read");
    const bytes = new Uint8Array(size);
    let filled = 0;
    for (let count = -1; count !== 0 && filled < size; filled += count)
      count = handle.read(bytes.subarray(filled), filled);
    return new TextDecoder().decode(bytes.subarray(0, filled));
  } finally {
    handle.close();
  }
}
