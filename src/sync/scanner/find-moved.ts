import type { RelPath } from "../../shared/ids.ts";
import { isMovable, isNested, movedPath } from "../core/directory-move.ts";
import { winnerOf } from "../core/heads.ts";
import type { ScannedMove } from "../folder-disk.ts";
import type { DiskStat } from "../fs/filesystem.ts";
import { sameButCtime } from "../fs/stamps.ts";
import type { LocalRow } from "../index/index-port.ts";
import { isSmudged } from "./racy.ts";
import { isDirectoryRow, isShown, type ScanState } from "./scan-state.ts";

/** Files that are looked at to prove where a directory came from. */
const PROOFS_MAX = 64;

/** Finds out where a directory was before that the index does not have at its path. */
export class MoveFinder {
  readonly #state: ScanState;
  /** Looks at a path in its very spelling. */
  readonly #statExact: (path: RelPath) => DiskStat | "unknown" | undefined;
  /** Each path is tried once: who takes the batches may refuse a move. */
  readonly #tried = new Set<RelPath>();

  constructor(state: ScanState, statExact: (path: RelPath) => DiskStat | "unknown" | undefined) {
    this.#state = state;
    this.#statExact = statExact;
  }

  /**
   * The move that brought a directory to `to`, on evidence: the index has its
   * inode under another path, where it no longer is; and of the files that the
   * index has below, at least half lie below `to` now, each as its stamp says.
   * An inode number alone proves nothing: file systems give it out again.
   *
   * Undefined, too, when something below cannot move as one, or would be
   * ignored at its new place: then each path is looked at by itself.
   */
  find(to: RelPath, stamp: ScannedMove["stamp"]): ScannedMove | undefined {
    if (this.#tried.has(to)) return undefined;
    this.#tried.add(to);
    const { reader, folder } = this.#state.parts;
    for (const row of reader.directoriesAt(folder, stamp)) {
      const move = { from: row.path, to };
      if (row.stamp === null || isNested(move) || this.#isStillThere(row) || !this.#isProven(move)) continue;
      // A mode that was changed, too, is met as a change of its own.
      return { ...move, stamp: { ...stamp, mode: row.stamp.mode } };
    }
    return undefined;
  }

  #isStillThere(row: LocalRow): boolean {
    const found = this.#statExact(row.path);
    return found === "unknown" || (found !== undefined && found.ino === row.stamp?.ino && found.dev === row.stamp.dev);
  }

  #isProven(move: Pick<ScannedMove, "from" | "to">): boolean {
    let [found, missed] = [0, 0];
    for (const page of this.#state.rowsBelow(move.from)) {
      for (const row of page) {
        if (winnerOf(row.heads).deleted) continue;
        const path = movedPath(move, row.path);
        if (path === undefined || !isMovable(row.heads) || !isShown(row)) return false;
        if (this.#state.parts.ignore.isIgnored(path, isDirectoryRow(row))) return false;
        if (isDirectoryRow(row) || found + missed >= PROOFS_MAX) continue;
        if (this.#isAsStamped(path, row)) found++;
        else missed++;
      }
    }
    return found > 0 && found >= missed;
  }

  #isAsStamped(path: RelPath, { stamp }: LocalRow): boolean {
    if (stamp === null) return false;
    try {
      const found = this.#state.parts.fs.stat(path);
      return found !== undefined && sameButCtime(found, stamp) && (found.ctimeNs === stamp.ctimeNs || isSmudged(stamp));
    } catch {
      return false;
    }
  }
}
