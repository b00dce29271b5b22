import type { RelPath } from "../../shared/ids.ts";

/** What a restore tells of, path by path, its summary last. */
export type RestoreItem =
  | {
      readonly type: "restored";
      readonly path: RelPath;
      /** Where it was put. */
      readonly storedAs: RelPath;
      /** Null when it was found by time and not by number. */
      readonly version: number | null;
      readonly size: number;
    }
  /** It went to the trash, because the moment did not have it. */
  | { readonly type: "removed"; readonly path: RelPath }
  | { readonly type: "skipped"; readonly path: RelPath; readonly code: string; readonly message: string }
  | RestoreSummary;

export interface RestoreSummary {
  readonly type: "summary";
  readonly restored: number;
  readonly bytes: number;
  readonly removed: number;
  readonly skipped: number;
  readonly dryRun: boolean;
}

/** Counts items as they pass. */
export class RestoreTally {
  readonly #dryRun: boolean;
  #restored = 0;
  #bytes = 0;
  #removed = 0;
  #skipped = 0;

  constructor(dryRun: boolean) {
    this.#dryRun = dryRun;
  }

  count<T extends RestoreItem>(item: T): T {
    if (item.type === "restored") {
      this.#restored++;
      this.#bytes += item.size;
    } else if (item.type === "removed") this.#removed++;
    else if (item.type === "skipped") this.#skipped++;
    return item;
  }

  get summary(): RestoreSummary {
    return {
      type: "summary",
      restored: this.#restored,
      bytes: this.#bytes,
      removed: this.#removed,
      skipped: this.#skipped,
      dryRun: this.#dryRun,
    };
  }
}
