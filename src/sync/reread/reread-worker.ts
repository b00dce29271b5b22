/** The thread that reads files back for `hash` and `verify`: one for each command, with a disk handle of its own. */
import { parentPort, workerData } from "node:worker_threads";
import type { RelPath } from "../../shared/ids.ts";
import { compileIgnore, type IgnoreSource } from "../core/ignore.ts";
import { createCutter } from "../delta/cut.ts";
import { openDisk } from "../fs/disk.ts";
import { createHasher } from "../hash/blake3.ts";
import { type ErrorMessage, toErrorMessage } from "../index/error-message.ts";
import { type ReadBack, readBack } from "./read-back.ts";
import { walkPaths } from "./walk.ts";

/** What to read: these paths, or all that syncs at and below one. */
export type RereadWhat =
  | { readonly paths: readonly RelPath[] }
  | { readonly below: RelPath | ""; readonly ignore: IgnoreSource };

export interface RereadData {
  readonly root: string;
  readonly what: RereadWhat;
}

export type FromReread =
  /** The next part is read when it is asked for. */
  | { readonly type: "part"; readonly items: readonly ReadBack[] }
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly error: ErrorMessage };

const PART_ITEMS = 256;
/** Whoever follows hears of something this often, unless one file takes longer. */
const PART_MS = 200;

const port = parentPort;
if (port === null) throw new Error("bug: files are read back in a thread");
const { root, what } = workerData as RereadData;

function* readAll(): Generator<ReadBack> {
  const fs = openDisk(root);
  try {
    const tools = { hasher: createHasher(), cutter: createCutter() };
    const paths = "paths" in what ? what.paths : walkPaths(fs, what.below, compileIgnore(what.ignore));
    for (const path of paths) yield readBack(fs, path, tools);
  } finally {
    fs.close();
  }
}

const reading = readAll();

function nextPart(): FromReread {
  try {
    const items: ReadBack[] = [];
    for (const end = performance.now() + PART_MS; items.length < PART_ITEMS && performance.now() < end; ) {
      const { value, done } = reading.next();
      if (done === true) return items.length > 0 ? { type: "part", items } : { type: "done" };
      items.push(value);
    }
    return { type: "part", items };
  } catch (error) {
    return { type: "failed", error: toErrorMessage(error) };
  }
}

port.on("message", () => port.postMessage(nextPart()));
