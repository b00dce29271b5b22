/**
 * A chunk list told as what it shares with a list that the other end holds.
 *
 * An edit replaces a few chunks of thousands; a splice says "from the base copy
 * so many, then these new ones, then copy on". A row of operations:
 *
 *     varint count << 1 | kind
 *       kind 0, copy: zigzag varint of where in the base, counted from where
 *                     the copy before ended
 *       kind 1, new:  `count` times the first 16 bytes of a hash and the chunk's
 *                     size as a varint, as in a whole list
 *
 * Varints are in their shortest form. Moved content is one copy more.
 */
import { SyncError } from "../../shared/errors.ts";
import type { ChunkList } from "../../shared/file-info.ts";
import { LIMITS } from "../../shared/limits.ts";
import { chunkListCountMax, chunkSizesFault, HASH_BYTES } from "./chunk-list.ts";
import { WIRE_HASH_BYTES, type WireChunkList } from "./wire-chunk-list.ts";

const COPY = 0;
const NEW = 1;
/** Counts and distances stay below 2^25: there are at most 2^24 chunks. */
const VARINT_BYTES_MAX = 4;

type Operation =
  | { readonly kind: typeof COPY; readonly start: number; readonly count: number }
  /** `at`: where in the bytes, or in the wanted list, its entries begin. */
  | { readonly kind: typeof NEW; readonly at: number; readonly count: number };

/**
 * Tells `wanted` by `base`. Undefined as soon as it takes more than
 * `bytesMax`: then the list itself, or a request for it, is the better way.
 *
 * Linear. Most edits leave the lists in step but for a few chunks, and those
 * are found by looking a little ahead; only content that moved needs a table
 * of all the base's chunks, which is made once it is needed.
 */
export function encodeSplice(base: ChunkList, wanted: ChunkList, bytesMax: number): Uint8Array | undefined {
  const finder = new RunFinder(base, wanted);
  const writer = new SpliceWriter(bytesMax);
  let copyEnd = 0;
  for (let i = 0; i < wanted.sizes.length && !writer.isFull; ) {
    const start = finder.find(i, copyEnd);
    if (start !== undefined) {
      const count = finder.runLength(start, i);
      writer.operation(COPY, count);
      writer.varint(zigzag(start - copyEnd));
      copyEnd = start + count;
      i += count;
      continue;
    }
    const first = i++;
    // More of them than fit need not be looked for.
    const end = Math.min(wanted.sizes.length, first + 1 + Math.ceil(bytesMax / WIRE_HASH_BYTES));
    while (i < end && finder.find(i, copyEnd) === undefined) i++;
    writer.operation(NEW, i - first);
    writer.entries(wanted, first, i);
  }
  return writer.finish();
}

/**
 * Makes the list of a file of `fileSize` bytes out of a splice and its base.
 *
 * Throws E_PROTOCOL unless the result could be that file's list. What it
 * allocates is bounded by the file's own size, and only after the whole splice
 * was found sound: a few bytes cannot ask for more copies than fit the file.
 */
export function decodeSplice(bytes: Uint8Array, base: WireChunkList, fileSize: number): WireChunkList {
  const { operations, count } = readOperations(bytes, base, fileSize);
  const list = { sizes: new Uint32Array(count), hashes: new Uint8Array(count * WIRE_HASH_BYTES) };
  let to = 0;
  for (const operation of operations) {
    if (operation.kind === COPY) {
      const end = operation.start + operation.count;
      list.sizes.set(base.sizes.subarray(operation.start, end), to);
      list.hashes.set(
        base.hashes.subarray(operation.start * WIRE_HASH_BYTES, end * WIRE_HASH_BYTES),
        to * WIRE_HASH_BYTES,
      );
      to += operation.count;
      continue;
    }
    const reader = new SpliceReader(bytes, operation.at, fileSize);
    for (let i = 0; i < operation.count; i++, to++) {
      list.hashes.set(reader.hash(), to * WIRE_HASH_BYTES);
      list.sizes[to] = reader.varint();
    }
  }
  const fault = chunkSizesFault(list.sizes, fileSize);
  if (fault !== undefined) throw broken(fileSize, fault);
  return list;
}

/** Reads all operations and counts the chunks; nothing is allocated for those yet. */
function readOperations(
  bytes: Uint8Array,
  base: WireChunkList,
  fileSize: number,
): { readonly operations: readonly Operation[]; readonly count: number } {
  const operations: Operation[] = [];
  const countMax = chunkListCountMax(fileSize);
  const reader = new SpliceReader(bytes, 0, fileSize);
  let [count, copyEnd] = [0, 0];
  while (!reader.isAtEnd) {
    if (operations.length >= LIMITS.spliceOperations.value) throw broken(fileSize, "has too many operations");
    const head = reader.varint();
    const length = head >>> 1;
    count += length;
    if (length === 0 || count > countMax) throw broken(fileSize, `has ${count} chunks`);
    if ((head & 1) === NEW) {
      operations.push({ kind: NEW, at: reader.at, count: length });
      reader.skipEntries(length);
      continue;
    }
    const start = copyEnd + unzigzag(reader.varint());
    copyEnd = start + length;
    if (start < 0 || copyEnd > base.sizes.length) throw broken(fileSize, "copies what its base does not have");
    operations.push({ kind: COPY, start, count: length });
  }
  return { operations, count };
}

/** How far is looked ahead in both lists before the table of all chunks is asked. */
const NEAR = 16;

/** Finds where the base has chunks of the wanted list. */
class RunFinder {
  readonly #base: ChunkList;
  readonly #wanted: ChunkList;
  /** The first place of each chunk of the base. */
  #places: ReadonlyMap<string, number> | undefined;

  constructor(base: ChunkList, wanted: ChunkList) {
    this.#base = base;
    this.#wanted = wanted;
  }

  /** A place in the base that has chunk `i` of the wanted list; the likeliest is where the copy before ended. */
  find(i: number, copyEnd: number): number | undefined {
    const near = this.#near(i, copyEnd);
    if (near !== undefined) return near;
    // An overwritten chunk with the old course soon behind it: not worth a table.
    for (let ahead = 1; ahead <= NEAR; ahead++) if (this.#near(i + ahead, copyEnd) !== undefined) return undefined;
    this.#places ??= placesOf(this.#base);
    return this.#places.get(keyOf(this.#wanted, i));
  }

  #near(i: number, copyEnd: number): number | undefined {
    for (let start = copyEnd; start <= copyEnd + NEAR; start++) if (this.#isSame(start, i)) return start;
    return undefined;
  }

  /** How far the base from `start` on and the wanted list from `i` on say the same. */
  runLength(start: number, i: number): number {
    let count = 0;
    while (this.#isSame(start + count, i + count)) count++;
    return count;
  }

  #isSame(inBase: number, inWanted: number): boolean {
    const [base, wanted] = [this.#base, this.#wanted];
    if (inBase >= base.sizes.length || inWanted >= wanted.sizes.length) return false;
    if (base.sizes[inBase] !== wanted.sizes[inWanted]) return false;
    const [from, to] = [inBase * HASH_BYTES, inWanted * HASH_BYTES];
    for (let k = 0; k < WIRE_HASH_BYTES; k++) if (base.hashes[from + k] !== wanted.hashes[to + k]) return false;
    return true;
  }
}

function placesOf(list: ChunkList): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (let i = list.sizes.length - 1; i >= 0; i--) places.set(keyOf(list, i), i);
  return places;
}

/** A string, because a Map of strings hashes with a secret seed: crafted chunks cannot pile up in one bucket. */
function keyOf({ sizes, hashes }: ChunkList, i: number): string {
  const at = (k: number): number =>
    (hashes[i * HASH_BYTES + k] as number) | ((hashes[i * HASH_BYTES + k + 1] as number) << 8);
  const size = sizes[i] as number;
  return String.fromCharCode(at(0), at(2), at(4), at(6), at(8), at(10), at(12), at(14), size & 0xffff, size >>> 16);
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

function unzigzag(value: number): number {
  return (value & 1) === 1 ? -(value + 1) / 2 : value / 2;
}

class SpliceWriter {
  readonly #bytesMax: number;
  #bytes: Uint8Array = new Uint8Array(64);
  #length = 0;
  #operations = 0;
  isFull = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  operation(kind: typeof COPY | typeof NEW, count: number): void {
    this.varint((count << 1) | kind);
    this.#operations++;
    this.isFull ||= this.#operations > LIMITS.spliceOperations.value;
  }

  varint(value: number): void {
    this.#room(VARINT_BYTES_MAX);
    for (; value > 0x7f; value >>>= 7) this.#bytes[this.#length++] = (value & 0x7f) | 0x80;
    this.#bytes[this.#length++] = value;
    this.isFull ||= this.#length > this.#bytesMax;
  }

  entries({ sizes, hashes }: ChunkList, first: number, end: number): void {
    for (let i = first; i < end && !this.isFull; i++) {
      this.#room(WIRE_HASH_BYTES);
      this.#bytes.set(hashes.subarray(i * HASH_BYTES, i * HASH_BYTES + WIRE_HASH_BYTES), this.#length);
      this.#length += WIRE_HASH_BYTES;
      this.varint(sizes[i] as number);
    }
  }

  finish(): Uint8Array | undefined {
    return this.isFull ? undefined : this.#bytes.slice(0, this.#length);
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

class SpliceReader {
  readonly #bytes: Uint8Array;
  readonly #fileSize: number;
  at: number;

  constructor(bytes: Uint8Array, at: number, fileSize: number) {
    this.#bytes = bytes;
    this.#fileSize = fileSize;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at === this.#bytes.length;
  }

  hash(): Uint8Array {
    const hash = this.#bytes.subarray(this.at, this.at + WIRE_HASH_BYTES);
    if (hash.length < WIRE_HASH_BYTES) throw broken(this.#fileSize, "is cut off");
    this.at += WIRE_HASH_BYTES;
    return hash;
  }

  varint(): number {
    let value = 0;
    for (let length = 0; length < VARINT_BYTES_MAX; length++) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) throw broken(this.#fileSize, "is cut off");
      value |= (byte & 0x7f) << (7 * length);
      if (byte < 0x80) {
        if (byte === 0 && length > 0) throw broken(this.#fileSize, "has a number that is not in its shortest form");
        return value;
      }
    }
    throw broken(this.#fileSize, "has a number that is too long");
  }

  skipEntries(count: number): void {
    for (let i = 0; i < count; i++) {
      this.hash();
      this.varint();
    }
  }
}

function broken(fileSize: number, fault: string): SyncError {
  return new SyncError("E_PROTOCOL", `the splice of a chunk list of a file of ${fileSize} bytes ${fault}`, {
    facts: { fileSize },
  });
}
