import { readFile, rm } from "node:fs/promises";
import { parseRunInfo, type RunInfo } from "../shared/run-info.ts";
import { writeFileAtomically } from "./write-file.ts";

/** Tells others which daemon runs in this home and where it listens. */
export async function writeRunFile(file: string, info: RunInfo): Promise<void> {
  await writeFileAtomically(file, `${JSON.stringify(info)}\n`);
}

/** What the last daemon wrote; undefined when there is nothing to trust. */
export async function readRunFile(file: string): Promise<RunInfo | undefined> {
  try {
    return parseRunInfo(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Called at a clean stop, while the lock is still held. */
export async function removeRunFile(file: string): Promise<void> {
  await rm(file, { force: true });
}
