/** `syncline folder …`: what is in config.json about a folder. */
import { resolve } from "node:path";
import type { Folder } from "../../shared/api-folders.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { choice, choiceOption, given, isSet, listArgument, textArgument, textOption } from "../arguments.ts";
import type { CommandHandler, CommandOptions } from "../command-rows/command-row.ts";
import { formatBytes, formatPath, plural } from "../render/format.ts";
import { FOLDER_COLUMNS, folderRow, problemLines } from "../render/status.ts";
import { renderFacts, renderTable } from "../render/table.ts";
import type { Session } from "../session.ts";

const WHEN = ["auto", "on", "off"] as const;
const MODES = ["two-way", "send-only", "receive-only"] as const;
const RIGHTS = ["read", "write"] as const;

export const folderAdd: CommandHandler = async (session, args, options) => {
  const from = textOption(options, "from");
  const rights = choiceOption(options, "rights", RIGHTS);
  const id = textOption(options, "folderId");
  const request = {
    path: resolve(session.io.cwd, textArgument(args, 0)),
    force: isSet(options, "force"),
    ...given({
      id: from === undefined ? id : await offeredId(session, from, id),
      label: textOption(options, "label"),
      mode: choiceOption(options, "mode", MODES),
    }),
  };
  const { folder, added } = await session.call("folderAdd", request);
  const shared =
    from === undefined
      ? folder
      : await session.call("folderShare", { folder: folder.id, peer: from, ...given({ rights }) });
  const where = `${printable(folder.id)} at ${formatPath(folder.path, session.io.userHome)}`;
  const withWhom = from === undefined ? "" : `, shared with ${printable(from)}`;
  done(session, { folder: shared, added }, `${added ? "added" : "is there already:"} ${where}${withWhom}`);
};

/** Which of the folders that a device shares is meant: the only one, where none is named. */
async function offeredId(session: Session, from: string, id: string | undefined): Promise<string> {
  const { name, state, offers, folders } = await session.call("peerShow", { peer: from });
  const known = [...offers, ...folders].filter((folder) => folder.id === id);
  const [only, ...others] = id === undefined ? offers : known;
  const who = printable(name);
  if (only === undefined) {
    if (state !== "connected")
      throw new SyncError("E_PEER_OFFLINE", `${who} is not connected, so what it shares is not known`);
    const what = id === undefined ? "nothing that is not shared with it, too" : `no folder ${printable(id)}`;
    throw new SyncError("E_FOLDER_NOT_FOUND", `${who} shares ${what}`, {
      hint: `share it there: syncline folder share FOLDER --to DEVICE`,
    });
  }
  if (others.length > 0)
    throw new SyncError("E_USAGE", `${who} shares more than one folder`, {
      hint: `name one: ${offers.map((one) => `--folder-id ${printable(one.id)}`).join(" or ")}`,
    });
  return only.id;
}

export const folderList: CommandHandler = async (session) => {
  const document = await session.call("folderList", {});
  if (session.globals.json) session.json(document);
  else if (document.folders.length === 0) session.note("no folder yet\n  next: syncline up DIR");
  else
    session.print(
      renderTable(
        FOLDER_COLUMNS,
        document.folders.map((folder) => folderRow(folder, session.io.userHome)),
        session.globals.plain,
      ),
    );
};

export const folderShow: CommandHandler = async (session, args) => {
  const folder = await session.call("folderShow", { folder: textArgument(args, 0) });
  if (session.globals.json) session.json(folder);
  else
    session.print(
      [renderFacts(folderFacts(folder, session), session.globals.plain), ...problemLines(folder)].join("\n"),
    );
};

export const folderShare: CommandHandler = async (session, args, options) => {
  const peer = requiredOption(options, "to", "folder share FOLDER --to PEER");
  const rights = choiceOption(options, "rights", RIGHTS);
  const folder = await session.call("folderShare", { folder: textArgument(args, 0), peer, ...given({ rights }) });
  done(session, folder, `${printable(folder.id)} is shared with ${printable(peer)}`);
};

export const folderUnshare: CommandHandler = async (session, args, options) => {
  const peer = requiredOption(options, "from", "folder unshare FOLDER --from PEER");
  const folder = await session.call("folderUnshare", { folder: textArgument(args, 0), peer });
  done(session, folder, `${printable(folder.id)} is no longer shared with ${printable(peer)}`);
};

export const folderMode: CommandHandler = async (session, args) => {
  const mode = choice(textArgument(args, 1), "mode", MODES);
  const folder = await session.call("folderMode", { folder: textArgument(args, 0), mode });
  done(session, folder, `${printable(folder.id)} is ${folder.mode}`);
};

export const folderFetch: CommandHandler = async (session, args, options) => {
  const change = given({
    delta: choiceOption(options, "delta", WHEN),
    compression: choiceOption(options, "compression", WHEN),
  });
  const folder = await session.call("folderFetch", { folder: textArgument(args, 0), ...change });
  done(session, folder, `${printable(folder.id)}: delta ${folder.delta}, compression ${folder.compression}`);
};

export const folderIgnore: CommandHandler = async (session, args, options) => {
  const patterns = [...listArgument(args, 1)];
  if (isSet(options, "remove") && patterns.length === 0) throw new SyncError("E_USAGE", "--remove needs a pattern");
  const change = isSet(options, "remove") ? { remove: patterns } : { add: patterns };
  const document = await session.call("folderIgnore", { folder: textArgument(args, 0), ...change });
  if (session.globals.json) session.json(document);
  else session.print(document.patterns.map(printable).join("\n"));
};

export const folderPause: CommandHandler = async (session, args) => {
  const document = await session.call("folderPause", { folder: textArgument(args, 0) });
  done(session, document, document.changed ? "paused" : "was paused already");
};

export const folderResume: CommandHandler = async (session, args) => {
  const document = await session.call("folderResume", { folder: textArgument(args, 0) });
  done(session, document, document.changed ? "resumed" : "was not paused");
};

export const folderRescan: CommandHandler = async (session, args) => {
  const document = await session.call("folderRescan", { folder: textArgument(args, 0) });
  done(session, document, `looked at ${plural(document.files, "file")}, ${plural(document.changed, "change")} found`);
};

function requiredOption(options: CommandOptions, name: string, usage: string): string {
  const value = textOption(options, name);
  if (value === undefined) throw new SyncError("E_USAGE", `--${name} is missing`, { hint: `syncline ${usage}` });
  return value;
}

function done(session: Session, document: object, sentence: string): void {
  if (session.globals.json) session.json(document);
  else session.say(`${session.style("green", "✓")} ${sentence}`);
}

function folderFacts(folder: Folder, session: Session): readonly (readonly [string, string | number])[] {
  return [
    ["id", folder.id],
    ["label", folder.label],
    ["path", formatPath(folder.path, session.io.userHome)],
    ["state", folder.state],
    ["mode", folder.mode],
    ["delta", folder.delta],
    ["compression", folder.compression],
    ["files", `${folder.files.toLocaleString("en-US")} (${formatBytes(folder.bytes)})`],
    [
      "to fetch",
      folder.needFiles === 0 ? "-" : `${plural(folder.needFiles, "file")} (${formatBytes(folder.needBytes)})`,
    ],
    ["conflicts", folder.conflicts],
    ...(folder.heldDeletes > 0 ? [["held deletions", folder.heldDeletes] as const] : []),
    ...folder.shares.map(({ name, rights }) => ["shared with", `${name} (${rights})`] as const),
    ...folder.ignore.map((pattern) => ["ignores here", pattern] as const),
  ];
}
