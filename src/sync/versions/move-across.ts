/**
 * Moves a path into another folder of this node because somebody said so:
 * content, owner and kept versions go along, nothing is overwritten.
 *
 * There are two loops and two commits, so it goes a group of files at a time,
 * each group in this order: it stands at its new place, flushed and committed;
 * its versions go there; it leaves its old place.
 *
 * Invariants:
 * 1. Whenever it breaks off, each file is at its old place, at its new one, or
 *    at both; the same command, given again, goes on.
 * 2. A file leaves its old place only as what stands at the new one: as that
 *    very inode, or with that very content.
 */
import { SyncError } from "../../shared/errors.ts";
import type { DiskStamp } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { movedPath } from "../core/directory-move.ts";
import { sameContent } from "../core/heads.ts";
import type { DiskStep } from "../folder-disk.ts";
import type { LocalChange } from "../index/index-port.ts";
import { missingAncestors } from "./ancestors.ts";
import { begunMove, noteMove } from "./begun-moves.ts";
import { carryOut, type PathChange } from "./carry-out.ts";
import type { Asker, MovedItem, SkippedItem } from "./change-item.ts";
import { refusalOf } from "./change-item.ts";
import { giveKept } from "./give-kept.ts";
import { assertChangesCount, type KeepContext } from "./keep-context.ts";
import { knownHeads, liveHead, tombstoneAbove } from "./known.ts";
import { deepestFirst, type LivePath, liveBelow } from "./live-below.ts";
import { assertMovable, type MoveRequest, moveTarget, sourceOf } from "./movable.ts";
import { changing } from "./move.ts";
import { keptVersions, purgeVersions } from "./purge.ts";
import { type Put, putAll } from "./put.ts";
import { failureOf } from "./restore-target.ts";

export type AcrossItem = MovedItem | SkippedItem;

/** From which folder into which. */
export interface Across {
  readonly from: KeepContext;
  readonly to: KeepContext;
}

const GROUP_FILES = 64;
const GROUP_BYTES = 64 * 1024 * 1024;
const ORIGIN = "moved";
const PASSING_TRIES = 10;
const PASSING_MS = 150;

/** Moves, an item for each path. Of a single file what stops it is thrown; of many, it is an item. */
export async function* moveAcross(across: Across, request: MoveRequest, asker: Asker): AsyncGenerator<AcrossItem> {
  const { from, to } = across;
  assertChangesCount(from, "moved");
  assertChangesCount(to, "moved");
  const source = sourceOf(from, request.path);
  const target = begunMove(across, request) ?? moveTarget(to, request);
  const ancestors = missingAncestors(to, target, new Set());
  if (ancestors.type === "blocked")
    throw new SyncError("E_EXISTS", `${ancestors.by} is no directory, so nothing can be put below it`);
  const { bytes } = await assertMovable(from, source, { into: to, to: target }, request.signal, asker);
  await assertSpace(across, source, bytes);
  const isDirectory = source.head.type === "directory";
  const work = new Moving(across, { from: source.path, to: target }, asker);
  if (request.dryRun) {
    yield* [work.moved(source)];
    if (isDirectory) for await (const page of liveBelow(from, source.path, request.signal)) yield* page.map(work.moved);
    return;
  }
  await noteMove(across, source.path, target);
  let skipped = 0;
  for await (const item of isDirectory ? work.tree(source, request.signal) : work.group([source])) {
    if (item.type === "skipped") skipped++;
    if (item.type === "skipped" && !isDirectory)
      throw item.code === "E_EXISTS" ? changing(source.path, target) : failureOf(item);
    yield item;
  }
  if (skipped === 0) await noteMove(across, source.path, undefined);
}

/**
 * Takes from their old place what an earlier move, cut off by a crash, has
 * committed at the new one. What it had not come to stays where it is.
 */
export async function settleMove(
  across: Across,
  { path, to }: { readonly path: RelPath; readonly to: RelPath },
  signal: AbortSignal,
): Promise<void> {
  const row = across.from.index.read.local(across.from.folder, path);
  if (liveHead(row) === undefined) return await noteMove(across, path, undefined);
  const source = sourceOf(across.from, path);
  // Whether it may go was judged before it was put there.
  const asker: Asker = { by: across.from.self, assertMayRemove: () => {} };
  const work = new Moving(across, { from: path, to }, asker, { onlyThere: true });
  const items = source.head.type === "directory" ? work.tree(source, signal) : work.group([source]);
  for await (const _ of items);
}

/** A second name takes no room, a copy does. */
async function assertSpace({ from, to }: Across, { row }: LivePath, bytes: number): Promise<void> {
  const free = await to.disk.free();
  if (row.stamp?.dev === free.dev || bytes <= free.bytes) return;
  throw new SyncError("E_DISK_FULL", `folder ${to.folder} has ${free.bytes} bytes left for ${bytes}`, {
    hint: "free some space there",
    facts: { folder: from.folder },
  });
}

class Moving {
  readonly #from: KeepContext;
  readonly #to: KeepContext;
  readonly #paths: { readonly from: RelPath; readonly to: RelPath };
  readonly #asker: Asker;
  readonly #onlyThere: boolean;

  constructor(
    { from, to }: Across,
    paths: { readonly from: RelPath; readonly to: RelPath },
    asker: Asker,
    options: { readonly onlyThere: boolean } = { onlyThere: false },
  ) {
    this.#from = from;
    this.#to = to;
    this.#paths = paths;
    this.#asker = asker;
    this.#onlyThere = options.onlyThere;
  }

  readonly moved = (item: LivePath): MovedItem => {
    const { path, head } = item;
    return { type: "moved", path, storedAs: this.#targetOf(item), fileType: head.type, size: head.size };
  };

  /** Files as they come, directories when they are empty. */
  async *tree(root: LivePath, signal: AbortSignal): AsyncGenerator<AcrossItem> {
    const directories = [root];
    yield* failures(await this.#place([root]));
    for await (const page of liveBelow(this.#from, root.path, signal))
      for (const group of groupsOf(page)) {
        signal.throwIfAborted();
        const made = group.filter(({ head }) => head.type === "directory");
        directories.push(...made);
        if (made.length > 0) yield* failures(await this.#place(made));
        yield* this.group(group.filter(({ head }) => head.type !== "directory"));
      }
    for (const level of deepestFirst(directories)) yield* await this.#leave(level);
  }

  /** Brings files there, one group of them; then they leave here. */
  async *group(items: readonly LivePath[]): AsyncGenerator<AcrossItem> {
    if (items.length === 0) return;
    const placed = await this.#place(items);
    yield* failures(placed);
    const there = items.filter((item) => this.#isThere(item) && !placed.has(item));
    await giveKept(
      { from: this.#from, to: this.#to },
      there.map((item) => ({ from: item.path, to: this.#targetOf(item) })),
    );
    yield* await this.#leavePatiently(there);
  }

  /** The disk may be ahead of the index: what a scan is about to see is waited for. */
  async #leavePatiently(items: readonly LivePath[]): Promise<readonly AcrossItem[]> {
    let left = await this.#leave(items);
    for (let tries = 0; tries < PASSING_TRIES; tries++) {
      const passing = new Set(left.flatMap((item) => (isPassing(item) ? [item.path] : [])));
      if (passing.size === 0) break;
      await this.#from.clock.sleep(PASSING_MS);
      const again = await this.#leave(items.filter(({ path }) => passing.has(path)));
      left = left.map((item) => again.find(({ path }) => path === item.path) ?? item);
    }
    return left;
  }

  /** Puts what is not there yet; gives what could not be put. */
  async #place(items: readonly LivePath[]): Promise<ReadonlyMap<LivePath, SkippedItem>> {
    const failed = new Map<LivePath, SkippedItem>();
    const wanted = this.#onlyThere ? [] : items.filter((item) => !this.#isThere(item));
    if (wanted.length === 0) return failed;
    const results = await putAll(
      this.#to,
      wanted.map((item) => this.#putOf(item)),
    );
    for (const [position, item] of wanted.entries()) {
      const result = results[position];
      if (result?.type === "failed")
        failed.set(item, { type: "skipped", path: item.path, code: result.code, message: result.message });
    }
    return failed;
  }

  #putOf(item: LivePath): Put {
    const { path, row, owner } = item;
    const { type, size, mtimeNs, mode, contentId, target } = item.head;
    const taken = row.stamp ?? undefined;
    return {
      path: this.#targetOf(item),
      content: { type, size, mtimeNs, mode, contentId, target },
      policy: "fail",
      owner,
      by: this.#asker.by,
      fetched: type === "file" && size > 0 ? { from: "path", path, folder: this.#from.folder, taken } : undefined,
    };
  }

  /** What may go leaves its old place. */
  async #leave(items: readonly LivePath[]): Promise<readonly AcrossItem[]> {
    const skipped = new Map<RelPath, SkippedItem>();
    const copied: RelPath[] = [];
    const carried = await this.#from.inLoop(() => {
      const changes = items.flatMap((item): PathChange[] => {
        const change = this.#changeFor(item, skipped);
        if (change?.type === "remove" && change.twin === undefined && item.head.type !== "directory")
          copied.push(item.path);
        return change === undefined ? [] : [change];
      });
      return carryOut(this.#from, changes, this.#asker.by);
    });
    for (const result of carried) if (result.type === "skipped") skipped.set(result.path, result);
    // Its content stands at the new place: what a program wrote to it after that stays here.
    await this.#confirm(items.filter((item) => item.head.type === "file" && !skipped.has(item.path)));
    const kept = copied.flatMap((path) => keptVersions(this.#from, path).filter(({ origin }) => origin === ORIGIN));
    await purgeVersions(this.#from, kept);
    return items.map((item) => skipped.get(item.path) ?? this.moved(item));
  }

  /** A file that lost its other name has a new ctime: known here, it need not be read again. */
  async #confirm(items: readonly LivePath[]): Promise<void> {
    const { index, folder, disk } = this.#to;
    await this.#to.inLoop(async () => {
      const rows = items.flatMap((item) => {
        const row = index.read.local(folder, this.#targetOf(item));
        return row === undefined || twinOf(item.row.stamp, row.stamp) === undefined ? [] : [row];
      });
      const steps = rows.flatMap(({ path, stamp }): DiskStep[] =>
        stamp === null ? [] : [{ step: "confirm", path, expected: stamp }],
      );
      if (steps.length === 0) return;
      const outcomes = await disk.execute(steps);
      const changes = rows.flatMap(({ path, heads }, position): LocalChange[] => {
        const outcome = outcomes[position];
        return outcome?.type === "done" ? [{ path, heads, stamp: outcome.stamp, announce: false }] : [];
      });
      await index.write.commitLocal(folder, changes, { nowMs: this.#to.clock.now() });
      await disk.committed();
    });
  }

  /** The index may have moved on since it was read: only what stands at the new place goes. */
  #changeFor(item: LivePath, skipped: Map<RelPath, SkippedItem>): PathChange | undefined {
    const { path } = item;
    const row = this.#from.index.read.local(this.#from.folder, path);
    const head = liveHead(row);
    if (row === undefined || head === undefined) return undefined;
    const skip = (refused: SkippedItem): undefined => void skipped.set(path, refused);
    const refused = refusalOf(this.#asker, row);
    if (refused !== undefined) return skip(refused);
    if (head.type !== item.head.type || !this.#isThere(item)) return skip(stays(path));
    const twin = head.type === "file" ? twinOf(row.stamp, this.#stampAt(item)) : undefined;
    if (head.type !== "directory" && twin === undefined && !sameContent(head, item.head)) return skip(stays(path));
    const heads = [tombstoneAbove(this.#from, knownHeads(this.#from, path), head)];
    return { type: "remove", path, heads, origin: ORIGIN, twin };
  }

  #isThere(item: LivePath): boolean {
    const row = this.#to.index.read.local(this.#to.folder, this.#targetOf(item));
    const live = liveHead(row);
    if (row?.stamp == null || live === undefined || live.type !== item.head.type) return false;
    return live.type === "directory" || sameContent(live, item.head) || twinOf(item.row.stamp, row.stamp) !== undefined;
  }

  #stampAt(item: LivePath): DiskStamp | null {
    return this.#to.index.read.local(this.#to.folder, this.#targetOf(item))?.stamp ?? null;
  }

  #targetOf({ path }: LivePath): RelPath {
    const target = movedPath(this.#paths, path);
    if (target === undefined) throw new SyncError("E_BAD_PATH", `${path} would get a name that is too long`);
    return target;
  }
}

/** The inode that two paths share. */
function twinOf(here: DiskStamp | null, there: DiskStamp | null): DiskStamp | undefined {
  return here !== null && there !== null && here.dev === there.dev && here.ino === there.ino ? there : undefined;
}

function stays(path: RelPath): SkippedItem {
  const message = `${path} was changed while it moved: what it was is at its new place, what it is now stays`;
  return { type: "skipped", path, code: "E_CHANGING", message };
}

function isPassing(item: AcrossItem): boolean {
  return item.type === "skipped" && item.code === "E_CHANGING";
}

function failures(placed: ReadonlyMap<LivePath, SkippedItem>): Iterable<SkippedItem> {
  return placed.values();
}

/** Files in groups that one turn of a loop carries. */
function* groupsOf(page: readonly LivePath[]): Generator<readonly LivePath[]> {
  let group: LivePath[] = [];
  let bytes = 0;
  for (const item of page) {
    if (group.length === GROUP_FILES || (group.length > 0 && bytes + item.head.size > GROUP_BYTES)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(item);
    bytes += item.head.size;
  }
  if (group.length > 0) yield group;
}
