import { expect, test } from "vitest";
import type { FolderId, ShortId } from "../../../src/shared/ids.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import { DiskOperations } from "../../../src/sync/executor/disk-operations.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { SimFs } from "../../support/sim-fs.ts";

const LINE = "build/output\n";

function textOf(written: string): string {
  const fs = new SimFs({ nowMs: () => 0 });
  fs.user.plant({ ".synclineignore": written });
  const disk = new DiskOperations({
    fs,
    folder: "photos" as FolderId,
    self: "AAAAAAAAAAAA" as ShortId,
    hasher: createHasher("pure"),
    cutter: createCutter(),
    unique: () => "unique",
    nowNs: () => 0n,
  });
  return disk.readIgnoreFile();
}

test("a file of patterns is read up to its limit, and no pattern in part", () => {
  const most = Math.floor(LIMITS.ignoreFileBytes.value / LINE.length);
  expect(textOf(LINE.repeat(most + 1000))).toBe(LINE.repeat(most));
  expect(textOf("*.iso")).toBe("*.iso");
});
