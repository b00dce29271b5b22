/**
 * Lets go of what was kept long enough: thins versions, gives way when the
 * disk fills, forgets old tombstones and staged leftovers. Runs hourly.
 */
import type { PathProblem } from "../../shared/file-info.ts";
import type { RelPath, ShortId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { freeUp, reserveBytes, type SteadyTime, steadyTime, thin } from "../core/retention.ts";
import type { VersionRow } from "../index/index-port.ts";
import { breathe } from "./breathe.ts";
import type { KeepContext } from "./keep-context.ts";
import { purgeVersions } from "./purge.ts";

export interface RetentionOptions {
  /** How long versions and deleted files are kept. */
  readonly keptMs: number;
  /** Every device that shares the folder, connected or not: a tombstone goes when all have it. */
  readonly devices: readonly ShortId[];
  readonly signal: AbortSignal;
}

export interface RetentionReport {
  readonly thinned: number;
  readonly freedBytes: number;
  readonly tombstones: number;
  /** Versions have to give way for want of space: shown until there is room again. */
  readonly problem: PathProblem | undefined;
}

const NOTE = "retention";
const PAGE = 64;
const MIB = 1024 * 1024;

/** One folder's retention. Its sense of time outlives a restart, and a wall clock that jumps. */
export class Retention {
  readonly #context: KeepContext;
  #time: SteadyTime | undefined;

  constructor(context: KeepContext) {
    this.#context = context;
    const note = Number(context.index.read.note(context.folder, NOTE) ?? Number.NaN);
    this.#time = Number.isFinite(note) ? { believedMs: note, monotonicMs: undefined } : undefined;
  }

  /** One run. May be repeated at any time; what it does not get done the next one does. */
  async run({ keptMs, devices, signal }: RetentionOptions): Promise<RetentionReport> {
    const { index, folder, disk } = this.#context;
    const nowMs = await this.#now();
    const thinned = await this.#thin(nowMs, keptMs, signal);
    const { freedBytes, problem } = await this.#giveWay(nowMs, signal);
    const { tombstones } = await index.write.prune(folder, devices, nowMs - LIMITS.tombstoneMs.value);
    await disk.cleanStage(LIMITS.stagedKeptMs.value);
    return { thinned, freedBytes, tombstones, problem };
  }

  async #now(): Promise<number> {
    const { index, folder, clock } = this.#context;
    const time = steadyTime(this.#time, clock.now(), clock.monotonic());
    this.#time = time;
    await index.write.setNote(folder, NOTE, String(time.believedMs));
    return time.believedMs;
  }

  async #thin(nowMs: number, keptMs: number, signal: AbortSignal): Promise<number> {
    let thinned = 0;
    for (const page of this.#pages()) {
      await breathe();
      signal.throwIfAborted();
      const due = page.flatMap((row) => thin(this.#ifNewest(row), nowMs, keptMs));
      thinned += (await purgeVersions(this.#context, due)).length;
    }
    return thinned;
  }

  /** The kept versions of a row's path when the row is its newest, so that each path is judged once. */
  #ifNewest(row: VersionRow): readonly Aged[] {
    const kept = this.#context.index.read
      .versions(this.#context.folder, row.path)
      .filter(({ storedAs }) => storedAs !== null);
    return kept.at(-1)?.version === row.version ? kept.map(withSize) : [];
  }

  /** Below the free-space reserve the oldest versions go, as far as they may. */
  async #giveWay(
    nowMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly freedBytes: number; readonly problem: PathProblem | undefined }> {
    const { bytes, totalBytes } = await this.#context.disk.free();
    const wanted = reserveBytes(totalBytes) - bytes;
    if (wanted <= 0) return { freedBytes: 0, problem: undefined };
    const due = freeUp(await this.#oldest(wanted, nowMs, signal), nowMs, wanted);
    let freedBytes = 0;
    for (let start = 0; start < due.length; start += PAGE) {
      const gone = await purgeVersions(this.#context, due.slice(start, start + PAGE));
      freedBytes += gone.reduce((sum, row) => sum + row.head.size, 0);
    }
    return { freedBytes, problem: lowSpace(bytes + freedBytes, freedBytes) };
  }

  /** The oldest kept versions that may go and make up `bytes`: never more in memory than that. */
  async #oldest(bytes: number, nowMs: number, signal: AbortSignal): Promise<readonly Aged[]> {
    const oldest: Aged[] = [];
    let sum = 0;
    let first = 0;
    for (const page of this.#pages()) {
      await breathe();
      signal.throwIfAborted();
      for (const row of page) {
        if (nowMs - row.storedAtMs < LIMITS.versionsFreshMs.value) continue;
        oldest.push(withSize(row));
        sum += row.head.size;
        for (let newest = oldest[first]; newest !== undefined && sum - newest.size >= bytes; newest = oldest[first]) {
          sum -= newest.size;
          first++;
        }
      }
      oldest.splice(0, first);
      first = 0;
    }
    return oldest;
  }

  /** All kept versions, the newest first. */
  *#pages(): Generator<readonly VersionRow[]> {
    const { index, folder } = this.#context;
    for (let after = 0; ; ) {
      const page = index.read.versionsOf(folder, { deletedOnly: false, below: "", after, limit: PAGE });
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      after = last.cursor;
    }
  }
}

type Aged = VersionRow & { readonly size: number; readonly path: RelPath };

function withSize(row: VersionRow): Aged {
  return { ...row, size: row.head.size };
}

function lowSpace(freeBytes: number, freedBytes: number): PathProblem {
  const freed =
    freedBytes === 0 ? "no version is old enough to go" : `versions of ${Math.ceil(freedBytes / MIB)} MiB were let go`;
  return { path: "", code: "E_DISK_FULL", message: `only ${Math.floor(freeBytes / MIB)} MiB are free: ${freed}` };
}
