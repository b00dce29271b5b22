import type { RelPath } from "../../shared/ids.ts";
import type { ScanBatch } from "../folder-disk.ts";
import { type DiskStat, ROOT } from "../fs/filesystem.ts";
import type { LocalRow } from "../index/index-port.ts";
import type { Listing } from "./listing.ts";
import { otherFilesystem, unreadable } from "./scan-faults.ts";
import { type DirectoryPath, isDirectoryRow, isReplaced, isShown, joinPath, type ScanState } from "./scan-state.ts";
import type { Suspects, Visitor } from "./visit.ts";

/** What a directory says of the names that it does not show. */
interface Evidence {
  readonly listing: Listing;
  /** Names came or went since the scan began: what is gone may have been moved to where the scan had been (invariant 2). */
  readonly isFresh: boolean;
}

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
      const evidence = this.#evidenceOf(directory);
      if (evidence !== undefined) yield* this.#findIn(directory, evidence, suspects);
      yield* this.#visitor.visitAll();
    }
  }

  #evidenceOf(directory: DirectoryPath): Evidence | undefined {
    if (this.#lookAt(directory) === undefined) return undefined;
    const listing = this.#state.list(directory);
    const after = listing === undefined ? undefined : this.#lookAt(directory);
    if (listing === undefined || after === undefined) return undefined;
    return { listing, isFresh: after.mtimeNs >= this.#state.startedNs };
  }

  /** A directory on the folder's file system; else undefined, and why is told. */
  #lookAt(directory: DirectoryPath): DiskStat | undefined {
    try {
      const stat = this.#state.parts.fs.stat(directory);
      if (stat?.type === "directory" && stat.dev === this.#state.tools.device) return stat;
      if (stat?.type === "directory") this.#state.report(otherFilesystem(directory));
      else if (directory !== ROOT) this.#state.wentAway(directory, this.#state.row(directory));
    } catch (error) {
      this.#state.report(unreadable(directory, error));
    }
    return undefined;
  }

  *#findIn(directory: DirectoryPath, evidence: Evidence, suspects: Suspects): Generator<ScanBatch> {
    if (suspects === undefined) {
      for (const page of this.#state.childRows(directory)) {
        for (const row of page) yield* this.#judge(row, { ...evidence, isFresh: false });
      }
      return;
    }
    for (const name of suspects) {
      const row = this.#state.row(joinPath(directory, name));
      if (row === undefined) continue;
      const type = this.#state.typeFor(row, evidence.listing);
      yield* this.#judge(row, evidence);
      // Not a replacement: it came back between the two looks.
      const isBack = type !== undefined && !isReplaced(row, type) && this.#state.isWanted(row.path, type);
      if (isBack) this.#visitor.look(row.path, type, row);
    }
  }

  *#judge(row: LocalRow, { listing, isFresh }: Evidence): Generator<ScanBatch> {
    if (!this.#state.canBeMissing(row)) return;
    const type = this.#state.typeFor(row, listing);
    const isOther = type !== undefined && isReplaced(row, type);
    if (type !== undefined && !isOther) return;
    if (isFresh) {
      this.#state.wentAway(row.path, row);
      return;
    }
    if (isDirectoryRow(row)) yield* this.#missBelow(row.path);
    if (isOther) {
      if (this.#state.isWanted(row.path, type)) this.#visitor.lookAtReplacement(row.path, type, row);
    } else if (row.stamp !== null) {
      // Last, so that a crash half-way leaves the directory to be missed again.
      this.#state.missing(row);
    }
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
