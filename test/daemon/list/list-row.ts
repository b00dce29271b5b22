import type { FileType, Head } from "../../../src/shared/file-info.ts";
import type { RelPath, ShortId } from "../../../src/shared/ids.ts";
import type { LocalRow } from "../../../src/sync/index/index-port.ts";

const OWNER = "AAAAAAAAAAAA" as ShortId;

/** A row as an index gives it. */
export function listRow(path: string, more: Partial<Head> & { readonly at?: string } = {}): LocalRow {
  const { at = "2026-07-01T12:00:00Z", ...head } = more;
  const whole: Head = {
    ...{ version: [[OWNER, 1]], author: OWNER, type: "file" as FileType, deleted: false, size: 1, mode: 0o644 },
    ...{ contentId: null, target: "", previous: null, owner: OWNER },
    mtimeNs: BigInt(Date.parse(at)) * 1_000_000n,
    ...head,
  };
  return { path: path as RelPath, heads: [whole], stamp: null, sequence: 1, owner: OWNER };
}
