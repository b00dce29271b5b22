import type { DiskStamp } from "../../shared/file-info.ts";
import { baseName, parentOf, type RelPath } from "../../shared/ids.ts";
import type { ScanBatch } from "../folder-disk.ts";
import type { DiskStat, EntryType } from "../fs/filesystem.ts";
import { ROOT } from "../fs/filesystem.ts";
import type { LocalRow } from "../index/index-port.ts";
import { examine, type Finding, isSameInode } from "./examine.ts";
import { MoveFinder } from "./find-moved.ts";
import { special } from "./scan-faults.ts";
import { type DirectoryPath, isDirectoryRow, isReplaced, isShown, joinPath, type ScanState } from "./scan-state.ts";

/** More names of one directory than this are not remembered one by one. */
const NAMES_MAX = 10_000;

/** Names that a directory did not show; undefined for too many to remember. */
export type Suspects = ReadonlySet<string> | undefined;

/** Goes through what is on disk, tells what differs, and notes by name what the index has and the disk does not. */
export class Visitor {
  readonly #state: ScanState;
  readonly #toVisit: DirectoryPath[] = [];
  readonly #suspects = new Map<DirectoryPath, Set<string> | undefined>();
  readonly #finder: MoveFinder;
  /** Directories that were moved here: looked at again once the index knows. */
  readonly #moved: RelPath[] = [];
  /** Directories that took the place of others, which may have been moved: looked at last (invariant 4 of `scan`). */
  readonly #others: RelPath[] = [];
  readonly #looked = new Set<RelPath>();

  constructor(state: ScanState) {
    this.#state = state;
    this.#finder = new MoveFinder(state, (path) => this.#statExact(path));
  }

  startAtRoot(): void {
    this.#toVisit.push(ROOT);
  }

  /** Begins at each path, or further up where the way to it is new or gone. */
  startAt(paths: readonly RelPath[]): void {
    for (const path of outermost(paths.map((path) => this.#reachable(path)))) this.#start(path);
  }

  *visitAll(): Generator<ScanBatch> {
    while (this.#toVisit.length + this.#moved.length + this.#others.length > 0) {
      for (let next = this.#toVisit.pop(); next !== undefined; next = this.#toVisit.pop()) {
        yield* this.#visit(next);
        yield* this.#followMoves();
      }
      yield* this.#followMoves();
      const others = this.#toVisit.length === 0 ? this.#others.splice(0) : [];
      for (const path of others) {
        this.#looked.add(path);
        this.look(path, "directory", this.#state.row(path));
      }
    }
  }

  /** Tells what was moved, and looks at it as the index has it then. */
  *#followMoves(): Generator<ScanBatch> {
    if (this.#moved.length === 0) return;
    yield this.#state.takeBatch();
    for (const path of this.#moved.splice(0)) this.look(path, "directory", this.#state.row(path));
  }

  /** Takes one directory out in which something seems to be missing. */
  takeSuspects(): readonly [directory: DirectoryPath, names: Suspects] | undefined {
    for (const entry of this.#suspects) {
      this.#suspects.delete(entry[0]);
      return entry;
    }
    return undefined;
  }

  /**
   * Looks at one path that a listing named. What took the place of a directory
   * waits: it is met only when the loss of all that was in there is proven, or
   * rows would be left below a file.
   */
  look(path: RelPath, type: EntryType, row: LocalRow | undefined): void {
    if (row !== undefined && isReplaced(row, type)) this.#suspect(path);
    else this.#take(path, type, row, this.#examine(path, type, row));
  }

  /** Looks at what took the place of a directory. */
  lookAtReplacement(path: RelPath, type: EntryType, row: LocalRow): void {
    this.#take(path, type, row, this.#examine(path, type, row));
  }

  #examine(path: RelPath, type: EntryType, row: LocalRow | undefined): Finding {
    this.#state.checkAborted();
    return examine(this.#state.tools, path, type, row);
  }

  #take(path: RelPath, type: EntryType, row: LocalRow | undefined, finding: Finding): void {
    switch (finding.type) {
      case "problem":
        this.#state.report(finding.problem);
        break;
      case "gone":
        // A special file may be one that only the listing knew.
        if (type === "special") this.#state.report(special(path));
        else this.#state.wentAway(path, row);
        break;
      case "same":
        if (finding.isDirectory) this.#toVisit.push(path);
        else this.#state.unchanged();
        break;
      case "differs":
        // It became another thing between the listing and the look.
        if (row !== undefined && !isReplaced(row, type) && isReplaced(row, finding.observation.fileType)) {
          this.#state.wentAway(path, row);
          break;
        }
        if (finding.observation.fileType === "directory" && this.#isForLater(path, row, finding.observation.stamp))
          break;
        this.#state.found(finding.observation);
        if (finding.observation.fileType === "directory") this.#toVisit.push(path);
        break;
    }
  }

  /** Whether a directory is met as a moved one, or only after those that may have been moved from its place. */
  #isForLater(path: RelPath, row: LocalRow | undefined, stamp: DiskStamp): boolean {
    if (row !== undefined && isShown(row) && isDirectoryRow(row)) {
      if (row.stamp === null || isSameInode(row.stamp, stamp) || this.#looked.has(path)) return false;
      this.#others.push(path);
      return true;
    }
    const move = this.#finder.find(path, stamp);
    if (move === undefined) return false;
    this.#state.moved(move);
    this.#moved.push(path);
    return true;
  }

  #start(path: RelPath): void {
    const parent = parentOf(path);
    if (parent !== undefined && this.#state.parts.ignore.isIgnored(parent, true)) return;
    const row = this.#state.row(path);
    const stat = this.#statExact(path);
    if (stat === undefined) {
      if (row !== undefined && this.#state.canBeMissing(row)) this.#suspect(path);
    }
    // What cannot be looked at is examined all the same, to be told as a problem.
    else {
      const type = stat === "unknown" ? "file" : stat.type;
      if (this.#state.isWanted(path, type)) this.look(path, type, row);
    }
  }

  /** What lies at a path in this very spelling; "unknown" when that cannot be told. */
  #statExact(path: RelPath): DiskStat | "unknown" | undefined {
    const { fs } = this.#state.parts;
    try {
      const stat = fs.stat(path);
      if (stat === undefined || (fs.capabilities.caseSensitive && fs.capabilities.unicodeExact)) return stat;
      // Where "A" finds "a", only a listing tells which of them is there.
      return this.#state.list(parentOf(path) ?? ROOT)?.typeOf(baseName(path)) === undefined ? undefined : stat;
    } catch {
      return "unknown";
    }
  }

  /** The path itself, or the first directory on the way to it that the index or the disk does not have. */
  #reachable(path: RelPath): RelPath {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      const directory = path.slice(0, slash) as RelPath;
      const row = this.#state.row(directory);
      if (row === undefined || !isShown(row) || !isDirectoryRow(row)) return directory;
      const stat = this.#statExact(directory);
      const isThere =
        typeof stat === "object" &&
        stat.type === "directory" &&
        isSameInode(stat, row.stamp ?? stat) &&
        stat.dev === this.#state.tools.device;
      if (!isThere) return directory;
    }
    return path;
  }

  *#visit(directory: DirectoryPath): Generator<ScanBatch> {
    const listing = this.#state.list(directory);
    if (listing === undefined) return;
    for (const page of this.#state.childRows(directory)) {
      for (const row of page) {
        const type = this.#state.typeFor(row, listing);
        if (type === undefined) {
          if (this.#state.canBeMissing(row)) this.#suspect(row.path);
          continue;
        }
        listing.take(baseName(row.path));
        if (this.#state.isWanted(row.path, type)) this.look(row.path, type, row);
        if (this.#state.isBatchFull) yield this.#state.takeBatch();
      }
    }
    for (const [name, type] of listing.rest()) {
      const path = joinPath(directory, name);
      if (this.#state.isWanted(path, type)) this.look(path, type, undefined);
      if (this.#state.isBatchFull) yield this.#state.takeBatch();
    }
  }

  #suspect(path: RelPath): void {
    const directory = parentOf(path) ?? ROOT;
    const names = this.#suspects.has(directory) ? this.#suspects.get(directory) : new Set<string>();
    names?.add(baseName(path));
    this.#suspects.set(directory, names === undefined || names.size > NAMES_MAX ? undefined : names);
  }
}

/** Paths without those below another of them, in order. */
function outermost(paths: readonly RelPath[]): readonly RelPath[] {
  const kept = new Set<string>();
  return [...new Set(paths)].sort().filter((path) => {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      if (kept.has(path.slice(0, slash))) return false;
    }
    kept.add(path);
    return true;
  });
}
