/** What the disk itself can take: `dd` of the same bytes, flushed once at the end. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { findProgram, runProgram } from "./programs.ts";
import type { Copier, Rival } from "./running-pair.ts";

const PROGRAM = findProgram("dd");

export const DD: Rival<Copier> = {
  name: "dd",
  missing: PROGRAM === undefined ? "not installed" : undefined,
  open: async () => DISK,
};

const DISK: Copier = {
  name: "dd",
  note: "one process, conv=fdatasync",
  copy: async (source, target, signal) => {
    const startedMs = performance.now();
    for (const name of readdirSync(source)) {
      const files = [`if=${join(source, name)}`, `of=${join(target, name)}`];
      await runProgram(PROGRAM ?? "", [...files, "bs=1M", "conv=fdatasync", "status=none"], { signal });
    }
    return performance.now() - startedMs;
  },
};
