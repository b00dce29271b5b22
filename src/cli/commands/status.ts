import type { CommandHandler } from "../command-rows/command-row.ts";
import { renderStatus } from "../render/status.ts";

/** Says whether everything is in sync. */
export const status: CommandHandler = async (session) => {
  const document = await session.call("status", {});
  if (session.globals.json) session.json(document);
  else session.print(renderStatus(session, document));
};
