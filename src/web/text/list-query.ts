/** What a list of files is narrowed down by, as the daemon wants to be asked. */
import type { RouteInput } from "../../shared/api.ts";

export type FilterKind = "contains" | "glob" | "regex";

export interface FileFilter {
  readonly kind: FilterKind;
  readonly text: string;
  /** Changed at this time or later, and before that one; milliseconds, null for any. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

export type ListFilterInput = Pick<RouteInput<"list">, FilterKind | "since" | "until">;

export function listFilter({ kind, text, fromMs, toMs }: FileFilter): ListFilterInput {
  return {
    ...(text === "" ? {} : { [kind]: text }),
    ...(fromMs === null ? {} : { since: new Date(fromMs).toISOString() }),
    ...(toMs === null ? {} : { until: new Date(toMs).toISOString() }),
  };
}
