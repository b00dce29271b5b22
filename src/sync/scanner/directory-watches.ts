/**
 * Watches every directory of a tree, one by one, through Node's own `fs.watch`.
 *
 * For Linux, where a watch sees one directory only. chokidar does the same but
 * lists and stats every file to do it: 100,000 files in 2,269 directories cost
 * it 3 to 4 s of processor time and 40 to 390 MB, this 0.1 s and 10 MB.
 *
 * Nothing is read but names, by path and so without protection against a
 * parent swapped for a link: what comes of it is a hint, and whoever follows a
 * hint goes through the gate of the file system port.
 */
import { isUtf8 } from "node:buffer";
import { type BigIntStats, type FSWatcher, lstatSync, readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { isReserved, type RelPath } from "../../shared/ids.ts";

export interface DirectoryWatchesOptions {
  /** Absolute path of the tree. */
  readonly root: string;
  readonly isIgnored: (directory: RelPath) => boolean;
  /** Something happened at a path; for a new directory, after it is watched. */
  readonly onChange: (path: string) => void;
  /** The tree itself was moved or removed; it is watched again after {@link DirectoryWatches.start}, or by itself when another took its place at once. */
  readonly onRootGone: () => void;
  /** The system gives no more watches: its code. Told once a {@link DirectoryWatches.start}. */
  readonly onLimit: (code: string) => void;
  readonly onError: (error: unknown) => void;
}

interface Node {
  readonly watcher: FSWatcher;
  /** Which directory is watched: its name can come to mean another one. */
  readonly inode: bigint;
  readonly children: Map<string, Node>;
}

/** A path that may be a new directory, gone, or another directory than before. */
interface Doubt {
  /** Whether to tell of directories that are new here. */
  readonly isNews: boolean;
  /** Whether to look at what is below it even if it is known. */
  readonly isDeep: boolean;
  /** Whether what is watched may be gone although what is there now has its inode number: numbers are used again at once. */
  readonly isStale: boolean;
}

/** How long the loop may be held at a time. */
const SLICE_MS = 5;
const LIMIT_CODES = new Set(["ENOSPC", "EMFILE", "ENFILE"]);
const GONE_CODES = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP"]);

export class DirectoryWatches {
  readonly #options: DirectoryWatchesOptions;
  readonly #doubts = new Map<string, Doubt>();
  #root: Node | undefined;
  #device = 0n;
  #isWorking = false;
  #isLimited = false;
  #isClosed = false;
  readonly #whenIdle: (() => void)[] = [];

  constructor(options: DirectoryWatchesOptions) {
    this.#options = options;
  }

  /** Watches the tree as it is now. Again: after its root was replaced, or what is ignored changed. */
  start(): Promise<void> {
    this.#isLimited = false;
    this.#device = statOf(this.#options.root)?.dev ?? 0n;
    this.#doubt("", { isNews: false, isDeep: true, isStale: false });
    return this.idle();
  }

  /** Resolves when every directory heard of so far is watched. */
  idle(): Promise<void> {
    if (!this.#isWorking) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  close(): void {
    this.#isClosed = true;
    this.#doubts.clear();
    this.#drop("");
  }

  #doubt(path: string, doubt: Doubt): void {
    const known = this.#doubts.get(path);
    this.#doubts.set(path, {
      isNews: doubt.isNews || known?.isNews === true,
      isDeep: doubt.isDeep || known?.isDeep === true,
      isStale: doubt.isStale || known?.isStale === true,
    });
    if (this.#isWorking) return;
    this.#isWorking = true;
    setImmediate(() => this.#work());
  }

  #work(): void {
    const until = performance.now() + SLICE_MS;
    for (const [path, doubt] of this.#doubts) {
      this.#doubts.delete(path);
      this.#settle(path, doubt);
      if (performance.now() >= until) {
        setImmediate(() => this.#work());
        return;
      }
    }
    this.#isWorking = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Brings the watches at a path in line with the disk. */
  #settle(path: string, { isNews, isDeep, isStale }: Doubt): void {
    if (this.#isClosed) return;
    const known = this.#find(path);
    const stat = statOf(join(this.#options.root, path));
    const isWanted = stat?.isDirectory() === true && stat.dev === this.#device && !this.#isIgnored(path);
    const isGone = known !== undefined && (!isWanted || known.inode !== stat.ino);
    if (isGone || isStale) this.#drop(path);
    if (isGone && path === "") this.#options.onRootGone();
    if (!isWanted) return;
    const isNew = this.#find(path) === undefined;
    if (isNew && !this.#watch(path, stat.ino)) return;
    if (!isNew && !isDeep) return;
    // Listed after the watch is set, so that what is made meanwhile is heard of.
    const below = new Set([...(known?.children.keys() ?? []), ...directoriesIn(join(this.#options.root, path))]);
    for (const name of below)
      this.#doubt(path === "" ? name : `${path}/${name}`, { isNews, isDeep: true, isStale: false });
    if (isNew && isNews) this.#options.onChange(path);
  }

  #isIgnored(path: string): boolean {
    return path !== "" && (isReserved(path) || this.#options.isIgnored(path as RelPath));
  }

  #watch(path: string, inode: bigint): boolean {
    const parent = path === "" ? undefined : this.#find(parentPath(path));
    if (this.#isLimited || (path !== "" && parent === undefined)) return false;
    try {
      const place = join(this.#options.root, path);
      const watcher = watch(place, { encoding: "buffer" }, (event, name) => this.#heard(path, event, name));
      const node: Node = { watcher, inode, children: new Map() };
      watcher.on("error", (error) => {
        this.#options.onError(error);
        if (this.#find(path) === node) this.#drop(path);
      });
      if (parent === undefined) this.#root = node;
      else parent.children.set(lastName(path), node);
      return true;
    } catch (error) {
      const code = codeOf(error);
      if (LIMIT_CODES.has(code)) {
        this.#isLimited = true;
        this.#options.onLimit(code);
      } else if (!GONE_CODES.has(code)) this.#options.onError(error);
      return false;
    }
  }

  #heard(directory: string, event: string, name: Buffer | null): void {
    if (this.#isClosed) return;
    if (name === null || !isUtf8(name)) {
      // A name that is no text cannot be told; what holds it can.
      this.#options.onChange(directory);
      return;
    }
    const path = directory === "" ? name.toString() : `${directory}/${name.toString()}`;
    this.#options.onChange(path);
    // "change" is of content or permissions; only a "rename" makes or removes a name.
    if (event !== "rename") return;
    this.#doubt(path, { isNews: true, isDeep: false, isStale: false });
    // What happens to the watched directory itself comes under its own name, as if it were in there.
    const isSelf = name.toString() === lastName(directory === "" ? this.#options.root : directory);
    if (isSelf) this.#doubt(directory, { isNews: directory !== "", isDeep: false, isStale: true });
  }

  #find(path: string): Node | undefined {
    if (path === "") return this.#root;
    let node = this.#root;
    for (const name of path.split("/")) node = node?.children.get(name);
    return node;
  }

  #drop(path: string): void {
    const node = this.#find(path);
    if (node === undefined) return;
    closeAll(node);
    if (path === "") this.#root = undefined;
    else this.#find(parentPath(path))?.children.delete(lastName(path));
  }
}

function closeAll(node: Node): void {
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    next.watcher.close();
    open.push(...next.children.values());
  }
}

function statOf(place: string): BigIntStats | undefined {
  try {
    return lstatSync(place, { bigint: true, throwIfNoEntry: false });
  } catch {
    // What cannot be looked at cannot be watched; the scan tells why.
    return undefined;
  }
}

function directoriesIn(place: string): readonly string[] {
  try {
    return readdirSync(place, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
