import { countOption, given, isSet, textOption } from "../arguments.ts";
import type { CommandHandler, CommandOptions } from "../command-rows/command-row.ts";
import { parseTime } from "../parse-time.ts";
import { eventLine } from "../render/event.ts";
import type { Session } from "../session.ts";

/** Events of a day are found by time among the latest; older ones are not kept. */
const BY_TIME_MAX = 10_000;

/** Lists what happened; with -f goes on. */
export const events: CommandHandler = async (session, _args, options) => {
  const { since, after } = readSince(session, options);
  const input = {
    follow: isSet(options, "follow"),
    limit: countOption(options, "limit") ?? (after === undefined ? 100 : BY_TIME_MAX),
    ...given({ since, folder: textOption(options, "folder"), type: textOption(options, "type") }),
  };
  let shown = 0;
  for await (const item of session.stream("events", input)) {
    if (!("id" in item)) {
      if (session.globals.json) session.json({ ...item, events: shown });
    } else if (after === undefined || new Date(item.time) >= after) {
      shown++;
      if (session.globals.json) session.json(item);
      else session.print(eventLine(item));
    }
  }
};

/** An event's id, or a time. */
function readSince(
  session: Session,
  options: CommandOptions,
): { readonly since: number | undefined; readonly after: Date | undefined } {
  const text = textOption(options, "since");
  if (text === undefined) return { since: undefined, after: undefined };
  if (/^\d+$/.test(text)) return { since: countOption(options, "since"), after: undefined };
  return { since: undefined, after: parseTime(text, session.io.now()) };
}
