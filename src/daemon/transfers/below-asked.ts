import { SyncError } from "../../shared/errors.ts";
import { parseRelPath, type RelPath } from "../../shared/ids.ts";

/** Where an entry of a download lies below what was asked for; "" for that itself. Its path is the peer's word: E_PROTOCOL for any other place. */
export function belowAsked(asked: RelPath | "", told: string): RelPath | "" {
  if (told === asked) return "";
  const path = parseRelPath(told);
  if (asked === "") return path;
  if (!path.startsWith(`${asked}/`)) throw new SyncError("E_PROTOCOL", "an entry lies outside of what was asked for");
  return path.slice(asked.length + 1) as RelPath;
}
