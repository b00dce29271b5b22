import type { RelPath } from "../../shared/ids.ts";
import type { ScanBatch } from "../folder-disk.ts";
import { type EntryType, ROOT } from "../fs/filesystem.ts";
import type { LocalRow } from "../index/index-port.ts";
import type { Listing } from "./listing.ts";
import { otherFilesystem, unreadable } from "./scan-faults.ts";
import { type DirectoryPath, isDirectoryRow, isShown, joinPath, type ScanState } from "./scan-state.ts";
import type { Suspects, Visitor } from "./visit.ts";

/** Lists again the directories that did not show something, and tells what they still do not (invariant 1 of `scan`). */
export class MissingFinder {
  readonly #state: ScanState;
  readonly #visitor: Visitor;

  constructor(state: ScanState, visitor: Visitor) {
    this.#state = state;
    this.#visitor = visitor;
  }

  *findAll(): Generator<ScanBatch> {
    for (let next = this.#visitor.takeSuspects(); next !== undefined; next = this.#visitor.takeSuspects()) {
      const [directory, suspects] = next;
      const listing = this.#proven(directory);
      if (listing !== undefined) yield* this.#findIn(directory, listing, suspects);
      yield* this.#visitor.visitAll();
    }
  }

  /** The directory's names, when they are evidence. */
  #proven(directory: DirectoryPath): Listing | undefined {
    this.#state.checkRoot();
    try {
      const stat = this.#state.parts.fs.stat(directory);
      if (stat?.type === "directory" && stat.dev === this.#state.tools.device) return this.#state.list(directory);
      if (stat?.type === "directory") this.#state.report(otherFilesystem(directory));
      else if (directory !== ROOT) this.#state.wentAway(directory, this.#state.row(directory));
    } catch (error) {
      this.#state.report(unreadable(directory, error));
    }
    return undefined;
  }

  *#findIn(directory: DirectoryPath, listing: Listing, suspects: Suspects): Generator<ScanBatch> {
    if (suspects === undefined) {
      for (const page of this.#state.childRows(directory)) {
        for (const row of page) yield* this.#judge(row, listing.typeFor(row));
      }
      return;
    }
    for (const name of suspects) {
      const row = this.#state.row(joinPath(directory, name));
      if (row === undefined) continue;
      const type = listing.typeFor(row);
      yield* this.#judge(row, type);
      // It came back between the two looks, unless it was there all along in the place of a directory.
      const isBack = type !== undefined && !isDirectoryRow(row) && this.#state.isWanted(row.path, type);
      if (isBack) this.#visitor.look(row.path, type, row);
    }
  }

  *#judge(row: LocalRow, type: EntryType | undefined): Generator<ScanBatch> {
    if (!this.#state.canBeMissing(row)) return;
    // A special file in its place is a problem, and no evidence that anything was deleted.
    const isDirectoryGone = isDirectoryRow(row) && (type === undefined || type === "file" || type === "symlink");
    if (isDirectoryGone) yield* this.#missBelow(row.path);
    // Last, so that a crash half-way leaves the directory to be missed again.
    if (type === undefined && row.stamp !== null) this.#state.missing(row);
    if (this.#state.isBatchFull) yield this.#state.takeBatch();
  }

  *#missBelow(directory: RelPath): Generator<ScanBatch> {
    for (const page of this.#state.rowsBelow(directory)) {
      for (const row of page) {
        if (isShown(row) && !this.#state.parts.ignore.isIgnored(row.path, isDirectoryRow(row)))
          this.#state.missing(row);
        if (this.#state.isBatchFull) yield this.#state.takeBatch();
      }
    }
  }
}
