/** What a conflict's row remembers so that settling it can be taken back. */
import type { Head } from "../../shared/file-info.ts";
import type { VersionVector } from "../../shared/version-vector.ts";
import type { ConflictRow } from "../index/index-port.ts";

export interface UndoNote {
  /** What the two paths held before it was settled; null: nothing. */
  readonly before?: { readonly current: Head; readonly copy: Head | null };
  /** The versions they got; when they are others by now, it is too late. */
  readonly after?: { readonly current: VersionVector; readonly copy: VersionVector | null };
  /** It was taken back: open for as long as the path still has this version. */
  readonly reopenedAt?: VersionVector;
}

/** Reads the note of a conflict. */
export function readUndo(row: ConflictRow): UndoNote | undefined {
  if (row.undo === null) return undefined;
  return JSON.parse(row.undo, (key, value: unknown) =>
    key === "mtimeNs" ? BigInt(value as string) : value,
  ) as UndoNote;
}

export function writeUndo(note: UndoNote): string {
  return JSON.stringify(note, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}
