/**
 * System calls that Node lacks, bound with koffi on Linux.
 *
 * Optional: without them (other platforms, koffi not installed, a kernel or a
 * sandbox that refuses openat2) everything falls back to slower or weaker means
 * that `disk.ts` documents. Each call returns 0 or more, or a negative errno.
 */
import { constants } from "node:fs";
import { createRequire } from "node:module";
import type { DiskStat } from "./filesystem.ts";
import { typeOfMode } from "./stamps.ts";

export interface Natives {
  /** Opens a directory below `root` for lookups only: no link and no other mount on the way. Close it with {@link Natives.close}. */
  openBeneath(root: number, path: string): number;
  close(fd: number): void;
  /** What lies at `name` in the directory, not following a link, or a negative errno. */
  lstat(directory: number, name: string): DiskStat | number;
  rename(from: At, to: At, flags: number): number;
  /** Sets the mtime of a name, not following a link, and leaves the atime. */
  setMtimeAt(at: At, mtimeNs: bigint): number;
  setMtime(fd: number, mtimeNs: bigint): number;
  syncAll(fd: number): number;
  /** Begins to write a file's dirty pages out, without waiting: the flush that follows finds less to do. */
  startWriteback(fd: number): number;
}

export interface At {
  readonly directory: number;
  readonly name: string;
}

export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;

const SYS_OPENAT2 = 437;
const RESOLVE = 0x01 | 0x02 | 0x04 | 0x08; // NO_XDEV | NO_MAGICLINKS | NO_SYMLINKS | BENEATH
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const STATX_BASIC = 0x7ff;
const UTIME_OMIT = 0x3ffffffen;
const EAGAIN = -11;
const SYNC_FILE_RANGE_WRITE = 2;

/** Loads the bindings; undefined where they cannot be had. */
export function loadNatives(): Natives | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    return bind(koffi);
  } catch {
    return undefined;
  }
}

function bind(koffi: typeof import("koffi")): Natives {
  const libc = koffi.load(null);
  const syscall = libc.func("long syscall(long number, int directory, const char *path, void *how, size_t size)");
  const closeFd = libc.func("int close(int fd)");
  const statx = libc.func("int statx(int directory, const char *path, int flags, unsigned int mask, void *buffer)");
  const renameat2 = libc.func(
    "int renameat2(int fromDirectory, const char *from, int toDirectory, const char *to, unsigned int flags)",
  );
  const utimensat = libc.func("int utimensat(int directory, const char *path, void *times, int flags)");
  const futimens = libc.func("int futimens(int fd, void *times)");
  const syncfs = libc.func("int syncfs(int fd)");
  const syncFileRange = libc.func("int sync_file_range(int fd, int64_t offset, int64_t length, unsigned int flags)");

  const how = new BigUint64Array([BigInt(constants.O_DIRECTORY | O_PATH | O_CLOEXEC), 0n, BigInt(RESOLVE)]);
  const statBuffer = new ArrayBuffer(256);
  const statView = new DataView(statBuffer);
  const statBytes = new Uint8Array(statBuffer);
  const failed = (): number => -koffi.errno();
  const done = (result: number): number => (result < 0 ? failed() : result);

  return {
    openBeneath(root, path) {
      let fd: number;
      do {
        fd = done(syscall(SYS_OPENAT2, root, path, how, 24) as number);
        // A rename elsewhere on the system made the kernel unsure; it asks to be called again.
      } while (fd === EAGAIN);
      return fd;
    },
    close(fd) {
      closeFd(fd);
    },
    lstat(directory, name) {
      const result = statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC, statBytes) as number;
      return result < 0 ? failed() : decodeStatx(statView);
    },
    rename: (from, to, flags) => done(renameat2(from.directory, from.name, to.directory, to.name, flags) as number),
    setMtimeAt: (at, mtimeNs) =>
      done(utimensat(at.directory, at.name, timesOf(mtimeNs), AT_SYMLINK_NOFOLLOW) as number),
    setMtime: (fd, mtimeNs) => done(futimens(fd, timesOf(mtimeNs)) as number),
    syncAll: (fd) => done(syncfs(fd) as number),
    startWriteback: (fd) => done(syncFileRange(fd, 0, 0, SYNC_FILE_RANGE_WRITE) as number),
  };
}

/** `struct statx`, the same on every architecture. Source: linux/stat.h. Linux keeps it little-endian wherever Node runs. */
function decodeStatx(view: DataView): DiskStat {
  const mode = view.getUint16(28, true);
  return {
    type: typeOfMode(mode),
    links: view.getUint32(16, true),
    mode,
    ino: view.getBigUint64(32, true),
    size: Number(view.getBigUint64(40, true)),
    ctimeNs: timestamp(view, 96),
    mtimeNs: timestamp(view, 112),
    dev: makeDevice(BigInt(view.getUint32(136, true)), BigInt(view.getUint32(140, true))),
  };
}

function timestamp(view: DataView, offset: number): bigint {
  return view.getBigInt64(offset, true) * 1_000_000_000n + BigInt(view.getUint32(offset + 8, true));
}

/** The number that `fstat` shows for a device. Source: gnu_dev_makedev in glibc. */
function makeDevice(major: bigint, minor: bigint): bigint {
  return ((major & 0xfffff000n) << 32n) | ((major & 0xfffn) << 8n) | ((minor & 0xffffff00n) << 12n) | (minor & 0xffn);
}

/** Two `struct timespec`: atime left as it is, then mtime. */
function timesOf(mtimeNs: bigint): BigInt64Array {
  const billion = 1_000_000_000n;
  const nanoseconds = ((mtimeNs % billion) + billion) % billion;
  return new BigInt64Array([0n, UTIME_OMIT, (mtimeNs - nanoseconds) / billion, nanoseconds]);
}
