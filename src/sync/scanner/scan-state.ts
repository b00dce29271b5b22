import { SyncError } from "../../shared/errors.ts";
import type { PathProblem } from "../../shared/file-info.ts";
import { baseName, isReserved, parentOf, type RelPath, relPathFault } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { winnerOf } from "../core/heads.ts";
import type { Observation, ScanBatch, ScannedMove } from "../folder-disk.ts";
import { type EntryType, PRIVATE_DIRECTORY, ROOT } from "../fs/filesystem.ts";
import { markerError, readMarker } from "../fs/marker.ts";
import type { LocalRow } from "../index/index-port.ts";
import type { ExamineTools } from "./examine.ts";
import { Listing } from "./listing.ts";
import type { ScanParts, ScanSummary } from "./scan.ts";
import { isGone, notUtf8, unholdable, unreadable } from "./scan-faults.ts";

export type DirectoryPath = RelPath | typeof ROOT;

const NS_PER_MS = 1_000_000n;
const PROBLEMS_PER_BATCH = 100;
/** A batch with so many chunks goes out early. */
const CHUNKS_PER_BATCH = 100_000;
/** More problems than this are not worth telling apart. */
const PROBLEM_PATHS_MAX = 100_000;

/** What the parts of one scan share: access to disk and index, and the batch that fills up. */
export class ScanState {
  readonly parts: ScanParts;
  readonly tools: ExamineTools;
  readonly startedNs: bigint;
  readonly #isNameExact: boolean;
  readonly #problemPaths = new Set<string>();
  #observations: Observation[] = [];
  #problems: PathProblem[] = [];
  #moves: ScannedMove[] = [];
  #chunks = 0;
  #files = 0;
  #directories = 0;
  #missing = 0;

  constructor(parts: ScanParts, isThorough: boolean) {
    this.parts = parts;
    this.#isNameExact = parts.fs.capabilities.unicodeExact;
    const { fs, hash, hashLarge, now } = parts;
    this.startedNs = BigInt(Math.floor(now())) * NS_PER_MS;
    const checkAborted = (): void => this.checkAborted();
    this.tools = { fs, hash, hashLarge, now, isThorough, device: this.checkRoot(), checkAborted };
  }

  /** Proves that the folder is there (invariant 1 of `scan`); returns the root's device. */
  checkRoot(): bigint {
    const { fs, folder } = this.parts;
    const found = readMarker(fs);
    const isOther = found.type === "ok" && found.marker.folder !== folder;
    const error = markerError(isOther ? { type: "wrongFolder", marker: found.marker } : found, folder);
    if (error !== undefined) throw error;
    const root = fs.stat(ROOT);
    if (root?.type === "directory") return root.dev;
    throw new SyncError("E_ROOT_UNREADABLE", `folder ${folder}: its directory cannot be read`);
  }

  checkAborted(): void {
    if (this.parts.isAborted()) throw new SyncError("E_INTERRUPTED", "the scan was stopped");
  }

  row(path: RelPath): LocalRow | undefined {
    return this.parts.reader.local(this.parts.folder, path);
  }

  /** Pages of the rows directly in a directory. */
  *childRows(directory: DirectoryPath): Generator<readonly LocalRow[]> {
    const { reader, folder } = this.parts;
    yield* this.#pages((after, limit) => reader.localChildren(folder, directory, after, limit));
  }

  /** Pages of all rows below a directory, directories before what they hold. */
  *rowsBelow(directory: RelPath): Generator<readonly LocalRow[]> {
    const { reader, folder } = this.parts;
    yield* this.#pages((after, limit) => reader.localBelow(folder, directory, after, limit));
  }

  *#pages(read: (after: string, limit: number) => readonly LocalRow[]): Generator<readonly LocalRow[]> {
    const limit = LIMITS.indexBatchRows.value;
    for (let after = ""; ; ) {
      this.checkAborted();
      const page = read(after, limit);
      yield page;
      const last = page.at(-1);
      if (last === undefined || page.length !== limit) return;
      after = last.path;
    }
  }

  /** The names in a directory; undefined when it cannot be listed whole, which is told as a problem. */
  list(directory: DirectoryPath): Listing | undefined {
    this.checkAborted();
    try {
      const listing = new Listing(this.#isNameExact);
      for (const entry of this.parts.fs.list(directory)) {
        if (entry.name !== undefined) listing.add(entry.name, entry.type);
        else this.report(notUtf8(joinPath(directory, entry.shown)));
      }
      this.#directories++;
      return listing;
    } catch (error) {
      if (directory === ROOT) {
        throw new SyncError("E_ROOT_UNREADABLE", "the folder's directory cannot be listed", { cause: error });
      }
      if (isGone(error)) this.wentAway(directory, this.row(directory));
      else this.report(unreadable(directory, error));
      return undefined;
    }
  }

  /** The type of what a row finds under its name. A row that waits for its content must not take its Unicode twin's for it. */
  typeFor(row: LocalRow, listing: Listing): EntryType | undefined {
    const isWaiting = row.stamp === null && !winnerOf(row.heads).deleted;
    if (isWaiting && !this.#isNameExact && this.#hasShownTwin(row.path)) return undefined;
    return listing.typeOf(baseName(row.path));
  }

  #hasShownTwin(path: RelPath): boolean {
    const directory = parentOf(path) ?? ROOT;
    const forms = ["NFC", "NFD"].map((form) => joinPath(directory, baseName(path).normalize(form)));
    return forms.some((form) => {
      const twin = form === path ? undefined : this.row(form);
      return twin !== undefined && isShown(twin);
    });
  }

  /** Whether a path on disk takes part, and can; what cannot is told. */
  isWanted(path: RelPath, type: EntryType): boolean {
    if (isReserved(path)) {
      if (path !== PRIVATE_DIRECTORY && parentOf(path) === undefined) {
        this.report(unholdable(path, "has a name reserved for Syncline"));
      }
      return false;
    }
    if (this.parts.ignore.isIgnoredChild(path, type === "directory")) return false;
    const fault = pathFault(path);
    if (fault !== undefined) this.report(unholdable(path, fault));
    return fault === undefined;
  }

  /** Whether it would matter that a row's path is gone. A directory that is wanted again may have rows below it that show something. */
  canBeMissing(row: LocalRow): boolean {
    const winner = winnerOf(row.heads);
    const isExpected = !winner.deleted && (row.stamp !== null || winner.type === "directory");
    return isExpected && !this.parts.ignore.isIgnoredChild(row.path, winner.type === "directory");
  }

  /** Notes that something went while the scan was at it. New things may: they are nobody's loss. */
  wentAway(path: RelPath, row: LocalRow | undefined): void {
    if (row === undefined || !this.canBeMissing(row)) return;
    this.report({ path, code: "E_CHANGING", message: `${path} went away while it was looked at` });
  }

  found(observation: Extract<Observation, { type: "present" }>): void {
    this.#observations.push(observation);
    this.#chunks += observation.chunkList?.sizes.length ?? 0;
    if (observation.fileType !== "directory") this.#files++;
  }

  moved(move: ScannedMove): void {
    this.#moves.push(move);
  }

  unchanged(): void {
    this.#files++;
  }

  missing(row: LocalRow): void {
    this.#observations.push({ type: "missing", path: row.path, baseSequence: row.sequence });
    this.#missing++;
  }

  /** One problem a path and scan is enough. */
  report(problem: PathProblem): void {
    if (this.#problemPaths.has(problem.path) || this.#problemPaths.size >= PROBLEM_PATHS_MAX) return;
    this.#problemPaths.add(problem.path);
    this.#problems.push(problem);
  }

  get isBatchFull(): boolean {
    return (
      this.#observations.length >= LIMITS.indexBatchRows.value ||
      this.#problems.length >= PROBLEMS_PER_BATCH ||
      this.#chunks >= CHUNKS_PER_BATCH
    );
  }

  takeBatch(): ScanBatch {
    const batch = { observations: this.#observations, problems: this.#problems, moves: this.#moves };
    this.#observations = [];
    this.#moves = [];
    this.#problems = [];
    this.#chunks = 0;
    return batch;
  }

  get summary(): ScanSummary {
    return {
      files: this.#files,
      directories: this.#directories,
      missing: this.#missing,
      problems: this.#problemPaths.size,
    };
  }
}

/** Whether the disk showed the winner when the row was written. */
export function isShown(row: LocalRow): boolean {
  return row.stamp !== null && !winnerOf(row.heads).deleted;
}

/** Whether something that is no directory lies where the index has one. A special file is a problem, and no replacement. */
export function isReplaced(row: LocalRow, type: EntryType): boolean {
  const winner = winnerOf(row.heads);
  return !winner.deleted && winner.type === "directory" && (type === "file" || type === "symlink");
}

export function isDirectoryRow(row: LocalRow): boolean {
  return winnerOf(row.heads).type === "directory";
}

export function joinPath(directory: DirectoryPath, name: string): RelPath {
  return (directory === ROOT ? name : `${directory}/${name}`) as RelPath;
}

/** Names come from the disk one by one, so few paths need the whole check. */
function pathFault(path: RelPath): string | undefined {
  const bytesPerUnitMax = 3;
  const mayBeLong =
    path.length * bytesPerUnitMax > LIMITS.pathBytes.value ||
    baseName(path).length * bytesPerUnitMax > LIMITS.nameBytes.value;
  return mayBeLong || path.includes("\uFFFD") ? relPathFault(path) : undefined;
}
