/**
 * Decides when a path that something happened to is looked at.
 *
 * A path is due when it kept quiet for 40 ms, and in any case 2 s after its
 * first event. What is remembered stays small: many paths of one directory
 * become the directory, many directories become everything. Pure: the time is
 * handed in (monotonic milliseconds).
 */
import type { RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";

/** Paths, each with all below it; or the whole folder. */
export type DirtyPaths = readonly RelPath[] | "everything";

interface Entry {
  readonly firstMs: number;
  lastMs: number;
}

/** Paths to look at, one owner: the folder's loop. */
export class DirtySet {
  /** In the order of their first event. */
  readonly #entries = new Map<string, Entry>();
  /** How many entries lie directly in each directory. */
  readonly #children = new Map<string, number>();
  /** Nothing is due before this; entries only ever move later. */
  #soonestMs = Number.POSITIVE_INFINITY;

  /** How many paths wait. */
  get size(): number {
    return this.#entries.size;
  }

  /** Notes that something happened at or below a path; "" is the root. */
  note(path: RelPath | "", nowMs: number): void {
    const known = this.#entries.get(path) ?? this.#around(path);
    if (known !== undefined) {
      known.lastMs = nowMs;
      return;
    }
    this.#add(path, { firstMs: nowMs, lastMs: nowMs });
    const parent = parentPath(path);
    if ((this.#children.get(parent) ?? 0) > LIMITS.dirtyPerDirectory.value) this.#foldInto(parent);
    if (path === "" || this.#entries.size > LIMITS.dirtyPaths.value) this.#foldInto("");
  }

  /** Takes out what is due. */
  takeDue(nowMs: number): DirtyPaths {
    if (nowMs < this.#soonestMs) return [];
    const due: string[] = [];
    for (const [path, entry] of this.#entries) if (dueAtMs(entry) <= nowMs) due.push(path);
    return this.#take(due);
  }

  /** Takes out everything, due or not. */
  takeAll(): DirtyPaths {
    return this.#take([...this.#entries.keys()]);
  }

  /** Milliseconds until something is due, 0 when something is; undefined when nothing waits. */
  nextDueMs(nowMs: number): number | undefined {
    if (this.#entries.size === 0) return undefined;
    if (this.#soonestMs <= nowMs) this.#findSoonest();
    return Math.max(0, this.#soonestMs - nowMs);
  }

  #findSoonest(): void {
    this.#soonestMs = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) this.#soonestMs = Math.min(this.#soonestMs, dueAtMs(entry));
  }

  /** The entry of a directory that holds `path`, when one waits: it will be looked at with all below it. */
  #around(path: string): Entry | undefined {
    if (this.#entries.size === 0 || path === "") return undefined;
    for (let parent = parentPath(path); ; parent = parentPath(parent)) {
      const entry = this.#entries.get(parent);
      if (entry !== undefined) return entry;
      if (parent === "") return undefined;
    }
  }

  /** Replaces all entries in a directory by the directory itself, as old as the oldest of them. */
  #foldInto(directory: string): void {
    const folded: Entry[] = [];
    for (const [path, entry] of this.#entries) {
      if (!isAtOrBelow(path, directory)) continue;
      folded.push(entry);
      this.#remove(path);
    }
    const firstMs = folded.reduce((first, entry) => Math.min(first, entry.firstMs), Number.POSITIVE_INFINITY);
    const lastMs = folded.reduce((last, entry) => Math.max(last, entry.lastMs), 0);
    this.#add(directory, { firstMs, lastMs });
  }

  #take(paths: readonly string[]): DirtyPaths {
    for (const path of paths) this.#remove(path);
    this.#findSoonest();
    return paths.includes("") ? "everything" : (paths as readonly RelPath[]);
  }

  #add(path: string, entry: Entry): void {
    this.#entries.set(path, entry);
    this.#soonestMs = Math.min(this.#soonestMs, dueAtMs(entry));
    if (path !== "") this.#count(parentPath(path), 1);
  }

  #remove(path: string): void {
    if (this.#entries.delete(path) && path !== "") this.#count(parentPath(path), -1);
  }

  #count(parent: string, change: number): void {
    const count = (this.#children.get(parent) ?? 0) + change;
    if (count === 0) this.#children.delete(parent);
    else this.#children.set(parent, count);
  }
}

function dueAtMs(entry: Entry): number {
  return Math.min(entry.lastMs + LIMITS.settleMs.value, entry.firstMs + LIMITS.settleMaxMs.value);
}

function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function isAtOrBelow(path: string, directory: string): boolean {
  return directory === "" || path === directory || path.startsWith(`${directory}/`);
}
