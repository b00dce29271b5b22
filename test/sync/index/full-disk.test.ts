import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openIndex } from "../../../src/sync/index/open-index.ts";
import { indexPlaces } from "./places.ts";
import { FOLDER } from "./rows.ts";

const newIndexPath = indexPlaces();
const run = promisify(execFile);
const WRITER = fileURLToPath(new URL("limited-writer.ts", import.meta.url));

interface Seen {
  readonly code: string;
  readonly again: string;
  readonly acked: number;
  readonly rows: number;
  readonly sequence: number;
  readonly after: number;
  readonly rowsAfter: number;
}

/** The writer was told, what it had acknowledged stands, and with room again it goes on. */
function expectPausedAndResumed(seen: Seen, code: string): void {
  expect(seen.code).toBe(code);
  expect(seen.again).toBe(code);
  expect(seen.acked).toBeGreaterThan(0);
  expect(seen.rows).toBe(seen.acked);
  expect(seen.sequence).toBe(seen.acked);
  expect(seen.after).toBe(seen.acked + 100);
  expect(seen.rowsAfter).toBe(seen.after);
}

async function expectWhole(path: string, rows: number): Promise<void> {
  await using index = openIndex(path);
  expect(index.read.localSince(FOLDER, 0, 1_000_000)).toHaveLength(rows);
}

test("a full disk fails the write with its name, and nothing that was acknowledged is lost", {
  timeout: 30_000,
}, async (context) => {
  const disk = mkdtempSync(join(tmpdir(), "syncline-small-disk-"));
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], { stdio: "ignore" });
  } catch {
    rmSync(disk, { recursive: true });
    return context.skip("a small disk needs the right to mount one");
  }
  try {
    const path = join(disk, "index.db");
    writeFileSync(join(disk, "ballast"), Buffer.alloc(3 * 2 ** 20));
    const { stdout } = await run(process.execPath, [WRITER, path, "rm", join(disk, "ballast")]);
    const seen = JSON.parse(stdout) as Seen;
    expectPausedAndResumed(seen, "E_DISK_FULL");
    await expectWhole(path, seen.after);
  } finally {
    execFileSync("/bin/umount", [disk]);
    rmSync(disk, { recursive: true });
  }
});

test("a disk that fails a write fails the call, and the writer starts anew from what is on the disk", {
  timeout: 30_000,
}, async (context) => {
  if (process.platform !== "linux") return context.skip("failing writes are made by a limit that Linux has");
  const path = newIndexPath();
  // A file-size limit makes the kernel refuse writes behind it with EFBIG, which SQLite reports as a failed write.
  const script = `trap '' XFSZ; ulimit -S -f 2048; exec "$0" "$@"`;
  const makeRoom = ["prlimit", "--pid", "{pid}", "--fsize=unlimited"];
  const { stdout } = await run("bash", ["-c", script, process.execPath, WRITER, path, ...makeRoom]);
  const seen = JSON.parse(stdout) as Seen;
  expectPausedAndResumed(seen, "E_WRITE_FAILED");
  await expectWhole(path, seen.after);
});
