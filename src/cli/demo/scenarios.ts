/** What the demo does to the two folders, and how each change is seen to have arrived. */
import { randomFillSync } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { haveSameBytes, isAbsent, looksLike } from "./arrival.ts";
import type { LocalNode } from "./local-node.ts";

export interface Pair {
  readonly desk: LocalNode;
  readonly lap: LocalNode;
}

export interface Scenario {
  readonly title: string;
  /** What is not measured: bringing the nodes into the state that the change is about. */
  readonly prepare?: (pair: Pair) => Promise<void>;
  /** The change. It has happened when this returns. */
  readonly change: (pair: Pair) => void | Promise<void>;
  /** Whether it has arrived, as far as names, sizes and times tell. */
  readonly isThere: (pair: Pair) => boolean;
  /** Whether what arrived is right to the byte. */
  readonly isRight?: (pair: Pair) => Promise<boolean> | boolean;
  /** Bytes of the file that the change is about, to compare the wire bytes with. */
  readonly fileBytes?: number;
  readonly deadlineMs?: number;
}

const EDIT_BYTES = 100;
const SMALL_BYTES = 12_000;
const APPENDED_BYTES = 800;
const TICK_MS = 20;

/** All of them, in order: each builds on those before. */
export function scenarios(largeBytes: number): readonly Scenario[] {
  const largeDeadlineMs = 20_000 + largeBytes / 10_000;
  return [
    {
      title: "create a file",
      fileBytes: SMALL_BYTES,
      change: ({ desk }) => writeFileSync(join(desk.folder, "report.txt"), noise(SMALL_BYTES)),
      ...arrives("desk", "report.txt"),
    },
    {
      title: "edit it, on the other side",
      fileBytes: SMALL_BYTES,
      change: ({ lap }) => overwrite(join(lap.folder, "report.txt"), SMALL_BYTES / 2, EDIT_BYTES),
      ...arrives("lap", "report.txt"),
    },
    {
      title: "append to it",
      fileBytes: SMALL_BYTES + APPENDED_BYTES,
      change: ({ desk }) => appendFileSync(join(desk.folder, "report.txt"), noise(APPENDED_BYTES)),
      ...arrives("desk", "report.txt"),
    },
    {
      title: "rename it",
      fileBytes: SMALL_BYTES + APPENDED_BYTES,
      change: ({ desk }) => renameSync(join(desk.folder, "report.txt"), join(desk.folder, "final.txt")),
      isThere: (pair) => isAbsent(join(pair.lap.folder, "report.txt")) && arrives("desk", "final.txt").isThere(pair),
      isRight: arrives("desk", "final.txt").isRight,
    },
    {
      title: "delete it",
      change: ({ desk }) => rmSync(join(desk.folder, "final.txt")),
      isThere: ({ lap }) => isAbsent(join(lap.folder, "final.txt")),
    },
    {
      title: `a large file, ${Math.round(largeBytes / 1e6)} MB`,
      fileBytes: largeBytes,
      deadlineMs: largeDeadlineMs,
      change: ({ desk }) => writeNoise(join(desk.folder, "film.bin"), largeBytes),
      ...arrives("desk", "film.bin"),
    },
    {
      title: `${EDIT_BYTES} bytes in the middle of it`,
      fileBytes: largeBytes,
      deadlineMs: largeDeadlineMs,
      change: ({ desk }) => overwrite(join(desk.folder, "film.bin"), largeBytes / 2, EDIT_BYTES),
      ...arrives("desk", "film.bin"),
    },
    {
      title: "a conflict: both edit while lap is paused",
      prepare: prepareConflict,
      change: async ({ lap }) => void (await lap.run(["folder", "resume", await folderId(lap), "-q"])),
      isThere: ({ desk, lap }) => conflictCopies(desk.folder).length === 1 && conflictCopies(lap.folder).length === 1,
      isRight: bothAreKept,
    },
    {
      title: "a restart: written while lap was down",
      fileBytes: SMALL_BYTES,
      prepare: async ({ desk, lap }) => {
        await lap.run(["down", "-q"]);
        writeFileSync(join(desk.folder, "meanwhile.txt"), noise(SMALL_BYTES));
      },
      change: async ({ lap }) => await lap.upAgain(),
      ...arrives("desk", "meanwhile.txt"),
    },
  ];
}

/** The file of that name is, on the other side, as it is on `from`. */
function arrives(
  from: "desk" | "lap",
  name: string,
): { isThere: (pair: Pair) => boolean; isRight: (pair: Pair) => Promise<boolean> } {
  const paths = ({ desk, lap }: Pair): [copy: string, file: string] => {
    const [source, target] = from === "desk" ? [desk, lap] : [lap, desk];
    return [join(target.folder, name), join(source.folder, name)];
  };
  return { isThere: (pair) => looksLike(...paths(pair)), isRight: (pair) => haveSameBytes(...paths(pair)) };
}

const DESKS_WORDS = "what desk wrote\n";
const LAPS_WORDS = "what lap wrote, a little later\n";

async function prepareConflict({ desk, lap }: Pair): Promise<void> {
  await lap.run(["folder", "pause", await folderId(lap), "-q"]);
  writeFileSync(join(desk.folder, "plan.txt"), DESKS_WORDS);
  // Clocks of file systems tick every few milliseconds, and the later one shall win.
  await sleep(TICK_MS);
  writeFileSync(join(lap.folder, "plan.txt"), LAPS_WORDS);
}

async function folderId(node: LocalNode): Promise<string> {
  const [folder] = (await node.status()).folders;
  if (folder === undefined) throw new Error(`${node.name} has no folder`);
  return folder.id;
}

function conflictCopies(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.includes(".sync-conflict-"));
}

/** The later one has the name, the other lies beside it, on both sides alike. */
function bothAreKept({ desk, lap }: Pair): boolean {
  return [desk, lap].every(({ folder }) => {
    const [copy = ""] = conflictCopies(folder);
    return readText(folder, "plan.txt") === LAPS_WORDS && readText(folder, copy) === DESKS_WORDS;
  });
}

function readText(folder: string, name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

function noise(bytes: number): Buffer {
  return randomFillSync(Buffer.alloc(bytes));
}

function overwrite(path: string, position: number, bytes: number): void {
  const file = openSync(path, "r+");
  writeSync(file, noise(bytes), 0, bytes, position);
  closeSync(file);
}

function writeNoise(path: string, bytes: number): void {
  const part = Buffer.alloc(Math.min(bytes, 8 * 1024 * 1024));
  const file = openSync(path, "w");
  for (let left = bytes; left > 0; left -= part.length) {
    writeSync(file, randomFillSync(part), 0, Math.min(left, part.length));
  }
  closeSync(file);
}
