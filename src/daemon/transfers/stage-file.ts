/**
 * One file that is put together beside its target, under a name made from its
 * content id: what a crash leaves there is found again by content, and every
 * chunk is proven by its hash before it counts.
 *
 * The SHA-256 that a person is shown grows along with the file, as far as it
 * is whole from the beginning; only what came out of order is read again.
 */
import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Hasher } from "../../shared/ports.ts";
import type { WantedChunk } from "../../sync/folder-disk.ts";
import type { Natives } from "../../sync/fs/natives.ts";
import type { StagePlace } from "./file-calls.ts";

const READ_BYTES = 1024 * 1024;
/** Dirty pages are sent on their way after so many bytes, so that the flush at the end finds little to do. */
const WRITEBACK_BYTES = 32 * 1024 * 1024;

export interface StageTools {
  readonly hasher: Hasher;
  readonly natives: Natives | undefined;
}

/** Ignored by every folder (core/ignore.ts), so that a target inside one does not sync its parts. */
export function stagePathOf({ directory, contentId }: StagePlace): string {
  return join(directory, `.syncline-${contentId.slice(0, 40)}.part`);
}

export class StageFile {
  readonly path: string;
  readonly #tools: StageTools;
  readonly #fd: number;
  /** How much of it was there already, from an earlier try. */
  readonly #resumedSize: number;
  readonly #sha: Hash = createHash("sha256");
  /** Everything before is hashed. */
  #hashed = 0;
  /** Written beyond `#hashed`: where each stretch begins and ends. */
  readonly #ahead = new Map<number, number>();
  #dirty = 0;

  constructor(place: StagePlace, tools: StageTools, isFresh: boolean) {
    this.path = stagePathOf(place);
    this.#tools = tools;
    const opened = openOwn(this.path, isFresh);
    this.#fd = opened.fd;
    this.#resumedSize = opened.isResumed ? fstatSync(opened.fd).size : 0;
  }

  /** Fills in what is here; gives for each chunk its full hash, undefined where it must be fetched. */
  assemble(size: number, chunks: readonly WantedChunk[]): readonly (Uint8Array | undefined)[] {
    ftruncateSync(this.#fd, size);
    const sources = new Map<string, number | undefined>();
    try {
      return chunks.map((chunk) => {
        const isThere = chunk.offset + chunk.size <= this.#resumedSize;
        return (isThere ? this.#resume(chunk) : undefined) ?? this.#copy(chunk, sources);
      });
    } finally {
      for (const fd of sources.values()) if (fd !== undefined) closeSync(fd);
    }
  }

  write(bytes: Uint8Array, offset: number): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
    this.#note(bytes, offset);
    this.#dirty += bytes.length;
    if (this.#dirty < WRITEBACK_BYTES) return;
    this.#dirty = 0;
    this.#tools.natives?.startWriteback(this.#fd);
  }

  /** Makes the whole file ready to be named, durably. Returns its SHA-256. */
  finish({ mode, mtimeNs }: { readonly mode: number; readonly mtimeNs: bigint }): string {
    const { size } = fstatSync(this.#fd);
    this.#readUpTo(size);
    fchmodSync(this.#fd, mode & 0o777);
    setMtime(this.#tools.natives, this.#fd, mtimeNs);
    fdatasyncSync(this.#fd);
    return this.#sha.digest("hex");
  }

  close(): void {
    closeSync(this.#fd);
  }

  #resume(chunk: WantedChunk): Uint8Array | undefined {
    const found = this.#prove(this.#fd, chunk, chunk.offset);
    if (found !== undefined) this.#note(found.bytes, chunk.offset);
    return found?.hash;
  }

  #copy(chunk: WantedChunk, open: Map<string, number | undefined>): Uint8Array | undefined {
    for (const { name, offset } of chunk.sources) {
      if (!open.has(name)) open.set(name, openSource(name));
      const fd = open.get(name);
      const found = fd === undefined ? undefined : this.#prove(fd, chunk, offset);
      if (found === undefined) continue;
      this.write(found.bytes, chunk.offset);
      return found.hash;
    }
    return undefined;
  }

  #prove(
    fd: number,
    chunk: WantedChunk,
    offset: number,
  ): { readonly hash: Uint8Array; readonly bytes: Uint8Array } | undefined {
    const bytes = new Uint8Array(chunk.size);
    for (let filled = 0; filled < bytes.length; ) {
      const count = readSync(fd, bytes, filled, bytes.length - filled, offset + filled);
      if (count === 0) return undefined;
      filled += count;
    }
    const hash = this.#tools.hasher.chunk(bytes);
    return chunk.hash.every((byte, position) => byte === hash[position]) ? { hash, bytes } : undefined;
  }

  #note(bytes: Uint8Array, offset: number): void {
    if (offset !== this.#hashed) {
      if (offset > this.#hashed) this.#ahead.set(offset, offset + bytes.length);
      return;
    }
    this.#sha.update(bytes);
    this.#hashed += bytes.length;
    for (let end = this.#takeAhead(); end !== undefined; end = this.#takeAhead()) this.#readUpTo(end);
  }

  #takeAhead(): number | undefined {
    const end = this.#ahead.get(this.#hashed);
    this.#ahead.delete(this.#hashed);
    return end;
  }

  #readUpTo(end: number): void {
    const buffer = new Uint8Array(Math.min(READ_BYTES, Math.max(0, end - this.#hashed)));
    while (this.#hashed < end) {
      const count = readSync(this.#fd, buffer, 0, Math.min(buffer.length, end - this.#hashed), this.#hashed);
      if (count === 0) throw new Error(`bug: ${this.path} is shorter than what was written to it`);
      this.#sha.update(buffer.subarray(0, count));
      this.#hashed += count;
    }
  }
}

/** Sets a file's mtime to the nanosecond where the platform lets us, else to the microsecond. */
export function setMtime(natives: Natives | undefined, fd: number, mtimeNs: bigint): void {
  if (natives !== undefined && natives.setMtime(fd, mtimeNs) >= 0) return;
  const seconds = Number(mtimeNs / 1000n) / 1e6;
  futimesSync(fd, seconds, seconds);
}

/** Opens a staged file of our own, or makes it. What somebody else may have put there is never taken up. */
function openOwn(path: string, isFresh: boolean): { readonly fd: number; readonly isResumed: boolean } {
  const { O_RDWR, O_NOFOLLOW, O_CREAT, O_EXCL } = constants;
  if (!isFresh) {
    try {
      const fd = openSync(path, O_RDWR | (O_NOFOLLOW ?? 0));
      const found = fstatSync(fd);
      if (found.isFile() && found.nlink === 1 && found.uid === (process.geteuid?.() ?? found.uid))
        return { fd, isResumed: true };
      closeSync(fd);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ELOOP" && code !== "EISDIR" && code !== "EACCES") throw error;
    }
  }
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return { fd: openSync(path, O_RDWR | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), 0o600), isResumed: false };
}

/** Gone or unreadable: then its chunks come from elsewhere. */
export function openSource(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch {
    return undefined;
  }
}
