import type { PathProblem } from "../shared/file-info.ts";
import type { Clock } from "../shared/ports.ts";

const RETRY_MS = [1_000, 5_000, 30_000, 60_000];
/** Nothing finds these by their path: only a look at everything tells whether they are over. */
const NEVER_DUE = new Set(["E_NAME_NOT_UTF8"]);

interface Entry {
  readonly problem: PathProblem;
  readonly attempts: number;
  /** When to try again; undefined while it is being tried. */
  readonly retryAt: number | undefined;
}

/**
 * What keeps single paths out of step, and when each is tried again.
 *
 * One owner: the folder's loop. Two books exist per folder, one for what the
 * scanner could not read and one for what could not be applied.
 */
export class ProblemBook {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Notes a failure; the same path waits longer each time. */
  report(problem: PathProblem): void {
    const attempts = (this.#entries.get(problem.path)?.attempts ?? 0) + 1;
    const delayMs = NEVER_DUE.has(problem.code)
      ? Number.POSITIVE_INFINITY
      : (RETRY_MS[Math.min(attempts, RETRY_MS.length) - 1] ?? 60_000);
    this.#entries.set(problem.path, { problem, attempts, retryAt: this.#clock.monotonic() + delayMs });
  }

  /** The path is being tried: it no longer counts as due, and keeps its count of failures. */
  begin(path: string): void {
    const entry = this.#entries.get(path);
    if (entry !== undefined) this.#entries.set(path, { ...entry, retryAt: undefined });
  }

  /** As {@link begin}, for every path. */
  beginAll(): void {
    for (const path of [...this.#entries.keys()]) this.begin(path);
  }

  /** The try is over: forgets what began and did not fail again. */
  end(paths: Iterable<string> = [...this.#entries.keys()]): void {
    for (const path of paths) if (this.#entries.get(path)?.retryAt === undefined) this.#entries.delete(path);
  }

  clear(path: string): void {
    this.#entries.delete(path);
  }

  /** Forgets what `matches`, so that it is tried at once. */
  clearWhere(matches: (problem: PathProblem) => boolean): void {
    for (const [path, entry] of this.#entries) if (matches(entry.problem)) this.#entries.delete(path);
  }

  /**
   * Forgets everything that does not wait. Called when all there is to do was
   * tried and nothing is under way: what failed again waits by then, so the
   * rest went away by itself.
   */
  clearIdle(): void {
    for (const path of [...this.#entries.keys()]) if (!this.isWaiting(path)) this.#entries.delete(path);
  }

  get(path: string): PathProblem | undefined {
    return this.#entries.get(path)?.problem;
  }

  /** Whether a path has to wait before it is tried again. */
  isWaiting(path: string): boolean {
    const entry = this.#entries.get(path);
    return entry?.retryAt !== undefined && entry.retryAt > this.#clock.monotonic();
  }

  /** Paths whose time to be tried again has come. */
  due(): readonly string[] {
    const now = this.#clock.monotonic();
    return [...this.#entries]
      .filter(([, { retryAt }]) => retryAt !== undefined && retryAt <= now)
      .map(([path]) => path);
  }

  /** Milliseconds until the next path is due; undefined when none waits. What is due already counts unless `isLater`. */
  nextDueMs({ isLater = false }: { readonly isLater?: boolean } = {}): number | undefined {
    const now = this.#clock.monotonic();
    let next: number | undefined;
    for (const { retryAt } of this.#entries.values())
      if (retryAt !== undefined && (!isLater || retryAt > now) && (next === undefined || retryAt < next))
        next = retryAt;
    return next === undefined || next === Number.POSITIVE_INFINITY
      ? undefined
      : Math.max(0, next - this.#clock.monotonic());
  }

  list(limit: number): readonly PathProblem[] {
    const problems: PathProblem[] = [];
    for (const entry of this.#entries.values()) {
      if (problems.length === limit) break;
      problems.push(entry.problem);
    }
    return problems;
  }
}
