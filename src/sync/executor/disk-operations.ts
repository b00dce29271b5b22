/**
 * Everything but scanning that a folder asks of its disk, in one place and
 * synchronous. A worker hosts it in the daemon; the simulation calls it inline.
 */
import type { DiskStamp } from "../../shared/file-info.ts";
import { sameStamp } from "../../shared/file-info.ts";
import { type ContentId, type FolderId, parseRelPath, type RelPath, type ShortId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Hasher } from "../../shared/ports.ts";
import { conflictName } from "../core/conflict-name.ts";
import { IGNORE_FILE } from "../core/ignore.ts";
import type { Cutter } from "../delta/cut.ts";
import { type AnewChunks, type CutAnew, cutAnew } from "../delta/cut-anew.ts";
import { createRegionKernel } from "../delta/region-kernel.ts";
import type { RegionKernel } from "../delta/region-loops.ts";
import type {
  AnsweredRegion,
  BytePlace,
  ChangedRegion,
  DescribedRegion,
  DiskOutcome,
  DiskStep,
  RecoveredPath,
  RootState,
  WantedChunk,
} from "../folder-disk.ts";
import { isFsError } from "../fs/errno.ts";
import { type Filesystem, FsError, privatePath, ROOT } from "../fs/filesystem.ts";
import { INTENTS_PREFIX, type IntentLog, parseIntents } from "../fs/intent-log.ts";
import { readMarker, writeMarker } from "../fs/marker.ts";
import { readText } from "../fs/read-text.ts";
import { type Recovery, recoverIntents } from "../fs/recover-intents.ts";
import { syncNames } from "../fs/stage.ts";
import { stampOf } from "../fs/stamps.ts";
import { readUnchanged } from "./read-unchanged.ts";
import { describe, type RegionDeps, rebuild } from "./regions.ts";
import { type Elsewhere, Stage } from "./stage.ts";
import { executeSteps } from "./steps.ts";

export interface DiskOperationsOptions {
  readonly fs: Filesystem;
  readonly folder: FolderId;
  readonly self: ShortId;
  readonly hasher: Hasher;
  readonly cutter: Cutter;
  /** Other folders of this node, to copy from; none where there is nothing to say. */
  readonly elsewhere?: Elsewhere;
  readonly unique: () => string;
  /** Nanoseconds since 1970, for the age of leftovers. */
  readonly nowNs: () => bigint;
}

export class DiskOperations {
  readonly #options: DiskOperationsOptions;
  readonly #fs: Filesystem;
  readonly #stage: Stage;
  /** Batches whose commit the index has not confirmed. */
  #logs: IntentLog[] = [];
  #recovery: Recovery | undefined;
  #kernel: RegionKernel | undefined;

  constructor(options: DiskOperationsOptions) {
    this.#options = options;
    this.#fs = options.fs;
    this.#stage = new Stage(options.fs, options.hasher, this.#elsewhere);
  }

  get #elsewhere(): Elsewhere {
    return this.#options.elsewhere ?? (() => undefined);
  }

  check(): RootState {
    const check = readMarker(this.#fs);
    const halted = (code: "E_MARKER_MISSING" | "E_MARKER_WRONG" | "E_ROOT_UNREADABLE", message: string): RootState => ({
      type: "halted",
      code,
      message,
    });
    switch (check.type) {
      case "ok":
        if (check.marker.folder !== this.#options.folder)
          return halted("E_MARKER_WRONG", `the marker there names folder ${check.marker.folder}`);
        return { type: "ok", epoch: check.marker.epoch, capabilities: this.#fs.capabilities };
      case "missing":
        return halted("E_MARKER_MISSING", "marker .syncline/marker.json is missing");
      case "broken":
        return halted("E_MARKER_WRONG", `marker .syncline/marker.json makes no sense: ${check.reason}`);
      case "unreadable":
        return halted("E_ROOT_UNREADABLE", `marker .syncline/marker.json cannot be read: ${check.reason}`);
      case "rootMissing":
        return halted("E_ROOT_UNREADABLE", "its directory is gone or has been replaced");
      default:
        return check satisfies never;
    }
  }

  writeEpoch(epoch: string): void {
    writeMarker(this.#fs, { format: 1, folder: this.#options.folder, epoch });
  }

  execute(steps: readonly DiskStep[]): readonly DiskOutcome[] {
    const { fs, hasher, cutter, unique, self } = this.#options;
    const { outcomes, log, isCutOff } = executeSteps(
      {
        fs,
        hasher,
        cutter,
        stage: this.#stage,
        elsewhere: this.#elsewhere,
        unique,
        rescueName: (path, stamp) => rescueName(path, stamp, self),
      },
      steps,
    );
    if (isCutOff) log.abandon();
    else this.#logs.push(log);
    return outcomes;
  }

  committed(): void {
    for (const log of this.#logs) log.close();
    this.#logs = [];
    this.#recovery?.done();
    this.#recovery = undefined;
  }

  openIntents(): readonly string[] {
    for (const log of this.#logs) log.abandon();
    this.#logs = [];
    return this.#fs
      .list(privatePath("stage"))
      .filter((entry) => entry.name?.startsWith(INTENTS_PREFIX) === true)
      .flatMap((entry) => parseIntents(readText(this.#fs, privatePath("stage", entry.name ?? ""))))
      .map((intent) => storeNameOf(intent.keepAs));
  }

  recover(known: readonly string[]): readonly RecoveredPath[] {
    const names = new Set(known);
    this.#recovery = recoverIntents(this.#fs, { isKnown: (kept) => names.has(storeNameOf(kept)) });
    return this.#recovery.items.map((item) => ({
      path: item.path,
      kept: item.type === "kept" ? { storeName: storeNameOf(item.kept), stamp: stampOf(item.stat) } : null,
    }));
  }

  assemble(contentId: ContentId, size: number, chunks: readonly WantedChunk[]): readonly (Uint8Array | undefined)[] {
    return this.#stage.assemble(contentId, size, chunks);
  }

  cutAnew(place: BytePlace, cut: CutAnew): AnewChunks | undefined {
    return this.#stage.readFrom(place, (read) => cutAnew(read, cut, this.#options));
  }

  writeStaged(contentId: ContentId, pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[]): void {
    this.#stage.write(contentId, pieces);
  }

  describeRegions(regions: readonly ChangedRegion[]): readonly DescribedRegion[] {
    const deps = this.#regionDeps();
    return regions.map((region) => describe(deps, region));
  }

  rebuildRegions(
    contentId: ContentId,
    regions: readonly AnsweredRegion[],
  ): readonly (readonly Uint8Array[] | undefined)[] {
    const deps = this.#regionDeps();
    return regions.map((region) => {
      const rebuilt = rebuild(deps, region);
      if (rebuilt !== undefined) this.#stage.write(contentId, [{ offset: region.offset, bytes: rebuilt.bytes }]);
      return rebuilt?.hashes;
    });
  }

  #regionDeps(): RegionDeps {
    this.#kernel ??= createRegionKernel();
    const { hasher } = this.#options;
    return { hasher, tools: { kernel: this.#kernel }, read: (old) => this.#stage.readOld(old) };
  }

  leaveStaged(contentId: ContentId): void {
    this.#stage.leave(contentId);
  }

  dropStaged(contentId: ContentId): void {
    this.#stage.drop(contentId);
  }

  flushNames(paths: readonly RelPath[]): void {
    syncNames(this.#fs, paths);
  }

  readIgnoreFile(): string {
    try {
      const handle = this.#fs.openRead(IGNORE_FILE);
      try {
        const { size } = handle.stat();
        const bytes = new Uint8Array(Math.min(size, LIMITS.ignoreFileBytes.value));
        const text = new TextDecoder().decode(bytes.subarray(0, handle.read(bytes, 0)));
        // A pattern that is cut off would be another one.
        return size > bytes.length ? text.slice(0, text.lastIndexOf("\n") + 1) : text;
      } finally {
        handle.close();
      }
    } catch (thrown) {
      if (isFsError(thrown, "ENOENT", "ENOTDIR", "ELOOP", "EINVAL", "EISDIR")) return "";
      throw thrown;
    }
  }

  readStored(storeName: string, size: number): Uint8Array | undefined {
    try {
      const handle = this.#fs.openRead(privatePath("store", storeName));
      try {
        if (handle.stat().size !== size) return undefined;
        const bytes = new Uint8Array(size);
        return handle.read(bytes, 0) === size ? bytes : undefined;
      } finally {
        handle.close();
      }
    } catch (thrown) {
      if (thrown instanceof FsError) return undefined;
      throw thrown;
    }
  }

  readUnchanged(
    files: readonly { readonly path: RelPath; readonly stamp: DiskStamp }[],
  ): readonly (Uint8Array | undefined)[] {
    return files.map(({ path, stamp }) => readUnchanged(this.#fs, path, stamp));
  }

  purge(entries: readonly { readonly storeName: string; readonly stamp: DiskStamp | null }[]): readonly string[] {
    return entries.flatMap(({ storeName, stamp }) => {
      const path = privatePath("store", storeName);
      const found = this.#fs.stat(path);
      // What changed after it was kept is content of its own: it stays.
      if (found !== undefined && stamp !== null && !sameStamp(found, stamp)) return [];
      if (found !== undefined) this.#fs.unlink(path);
      return [storeName];
    });
  }

  cleanStage(olderThanMs: number): void {
    this.#stage.clean(this.#options.nowNs() - BigInt(olderThanMs) * 1_000_000n);
  }

  cookie(name: string, isDone: boolean): void {
    const path = privatePath(name);
    if (!isDone) {
      this.#fs.createStage(path).close();
      return;
    }
    try {
      this.#fs.unlink(path);
    } catch (thrown) {
      if (!isFsError(thrown, "ENOENT")) throw thrown;
    }
  }

  free(): ReturnType<Filesystem["free"]> & { readonly dev: bigint | undefined } {
    return { ...this.#fs.free(), dev: this.#fs.stat(ROOT)?.dev };
  }

  close(): void {
    for (const log of this.#logs) log.abandon();
    this.#stage.close();
    this.#fs.close();
  }
}

function storeNameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A save that lost its path to a race is named like a conflict copy written here, at its own mtime. */
function rescueName(path: RelPath, stamp: DiskStamp, self: ShortId): RelPath {
  return parseRelPath(
    conflictName(path, {
      version: [],
      author: self,
      type: "file",
      deleted: false,
      size: stamp.size,
      mtimeNs: stamp.mtimeNs,
      mode: stamp.mode & 0o777,
      contentId: null,
      target: "",
      previous: null,
      owner: self,
    }),
  );
}
