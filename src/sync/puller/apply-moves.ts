/**
 * Takes directory moves that peers announced: one rename on the disk, one
 * commit. Where the records here are not just those that moved, or the disk is
 * not as the index has it, the move is left to be applied path by path, which
 * moves files without fetching them, too.
 *
 * Nothing is looked at below the directory before it goes: what a user saved,
 * removed or added there in time or too late travels along, is found by the
 * look afterwards, and is a change on top of the move.
 */
import { isBelow, parentOf, type RelPath } from "../../shared/ids.ts";
import type { DirectoryMove } from "../../shared/messages.ts";
import { movedPath } from "../core/directory-move.ts";
import { winnerOf } from "../core/heads.ts";
import type { FolderContext } from "../folder-context.ts";
import type { PendingMove } from "../index/index-port.ts";
import { tellMoved } from "../local-moves.ts";

const PAGE = 500;

export interface MoveHooks {
  /** The disk is not as the index has it. */
  lookAgain(path: RelPath): void;
  /** Paths that are not to be touched, because a change made here stands on them. */
  isBlocked(path: RelPath): boolean;
  isIgnored(path: RelPath, isDirectory: boolean): boolean;
  /** Evidence that the folder is really there, before anything is moved. */
  isRootPresent(): Promise<boolean>;
  /** Paths whose disk is not as the index has it: they wait until they have been looked at. */
  readonly unlooked: ReadonlySet<RelPath>;
  /** Makes the directory that holds a path, when a peer has announced it. */
  makeParent(path: RelPath): Promise<void>;
}

export class MoveApplier {
  readonly #context: FolderContext;
  readonly #hooks: MoveHooks;

  constructor(context: FolderContext, hooks: MoveHooks) {
    this.#context = context;
    this.#hooks = hooks;
  }

  /** Takes one move. Returns whether there was one. */
  async step(): Promise<boolean> {
    const { index, folder } = this.#context;
    const next = index.read.pendingMoves(folder).find(({ move }) => !this.#mustWait(move));
    if (next === undefined || !(await this.#hooks.isRootPresent())) return false;
    await this.#take(next);
    return true;
  }

  #mustWait({ from, to }: DirectoryMove): boolean {
    return [...this.#hooks.unlooked].some((path) =>
      [from, to].some((end) => path === end || isBelow(path, end) || isBelow(end, path)),
    );
  }

  async #take(pending: PendingMove): Promise<void> {
    const { index, folder } = this.#context;
    const { device, move } = pending;
    const ready = await index.write.checkMove(folder, device, move.sequence);
    // Also of what is here already: this settles it.
    const isMovedHere =
      ready.type === "ready" && (await this.#mayMove(move)) && (await this.#move(pending, ready.stamp));
    if (!isMovedHere) await index.write.dissolveMove(folder, device, move.sequence);
  }

  async #mayMove({ from, to }: DirectoryMove): Promise<boolean> {
    if (this.#hooks.isBlocked(from) || this.#hooks.isBlocked(to) || (await this.#someIgnored({ from, to })))
      return false;
    await this.#hooks.makeParent(to);
    const parent = parentOf(to);
    const row = parent === undefined ? undefined : this.#context.index.read.local(this.#context.folder, parent);
    if (parent === undefined) return true;
    return row !== undefined && row.stamp !== null && isDirectory(row);
  }

  /** What does not sync here at one end must not be taken as if it did. */
  async #someIgnored(ends: Pick<DirectoryMove, "from" | "to">): Promise<boolean> {
    const { index, folder, clock } = this.#context;
    if (this.#hooks.isIgnored(ends.from, true) || this.#hooks.isIgnored(ends.to, true)) return true;
    for (let after = ""; ; ) {
      const page = index.read.localBelow(folder, ends.from, after, PAGE);
      const isIgnored = page.some((row) => {
        const to = movedPath(ends, row.path);
        return to === undefined || [row.path, to].some((path) => this.#hooks.isIgnored(path, isDirectory(row)));
      });
      if (isIgnored) return true;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return false;
      after = last.path;
      await clock.sleep(0);
    }
  }

  async #move(
    { device, move }: PendingMove,
    expected: { readonly dev: bigint; readonly ino: bigint },
  ): Promise<boolean> {
    const { index, folder, disk, clock } = this.#context;
    const { from, to, sequence, author, count } = move;
    const { dev, ino } = expected;
    const [outcome] = await disk.execute([{ step: "move-directory", path: from, to, expected: { dev, ino } }]);
    this.#hooks.lookAgain(from);
    this.#hooks.lookAgain(to);
    if (outcome?.type !== "done" || outcome.stamp === null) return false;
    await index.write.applyMove(folder, device, { last: sequence, stamp: outcome.stamp, nowMs: clock.now() });
    await disk.committed();
    tellMoved(this.#context, { from, to, records: count, origin: "peer", device: author });
    return true;
  }
}

function isDirectory(row: { readonly heads: Parameters<typeof winnerOf>[0] }): boolean {
  const winner = winnerOf(row.heads);
  return winner.type === "directory" && !winner.deleted;
}

/** Leaves all moves that peers announced to be dealt with path by path: for a folder that takes nothing. */
export async function dissolveMoves({ index, folder }: FolderContext): Promise<void> {
  for (const { device, move } of index.read.pendingMoves(folder))
    await index.write.dissolveMove(folder, device, move.sequence);
}
