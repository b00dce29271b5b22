/** `syncline conflict …`: files that were changed on two devices at once. */
import type { Conflict } from "../../shared/api-conflicts.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { choice, given, isSet, optionalArgument, textArgument, textOption } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { formatBytes, formatTime } from "../render/format.ts";
import { renderTable } from "../render/table.ts";
import type { Session } from "../session.ts";

const SIDES = ["current", "copy", "both"] as const;

export const conflictList: CommandHandler = async (session, args, options) => {
  const document = await session.call("conflictList", {
    all: isSet(options, "all"),
    ...given({ folder: optionalArgument(args, 0) }),
  });
  if (session.globals.json) session.json(document);
  else if (document.conflicts.length === 0) session.note("no conflict");
  else {
    const columns = [
      { title: "ID", align: "right" },
      { title: "FOLDER" },
      { title: "PATH" },
      { title: "BETWEEN" },
      { title: "SINCE" },
      { title: "STATE" },
    ] as const;
    const rows = document.conflicts.map((conflict) => [
      conflict.id,
      conflict.folder,
      conflict.path,
      conflict.copies.map(({ device }) => device).join(", "),
      formatTime(conflict.createdAt),
      conflict.kept === null ? conflict.state : `kept ${conflict.kept}`,
    ]);
    session.print(renderTable(columns, rows, session.globals.plain));
  }
};

export const conflictShow: CommandHandler = async (session, args) => {
  show(session, await session.call("conflictShow", { id: conflictId(args[0]) }));
};

export const conflictResolve: CommandHandler = async (session, args, options) => {
  const text = textOption(options, "keep");
  if (text === undefined)
    throw new SyncError("E_USAGE", "--keep is missing", {
      hint: "syncline conflict resolve ID --keep current|copy|both",
    });
  const conflict = await session.call("conflictResolve", {
    id: conflictId(args[0]),
    keep: choice(text, "--keep", SIDES),
  });
  if (session.globals.json) session.json(conflict);
  else
    session.say(
      `${session.style("green", "✓")} settled ${printable(conflict.path)}: kept ${conflict.kept ?? text}\n  undo: syncline conflict undo ${conflict.id}`,
    );
};

export const conflictUndo: CommandHandler = async (session, args) => {
  const conflict = await session.call("conflictUndo", { id: conflictId(args[0]) });
  if (session.globals.json) session.json(conflict);
  else session.say(`${session.style("green", "✓")} both sides of ${printable(conflict.path)} are back`);
};

function conflictId(argument: unknown): number {
  const text = textArgument([argument as string], 0);
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new SyncError("E_USAGE", `"${printable(text)}" is not the number of a conflict`, {
    hint: "see `syncline conflict list`",
  });
}

function show(session: Session, conflict: Conflict): void {
  if (session.globals.json) {
    session.json(conflict);
    return;
  }
  const rows = conflict.copies.map((copy, position) => [
    position === 0 ? "current" : "copy",
    copy.path,
    copy.device,
    formatTime(copy.mtime),
    formatBytes(copy.size),
  ]);
  const columns = [
    { title: "SIDE" },
    { title: "PATH" },
    { title: "DEVICE" },
    { title: "CHANGED" },
    { title: "SIZE", align: "right" },
  ] as const;
  session.print(renderTable(columns, rows, session.globals.plain));
  if (conflict.state === "open")
    session.note(`  next: syncline conflict resolve ${conflict.id} --keep current|copy|both`);
  else if (conflict.canUndo)
    session.note(`  settled (kept ${conflict.kept}); undo: syncline conflict undo ${conflict.id}`);
}
