/** `syncline trash …`: deleted files that are kept. */
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { given, listArgument, optionalArgument, textOption } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { type FarPlace, locateAnywhere, locateFolderOrPath, type Place } from "../locate.ts";
import { parseTime } from "../parse-time.ts";
import { parseTarget, SELF } from "../remote-path.ts";
import { formatBytes, formatTime, plural } from "../render/format.ts";
import type { Session } from "../session.ts";
import { assertNoneSkipped, tellRestored } from "./restored.ts";

/** A path, a folder, or all folders of a device: `PEER:`. */
async function locateMany(
  session: Session,
  text: string,
): Promise<{ readonly peer: FarPlace["peer"]; readonly place: Partial<Place> }> {
  const target = parseTarget(text, session.io.platform);
  if (target.kind === "local" || target.peer === SELF)
    return { peer: undefined, place: text === `${SELF}:` ? {} : await locateFolderOrPath(session, text) };
  return target.folder === "" ? { peer: target.peer, place: {} } : await locateAnywhere(session, text);
}

export const trashList: CommandHandler = async (session, args) => {
  const text = optionalArgument(args, 0);
  const { peer, place } = text === undefined ? { peer: undefined, place: {} } : await locateMany(session, text);
  for await (const item of session.stream("trashList", place, { peer })) {
    if (session.globals.json) session.json(item);
    else if (item.type === "item") {
      const cells = [
        formatTime(item.deletedAt),
        formatBytes(item.size).padStart(9),
        item.device.padEnd(12),
        `${peer ?? SELF}:${item.folder}/${item.path}`,
      ];
      session.print(cells.map(printable).join(session.globals.plain ? "\t" : "  "));
    } else
      session.note(
        item.items === 0 ? "the trash is empty" : `${plural(item.items, "file")}, ${formatBytes(item.bytes)}`,
      );
  }
};

export const trashRestore: CommandHandler = async (session, args, options) => {
  const paths = listArgument(args, 0);
  const as = textOption(options, "as");
  if (as !== undefined && paths.length > 1) throw new SyncError("E_USAGE", "--as takes one path only");
  let skipped = 0;
  for (const text of paths) {
    const { peer, place } = await locateAnywhere(session, text);
    const request = { ...place, dryRun: session.globals.dryRun, ...given({ as }) };
    skipped += await tellRestored(session, session.stream("trashRestore", request, { peer }), request.dryRun);
  }
  assertNoneSkipped(skipped);
  return undefined;
};

export const trashEmpty: CommandHandler = async (session, args, options) => {
  const text = optionalArgument(args, 0);
  const { peer, place } = text === undefined ? { peer: undefined, place: {} } : await locateMany(session, text);
  if (place.path !== undefined && place.path !== "")
    throw new SyncError("E_USAGE", "the trash of a whole folder is emptied", { hint: "name a folder: PEER:FOLDER" });
  const older = textOption(options, "olderThan");
  const before = older === undefined ? undefined : parseTime(older, session.io.now()).toISOString();
  const what = given({ folder: place.folder, before });
  const planned = await session.call("trashEmpty", { ...what, dryRun: true }, peer);
  if (session.globals.dryRun || planned.items === 0) {
    if (session.globals.json) session.json(planned);
    else
      session.say(
        planned.items === 0
          ? "nothing to remove"
          : `${plural(planned.items, "file")} would be removed (${formatBytes(planned.bytes)})`,
      );
    return;
  }
  await session.confirm(`Remove ${plural(planned.items, "deleted file")} (${formatBytes(planned.bytes)}) for good?`);
  const document = await session.call("trashEmpty", what, peer);
  if (session.globals.json) session.json(document);
  else
    session.say(
      `${session.style("green", "✓")} removed ${plural(document.items, "file")} (${formatBytes(document.bytes)})`,
    );
};
