/** Open files on a real disk, and copying between them. */
import {
  type BigIntStats,
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { fsError, fsErrorFromNumber, isFsError, toFsError } from "./errno.ts";
import type { DiskStat, ReadHandle, WriteHandle } from "./filesystem.ts";
import type { Natives } from "./natives.ts";
import { typeOfMode } from "./stamps.ts";

const COPY_BUFFER_BYTES = 1024 * 1024;
const WRITEBACK_BYTES = 8 * 1024 * 1024;
// O_NONBLOCK: opening a pipe must not wait for its other end.
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const WRITE = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CREATE = WRITE | constants.O_CREAT | constants.O_EXCL;

/** Opens a regular file; ELOOP for a link, EINVAL for everything else that is not one. */
export function openForReading(place: string, path: string): DiskReadHandle {
  return new DiskReadHandle(openRegular(place, path, READ), path);
}

/** Opens a staged file, new (mode 0600, EEXIST) or again. */
export function openForWriting(options: {
  readonly place: string;
  readonly path: string;
  readonly isNew: boolean;
  readonly natives: Natives | undefined;
}): DiskWriteHandle {
  const { place, path, isNew, natives } = options;
  return new DiskWriteHandle(openRegular(place, path, isNew ? CREATE : WRITE), path, natives);
}

export class DiskReadHandle implements ReadHandle {
  readonly fd: number;
  protected readonly path: string;

  constructor(fd: number, path: string) {
    this.fd = fd;
    this.path = path;
  }

  stat(): DiskStat {
    return this.run("fstat", () => statOf(this.fd));
  }

  read(target: Uint8Array, position: number): number {
    return this.run("read", () => readSync(this.fd, target, 0, target.byteLength, position));
  }

  close(): void {
    this.run("close", () => closeSync(this.fd));
  }

  protected run<T>(call: string, work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw toFsError(thrown, this.path, call);
    }
  }
}

export class DiskWriteHandle extends DiskReadHandle implements WriteHandle {
  readonly #natives: Natives | undefined;
  /** Written since the kernel was last told to begin writing out. */
  #unflushed = 0;

  constructor(fd: number, path: string, natives: Natives | undefined) {
    super(fd, path);
    this.#natives = natives;
  }

  write(bytes: Uint8Array, position: number): void {
    this.run("write", () => {
      let written = 0;
      while (written < bytes.byteLength) {
        written += writeSync(this.fd, bytes, written, bytes.byteLength - written, position + written);
      }
    });
    this.#unflushed += bytes.byteLength;
    if (this.#unflushed < WRITEBACK_BYTES) return;
    this.#unflushed = 0;
    // A large file is on its way to the disk while the rest still arrives. Only a hint: its failure shows at the flush.
    this.#natives?.startWriteback(this.fd);
  }

  truncate(size: number): void {
    this.run("truncate", () => ftruncateSync(this.fd, size));
  }

  setMode(mode: number): void {
    this.run("chmod", () => fchmodSync(this.fd, mode));
  }

  setMtime(mtimeNs: bigint): void {
    this.run("utimes", () => {
      if (this.#natives === undefined) futimesSync(this.fd, secondsText(mtimeNs), secondsText(mtimeNs));
      else checkResult(this.#natives.setMtime(this.fd, mtimeNs), this.path, "utimes");
    });
  }

  sync(): void {
    this.run("fsync", () => fsyncSync(this.fd));
  }
}

/** Copies all content into an empty file, sharing blocks where the file system can. */
export function copyContent(source: DiskReadHandle, target: DiskWriteHandle): void {
  if (process.platform === "linux") {
    copyFileSync(`/proc/self/fd/${source.fd}`, `/proc/self/fd/${target.fd}`, constants.COPYFILE_FICLONE);
    return;
  }
  const buffer = new Uint8Array(COPY_BUFFER_BYTES);
  for (let position = 0; ; ) {
    const count = source.read(buffer, position);
    if (count === 0) return;
    target.write(buffer.subarray(0, count), position);
    position += count;
  }
}

/** Seconds as text: the one form in which Node passes a time before 1970 on. */
export function secondsText(mtimeNs: bigint): string {
  return String(Number(mtimeNs) / 1e9);
}

/** Throws what a native call answered, unless it succeeded. */
export function checkResult(result: number, path: string, call: string): void {
  if (result < 0) throw fsErrorFromNumber(-result, path, call);
}

function openRegular(place: string, path: string, flags: number): number {
  let fd: number;
  try {
    fd = openSync(place, flags, 0o600);
  } catch (thrown) {
    const error = toFsError(thrown, path, "open");
    // A socket cannot be opened at all, a directory not for writing; both are "no regular file".
    throw isFsError(error, "ENXIO", "EISDIR", "ENODEV") ? fsError("EINVAL", path, "open", thrown) : error;
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw fsError("EINVAL", path, "open");
}

/** `lstat` by Node, where natives are missing; undefined when nothing is there. */
export function lstatOf(place: string): DiskStat | undefined {
  const found = lstatSync(place, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : convert(found);
}

function statOf(fd: number): DiskStat {
  return convert(fstatSync(fd, { bigint: true }));
}

function convert(found: BigIntStats): DiskStat {
  const mode = Number(found.mode);
  return {
    type: typeOfMode(mode),
    links: Number(found.nlink),
    mode,
    dev: found.dev,
    ino: found.ino,
    size: Number(found.size),
    mtimeNs: found.mtimeNs,
    ctimeNs: found.ctimeNs,
  };
}
