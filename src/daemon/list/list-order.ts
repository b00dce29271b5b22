/**
 * The order of a long list, kept for a moment: who looks at 100,000 files in a
 * window asks for some rows at a time, each at its place.
 */
import type { RouteRequest } from "../../shared/api.ts";
import type { Head } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { winnerOf } from "../../sync/core/heads.ts";
import type { LocalRow } from "../../sync/index/index-port.ts";
import { timeOf } from "../../sync/versions/list.ts";
import { naturalKey } from "./natural-key.ts";

export type ListSort = NonNullable<RouteRequest<"list">["sort"]>;

/** Of all paths that are kept in orders together. */
const KEPT_PATHS_MAX = 250_000;

interface SortKey {
  readonly path: RelPath;
  readonly isDirectory: boolean;
  /** The greatest comes first. */
  readonly rank: number;
  readonly text: string;
}

/** The paths of all rows, sorted. Reads every page, keeping of each row what it is sorted by. */
export async function orderOf(
  pages: AsyncIterable<readonly LocalRow[]>,
  by: ListSort | undefined,
  directoriesFirst: boolean,
): Promise<readonly RelPath[]> {
  const keys: SortKey[] = [];
  for await (const rows of pages) for (const row of rows) keys.push(keyOf(row, by));
  if (by !== undefined || directoriesFirst)
    keys.sort(
      (a, b) =>
        (directoriesFirst ? Number(b.isDirectory) - Number(a.isDirectory) : 0) ||
        (by === undefined ? 0 : b.rank - a.rank || compareTexts(a.text, b.text) || compareTexts(a.path, b.path)),
    );
  return keys.map(({ path }) => path);
}

function keyOf({ path, heads }: LocalRow, by: ListSort | undefined): SortKey {
  const head = winnerOf(heads);
  return {
    path,
    isDirectory: head.type === "directory" && !head.deleted,
    rank: by === undefined ? 0 : rankOf(head, by),
    text: by === "natural" ? naturalKey(path) : path,
  };
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The largest and the newest come first. */
function rankOf(head: Head, by: ListSort): number {
  switch (by) {
    case "size":
      return head.size;
    case "mtime":
      return head.type === "directory" && !head.deleted ? 0 : timeOf(head);
    case "name":
    case "natural":
      return 0;
    default:
      return by satisfies never;
  }
}

interface Kept {
  /** What it was made from: another one is another order. */
  readonly state: string;
  readonly order: readonly RelPath[];
}

/** The orders asked for last; each holds while the folder is as it was. */
export class ListOrders {
  /** By what was asked, the one used last at the end. */
  readonly #kept = new Map<string, Kept>();
  /** Being made: who asks for the same meanwhile waits for it. */
  readonly #making = new Map<string, Promise<unknown>>();

  /** The order for `asked` at `state`; `make` is called where it is not known. */
  async get(asked: string, state: string, make: () => Promise<readonly RelPath[]>): Promise<readonly RelPath[]> {
    for (;;) {
      const known = this.#kept.get(asked);
      if (known?.state === state) {
        this.#keep(asked, known);
        return known.order;
      }
      const others = this.#making.get(asked);
      if (others === undefined) break;
      await others;
    }
    const making = make();
    // Whoever waits makes it anew where this fails, as when this caller goes away.
    this.#making.set(
      asked,
      making.catch(() => undefined),
    );
    try {
      const order = await making;
      this.#keep(asked, { state, order });
      return order;
    } finally {
      this.#making.delete(asked);
    }
  }

  #keep(asked: string, kept: Kept): void {
    this.#kept.delete(asked);
    this.#kept.set(asked, kept);
    let paths = 0;
    for (const { order } of this.#kept.values()) paths += order.length;
    for (const [oldest, { order }] of this.#kept) {
      if (paths <= KEPT_PATHS_MAX) break;
      this.#kept.delete(oldest);
      paths -= order.length;
    }
  }
}
