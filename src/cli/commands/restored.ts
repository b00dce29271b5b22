import type { RestoreItem } from "../../shared/api-versions.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { formatBytes, plural } from "../render/format.ts";
import type { Session } from "../session.ts";

/** Tells what a restore does, file by file. Returns how many files could not be brought back. */
export async function tellRestored(
  session: Session,
  items: AsyncIterable<RestoreItem>,
  isDryRun = false,
): Promise<number> {
  let skipped = 0;
  for await (const item of items) {
    if (item.type === "summary") skipped = item.skipped;
    if (session.globals.json) session.json(item);
    else tell(session, item, isDryRun);
  }
  return skipped;
}

/** The failure of a restore that left some files out. */
export function assertNoneSkipped(skipped: number): void {
  if (skipped > 0) throw new SyncError("E_PARTIAL", `${plural(skipped, "file")} could not be brought back`);
}

function tell(session: Session, item: RestoreItem, isDryRun: boolean): void {
  switch (item.type) {
    case "restored": {
      const from = item.version === null ? "" : ` (version ${item.version})`;
      const to = item.storedAs === item.path ? "" : ` as ${item.storedAs}`;
      session.print(printable(`${isDryRun ? "would restore" : "restored"} ${item.folder}/${item.path}${to}${from}`));
      return;
    }
    case "removed":
      session.print(printable(`${isDryRun ? "would move" : "moved"} to the trash: ${item.folder}/${item.path}`));
      return;
    case "skipped":
      session.io.err(`${printable(`not restored: ${item.folder}/${item.path}: ${item.message} (${item.code})`)}\n`);
      return;
    case "summary": {
      const verb = item.dryRun ? "would be restored" : "restored";
      const removed = item.removed > 0 ? `, ${item.removed} ${item.dryRun ? "would go" : "gone"} to the trash` : "";
      session.note(
        `${plural(item.restored, "file")} ${verb} (${formatBytes(item.bytes)})${removed}${item.skipped > 0 ? `, ${item.skipped} not` : ""}`,
      );
    }
  }
}
