/**
 * A disk in memory that knows what would survive a power cut.
 *
 * The model, stricter than any real file system so that what holds here holds
 * there:
 * - Content, permission bits and mtime of a file are durable as of its last
 *   sync. After a crash an unsynced file has its old durable content, its
 *   latest, a cut-off part of that, or that with a page of zeros in it.
 * - A change of names (create, link, rename, exchange, remove) is one atomic
 *   operation on one or two directories. Syncing a directory makes its
 *   operations durable, and with them every earlier one that shares a directory
 *   with one of those. Of the others a crash keeps any set in which no
 *   operation is kept that comes after a dropped one in the same directory. So
 *   an unlink in one directory may survive without the link in another.
 * - Syncing a file does not make its name durable, nor syncing a directory its own.
 * - Symlink targets and directories' permission bits are durable with the name.
 */

import { fsError } from "../../src/sync/fs/errno.ts";
import type { EntryType } from "../../src/sync/fs/filesystem.ts";

/** How a simulated file system differs from ext4. */
export interface Personality {
  readonly caseSensitive: boolean;
  /** "nfc" and "nfd" store every name in that form and find it by any form. */
  readonly unicode: "exact" | "nfc" | "nfd";
  readonly hardLinks: boolean;
  readonly symlinks: boolean;
  readonly exchange: boolean;
  readonly renameNoReplace: boolean;
  /** False: chmod is accepted and ignored. */
  readonly modes: boolean;
  readonly mtimeGrainNs: number;
  readonly syncAll: boolean;
  /** Names that the platform cannot hold: EINVAL. */
  readonly refusesName: (name: string) => boolean;
}

export const EXT4: Personality = {
  caseSensitive: true,
  unicode: "exact",
  hardLinks: true,
  symlinks: true,
  exchange: true,
  renameNoReplace: true,
  modes: true,
  mtimeGrainNs: 1,
  syncAll: true,
  refusesName: () => false,
};

/** Linux without koffi, or another Unix: links, but neither exchange nor create-only rename. */
export const PLAIN_UNIX: Personality = { ...EXT4, exchange: false, renameNoReplace: false, syncAll: false };

/** exFAT through FUSE: no links of either kind, folding names, modes ignored, two-second times. */
export const EXFAT: Personality = {
  ...PLAIN_UNIX,
  caseSensitive: false,
  hardLinks: false,
  symlinks: false,
  modes: false,
  mtimeGrainNs: 2_000_000_000,
  refusesName: (name) => /[:*?"<>|\\]/.test(name),
};

/** HFS+ as macOS shows it: folding, decomposing names. */
export const HFS: Personality = { ...PLAIN_UNIX, caseSensitive: false, unicode: "nfd", mtimeGrainNs: 1_000_000_000 };

const TYPE_BITS: Readonly<Record<EntryType, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  special: 0o010000,
};
const NAME_BYTES_MAX = 255;

interface Content {
  readonly data: Uint8Array;
  readonly mode: number;
  readonly mtimeNs: bigint;
}

export interface Entry {
  readonly name: string;
  readonly inode: Inode;
}

export class Inode {
  readonly ino: bigint;
  readonly type: EntryType;
  readonly target: string;
  readonly entries = new Map<string, Entry>();
  readonly durableEntries = new Map<string, Entry>();
  data: Uint8Array = new Uint8Array(0);
  mode: number;
  mtimeNs = 0n;
  ctimeNs = 0n;
  links = 0;
  durable: Content | undefined = undefined;

  constructor(ino: bigint, type: EntryType, perms: number, target = "") {
    this.ino = ino;
    this.type = type;
    this.target = target;
    this.mode = TYPE_BITS[type] | (type === "symlink" ? 0o777 : perms);
  }

  get size(): number {
    if (this.type === "directory") return 4096;
    return this.type === "symlink" ? Buffer.byteLength(this.target) : this.data.byteLength;
  }

  get isDirty(): boolean {
    const { durable } = this;
    return (
      this.type === "file" &&
      (durable === undefined ||
        durable.data !== this.data ||
        durable.mode !== this.mode ||
        durable.mtimeNs !== this.mtimeNs)
    );
  }
}

/** A place in a directory, whether or not something is there. */
export interface Place {
  readonly directory: Inode;
  readonly key: string;
  readonly name: string;
  readonly inode: Inode | undefined;
}

interface Change {
  readonly directory: Inode;
  readonly key: string;
  readonly entry: Entry | undefined;
}

interface Operation {
  readonly changes: readonly Change[];
  /** The directories it writes to; a moved directory is one of them, because its parent is noted in it. */
  readonly touches: readonly Inode[];
}

export class SimDisk {
  readonly personality: Personality;
  readonly #nowMs: () => number;
  readonly root: Inode;
  #nextIno: bigint;
  #lastNs = 0n;
  #pending: Operation[] = [];
  readonly #dirty = new Set<Inode>();

  constructor(personality: Personality, nowMs: () => number, firstIno = 2n) {
    this.personality = personality;
    this.#nowMs = nowMs;
    this.#nextIno = firstIno;
    this.root = this.newInode("directory", 0o755);
    this.root.links = 2;
  }

  /** Two calls never share a time, unless the file system's steps are coarse. */
  now(): bigint {
    const wall = BigInt(Math.floor(this.#nowMs())) * 1_000_000n;
    this.#lastNs = wall > this.#lastNs ? wall : this.#lastNs + 1n;
    return this.coarse(this.#lastNs);
  }

  coarse(ns: bigint): bigint {
    const grain = BigInt(this.personality.mtimeGrainNs);
    return grain === 1n ? ns : ns - (((ns % grain) + grain) % grain);
  }

  newInode(type: EntryType, perms: number, target = ""): Inode {
    const inode = new Inode(this.#nextIno, type, this.personality.modes ? perms : 0o777, target);
    this.#nextIno += 1n;
    inode.mtimeNs = inode.ctimeNs = this.now();
    if (type === "file") this.#dirty.add(inode);
    return inode;
  }

  /** Finds a path's place. ENOENT and ENOTDIR for a parent that is missing or is no directory, a link included. */
  find(path: string, call: string): Place {
    const parts = path.split("/");
    const last = parts.pop() ?? "";
    let directory = this.root;
    for (const part of parts) {
      const next = directory.entries.get(this.#key(part, path, call));
      if (next === undefined) throw fsError("ENOENT", path, call);
      if (next.inode.type !== "directory") throw fsError("ENOTDIR", path, call);
      directory = next.inode;
    }
    const key = this.#key(last, path, call);
    return { directory, key, name: this.#stored(last), inode: directory.entries.get(key)?.inode };
  }

  /** What is at a path; ENOENT. */
  inodeAt(path: string, call: string): Inode {
    if (path === "") return this.root;
    const { inode } = this.find(path, call);
    if (inode === undefined) throw fsError("ENOENT", path, call);
    return inode;
  }

  directoryAt(path: string, call: string): Inode {
    const inode = this.inodeAt(path, call);
    if (inode.type !== "directory") throw fsError("ENOTDIR", path, call);
    return inode;
  }

  /** Carries out one atomic change of names and remembers it as not durable yet. */
  change(changes: readonly { readonly place: Place; readonly inode: Inode | undefined }[]): void {
    const now = this.now();
    const moved = changes.flatMap(({ inode }) => (inode?.type === "directory" && inode.links > 0 ? [inode] : []));
    const applied = changes.map(({ place, inode }): Change => {
      const entry = inode === undefined ? undefined : { name: place.name, inode };
      return { directory: place.directory, key: place.key, entry };
    });
    for (const { directory, key, entry } of applied) {
      const old = directory.entries.get(key)?.inode;
      if (old !== undefined) {
        old.links -= 1;
        old.ctimeNs = now;
      }
      put(directory.entries, key, entry);
      if (entry !== undefined) {
        entry.inode.links += 1;
        entry.inode.ctimeNs = now;
      }
      directory.mtimeNs = directory.ctimeNs = now;
    }
    this.#pending.push({ changes: applied, touches: [...applied.map((change) => change.directory), ...moved] });
  }

  /** rename(2): replaces a file by a file and an empty directory by a directory. */
  rename(from: string, to: string): void {
    const [source, target] = [this.find(from, "rename"), this.find(to, "rename")];
    if (source.inode === undefined) throw fsError("ENOENT", from, "rename");
    if (to.startsWith(`${from}/`)) throw fsError("EINVAL", to, "rename");
    const isSameEntry = source.directory === target.directory && source.key === target.key;
    // POSIX: two names of one inode are both left alone; one name under another spelling is changed.
    if (target.inode === source.inode && !isSameEntry) return;
    if (target.inode !== undefined && !isSameEntry) {
      const [isDirectory, wasDirectory] = [source.inode.type === "directory", target.inode.type === "directory"];
      if (isDirectory && !wasDirectory) throw fsError("ENOTDIR", to, "rename");
      if (!isDirectory && wasDirectory) throw fsError("EISDIR", to, "rename");
      if (wasDirectory && target.inode.entries.size > 0) throw fsError("ENOTEMPTY", to, "rename");
    }
    this.change([
      { place: source, inode: undefined },
      { place: target, inode: source.inode },
    ]);
  }

  setData(inode: Inode, data: Uint8Array): void {
    inode.data = data;
    inode.mtimeNs = inode.ctimeNs = this.now();
    this.#dirty.add(inode);
  }

  setMode(inode: Inode, perms: number): void {
    if (this.personality.modes) inode.mode = (inode.mode & ~0o7777) | (perms & 0o7777);
    inode.ctimeNs = this.now();
    this.#dirty.add(inode);
  }

  setMtime(inode: Inode, mtimeNs: bigint): void {
    inode.mtimeNs = this.coarse(mtimeNs);
    inode.ctimeNs = this.now();
    this.#dirty.add(inode);
  }

  syncFile(inode: Inode): void {
    inode.durable = { data: inode.data, mode: inode.mode, mtimeNs: inode.mtimeNs };
    this.#dirty.delete(inode);
  }

  syncDirectory(directory: Inode): void {
    const reached = new Set([directory]);
    const isDurable = this.#pending.map(() => false);
    for (let index = this.#pending.length - 1; index >= 0; index -= 1) {
      const touches = this.#pending[index]?.touches ?? [];
      if (!touches.some((touched) => reached.has(touched))) continue;
      isDurable[index] = true;
      for (const touched of touches) reached.add(touched);
    }
    this.#pending = this.#pending.filter((operation, index) => {
      if (isDurable[index] === true) applyDurably(operation);
      return isDurable[index] !== true;
    });
  }

  syncAll(): void {
    for (const operation of this.#pending) applyDurably(operation);
    this.#pending = [];
    for (const inode of this.#dirty) this.syncFile(inode);
  }

  /** Cuts the power: what is left is one legal outcome, chosen by `random` in [0, 1). */
  crash(random: () => number): void {
    const keep = random();
    const stopped = new Set<Inode>();
    for (const operation of this.#pending) {
      const isKept = !operation.touches.some((touched) => stopped.has(touched)) && random() < keep;
      if (isKept) applyDurably(operation);
      else for (const touched of operation.touches) stopped.add(touched);
    }
    this.#pending = [];
    for (const inode of this.#dirty) survive(inode, random);
    this.#dirty.clear();
    reload(this.root);
    recount(this.root);
  }

  #key(name: string, path: string, call: string): string {
    if (Buffer.byteLength(name) > NAME_BYTES_MAX) throw fsError("ENAMETOOLONG", path, call);
    if (this.personality.refusesName(name)) throw fsError("EINVAL", path, call);
    const { unicode, caseSensitive } = this.personality;
    const form = unicode === "exact" ? name : name.normalize("NFC");
    return caseSensitive ? form : form.toLowerCase();
  }

  #stored(name: string): string {
    const { unicode } = this.personality;
    return unicode === "exact" ? name : name.normalize(unicode === "nfc" ? "NFC" : "NFD");
  }
}

function put(entries: Map<string, Entry>, key: string, entry: Entry | undefined): void {
  if (entry === undefined) entries.delete(key);
  else entries.set(key, entry);
}

function applyDurably({ changes }: Operation): void {
  for (const { directory, key, entry } of changes) put(directory.durableEntries, key, entry);
}

/** Chooses what an unsynced file looks like after a crash. */
function survive(inode: Inode, random: () => number): void {
  const latest: Content = { data: inode.data, mode: inode.mode, mtimeNs: inode.mtimeNs };
  const old = inode.durable ?? { ...latest, data: new Uint8Array(0) };
  const choice = random();
  let survivor = latest;
  if (choice < 0.4) survivor = old;
  // Content that was flushed and not written since is never spoiled by a change of mode or time.
  else if (old.data === latest.data) survivor = latest;
  else if (choice < 0.6)
    survivor = { ...latest, data: latest.data.slice(0, Math.floor(random() * latest.data.byteLength)) };
  else if (choice < 0.75) survivor = { ...latest, data: withZeros(latest.data, random) };
  inode.durable = survivor;
  inode.data = survivor.data;
  inode.mode = survivor.mode;
  inode.mtimeNs = survivor.mtimeNs;
}

function withZeros(data: Uint8Array, random: () => number): Uint8Array {
  const copy = data.slice();
  const start = Math.floor(random() * copy.byteLength);
  return copy.fill(0, start, start + 4096);
}

function reload(directory: Inode): void {
  directory.entries.clear();
  for (const [key, entry] of directory.durableEntries) {
    directory.entries.set(key, entry);
    if (entry.inode.type === "directory") reload(entry.inode);
    entry.inode.links = 0;
  }
}

function recount(directory: Inode): void {
  for (const { inode } of directory.entries.values()) {
    inode.links += 1;
    if (inode.type === "directory") recount(inode);
  }
}
