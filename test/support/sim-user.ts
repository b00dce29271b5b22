/** What people and their programs do to a simulated folder. */
import { fsError } from "../../src/sync/fs/errno.ts";
import { PRIVATE_DIRECTORY } from "../../src/sync/fs/filesystem.ts";
import type { Inode, Place, SimDisk } from "./sim-disk.ts";
import { FileNode, SymlinkNode, type TreeSpec } from "./tree.ts";
import type { OpenFile, UserActor } from "./user-actor.ts";

/** Fails with FsError as the system would, for instance when a parent is missing. */
export class SimUser implements UserActor {
  readonly #disk: SimDisk;
  readonly #changed: (path: string) => void;
  #temporaries = 0;
  #tokens = 0;

  constructor(disk: SimDisk, changed: (path: string) => void) {
    this.#disk = disk;
    this.#changed = changed;
  }

  /** A content never written before: the oracle looks for it wherever it may be. */
  token(): string {
    this.#tokens += 1;
    return `token-${this.#tokens};`;
  }

  /** Truncates and writes the same inode, as many editors do; creates the file when it is missing. */
  write(path: string, text: string): void {
    const place = this.#disk.find(path, "write");
    this.#setText(place.inode ?? this.#create(place), path, text);
  }

  append(path: string, text: string): void {
    const inode = this.#disk.inodeAt(path, "append");
    this.#setText(inode, path, textOf(inode) + text);
  }

  /** Writes a new file beside it and renames it over, as other editors do. */
  save(path: string, text: string): void {
    this.#temporaries += 1;
    const temporary = `${path}.tmp${this.#temporaries}`;
    this.write(temporary, text);
    this.move(temporary, path);
  }

  /** Creates a file, which must not be there. */
  create(path: string, text: string): void {
    if (this.exists(path)) throw fsError("EEXIST", path, "create");
    this.write(path, text);
  }

  /** `rm -r`. */
  delete(path: string): void {
    const place = this.#disk.find(path, "delete");
    if (place.inode === undefined) throw fsError("ENOENT", path, "delete");
    for (const { name } of [...place.inode.entries.values()]) this.delete(`${path}/${name}`);
    this.#disk.change([{ place, inode: undefined }]);
    this.#changed(path);
  }

  mkdir(path: string): void {
    const place = this.#disk.find(path, "mkdir");
    if (place.inode !== undefined) throw fsError("EEXIST", path, "mkdir");
    this.#disk.change([{ place, inode: this.#disk.newInode("directory", 0o755) }]);
    this.#changed(path);
  }

  /** `rename(2)`: replaces a file at the target. */
  move(from: string, to: string): void {
    this.#disk.rename(from, to);
    this.#changed(from);
    this.#changed(to);
  }

  link(from: string, to: string): void {
    const place = this.#disk.find(to, "link");
    if (place.inode !== undefined) throw fsError("EEXIST", to, "link");
    const inode = this.#disk.inodeAt(from, "link");
    if (inode.type === "directory") throw fsError("EPERM", to, "link");
    this.#disk.change([{ place, inode }]);
    this.#changed(to);
  }

  symlink(target: string, path: string): void {
    const place = this.#disk.find(path, "symlink");
    if (place.inode !== undefined) throw fsError("EEXIST", path, "symlink");
    this.#disk.change([{ place, inode: this.#disk.newInode("symlink", 0o777, target) }]);
    this.#changed(path);
  }

  chmod(path: string, perms: number): void {
    this.#disk.setMode(this.#disk.inodeAt(path, "chmod"), perms);
    this.#changed(path);
  }

  touch(path: string, mtimeNs: bigint): void {
    this.#disk.setMtime(this.#disk.inodeAt(path, "touch"), mtimeNs);
    this.#changed(path);
  }

  /** Holds a file open, to write it later wherever it may be then. */
  open(path: string): OpenFile {
    const inode = this.#disk.inodeAt(path, "open");
    if (inode.type !== "file") throw fsError("EISDIR", path, "open");
    return {
      read: () => textOf(inode),
      links: () => inode.links,
      write: (text) => this.#setText(inode, path, text),
      close: () => {},
    };
  }

  exists(path: string): boolean {
    try {
      return this.#disk.find(path, "stat").inode !== undefined;
    } catch {
      return false;
    }
  }

  read(path: string): string {
    return textOf(this.#disk.inodeAt(path, "read"));
  }

  /** Makes a tree, durably, as if it had been there for long. */
  plant(spec: TreeSpec, below = ""): void {
    for (const [name, node] of Object.entries(spec)) {
      const path = below === "" ? name : `${below}/${name}`;
      if (typeof node === "string") this.write(path, node);
      else if (node instanceof SymlinkNode) this.symlink(node.target, path);
      else if (node instanceof FileNode) {
        this.write(path, node.text);
        this.chmod(path, node.mode);
      } else {
        if (!this.exists(path)) this.mkdir(path);
        this.plant(node, path);
      }
    }
    if (below === "") this.settle();
  }

  /** Everything written so far would survive a power cut. */
  settle(): void {
    this.#disk.syncAll();
  }

  /** The folder as data, without the private area; comparable with what was planted. */
  tree(): TreeSpec {
    return treeOf(this.#disk.root, this.#disk.personality.modes, true);
  }

  /** The content of every file, the private area included, by path. */
  contents(): Map<string, string> {
    const found = new Map<string, string>();
    collect(this.#disk.root, "", found);
    return found;
  }

  /** Every path outside the private area, parents first. */
  paths(): readonly { readonly path: string; readonly type: Inode["type"] }[] {
    const found: { path: string; type: Inode["type"] }[] = [];
    const visit = (directory: Inode, prefix: string): void => {
      for (const { name, inode } of directory.entries.values()) {
        if (prefix === "" && name === PRIVATE_DIRECTORY) continue;
        found.push({ path: prefix + name, type: inode.type });
        visit(inode, `${prefix}${name}/`);
      }
    };
    visit(this.#disk.root, "");
    return found;
  }

  #create(place: Place): Inode {
    const inode = this.#disk.newInode("file", 0o644);
    this.#disk.change([{ place, inode }]);
    return inode;
  }

  #setText(inode: Inode, path: string, text: string): void {
    if (inode.type === "directory") throw fsError("EISDIR", path, "write");
    if (inode.type !== "file") throw fsError("ELOOP", path, "write");
    this.#disk.setData(inode, new TextEncoder().encode(text));
    this.#changed(path);
  }
}

function textOf(inode: Inode): string {
  return new TextDecoder().decode(inode.data);
}

function collect(directory: Inode, prefix: string, found: Map<string, string>): void {
  for (const { name, inode } of directory.entries.values()) {
    if (inode.type === "directory") collect(inode, `${prefix}${name}/`, found);
    else found.set(prefix + name, inode.type === "symlink" ? inode.target : textOf(inode));
  }
}

function treeOf(directory: Inode, hasModes: boolean, isRoot: boolean): TreeSpec {
  const tree: Record<string, TreeSpec[string]> = {};
  for (const { name, inode } of directory.entries.values()) {
    if (isRoot && name === PRIVATE_DIRECTORY) continue;
    if (inode.type === "directory") tree[name] = treeOf(inode, hasModes, false);
    else if (inode.type === "symlink") tree[name] = new SymlinkNode(inode.target);
    else
      tree[name] =
        !hasModes || (inode.mode & 0o111) === 0 ? textOf(inode) : new FileNode(textOf(inode), inode.mode & 0o777);
  }
  return tree;
}
