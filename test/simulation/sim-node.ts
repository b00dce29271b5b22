/**
 * One simulated device: the real engine on a simulated disk, an index in
 * memory and virtual time. It can be killed between any two file system
 * calls, lose its power, and start again.
 */
import type { ContentId, FolderId, RelPath, ShortId } from "../../src/shared/ids.ts";
import type { ChunkRequest, FolderMessage, WantedRegion } from "../../src/shared/messages.ts";
import type { Hasher, Log, LogFields } from "../../src/shared/ports.ts";
import { winnerOf } from "../../src/sync/core/heads.ts";
import { compileIgnore } from "../../src/sync/core/ignore.ts";
import { decodeChunkList, decodeStoredList } from "../../src/sync/delta/chunk-list.ts";
import { createCutter } from "../../src/sync/delta/cut.ts";
import { answerRegion } from "../../src/sync/delta/region.ts";
import { encodeRegionAnswer } from "../../src/sync/delta/region-answer.ts";
import { createRegionKernel } from "../../src/sync/delta/region-kernel.ts";
import { decodeRegionQuery } from "../../src/sync/delta/region-query.ts";
import { encodeSplice } from "../../src/sync/delta/splice.ts";
import { encodeWireChunkList } from "../../src/sync/delta/wire-chunk-list.ts";
import { inlineDisk, type RunScan } from "../../src/sync/executor/inline-disk.ts";
import type { ListAnswer, WantedList } from "../../src/sync/fetch/fetch-context.ts";
import { Folder, type FolderSettings } from "../../src/sync/folder.ts";
import type { FolderDisk } from "../../src/sync/folder-disk.ts";
import { FsError } from "../../src/sync/fs/filesystem.ts";
import { writeMarker } from "../../src/sync/fs/marker.ts";
import { createHasher } from "../../src/sync/hash/blake3.ts";
import { scan } from "../../src/sync/scanner/scan.ts";
import type { Personality } from "../support/sim-disk.ts";
import { type SimCall, SimFs } from "../support/sim-fs.ts";
import type { Prng } from "./prng.ts";
import { type Scheduler, SimClock } from "./sim-clock.ts";
import { SimIndex } from "./sim-index.ts";
import type { NetDevice, SimLink } from "./sim-net.ts";

const hasher: Hasher = createHasher("pure");
const cutter = createCutter();
const regionKernel = createRegionKernel();

export const FOLDER: FolderId = "simulated" as FolderId;

/** Ends a life in the middle of a file system call. */
export class Died extends Error {}

export interface NodeKnobs {
  readonly skewMs: number;
  readonly personality: Personality;
  readonly canWrite: boolean;
  /** The longest that a call of the disk or the index takes. */
  readonly pauseMaxMs: number;
  readonly hintLoss: number;
  readonly hintMaxMs: number;
}

export interface NodeWatcher {
  trace(line: string): void;
  /** Before each file system call of the engine; may act as a user, throw a failure, or throw {@link Died}. */
  beforeCall(node: SimNode, call: SimCall): void;
  failsCommit(node: SimNode): boolean;
  /** Something that must never happen. */
  bug(message: string): void;
}

const MUTATING: ReadonlySet<string> = new Set([
  "createStage",
  "symlink",
  "mkdir",
  "link",
  "rename",
  "renameNoReplace",
  "exchange",
  "unlink",
  "chmod",
  "setMtime",
  "copy",
  "write",
  "truncate",
  "setMode",
]);

interface Life {
  isOver: boolean;
  readonly folder: Folder;
  readonly clock: SimClock;
}

export class SimNode implements NetDevice {
  readonly name: string;
  readonly device: ShortId;
  readonly folder = FOLDER;
  readonly fs: SimFs;
  readonly canWrite: boolean;
  readonly knobs: NodeKnobs;
  readonly #scheduler: Scheduler;
  readonly #prng: Prng;
  readonly #watcher: NodeWatcher;
  settings: FolderSettings;
  index = new SimIndex();
  #life: Life | undefined;
  /** Set when the power was cut: what the disk forgot is decided at the next start. */
  #hasLostPower = false;
  /** Calls that write, tried or done. Removing a directory that is not empty is tried again and again. */
  writes = 0;
  /** Changes of what people see, by whomever. */
  changes = 0;

  constructor(parts: {
    readonly name: string;
    readonly scheduler: Scheduler;
    readonly prng: Prng;
    readonly knobs: NodeKnobs;
    readonly settings: FolderSettings;
    readonly watcher: NodeWatcher;
  }) {
    this.name = parts.name;
    this.device = parts.name.repeat(12) as ShortId;
    this.#scheduler = parts.scheduler;
    this.#prng = parts.prng;
    this.#watcher = parts.watcher;
    this.knobs = parts.knobs;
    this.canWrite = parts.knobs.canWrite;
    this.settings = parts.settings;
    const clock = new SimClock(parts.scheduler, parts.knobs.skewMs);
    this.fs = new SimFs({ nowMs: () => clock.now(), personality: parts.knobs.personality });
    writeMarker(this.fs, { format: 1, folder: FOLDER, epoch: "" });
    this.fs.user.settle();
    this.fs.beforeCall = (call) => {
      if (this.#life?.isOver !== false) throw new Died();
      if (MUTATING.has(call.name)) this.#wrote(call);
      parts.watcher.beforeCall(this, call);
    };
    this.fs.onChange = (path) => {
      this.changes++;
      this.#hint(path);
    };
  }

  #wrote(call: SimCall): void {
    // Looking for the watcher's answer is no work of the folder.
    if (call.path.startsWith(".syncline/cookie")) return;
    this.writes++;
    this.#watcher.trace(`${this.name} ${call.name} ${call.path}${call.to === undefined ? "" : ` ${call.to}`}`);
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  get engine(): Folder | undefined {
    return this.#life?.folder;
  }

  // Living and dying.

  start(): void {
    if (this.#life !== undefined) return;
    this.#watcher.trace(`${this.name} starts`);
    if (this.#hasLostPower) {
      this.#hasLostPower = false;
      this.fs.crash(() => this.#prng.fraction());
    }
    this.#life = this.#newLife();
    this.#life.folder.start();
  }

  /** Ends the process at once. With `isPowerCut` what was not flushed may be gone, too. */
  die(isPowerCut: boolean): void {
    if (this.#life === undefined) return;
    this.#watcher.trace(`${this.name} ${isPowerCut ? "loses its power" : "is killed"}`);
    this.#life.isOver = true;
    this.#life = undefined;
    this.#hasLostPower = isPowerCut;
  }

  /** Ends the process in order. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#watcher.trace(`${this.name} stops`);
    await life.folder[Symbol.asyncDispose]();
    if (life.isOver) return;
    life.isOver = true;
    this.#life = undefined;
    this.#watcher.trace(`${this.name} has stopped`);
  }

  #newLife(): Life {
    const clock = new SimClock(this.#scheduler, this.knobs.skewMs);
    const pause = (): Promise<void> => this.#pause(life);
    const index = this.index.forLife({
      pause,
      failsCommit: () => this.#watcher.failsCommit(this),
      eventNumber: () => this.#scheduler.events,
    });
    const runScan: RunScan = async (request, take, signal) => {
      const ignore = compileIgnore(request.ignore);
      const parts = {
        fs: this.fs,
        reader: index.read,
        folder: FOLDER,
        hash: { hasher, cutter },
        ignore,
        now: () => clock.now(),
        isAborted: () => signal.aborted,
      };
      const batches = scan(parts, request);
      for (let next = batches.next(); next.done !== true; next = batches.next()) {
        await take(next.value);
        await pause();
      }
    };
    let unique = 0;
    const inner = inlineDisk(
      {
        fs: this.fs,
        folder: FOLDER,
        self: this.device,
        hasher,
        cutter,
        unique: () => `${++unique}-${this.#prng.between(0, 2 ** 30)}`,
        nowNs: () => BigInt(Math.floor(clock.now())) * 1_000_000n,
      },
      runScan,
    );
    const folder = new Folder(
      {
        folder: FOLDER,
        self: this.device,
        index,
        clock,
        hasher,
        random: this.#prng,
        disk: this.#slowed(inner, pause),
        log: this.#log({}),
        emit: () => undefined,
        recordsComparedMin: 1,
      },
      this.settings,
    );
    const life: Life = { isOver: false, folder, clock };
    return life;
  }

  /** Takes time; for a life that has ended it takes for ever. */
  async #pause(life: Life): Promise<void> {
    await this.#scheduler.pause(this.#prng.fraction() * this.knobs.pauseMaxMs);
    if (life.isOver) await new Promise(() => undefined);
  }

  /** The disk as a worker gives it: one call at a time, late, and never again after the process died. */
  #slowed(inner: FolderDisk, pause: () => Promise<void>): FolderDisk {
    let last: Promise<unknown> = Promise.resolve();
    const inTurn = (call: () => Promise<unknown>): Promise<unknown> => {
      const done = last.catch(() => undefined).then(call);
      last = done;
      return done;
    };
    const slow = async (call: () => Promise<unknown>): Promise<unknown> => {
      await pause();
      try {
        return await call();
      } catch (error) {
        if (error instanceof Died) await new Promise(() => undefined);
        throw error;
      } finally {
        await pause();
      }
    };
    return new Proxy(inner, {
      get: (target, key) => {
        const method = Reflect.get(target, key) as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) => {
          const call = (): Promise<unknown> => slow(() => method.apply(target, args));
          return key === "scan" ? call() : inTurn(call);
        };
      },
    });
  }

  #hint(path: string): void {
    const life = this.#life;
    if (life === undefined || this.#prng.chance(this.knobs.hintLoss)) return;
    const times = this.#prng.chance(0.1) ? 2 : 1;
    for (let time = 0; time < times; time++) {
      this.#scheduler.after(this.#prng.fraction() * this.knobs.hintMaxMs, () => {
        if (!life.isOver) life.folder.hint(path);
      });
    }
  }

  #log(context: LogFields): Log {
    const line = (level: string) => (message: string, fields?: LogFields) => {
      const text = `${this.name} ${level}: ${message} ${JSON.stringify({ ...context, ...fields })}`;
      this.#watcher.trace(text);
      const isBug = level === "error" && /E_INTERNAL|TypeError|RangeError|ReferenceError|bug:/.test(text);
      if (isBug) this.#watcher.bug(text);
    };
    return {
      debug: line("debug"),
      info: line("info"),
      warn: line("warn"),
      error: line("error"),
      child: (fields) => this.#log({ ...context, ...fields }),
    };
  }

  // The network.

  attach(link: SimLink): void {
    this.#life?.folder.attach(link);
  }

  detach(link: SimLink): void {
    this.#life?.folder.detach(link);
  }

  async receive(link: SimLink, message: FolderMessage): Promise<void> {
    await this.#life?.folder.receive(link, message);
  }

  serve({ path, contentId, offset, size }: ChunkRequest): Uint8Array | undefined {
    if (!this.#shows(path, contentId)) return undefined;
    try {
      const { data } = this.fs.disk.inodeAt(path, "read");
      return data.length < offset + size ? undefined : data.slice(offset, offset + size);
    } catch (error) {
      if (error instanceof FsError) return undefined;
      throw error;
    }
  }

  serveRegion(path: RelPath, contentId: ContentId, { offset, size, query }: WantedRegion): Uint8Array | undefined {
    const next = this.serve({ path, contentId, offset, size });
    return next === undefined
      ? undefined
      : encodeRegionAnswer(answerRegion(decodeRegionQuery(query), next, { kernel: regionKernel }));
  }

  serveList({ path, contentId, bases }: WantedList): ListAnswer | undefined {
    const row = this.index.read.local(FOLDER, path);
    if (row === undefined || !this.#shows(path, contentId)) return undefined;
    const stored = this.index.read.chunkList(contentId);
    if (stored === undefined) return undefined;
    const list = decodeChunkList(stored, winnerOf(row.heads).size);
    const bytes = encodeWireChunkList(list);
    for (const base of bases) {
      const known = this.index.read.chunkList(base);
      const splice = known === undefined ? undefined : encodeSplice(decodeStoredList(known), list, bytes.length);
      if (splice !== undefined) return { bytes: splice, base, relatedBytes: null };
    }
    return { bytes, base: null, relatedBytes: null };
  }

  #shows(path: RelPath, contentId: ContentId): boolean {
    const row = this.index.read.local(FOLDER, path);
    return row !== undefined && row.stamp !== null && winnerOf(row.heads).contentId === contentId;
  }
}
