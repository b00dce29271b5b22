/** The edits whose cost on the wire is measured, each on what the ones before have left. */
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { isAbsent, looksLike } from "../../src/cli/demo/arrival.ts";
import type { Noise } from "./data.ts";

const KIB = 1024;
const SCATTERED = 100;
const SCATTERED_BYTES = 10;
const MOVED_SHARE = 0.1;

/** Where an edit happens and where it is to be seen. */
export interface Place {
  readonly source: string;
  readonly target: string;
  /** Outside of the folder and on its file system: what is put together here appears by one rename. */
  readonly desk: string;
  readonly noise: Noise;
  /** Another folder that both share, where a scenario asks for one. */
  readonly second: { readonly source: string; readonly target: string };
}

export interface Edit {
  readonly name: string;
  /** Bytes on the wire that we want to stay below, for a file of 100 MiB; null where none are set. */
  readonly targetBytes: number | null;
  /** Part of preparing it: arrives before the edit is measured. */
  readonly prepare?: (place: Place) => void;
  readonly act: (place: Place) => void;
  readonly hasArrived: (place: Place) => boolean;
}

export const BIG = "big.bin";
const RENAMED = "renamed.bin";

/** Edits of the file {@link BIG}, in the order in which they are made. */
export const FILE_EDITS: readonly Edit[] = [
  {
    name: "1 byte in the middle",
    targetBytes: 2 * KIB,
    act: ({ source, noise }) => overwrite(source, [{ share: 0.5, bytes: noise.bytes(1) }]),
    hasArrived: isSame(BIG),
  },
  {
    name: "1 KiB at the head",
    targetBytes: 3 * KIB,
    act: (place) => rewrite(place, (bytes) => [place.noise.bytes(KIB), bytes]),
    hasArrived: isSame(BIG),
  },
  {
    name: "4 KiB appended",
    targetBytes: 6 * KIB,
    act: ({ source, noise }) => appendFileSync(join(source, BIG), noise.bytes(4 * KIB)),
    hasArrived: isSame(BIG),
  },
  {
    name: "100 × 10 bytes scattered",
    targetBytes: 40 * KIB,
    act: ({ source, noise }) => {
      const spot = (): number => noise.number() / 2 ** 32;
      const edits = Array.from({ length: SCATTERED }, () => ({ share: spot(), bytes: noise.bytes(SCATTERED_BYTES) }));
      overwrite(source, edits);
    },
    hasArrived: isSame(BIG),
  },
  {
    name: "10 % from end to start",
    targetBytes: 10 * KIB,
    act: (place) =>
      rewrite(place, (bytes) => {
        const cut = Math.floor(bytes.length * (1 - MOVED_SHARE));
        return [bytes.subarray(cut), bytes.subarray(0, cut)];
      }),
    hasArrived: isSame(BIG),
  },
  {
    name: "renamed",
    targetBytes: KIB,
    act: ({ source }) => renameSync(join(source, BIG), join(source, RENAMED)),
    hasArrived: (place) => isSame(RENAMED)(place) && isAbsent(join(place.target, BIG)),
  },
  {
    name: "copied",
    targetBytes: KIB,
    act: (place) => copyInto(place, join(place.source, RENAMED), join(place.source, "copy.bin")),
    hasArrived: isSame("copy.bin"),
  },
];

const DIRECTORY_FILES = 1000;
const REUSE_FILES = 100;

/** What is on the other side already, elsewhere. Each on what the ones before have left. */
export const REUSE_EDITS: readonly Edit[] = [
  {
    name: "copied to another folder",
    targetBytes: KIB,
    act: (place) => copyInto(place, join(place.source, BIG), join(place.second.source, BIG)),
    hasArrived: ({ second }) => looksLike(join(second.target, BIG), join(second.source, BIG)),
  },
  {
    name: "and copied with one byte changed",
    targetBytes: 4 * KIB,
    act: (place) => {
      const bytes = readFileSync(join(place.source, BIG));
      bytes[Math.floor(bytes.length / 3)] = (bytes[Math.floor(bytes.length / 3)] as number) ^ 1;
      compose(place, join(place.second.source, "variant.bin"), [bytes]);
    },
    hasArrived: ({ second }) => looksLike(join(second.target, "variant.bin"), join(second.source, "variant.bin")),
  },
  {
    name: "new file with a third of it inside",
    targetBytes: null,
    act: (place) => {
      const bytes = readFileSync(join(place.source, BIG));
      const third = Math.floor(bytes.length / 3);
      const fresh = (): Uint8Array => place.noise.bytes(40 * KIB);
      compose(place, join(place.source, "mixed.bin"), [fresh(), bytes.subarray(third, 2 * third), fresh()]);
    },
    hasArrived: isSame("mixed.bin"),
  },
  {
    name: "moved to another folder",
    targetBytes: 2 * KIB,
    act: ({ source, second }) => renameSync(join(source, "mixed.bin"), join(second.source, "moved.bin")),
    hasArrived: ({ second, target }) =>
      looksLike(join(second.target, "moved.bin"), join(second.source, "moved.bin")) &&
      isAbsent(join(target, "mixed.bin")),
  },
  {
    name: "a removed file back under another name",
    targetBytes: 2 * KIB,
    prepare: ({ second, desk }) => {
      copyFileSync(join(second.source, "variant.bin"), join(desk, "kept"));
      rmSync(join(second.source, "variant.bin"));
    },
    act: ({ second, desk }) => renameSync(join(desk, "kept"), join(second.source, "back.bin")),
    hasArrived: ({ second }) => looksLike(join(second.target, "back.bin"), join(second.source, "back.bin")),
  },
  {
    name: "a directory of 100 small files copied to another folder",
    targetBytes: null,
    prepare: ({ source, desk, noise }) => {
      mkdirSync(join(desk, "some"));
      for (let i = 0; i < REUSE_FILES; i++) writeFileSync(join(desk, "some", `file-${i}.bin`), noise.bytes(8 * KIB));
      renameSync(join(desk, "some"), join(source, "some"));
    },
    act: ({ source, second, desk }) => {
      cpSync(join(source, "some"), join(desk, "some"), { recursive: true });
      renameSync(join(desk, "some"), join(second.source, "some"));
    },
    hasArrived: ({ second }) =>
      Array.from({ length: REUSE_FILES }).every((_, i) =>
        looksLike(join(second.target, "some", `file-${i}.bin`), join(second.source, "some", `file-${i}.bin`)),
      ),
  },
  {
    name: "one of them moved back, alone",
    targetBytes: null,
    act: ({ source, second }) => renameSync(join(second.source, "some", "file-1.bin"), join(source, "alone.bin")),
    hasArrived: isSame("alone.bin"),
  },
];

/** Edits of small files and of a directory. */
export const SMALL_EDITS: readonly Edit[] = [
  {
    name: "file of 4 KiB created",
    targetBytes: null,
    act: ({ source, noise }) => writeFileSync(join(source, "small.bin"), noise.bytes(4 * KIB)),
    hasArrived: isSame("small.bin"),
  },
  {
    name: "100 bytes appended to it",
    targetBytes: null,
    act: ({ source, noise }) => appendFileSync(join(source, "small.bin"), noise.bytes(100)),
    hasArrived: isSame("small.bin"),
  },
  {
    name: "removed",
    targetBytes: null,
    act: ({ source }) => rmSync(join(source, "small.bin")),
    hasArrived: ({ target }) => isAbsent(join(target, "small.bin")),
  },
  {
    name: "1,000 files in a renamed dir",
    targetBytes: 2 * KIB,
    prepare: ({ source, desk, noise }) => {
      mkdirSync(join(desk, "many"));
      for (let i = 0; i < DIRECTORY_FILES; i++)
        writeFileSync(join(desk, "many", `file-${i}.bin`), noise.bytes(KIB + (noise.number() % (3 * KIB))));
      renameSync(join(desk, "many"), join(source, "many"));
    },
    act: ({ source }) => renameSync(join(source, "many"), join(source, "moved")),
    hasArrived: (place) =>
      isAbsent(join(place.target, "many")) &&
      Array.from({ length: DIRECTORY_FILES }).every((_, i) => isSame(join("moved", `file-${i}.bin`))(place)),
  },
];

function isSame(name: string): (place: Place) => boolean {
  return ({ source, target }) => looksLike(join(target, name), join(source, name));
}

/** Appears by one rename. */
function copyInto({ desk }: Place, from: string, to: string): void {
  copyFileSync(from, join(desk, "copy"));
  renameSync(join(desk, "copy"), to);
}

function compose({ desk }: Place, to: string, parts: readonly Uint8Array[]): void {
  const file = openSync(join(desk, "draft"), "w");
  for (const part of parts) for (let at = 0; at < part.length; at += writeSync(file, part, at));
  closeSync(file);
  renameSync(join(desk, "draft"), to);
}

/** Writes into the file as it lies there. */
function overwrite(source: string, edits: readonly { readonly share: number; readonly bytes: Uint8Array }[]): void {
  const path = join(source, BIG);
  const { size } = statSync(path);
  const file = openSync(path, "r+");
  for (const { share, bytes } of edits)
    writeSync(file, bytes, 0, bytes.length, Math.floor(share * (size - bytes.length)));
  closeSync(file);
}

/** Puts a new file in its place, as an editor does. */
function rewrite(place: Place, change: (bytes: Uint8Array) => readonly Uint8Array[]): void {
  const path = join(place.source, BIG);
  compose(place, path, change(readFileSync(path)));
}
