/** `syncline move`: gives files and directories another place on one device. */
import type { MoveLine } from "../../shared/api-files.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { listArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { type FarPlace, locateAnywhere } from "../locate.ts";
import { formatBytes, plural } from "../render/format.ts";
import type { Session } from "../session.ts";
import { forEachPath } from "./each.ts";

type Summary = Extract<MoveLine, { type: "summary" }>;

export const move: CommandHandler = async (session, args) => {
  const words = listArgument(args, 0);
  const [sources, target] = [words.slice(0, -1), words.at(-1)];
  if (target === undefined || sources.length === 0)
    throw new SyncError("E_USAGE", "a move needs what to move and where to", {
      hint: "syncline move PEER:FOLDER/PATH... PEER:FOLDER/PATH",
    });
  const { dryRun } = session.globals;
  const to = await locateAnywhere(session, target);
  const into = sources.length > 1 || target.endsWith("/");
  const whole = { type: "summary" as const, moved: 0, bytes: 0, skipped: 0, dryRun };
  try {
    await forEachPath(session, sources, async (text) => {
      const summary = await moveOne(session, await locateAnywhere(session, text), to, into);
      whole.moved += summary.moved;
      whole.bytes += summary.bytes;
      whole.skipped += summary.skipped;
    });
  } finally {
    if (whole.moved + whole.skipped > 0) tellSummary(session, whole);
  }
  if (whole.skipped > 0) throw new SyncError("E_PARTIAL", `${plural(whole.skipped, "path")} could not be moved`);
  return undefined;
};

async function moveOne(session: Session, from: FarPlace, to: FarPlace, into: boolean): Promise<Summary> {
  const { peer, place } = from;
  if (peer !== to.peer)
    throw new SyncError("E_USAGE", "a move stays on one device", {
      hint: "from one device to another: `syncline download` or `syncline upload`, then `syncline delete`",
    });
  if (place.path === "")
    throw new SyncError("E_USAGE", `${printable(place.folder)} is a whole folder`, { hint: "name a path in it" });
  const input = { ...place, toFolder: to.place.folder, to: to.place.path, into, dryRun: session.globals.dryRun };
  let summary: Summary | undefined;
  for await (const line of session.stream("move", input, { peer })) {
    if (line.type === "summary") summary = line;
    else if (session.globals.json) session.json(line);
    // Of a directory that goes file by file, the files are named where somebody wants to know, or where one stays.
    else if (line.type === "skipped" || line.path === place.path || session.globals.verbose) tell(session, line);
  }
  if (summary === undefined) throw new SyncError("E_PROTOCOL", "the answer broke off");
  return summary;
}

function tell(session: Session, line: Exclude<MoveLine, Summary>): void {
  const name = printable(`${line.folder}/${line.path}`);
  if (line.type === "skipped") session.io.err(`not moved: ${name}: ${printable(line.message)} (${line.code})\n`);
  else {
    const verb = session.globals.dryRun ? "would move" : "moved";
    session.say(`${verb} ${name} to ${printable(`${line.toFolder}/${line.storedAs}`)}`);
  }
}

function tellSummary(session: Session, summary: Summary): void {
  if (session.globals.json) session.json(summary);
  else if (summary.moved + summary.skipped > 1)
    session.note(
      `${plural(summary.moved, "path")} (${formatBytes(summary.bytes)}) ${summary.dryRun ? "would be moved" : "moved"}`,
    );
}
