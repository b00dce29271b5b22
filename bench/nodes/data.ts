/** Trees to copy: incompressible, and the same on each run. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const FILES_PER_DIRECTORY = 100;
const PART_BYTES = 8 * 1024 * 1024;

export interface Tree {
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

/** One file of `bytes`. */
export function makeLargeFile(path: string, bytes: number): Tree {
  mkdirSync(path);
  const file = openSync(join(path, "large.bin"), "w");
  const noise = new Noise(1);
  for (let left = bytes; left > 0; left -= PART_BYTES) writeSync(file, noise.bytes(Math.min(left, PART_BYTES)));
  closeSync(file);
  return { path, files: 1, bytes };
}

/** `files` files of 1 KiB to `maxBytes`, in directories of a hundred. */
export function makeSmallFiles(path: string, files: number, maxBytes: number): Tree {
  mkdirSync(path);
  const noise = new Noise(files);
  let bytes = 0;
  for (let i = 0; i < files; i++) {
    const directory = join(path, `directory-${Math.floor(i / FILES_PER_DIRECTORY)}`);
    if (i % FILES_PER_DIRECTORY === 0) mkdirSync(directory);
    const size = 1024 + (noise.number() % (maxBytes - 1023));
    writeFileSync(join(directory, `file-${i % FILES_PER_DIRECTORY}.bin`), noise.bytes(size));
    bytes += size;
  }
  return { path, files, bytes };
}

/** Numbers of splitmix32: no two files are equal, and nothing can be compressed. */
export class Noise {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  number(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = Math.imul(this.#state ^ (this.#state >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  }

  bytes(size: number): Uint8Array {
    const words = Uint32Array.from({ length: Math.ceil(size / 4) }, () => this.number());
    return new Uint8Array(words.buffer, 0, size);
  }
}
