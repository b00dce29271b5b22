/** What of a folder's rows a list shows. */
import type { RouteRequest } from "../../shared/api.ts";
import { SyncError } from "../../shared/errors.ts";
import { baseName } from "../../shared/ids.ts";
import { compileGlob, type Glob, matchesName, matchesPath } from "../../sync/core/glob.ts";
import { winnerOf } from "../../sync/core/heads.ts";
import type { LocalRow } from "../../sync/index/index-port.ts";
import { timeOf } from "../../sync/versions/list.ts";
import { RegexMatcher } from "./regex-matcher.ts";

export type ListFilterRequest = Pick<
  RouteRequest<"list">,
  "path" | "deleted" | "recursive" | "since" | "until" | "contains" | "glob" | "regex" | "pathRegex"
>;

/** Whether all below is meant: asked for, or by a pattern that looks at paths. */
export function isRecursive({ recursive, glob, pathRegex }: ListFilterRequest): boolean {
  return recursive || pathRegex !== undefined || glob?.includes("/") === true;
}

export class ListFilter implements AsyncDisposable {
  readonly #request: ListFilterRequest;
  readonly #words: string | undefined;
  readonly #glob: Glob | undefined;
  readonly #sinceMs: number;
  readonly #untilMs: number;
  readonly #matchers: { readonly matcher: RegexMatcher; readonly textOf: (path: string) => string }[] = [];

  /** Throws E_USAGE for a pattern that is none. */
  constructor(request: ListFilterRequest) {
    this.#request = request;
    this.#sinceMs = request.since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(request.since);
    this.#untilMs = request.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(request.until);
    this.#words = request.contains?.toLowerCase();
    if (request.glob !== undefined) {
      this.#glob = compileGlob(request.glob);
      if (this.#glob === undefined) throw new SyncError("E_USAGE", `"${request.glob}" can match no path`);
    }
    const { regex, pathRegex } = request;
    if (regex !== undefined)
      this.#matchers.push({ matcher: new RegexMatcher(regex), textOf: (path) => baseName(path as never) });
    if (pathRegex !== undefined) this.#matchers.push({ matcher: new RegexMatcher(pathRegex), textOf: (path) => path });
  }

  /** The rows of a page that are shown. */
  async apply(rows: readonly LocalRow[], signal: AbortSignal): Promise<readonly LocalRow[]> {
    let shown = rows.filter((row) => this.#isShown(row));
    for (const { matcher, textOf } of this.#matchers) {
      if (shown.length === 0) break;
      const found = await matcher.test(
        shown.map(({ path }) => textOf(path)),
        signal,
      );
      shown = shown.filter((_, position) => found[position]);
    }
    return shown;
  }

  #isShown({ path, heads }: LocalRow): boolean {
    const head = winnerOf(heads);
    if (head.deleted && !this.#request.deleted) return false;
    if (this.#sinceMs > Number.NEGATIVE_INFINITY || this.#untilMs < Number.POSITIVE_INFINITY) {
      // The time of a directory is not kept in step, so it is in no stretch of time.
      if (head.type === "directory" && !head.deleted) return false;
      const timeMs = timeOf(head);
      if (timeMs < this.#sinceMs || timeMs >= this.#untilMs) return false;
    }
    if (this.#words !== undefined && !this.#below(path).toLowerCase().includes(this.#words)) return false;
    return this.#glob === undefined || this.#matchesGlob(this.#glob, path);
  }

  #matchesGlob(glob: Glob, path: string): boolean {
    if (glob.isBaseNameOnly) return matchesName(glob, path.slice(path.lastIndexOf("/") + 1));
    return matchesPath(glob, this.#below(path).split("/"));
  }

  /** The path below what is listed. */
  #below(path: string): string {
    const above = this.#request.path;
    return above === "" ? path : path.slice(above.length + 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#matchers.map(({ matcher }) => matcher[Symbol.asyncDispose]()));
  }
}
