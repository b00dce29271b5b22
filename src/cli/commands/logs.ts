import { LOG_LEVELS } from "../../shared/config-settings.ts";
import { choiceOption, countOption, given, isSet } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { logLine } from "../render/event.ts";

/** Lists the daemon's log; with -f goes on. */
export const logs: CommandHandler = async (session, _args, options) => {
  const input = {
    follow: isSet(options, "follow"),
    ...given({ lines: countOption(options, "lines"), level: choiceOption(options, "level", LOG_LEVELS) }),
  };
  for await (const item of session.stream("logs", input)) {
    if (session.globals.json) session.json(item);
    else if ("level" in item) session.print(logLine(item));
  }
};
