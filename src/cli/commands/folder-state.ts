/** `syncline folder …`: what a person decides about a folder's content. */
import { printable } from "../../shared/printable.ts";
import { isSet, textArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { formatPath, plural } from "../render/format.ts";
import type { Session } from "../session.ts";

export const folderApprove: CommandHandler = async (session, args) => {
  const folder = await session.call("folderShow", { folder: textArgument(args, 0) });
  if (folder.heldDeletes > 0)
    await session.confirm(
      `Delete ${plural(folder.heldDeletes, "file")} of ${folder.id} on the devices that share it? They go to the trash.`,
    );
  const document = await session.call("folderApprove", { folder: folder.id });
  done(
    session,
    document,
    document.files === 0 ? "nothing was held" : `${plural(document.files, "deletion")} will go on`,
  );
};

export const folderReject: CommandHandler = async (session, args) => {
  const document = await session.call("folderReject", { folder: textArgument(args, 0) });
  done(
    session,
    document,
    document.files === 0 ? "nothing was held" : `${plural(document.files, "file")} will come back`,
  );
};

export const folderRevert: CommandHandler = async (session, args) => {
  await change(
    session,
    "folderRevert",
    textArgument(args, 0),
    (files) => `Take back ${files} that changed here? Own content goes to the trash.`,
  );
};

export const folderOverride: CommandHandler = async (session, args) => {
  await change(
    session,
    "folderOverride",
    textArgument(args, 0),
    (files) => `Make the other devices take this device's state of ${files}?`,
  );
};

async function change(
  session: Session,
  route: "folderRevert" | "folderOverride",
  folder: string,
  question: (files: string) => string,
): Promise<void> {
  const planned = await session.call(route, { folder, dryRun: true });
  if (!session.globals.dryRun && planned.files > 0) {
    await session.confirm(question(plural(planned.files, "file")));
    const document = await session.call(route, { folder: planned.folder });
    done(session, document, `${plural(document.files, "file")} changed`);
    return;
  }
  if (session.globals.json) session.json(planned);
  else if (planned.files === 0) session.say("nothing to do");
  else session.print(planned.paths.map(printable).join("\n"));
}

export const folderRepair: CommandHandler = async (session, args) => {
  const before = await session.call("folderShow", { folder: textArgument(args, 0) });
  await session.confirm(`Is ${before.path} the right directory of ${before.id}, with its files as they should be?`);
  const folder = await session.call("folderRepair", { folder: before.id });
  done(session, folder, `${printable(folder.id)} at ${formatPath(folder.path, session.io.userHome)} is in order again`);
};

export const folderRemove: CommandHandler = async (session, args, options) => {
  const folder = await session.call("folderShow", { folder: textArgument(args, 0) });
  const purge = isSet(options, "purge");
  await session.confirm(
    `Stop syncing ${folder.id} here? Its files stay${purge ? ", its kept versions and trash go" : ""}.`,
  );
  const document = await session.call("folderRemove", { folder: folder.id, purge });
  done(
    session,
    document,
    `${printable(document.id)} no longer syncs; its files stay in ${formatPath(document.path, session.io.userHome)}`,
  );
};

function done(session: Session, document: object, sentence: string): void {
  if (session.globals.json) session.json(document);
  else session.say(`${session.style("green", "✓")} ${sentence}`);
}
