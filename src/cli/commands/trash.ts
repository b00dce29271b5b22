/** `syncline trash …`: deleted files that are kept. */
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { given, listArgument, optionalArgument, textOption } from "../arguments.ts";
import type { CommandHandler } from "../command-table.ts";
import { locate, locateFolderOrPath } from "../locate.ts";
import { parseTime } from "../parse-time.ts";
import { formatBytes, formatTime, plural } from "../render/format.ts";
import { assertNoneSkipped, tellRestored } from "./restored.ts";

export const trashList: CommandHandler = async (session, args) => {
  const text = optionalArgument(args, 0);
  const place = text === undefined ? {} : await locateFolderOrPath(session, text);
  for await (const item of session.stream("trashList", place)) {
    if (session.globals.json) session.json(item);
    else if (item.type === "item") {
      const cells = [
        formatTime(item.deletedAt),
        formatBytes(item.size).padStart(9),
        item.device.padEnd(12),
        `self:${item.folder}/${item.path}`,
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
    const request = { ...(await locate(session, text)), dryRun: session.globals.dryRun, ...given({ as }) };
    skipped += await tellRestored(session, session.stream("trashRestore", request));
  }
  assertNoneSkipped(skipped);
  return undefined;
};

export const trashEmpty: CommandHandler = async (session, args, options) => {
  const folder = optionalArgument(args, 0);
  const older = textOption(options, "olderThan");
  const before = older === undefined ? undefined : parseTime(older, session.io.now()).toISOString();
  const what = given({ folder, before });
  const planned = await session.call("trashEmpty", { ...what, dryRun: true });
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
  const document = await session.call("trashEmpty", what);
  if (session.globals.json) session.json(document);
  else
    session.say(
      `${session.style("green", "✓")} removed ${plural(document.items, "file")} (${formatBytes(document.bytes)})`,
    );
};
