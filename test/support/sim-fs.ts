/**
 * The file system of a simulated folder: {@link Filesystem} over {@link SimDisk}.
 *
 * Before each call {@link SimFs.beforeCall} runs, so that a user actor may act
 * through {@link SimFs.user} between any two calls; then an injected failure may
 * take the call's place. Deterministic: time and chance are handed in.
 */
import { errnoOf, fsError } from "../../src/sync/fs/errno.ts";
import {
  type DiskEntry,
  type DiskStat,
  type Filesystem,
  type FsCapabilities,
  FsError,
  type FsPath,
  PRIVATE_DIRECTORY,
  type PrivatePath,
  type ReadHandle,
  type ROOT,
  type WriteHandle,
} from "../../src/sync/fs/filesystem.ts";
import { EXT4, type Inode, type Personality, SimDisk } from "./sim-disk.ts";
import { SimUser } from "./sim-user.ts";

export interface SimCall {
  /** The port's method; handle methods as "read", "write", "truncate", "setMode", "setMtime", "sync", "fstat", "close". */
  readonly name: string;
  readonly path: string;
  readonly to?: string;
}

export interface SimFsOptions {
  readonly nowMs: () => number;
  readonly personality?: Personality;
  /** Of a folder beside others on one simulated file system: where its inodes' numbers begin. Without it, it lies alone. */
  readonly firstIno?: bigint;
}

interface Failure {
  readonly matches: (call: SimCall) => boolean;
  readonly code: string | number;
  left: number;
}

export class SimFs implements Filesystem {
  readonly disk: SimDisk;
  /** What people and their programs do to the folder: no hook, no injected failure. */
  readonly user: SimUser;
  /** Runs before every call of the port; a user may act in it. Not called again for what it does through {@link user}. */
  beforeCall: ((call: SimCall) => void) | undefined = undefined;
  /** Told of each path that changed, by whomever, outside the private area. The owner may drop any of it. */
  onChange: ((path: string) => void) | undefined = undefined;
  freeBytes = 2 ** 40;
  #failures: Failure[] = [];
  #rootState: "same" | "missing" | "replaced" = "same";
  #boots = 0;
  readonly #isAlone: boolean;
  #isInHook = false;

  constructor(options: SimFsOptions) {
    this.#isAlone = options.firstIno === undefined;
    this.disk = new SimDisk(options.personality ?? EXT4, options.nowMs, options.firstIno);
    this.user = new SimUser(this.disk, (path) => this.#changed(path));
  }

  get capabilities(): FsCapabilities {
    const personality = this.disk.personality;
    return {
      exchange: personality.exchange,
      renameNoReplace: personality.renameNoReplace,
      hardLinks: personality.hardLinks,
      symlinks: personality.symlinks,
      executableBit: personality.modes,
      caseSensitive: personality.caseSensitive,
      unicodeExact: personality.unicode === "exact",
      mtimeGrainNs: personality.mtimeGrainNs,
      reflink: false,
    };
  }

  /** The next `times` calls of this method (or those that match) fail with a code's name or bare number. */
  failNext(call: string | ((call: SimCall) => boolean), code: string | number, times = 1): void {
    const matches = typeof call === "string" ? (found: SimCall) => found.name === call : call;
    this.#failures.push({ matches, code, left: times });
  }

  /** Cuts the power; handles opened before are dead. What is left is one legal outcome. */
  crash(random: () => number): void {
    this.#boots += 1;
    this.#failures = [];
    this.disk.crash(random);
  }

  setRootState(state: "same" | "missing" | "replaced"): void {
    this.#rootState = state;
  }

  rootState(): "same" | "missing" | "replaced" {
    this.#enter({ name: "rootState", path: "" });
    return this.#rootState;
  }

  stat(path: FsPath | typeof ROOT): DiskStat | undefined {
    this.#enter({ name: "stat", path });
    try {
      return statOf(this.disk.inodeAt(path, "stat"));
    } catch (thrown) {
      if (thrown instanceof FsError && (thrown.code === "ENOENT" || thrown.code === "ENOTDIR")) return undefined;
      throw thrown;
    }
  }

  list(path: FsPath | typeof ROOT): readonly DiskEntry[] {
    this.#enter({ name: "list", path });
    const entries = [...this.disk.directoryAt(path, "list").entries.values()];
    return entries.map(({ name, inode }) => ({ name, shown: name, type: inode.type }));
  }

  openRead(path: FsPath): ReadHandle {
    this.#enter({ name: "openRead", path });
    return this.#open(path, "open");
  }

  createStage(path: PrivatePath): WriteHandle {
    this.#enter({ name: "createStage", path });
    const place = this.disk.find(path, "create");
    if (place.inode !== undefined) throw fsError("EEXIST", path, "create");
    const inode = this.disk.newInode("file", 0o600);
    this.disk.change([{ place, inode }]);
    return this.#handle(inode, path);
  }

  openStage(path: PrivatePath): WriteHandle {
    this.#enter({ name: "openStage", path });
    return this.#open(path, "open");
  }

  readLink(path: FsPath): string {
    this.#enter({ name: "readLink", path });
    const inode = this.disk.inodeAt(path, "readlink");
    if (inode.type !== "symlink") throw fsError("EINVAL", path, "readlink");
    return inode.target;
  }

  symlink(target: string, path: PrivatePath): void {
    this.#enter({ name: "symlink", path });
    if (!this.disk.personality.symlinks) throw fsError("EPERM", path, "symlink");
    const place = this.disk.find(path, "symlink");
    if (place.inode !== undefined) throw fsError("EEXIST", path, "symlink");
    if (target === "") throw fsError("ENOENT", path, "symlink");
    if (target.includes("\0")) throw fsError("EINVAL", path, "symlink");
    this.disk.change([{ place, inode: this.disk.newInode("symlink", 0o777, target) }]);
  }

  mkdir(path: FsPath, mode: number): void {
    this.#enter({ name: "mkdir", path });
    const place = this.disk.find(path, "mkdir");
    if (place.inode !== undefined) throw fsError("EEXIST", path, "mkdir");
    this.disk.change([{ place, inode: this.disk.newInode("directory", mode) }]);
    this.#changed(path);
  }

  rmdir(path: FsPath): void {
    this.#enter({ name: "rmdir", path });
    const place = this.disk.find(path, "rmdir");
    if (place.inode === undefined) throw fsError("ENOENT", path, "rmdir");
    if (place.inode.type !== "directory") throw fsError("ENOTDIR", path, "rmdir");
    if (place.inode.entries.size > 0) throw fsError("ENOTEMPTY", path, "rmdir");
    this.disk.change([{ place, inode: undefined }]);
    this.#changed(path);
  }

  link(from: FsPath, to: FsPath): void {
    this.#enter({ name: "link", path: from, to });
    const inode = this.disk.inodeAt(from, "link");
    const place = this.disk.find(to, "link");
    if (place.inode !== undefined) throw fsError("EEXIST", to, "link");
    if (inode.type === "directory" || !this.disk.personality.hardLinks) throw fsError("EPERM", to, "link");
    this.disk.change([{ place, inode }]);
    this.#changed(to);
  }

  linkFrom(other: Filesystem, from: FsPath, to: PrivatePath): void {
    this.#enter({ name: "linkFrom", path: from, to });
    if (!(other instanceof SimFs) || other.#isAlone || this.#isAlone) throw fsError("EXDEV", to, "link");
    const inode = other.disk.inodeAt(from, "link");
    const place = this.disk.find(to, "link");
    if (place.inode !== undefined) throw fsError("EEXIST", to, "link");
    if (inode.type !== "file" || !this.disk.personality.hardLinks) throw fsError("EPERM", to, "link");
    this.disk.change([{ place, inode }]);
  }

  rename(from: FsPath, to: FsPath): void {
    this.#enter({ name: "rename", path: from, to });
    this.disk.rename(from, to);
    this.#changed(from);
    this.#changed(to);
  }

  renameNoReplace(from: FsPath, to: FsPath): void {
    this.#enter({ name: "renameNoReplace", path: from, to });
    if (!this.disk.personality.renameNoReplace) throw fsError("ENOTSUP", to, "rename (create only)");
    this.disk.inodeAt(from, "rename (create only)");
    if (this.disk.find(to, "rename (create only)").inode !== undefined)
      throw fsError("EEXIST", to, "rename (create only)");
    this.disk.rename(from, to);
    this.#changed(from);
    this.#changed(to);
  }

  exchange(a: FsPath, b: FsPath): void {
    this.#enter({ name: "exchange", path: a, to: b });
    if (!this.disk.personality.exchange) throw fsError("ENOTSUP", b, "exchange");
    const [first, second] = [this.disk.find(a, "exchange"), this.disk.find(b, "exchange")];
    if (first.inode === undefined || second.inode === undefined) throw fsError("ENOENT", b, "exchange");
    if (a.startsWith(`${b}/`) || b.startsWith(`${a}/`)) throw fsError("EINVAL", b, "exchange");
    this.disk.change([
      { place: first, inode: second.inode },
      { place: second, inode: first.inode },
    ]);
    this.#changed(a);
    this.#changed(b);
  }

  unlink(path: FsPath): void {
    this.#enter({ name: "unlink", path });
    const place = this.disk.find(path, "unlink");
    if (place.inode === undefined) throw fsError("ENOENT", path, "unlink");
    if (place.inode.type === "directory") throw fsError("EISDIR", path, "unlink");
    this.disk.change([{ place, inode: undefined }]);
    this.#changed(path);
  }

  chmod(path: FsPath, mode: number): void {
    this.#enter({ name: "chmod", path });
    const inode = this.disk.inodeAt(path, "chmod");
    if (inode.type === "symlink") throw fsError("ELOOP", path, "chmod");
    this.disk.setMode(inode, mode);
    this.#changed(path);
  }

  setMtime(path: FsPath, mtimeNs: bigint): void {
    this.#enter({ name: "setMtime", path });
    this.disk.setMtime(this.disk.inodeAt(path, "utimes"), mtimeNs);
    this.#changed(path);
  }

  copy(from: FsPath, to: PrivatePath): void {
    this.#enter({ name: "copy", path: from, to });
    const source = this.#regular(from, "open");
    const place = this.disk.find(to, "copy");
    if (place.inode !== undefined) throw fsError("EEXIST", to, "copy");
    const inode = this.disk.newInode("file", source.mode & 0o777);
    this.disk.setData(inode, source.data.slice());
    this.disk.setMtime(inode, source.mtimeNs);
    this.disk.change([{ place, inode }]);
  }

  syncDirectory(path: FsPath | typeof ROOT): void {
    this.#enter({ name: "syncDirectory", path });
    this.disk.syncDirectory(this.disk.directoryAt(path, "fsync"));
  }

  syncAll(): boolean {
    this.#enter({ name: "syncAll", path: "" });
    if (!this.disk.personality.syncAll) return false;
    this.disk.syncAll();
    return true;
  }

  free(): { readonly bytes: number; readonly totalBytes: number; readonly inodes: number | undefined } {
    this.#enter({ name: "free", path: "" });
    return { bytes: this.freeBytes, totalBytes: 2 ** 41, inodes: undefined };
  }

  close(): void {}

  #enter(call: SimCall): void {
    if (!this.#isInHook && this.beforeCall !== undefined) {
      this.#isInHook = true;
      try {
        this.beforeCall(call);
      } finally {
        this.#isInHook = false;
      }
    }
    const failure = this.#failures.find((candidate) => candidate.left > 0 && candidate.matches(call));
    if (failure === undefined) return;
    failure.left -= 1;
    const { code } = failure;
    throw typeof code === "number"
      ? new FsError(`errno ${code}`, code, call.path, call.name)
      : fsError(code, call.path, call.name);
  }

  #regular(path: string, call: string): Inode {
    const inode = this.disk.inodeAt(path, call);
    if (inode.type === "symlink") throw fsError("ELOOP", path, call);
    if (inode.type !== "file") throw fsError("EINVAL", path, call);
    return inode;
  }

  #open(path: string, call: string): WriteHandle {
    return this.#handle(this.#regular(path, call), path);
  }

  #handle(inode: Inode, path: string): WriteHandle {
    const boot = this.#boots;
    const enter = (name: string): void => {
      this.#enter({ name, path });
      if (boot !== this.#boots) throw new FsError("EIO", errnoOf("EIO"), path, name);
    };
    return new SimHandle(this.disk, inode, enter);
  }

  #changed(path: string): void {
    if (path !== PRIVATE_DIRECTORY && !path.startsWith(`${PRIVATE_DIRECTORY}/`)) this.onChange?.(path);
  }
}

class SimHandle implements WriteHandle {
  readonly #disk: SimDisk;
  readonly #inode: Inode;
  readonly #enter: (name: string) => void;

  constructor(disk: SimDisk, inode: Inode, enter: (name: string) => void) {
    this.#disk = disk;
    this.#inode = inode;
    this.#enter = enter;
  }

  stat(): DiskStat {
    this.#enter("fstat");
    return statOf(this.#inode);
  }

  read(target: Uint8Array, position: number): number {
    this.#enter("read");
    const bytes = this.#inode.data.subarray(position, position + target.byteLength);
    target.set(bytes);
    return bytes.byteLength;
  }

  write(bytes: Uint8Array, position: number): void {
    this.#enter("write");
    const { data } = this.#inode;
    const grown = new Uint8Array(Math.max(data.byteLength, position + bytes.byteLength));
    grown.set(data);
    grown.set(bytes, position);
    this.#disk.setData(this.#inode, grown);
  }

  truncate(size: number): void {
    this.#enter("truncate");
    const resized = new Uint8Array(size);
    resized.set(this.#inode.data.subarray(0, size));
    this.#disk.setData(this.#inode, resized);
  }

  setMode(mode: number): void {
    this.#enter("setMode");
    this.#disk.setMode(this.#inode, mode);
  }

  setMtime(mtimeNs: bigint): void {
    this.#enter("setMtime");
    this.#disk.setMtime(this.#inode, mtimeNs);
  }

  sync(): void {
    this.#enter("sync");
    this.#disk.syncFile(this.#inode);
  }

  close(): void {
    this.#enter("close");
  }
}

function statOf(inode: Inode): DiskStat {
  return {
    type: inode.type,
    links: inode.type === "directory" ? 2 : inode.links,
    dev: 1n,
    ino: inode.ino,
    size: inode.size,
    mtimeNs: inode.mtimeNs,
    ctimeNs: inode.ctimeNs,
    mode: inode.mode,
  };
}
