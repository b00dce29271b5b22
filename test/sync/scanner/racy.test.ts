import { expect, test } from "vitest";
import { type DiskStamp, sameStamp } from "../../../src/shared/file-info.ts";
import { withoutRace } from "../../../src/sync/scanner/racy.ts";

const MS = 1_000_000n;
const SECOND = 1000n * MS;
const OPENED = 1_790_000_000n * SECOND;

function stamp(ctimeNs: bigint, mtimeNs = ctimeNs): DiskStamp {
  return { dev: 1n, ino: 2n, size: 3, mtimeNs, ctimeNs, mode: 0o100644 };
}

test.each<{ name: string; ctime: bigint; mtime?: bigint; grainNs?: number; proves: boolean }>([
  { name: "long ago", ctime: -3600n * SECOND, proves: true },
  { name: "as long ago as a path has to rest", ctime: -40n * MS, proves: true },
  { name: "in the tick of the reading", ctime: -3n * MS, proves: false },
  { name: "in the very moment", ctime: 0n, proves: false },
  { name: "while it was read", ctime: 5n * MS, proves: false },
  { name: "a second ago, on a disk of two-second times", ctime: -SECOND, grainNs: 2e9, proves: false },
  { name: "three seconds ago, on such a disk", ctime: -3n * SECOND, grainNs: 2e9, proves: true },
  { name: "long ago, with its time set to now", ctime: -3600n * SECOND, mtime: 0n, proves: false },
  {
    name: "long ago, with its time set to next year",
    ctime: -3600n * SECOND,
    mtime: 31_536_000n * SECOND,
    proves: true,
  },
  { name: "before the clock was set back a day", ctime: 86_400n * SECOND, proves: true },
])(
  "a file changed $name: its stamp proves that it did not change since: $proves",
  ({ ctime, mtime, grainNs = 1, proves }) => {
    const seen = stamp(OPENED + ctime, OPENED + (mtime ?? ctime));
    expect(sameStamp(withoutRace(seen, OPENED, grainNs), seen)).toBe(proves);
  },
);
