/** A simulated folder with an index in memory, and the least of an engine that takes what a scan saw. */
import { type Head, type PathProblem, sameStamp } from "../../../src/shared/file-info.ts";
import type { FolderId, RelPath, ShortId } from "../../../src/shared/ids.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { headsForChange, headsForDeletion } from "../../../src/sync/core/change.ts";
import { winnerOf } from "../../../src/sync/core/heads.ts";
import { compileIgnore } from "../../../src/sync/core/ignore.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import { hashFileContent } from "../../../src/sync/delta/hash-content.ts";
import type { Observation } from "../../../src/sync/folder-disk.ts";
import type { Filesystem } from "../../../src/sync/fs/filesystem.ts";
import { writeMarker } from "../../../src/sync/fs/marker.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import type { LocalChange, LocalRow } from "../../../src/sync/index/index-port.ts";
import { type OwnedIndex, openIndex } from "../../../src/sync/index/open-index.ts";
import { type ScanParts, type ScanScope, type ScanSummary, scan } from "../../../src/sync/scanner/scan.ts";
import { EXT4, type Personality } from "../../support/sim-disk.ts";
import { SimFs } from "../../support/sim-fs.ts";
import type { TreeSpec } from "../../support/tree.ts";

export const FOLDER: FolderId = "photos" as FolderId;
const SELF: ShortId = "AAAAAAAAAAAA" as ShortId;
const HASH = { hasher: createHasher(), cutter: createCutter() };
const START_MS = 1_790_000_000_000;
const NS_PER_MS = 1_000_000n;

export interface Seen {
  readonly observations: readonly Observation[];
  readonly problems: readonly PathProblem[];
  readonly summary: ScanSummary;
  readonly batches: number;
}

export interface ScanOptions extends Partial<ScanScope> {
  readonly ignore?: string;
  /** Called with each batch before the scan goes on; by default batches are committed. */
  readonly take?: (observations: readonly Observation[]) => Promise<void>;
  /** Stands between the scan and the disk. */
  readonly fs?: Filesystem;
  readonly isAborted?: () => boolean;
  /** How long everything rests before the scan; by default as long as a changed path has to. */
  readonly restMs?: number;
}

export class ScanBench {
  nowMs = START_MS;
  readonly fs: SimFs;
  readonly index: OwnedIndex;

  private constructor(personality: Personality) {
    this.fs = new SimFs({ nowMs: () => this.nowMs, personality });
    this.index = openIndex(":memory:");
  }

  /** A folder that holds `spec`, older than any tick, and nothing of it in the index. */
  static async of(spec: TreeSpec, personality: Personality = EXT4): Promise<ScanBench> {
    const bench = new ScanBench(personality);
    await bench.index.write.openFolder(FOLDER, "epoch");
    writeMarker(bench.fs, { format: 1, folder: FOLDER, epoch: "epoch" });
    bench.fs.user.plant(spec);
    bench.later();
    return bench;
  }

  /** The same, with all of it in the index. */
  static async synced(spec: TreeSpec, personality: Personality = EXT4): Promise<ScanBench> {
    const bench = await ScanBench.of(spec, personality);
    await bench.scan();
    return bench;
  }

  get user(): SimFs["user"] {
    return this.fs.user;
  }

  later(ms = 10_000): void {
    this.nowMs += ms;
  }

  /** Scans and commits what it saw. */
  async scan(options: ScanOptions = {}): Promise<Seen> {
    const seen = await this.look({ take: (observations) => this.commit(observations), ...options });
    await this.commitMissing(seen.observations);
    return seen;
  }

  /** Scans and commits nothing, unless told to. */
  async look(options: ScanOptions = {}): Promise<Seen> {
    const {
      paths = "everything",
      isThorough = false,
      ignore = "",
      take,
      fs = this.fs,
      isAborted = () => false,
      restMs = LIMITS.settleMs.value,
    } = options;
    const parts: ScanParts = {
      fs,
      reader: this.index.read,
      folder: FOLDER,
      hash: HASH,
      ignore: compileIgnore({ folderText: ignore, devicePatterns: [] }),
      now: () => this.nowMs,
      isAborted,
    };
    this.later(restMs);
    const observations: Observation[] = [];
    const problems: PathProblem[] = [];
    let batches = 0;
    const steps = scan(parts, { paths, isThorough });
    for (;;) {
      const { done, value } = steps.next();
      if (done) return { observations, problems, summary: value, batches };
      batches++;
      observations.push(...value.observations);
      problems.push(...value.problems);
      await take?.(value.observations);
    }
  }

  /** Writes rows for what is present, as the engine does. */
  async commit(observations: readonly Observation[]): Promise<void> {
    const changes: LocalChange[] = [];
    for (const seen of observations) {
      if (seen.type !== "present") continue;
      const local = this.row(seen.path)?.heads ?? [];
      const { path, stamp, fileType, size, mtimeNs, mode, contentId, target } = seen;
      const heads = headsForChange(
        { local, unseen: [], isShown: local.length > 0, remotes: [], device: SELF },
        { type: fileType, size, mtimeNs, mode, contentId, target },
        this.nowMs / 1000,
      );
      changes.push({ path, heads, stamp, announce: true });
    }
    if (changes.length > 0) await this.index.write.commitLocal(FOLDER, changes, { nowMs: this.nowMs });
  }

  async commitMissing(observations: readonly Observation[]): Promise<void> {
    const changes: LocalChange[] = [];
    for (const seen of observations) {
      const row = seen.type === "missing" ? this.row(seen.path) : undefined;
      if (row === undefined) continue;
      const heads = headsForDeletion(
        { local: row.heads, unseen: [], isShown: true, remotes: [], device: SELF },
        this.nowMs,
      );
      changes.push({ path: row.path, heads, stamp: null, announce: true });
    }
    if (changes.length > 0) await this.index.write.commitLocal(FOLDER, changes, { nowMs: this.nowMs });
  }

  row(path: string): LocalRow | undefined {
    return this.index.read.local(FOLDER, path as RelPath);
  }

  /** What the index says the folder holds. */
  shown(): readonly string[] {
    const rows: LocalRow[] = [];
    for (let after = ""; ; ) {
      const page = this.index.read.localBelow(FOLDER, "", after, 500);
      rows.push(...page);
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.path;
    }
    return rows
      .filter((row) => !winnerOf(row.heads).deleted)
      .map((row) => row.path)
      .sort();
  }

  /** What every row with a stamp claims of the disk, checked against the disk. */
  falseClaims(): readonly string[] {
    return this.shown().filter((path) => {
      const row = this.row(path);
      const stat = this.fs.stat(path as RelPath);
      if (row === undefined || row.stamp === null || stat === undefined) return true;
      const head: Head = winnerOf(row.heads);
      if (head.type === "directory" || !sameStamp(row.stamp, stat)) return false;
      if (head.type === "symlink") return this.fs.disk.inodeAt(path, "readlink").target !== head.target;
      return contentIdOf(this.user.read(path)) !== head.contentId;
    });
  }

  /** Lets a row lose its stamp: what it names is wanted again. */
  async wantAgain(path: string): Promise<void> {
    const row = this.row(path);
    if (row === undefined) throw new Error(`no row ${path}`);
    await this.index.write.commitLocal(FOLDER, [{ path: row.path, heads: row.heads, stamp: null, announce: false }], {
      nowMs: this.nowMs,
    });
  }

  /** The fs time of now, for tests about ticks. */
  get nowNs(): bigint {
    return BigInt(this.nowMs) * NS_PER_MS;
  }
}

/** The content id of a text. */
export function contentIdOf(text: string): string | null {
  const data = new TextEncoder().encode(text);
  const read = (target: Uint8Array, position: number): number => {
    const part = data.subarray(position, position + target.length);
    target.set(part);
    return part.length;
  };
  return hashFileContent(read, data.length, HASH).contentId;
}

/** Paths by kind, sorted: what most tests compare. */
export function told(seen: Seen): {
  readonly present: readonly string[];
  readonly missing: readonly string[];
  readonly problems: readonly string[];
} {
  const of = (type: Observation["type"]): readonly string[] =>
    seen.observations
      .filter((one) => one.type === type)
      .map((one) => one.path)
      .sort();
  return {
    present: of("present"),
    missing: of("missing"),
    problems: seen.problems.map((problem) => `${problem.code} ${problem.path}`).sort(),
  };
}
