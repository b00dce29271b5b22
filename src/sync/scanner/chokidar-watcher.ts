/**
 * The watcher of a folder.
 *
 * chokidar watches whole trees where the system can do that in one go (macOS,
 * Windows). On Linux it watches `.syncline`, whose coming and going is that of
 * the folder, and {@link DirectoryWatches} all the rest.
 */
import { statfsSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { FSWatcher } from "chokidar";
import type { RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Log } from "../../shared/ports.ts";
import { PRIVATE_DIRECTORY } from "../fs/filesystem.ts";
import { DirectoryWatches } from "./directory-watches.ts";
import { COOKIE_PREFIX, type Watcher, type WatchListener } from "./watch.ts";

export interface ChokidarWatcherOptions {
  /** Absolute path of the folder. */
  readonly root: string;
  readonly log: Log;
  /** Directories that need no watch. Asked again after {@link Watcher.refresh}. */
  readonly isIgnored?: (directory: RelPath) => boolean;
  /** "tree": chokidar watches everything. "directories": as described for Linux. */
  readonly strategy?: "tree" | "directories";
}

/** File systems whose changes made elsewhere nobody hears of: NFS, SMB, CIFS, 9P, Ceph, AFS. */
const REMOTE_TYPES = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x00c36400, 0x5346414f]);
/** Counting in turns of the loop: the system's queue is emptied in one. */
const LIMIT_CODES = new Set(["ENOSPC", "EMFILE", "ENFILE"]);

export class ChokidarWatcher implements Watcher {
  readonly #root: string;
  readonly #area: string;
  readonly #log: Log;
  readonly #isIgnored: (directory: RelPath) => boolean;
  readonly #strategy: "tree" | "directories";
  #listener: WatchListener | undefined;
  #chokidar: FSWatcher | undefined;
  #directories: DirectoryWatches | undefined;
  #poll: NodeJS.Timeout | undefined;
  /** Events of this turn of the loop. */
  #burst = 0;
  #isLimitTold = false;

  constructor(options: ChokidarWatcherOptions) {
    this.#root = options.root;
    this.#area = join(options.root, PRIVATE_DIRECTORY);
    this.#log = options.log;
    this.#isIgnored = options.isIgnored ?? (() => false);
    this.#strategy = options.strategy ?? (process.platform === "linux" ? "directories" : "tree");
  }

  async start(listener: WatchListener): Promise<void> {
    this.#listener = listener;
    if (isRemote(this.#root))
      this.#scanNowAndThen("it lies on a network file system, which does not tell of changes made elsewhere");
    await Promise.all([this.#startChokidar(), this.#startDirectories()]);
  }

  refresh(): void {
    void this.#directories?.start();
  }

  async close(): Promise<void> {
    this.#listener = undefined;
    clearInterval(this.#poll);
    this.#directories?.close();
    await this.#chokidar?.close();
  }

  #startDirectories(): Promise<void> {
    if (this.#strategy === "tree") return Promise.resolve();
    this.#directories = new DirectoryWatches({
      root: this.#root,
      isIgnored: this.#isIgnored,
      onChange: (path) => this.#hint(path),
      onRootGone: () => this.#rootGone(),
      onLimit: (code) => this.#limited(code),
      onError: (error) => this.#suspect(`watching failed: ${String(error)}`),
    });
    return this.#directories.start();
  }

  #startChokidar(): Promise<void> {
    const isTree = this.#strategy === "tree";
    const chokidar = new FSWatcher({
      followSymlinks: false,
      ignoreInitial: true,
      // Both would hide events: saves of editors, and files named like their temporaries.
      atomic: false,
      awaitWriteFinish: false,
      ignorePermissionErrors: true,
      ...(isTree ? {} : { depth: 0 }),
      ignored: isTree ? (path) => this.#isLeftOut(path) : (path) => path !== this.#area && !isCookie(path),
    });
    this.#chokidar = chokidar;
    chokidar.on("all", (event, path) => this.#heard(event, path));
    // Content and permissions of files that came after the start are told in raw form only.
    chokidar.on("raw", (_, name, details) => {
      if (isTree && name !== null) this.#heard("raw", join((details as { watchedPath: string }).watchedPath, name));
    });
    chokidar.on("error", (error) => {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (LIMIT_CODES.has(code)) this.#limited(code);
      else this.#suspect(`watching failed: ${String(error)}`);
    });
    const ready = new Promise<void>((resolve) => chokidar.once("ready", resolve));
    chokidar.add(isTree ? this.#root : this.#area);
    return ready;
  }

  #isLeftOut(path: string): boolean {
    const inFolder = this.#inFolder(path);
    if (inFolder === "" || inFolder === PRIVATE_DIRECTORY) return false;
    if (inFolder.startsWith(`${PRIVATE_DIRECTORY}/`)) return !isCookie(path);
    return this.#isIgnored(inFolder as RelPath);
  }

  #heard(event: string, place: string): void {
    if (place === this.#area || place === this.#root) {
      if (event === "unlinkDir" || event === "addDir") this.#rootChanged(event);
      return;
    }
    const path = this.#inFolder(place);
    if (isCookie(place)) void this.#cookie(path, event);
    else if (!path.startsWith(`${PRIVATE_DIRECTORY}/`) && !path.startsWith("..")) this.#hint(path);
  }

  /** A barrier waits for this: whatever happened before the cookie was made has been told when it is. */
  async #cookie(path: string, event: string): Promise<void> {
    if (event !== "add") return;
    await this.#directories?.idle();
    this.#listener?.onHint(path);
  }

  /** chokidar still watches the directory that was moved away; it shall wait for the next one at this place. */
  #rootGone(): void {
    this.#suspect("the folder went away");
    this.#chokidar?.unwatch(this.#area);
    this.#chokidar?.add(this.#area);
  }

  #rootChanged(event: string): void {
    if (event === "addDir") void this.#directories?.start();
    this.#suspect(event === "addDir" ? "the folder came back" : "the folder went away");
  }

  #hint(path: string): void {
    if (this.#burst === 0) setImmediate(() => this.#endTurn());
    this.#burst++;
    // After so many everything is looked at anyway.
    if (this.#burst <= LIMITS.watchBurst.value) this.#listener?.onHint(path);
  }

  #endTurn(): void {
    const events = this.#burst;
    this.#burst = 0;
    if (events >= LIMITS.watchBurst.value) this.#suspect(`${events} events at once; the system may have dropped some`);
  }

  #suspect(reason: string): void {
    this.#listener?.onSuspect(reason);
  }

  #limited(code: string): void {
    if (this.#isLimitTold) return;
    this.#isLimitTold = true;
    const setting = code === "ENOSPC" ? "fs.inotify.max_user_watches=524288" : "fs.inotify.max_user_instances=512";
    this.#listener?.onProblem({
      path: "",
      code: "E_WATCH_LIMIT",
      message: `the system refuses to watch more directories (${code}); raise it: sysctl ${setting}; until then changes are found by scanning`,
    });
    this.#scanNowAndThen("not everything can be watched");
  }

  #scanNowAndThen(reason: string): void {
    this.#log.debug("Scanning at intervals", { root: this.#root, reason });
    this.#poll ??= setInterval(() => this.#suspect(reason), LIMITS.unwatchedRescanMs.value).unref();
  }

  #inFolder(place: string): string {
    const path = relative(this.#root, place);
    return sep === "/" ? path : path.replaceAll(sep, "/");
  }
}

function isCookie(place: string): boolean {
  const [area, name] = place.split(/[\\/]/).slice(-2);
  return area === PRIVATE_DIRECTORY && name?.startsWith(COOKIE_PREFIX) === true;
}

function isRemote(root: string): boolean {
  try {
    return REMOTE_TYPES.has(statfsSync(root).type);
  } catch {
    return false;
  }
}
