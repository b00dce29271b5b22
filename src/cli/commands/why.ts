import { printable } from "../../shared/printable.ts";
import { textArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { locate } from "../locate.ts";

/** Says why a path is not in sync, and what to do. */
export const why: CommandHandler = async (session, args) => {
  const answer = await session.call("why", await locate(session, textArgument(args, 0)));
  if (session.globals.json) {
    session.json(answer);
    return;
  }
  const code = answer.code === null ? "" : ` (${answer.code})`;
  session.print(`${printable(answer.path === "" ? "the folder" : answer.path)}: ${printable(answer.message)}${code}`);
  if (answer.fix !== null) session.print(`  next: ${printable(answer.fix)}`);
};
