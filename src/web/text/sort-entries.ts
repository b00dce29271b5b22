/** The order of entries in a list of files: directories first, then as asked. */
import type { ListEntry } from "../../shared/api.ts";

export type SortKey = "name" | "newest" | "largest";

type Sorted = Pick<ListEntry, "path" | "type" | "size" | "mtime">;

const names = new Intl.Collator("en", { numeric: true });

/** Compares for `toSorted`. Equal ones are in order of their names. */
export function compareEntries(key: SortKey): (a: Sorted, b: Sorted) => number {
  return (a, b) => rank(a) - rank(b) || byKey(key, a, b) || names.compare(a.path, b.path);
}

function rank({ type }: Sorted): number {
  return type === "directory" ? 0 : 1;
}

function byKey(key: SortKey, a: Sorted, b: Sorted): number {
  switch (key) {
    case "name":
      return 0;
    case "newest":
      return (b.mtime ?? "").localeCompare(a.mtime ?? "");
    case "largest":
      return b.size - a.size;
  }
}
