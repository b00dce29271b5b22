/** `syncline delete`: takes files and directories of a folder away, here or on a paired device. */
import type { DeleteLine } from "../../shared/api-files.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { isSet, listArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { type FarPlace, locateAnywhere } from "../locate.ts";
import { formatBytes, plural } from "../render/format.ts";
import type { Session } from "../session.ts";
import { forEachPath } from "./each.ts";

type Summary = Extract<DeleteLine, { type: "summary" }>;

interface How {
  readonly recursive: boolean;
  readonly permanent: boolean;
  readonly dryRun: boolean;
}

/** Named `remove`, because `delete` is a word of the language. */
export const remove: CommandHandler = async (session, args, options) => {
  const texts = listArgument(args, 0);
  const { dryRun } = session.globals;
  const how = { recursive: isSet(options, "recursive"), permanent: isSet(options, "permanent"), dryRun };
  if (how.permanent && !dryRun)
    await session.confirm(`Delete ${texts.length === 1 ? texts[0] : plural(texts.length, "path")} for good?`);
  const whole = { type: "summary" as const, deleted: 0, bytes: 0, skipped: 0, permanent: how.permanent, dryRun };
  try {
    await forEachPath(session, texts, async (text) => {
      const summary = await removeOne(session, await locateAnywhere(session, text), how);
      whole.deleted += summary.deleted;
      whole.bytes += summary.bytes;
      whole.skipped += summary.skipped;
    });
  } finally {
    if (whole.deleted + whole.skipped > 0) tellSummary(session, whole);
  }
  if (whole.skipped > 0) throw new SyncError("E_PARTIAL", `${plural(whole.skipped, "path")} could not be deleted`);
  return undefined;
};

async function removeOne(session: Session, { peer, place }: FarPlace, how: How): Promise<Summary> {
  if (place.path === "")
    throw new SyncError("E_USAGE", `${printable(place.folder)} is a whole folder`, {
      hint: "name a path in it; `syncline folder remove` stops syncing a folder",
    });
  let summary: Summary | undefined;
  for await (const line of session.stream("delete", { ...place, ...how }, { peer })) {
    if (line.type === "summary") summary = line;
    else if (session.globals.json) session.json(line);
    else tell(session, line, how);
  }
  if (summary === undefined) throw new SyncError("E_PROTOCOL", "the answer broke off");
  return summary;
}

function tell(session: Session, line: Exclude<DeleteLine, Summary>, { dryRun }: How): void {
  const name = printable(`${line.folder}/${line.path}`);
  if (line.type === "skipped") session.io.err(`not deleted: ${name}: ${printable(line.message)} (${line.code})\n`);
  else if (dryRun) session.print(`would delete ${name}`);
  else if (session.globals.verbose) session.print(`deleted ${name}`);
}

function tellSummary(session: Session, summary: Summary): void {
  if (session.globals.json) {
    session.json(summary);
    return;
  }
  const what = `${plural(summary.deleted, "path")} (${formatBytes(summary.bytes)})`;
  const where = summary.permanent ? "for good" : "kept in the trash";
  if (summary.dryRun) session.note(`${what} would be deleted, ${where}`);
  else session.say(`${session.style("green", "✓")} deleted ${what}, ${where}`);
}
