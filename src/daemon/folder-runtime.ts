/** One configured folder, running: its engine, its disk, its watcher. */
import { basename } from "node:path";
import type { FolderConfig } from "../shared/config-schema.ts";
import { type DeviceId, type FolderId, type RelPath, type ShortId, shortId } from "../shared/ids.ts";
import type { Log } from "../shared/ports.ts";
import { OpenConflicts } from "../sync/conflicts/open-conflicts.ts";
import { Folder, type FolderSettings } from "../sync/folder.ts";
import { ChokidarWatcher } from "../sync/scanner/chokidar-watcher.ts";
import type { Watcher } from "../sync/scanner/watch.ts";
import type { KeepContext } from "../sync/versions/keep-context.ts";
import { Retention } from "../sync/versions/retention-run.ts";
import { LockedDisk } from "./folder-lock.ts";
import type { NodeParts } from "./node-parts.ts";

const WATCHER_RETRY_MS = 30_000;

export class FolderRuntime implements AsyncDisposable {
  readonly id: FolderId;
  readonly folder: Folder;
  readonly context: KeepContext;
  readonly retention: Retention;
  readonly openConflicts: OpenConflicts;
  readonly #parts: NodeParts;
  readonly #locked: LockedDisk;
  readonly #log: Log;
  readonly #stop = new AbortController();
  #config: FolderConfig;
  #watcher: Watcher | undefined;
  /** Why the watcher does not see everything; changes are then found by scanning. */
  #watchProblem: string | undefined;

  constructor(parts: NodeParts, id: FolderId, config: FolderConfig) {
    this.id = id;
    this.#parts = parts;
    this.#config = config;
    this.#log = parts.log.child({ folder: id });
    const { disk, scanner, identity, index, clock, random, hasher } = parts;
    const scan = scanner.folder({ folder: id, root: config.path });
    this.#locked = new LockedDisk(
      disk.folder({ folder: id, self: identity.shortId, root: config.path, scan }),
      config.path,
    );
    this.context = {
      folder: id,
      self: identity.shortId,
      index,
      disk: this.#locked.disk,
      clock,
      random,
      hasher,
      log: this.#log,
      fetchOptions: () => this.#config,
      siblings: () => siblingsOf(id, parts.context.config.get().folders),
      membersOf: (other) =>
        new Set((Object.keys(parts.context.config.get().folders[other]?.peers ?? {}) as DeviceId[]).map(shortId)),
      emit: (event) => parts.events.add({ ...event, folder: id, device: fullId(parts, event.device) }),
      inLoop: (work) => this.folder.command(work),
      commanded: (paths) => this.folder.noteCommanded(paths),
      lookAgain: (path: RelPath) => this.folder.hint(path),
      links: () => this.folder.links,
      mode: () => this.#config.mode,
      ignoreSource: () => this.folder.ignoreSource,
    };
    this.folder = new Folder(this.context, settingsOf(config, parts));
    this.openConflicts = new OpenConflicts(this.context);
    this.retention = new Retention(this.context);
  }

  get config(): FolderConfig {
    return this.#config;
  }

  get watchProblem(): string | undefined {
    return this.#watchProblem;
  }

  /** Opens the disk and starts the loop. A root that cannot be opened halts the folder, not the node. */
  async start(): Promise<void> {
    const { disk, identity } = this.#parts;
    try {
      await disk.openFolder({ folder: this.id, self: identity.shortId, root: this.#config.path });
    } catch (error) {
      this.#log.error("Folder cannot be opened", { path: this.#config.path, error: String(error) });
    }
    // The watcher first: what changes while the first scan runs is told of, or seen by it.
    if (!this.#config.paused) await this.#watch();
    this.folder.start();
  }

  configure(config: FolderConfig): void {
    const wasPaused = this.#config.paused;
    this.#config = config;
    this.folder.configure(settingsOf(config, this.#parts));
    if (config.paused && !wasPaused) void this.#unwatch();
    if (!config.paused && wasPaused) void this.#watch();
  }

  /** Asks every device that shares the folder for its whole index again, also those that are not connected now. */
  async askAnew(): Promise<void> {
    await this.folder.askAnew((Object.keys(this.#config.peers) as DeviceId[]).map(shortId));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#unwatch();
    await this.folder[Symbol.asyncDispose]();
    this.#locked[Symbol.dispose]();
    await this.#parts.disk.closeFolder(this.id).catch(() => undefined);
  }

  async #watch(): Promise<void> {
    const watcher = new ChokidarWatcher({
      root: this.#config.path,
      log: this.#log,
      isIgnored: (path) => this.folder.isIgnoredDirectory(path),
    });
    this.#watcher = watcher;
    this.folder.onIgnoreChange(() => watcher.refresh());
    this.#watchProblem = undefined;
    this.folder.noteWatching(true);
    await watcher
      .start({
        onHint: (path) => this.folder.hint(path),
        onSuspect: (reason) => {
          this.#log.debug("The watcher may have missed something; scanning", { reason });
          this.folder.rescan();
        },
        onProblem: (problem) => {
          this.#watchProblem = problem.message;
          this.folder.noteWatching(false);
          this.#log.warn(problem.message, { code: problem.code });
        },
      })
      .catch((error: unknown) => {
        this.#watchProblem = String(error);
        this.folder.noteWatching(false);
        this.#log.warn("Watching failed; changes are found by scanning", {
          root: basename(this.#config.path),
          error: String(error),
        });
        const again = this.#parts.clock.sleep(WATCHER_RETRY_MS, this.#stop.signal);
        again.then(
          () => {
            if (this.#watcher === watcher) void this.#watch();
          },
          () => undefined,
        );
      });
  }

  async #unwatch(): Promise<void> {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    await watcher?.close();
  }
}

/** Folders that every device shares that shares this one: nothing is told by what is taken from there (content-here.ts). */
export function siblingsOf(
  folder: FolderId,
  folders: Readonly<Record<FolderId, Pick<FolderConfig, "peers">>>,
): ReadonlySet<FolderId> {
  const devices = Object.keys(folders[folder]?.peers ?? {});
  const others = Object.entries(folders) as [FolderId, Pick<FolderConfig, "peers">][];
  return new Set(
    others.flatMap(([id, { peers }]) =>
      id !== folder && devices.every((device) => Object.hasOwn(peers, device)) ? [id] : [],
    ),
  );
}

/** The id of a device that a record names; null when it is not known here. */
function fullId({ identity, context }: NodeParts, short: ShortId): DeviceId | null {
  const known = [identity.deviceId, ...(Object.keys(context.config.get().peers) as DeviceId[])];
  return known.find((device) => shortId(device) === short) ?? null;
}

function settingsOf(config: FolderConfig, parts: NodeParts): FolderSettings {
  return {
    mode: config.mode,
    isPaused: config.paused,
    rescanMs: parts.context.config.get().rescanMinutes * 60_000,
    ignorePatterns: config.ignore,
  };
}
