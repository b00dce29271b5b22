/** `syncline transfers`: what runs and what is over. */

import { SyncError } from "../../shared/errors.ts";
import { countOption, isSet, textArgument } from "../arguments.ts";
import type { CommandArguments, CommandHandler } from "../command-rows/command-row.ts";
import { renderTable } from "../render/table.ts";
import { transferCells } from "../render/transfer.ts";
import type { Session } from "../session.ts";
import { runTransfers } from "./run-transfers.ts";

const COLUMNS = [
  { title: "ID", align: "right" },
  { title: "STATE" },
  { title: "WHAT" },
  { title: "DEVICE" },
  { title: "PATH" },
  { title: "BYTES", align: "right" },
  { title: "" },
] as const;

export const transfersList: CommandHandler = async (session, _args, options) => {
  const input = {
    follow: isSet(options, "follow"),
    all: isSet(options, "all"),
    limit: countOption(options, "limit") ?? 100,
  };
  const rows: (readonly string[])[] = [];
  for await (const line of session.stream("transferList", input)) {
    if (session.globals.json) session.json(line);
    else if (line.type === "transfer") {
      if (input.follow) session.print(renderTable(COLUMNS, [transferCells(line)], true));
      else rows.push(transferCells(line));
    }
  }
  if (session.globals.json || input.follow) return undefined;
  if (rows.length === 0) session.note("no transfers yet");
  else session.print(renderTable(COLUMNS, rows, session.globals.plain));
  return undefined;
};

function idOf(args: CommandArguments): number {
  const text = textArgument(args, 0);
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new SyncError("E_USAGE", `"${text}" is not the number of a transfer`, {
    hint: "see `syncline transfers list`",
  });
}

async function change(
  session: Session,
  route: "transferPause" | "transferResume" | "transferCancel",
  args: CommandArguments,
  done: string,
): Promise<void> {
  const view = await session.call(route, { id: idOf(args) });
  if (session.globals.json) session.json(view);
  else session.say(`${done} transfer ${view.id}: ${transferCells(view).slice(2, 5).join("  ")}`);
}

export const transfersPause: CommandHandler = async (session, args) => {
  await change(session, "transferPause", args, "paused");
  return undefined;
};

export const transfersResume: CommandHandler = async (session, args) => {
  await change(session, "transferResume", args, "resumed");
  return undefined;
};

export const transfersCancel: CommandHandler = async (session, args) => {
  await change(session, "transferCancel", args, "cancelled");
  session.say(`  what has come is kept, to go on with it: syncline transfers retry ${idOf(args)}`);
  return undefined;
};

export const transfersRetry: CommandHandler = async (session, args) => {
  const id = idOf(args);
  await runTransfers(session, [{ label: `transfer ${id}`, lines: () => session.stream("transferRetry", { id }) }]);
  return undefined;
};
