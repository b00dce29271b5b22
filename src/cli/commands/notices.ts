/** `syncline notices`: who downloaded this node's files by hand. */
import { printable } from "../../shared/printable.ts";
import { countOption, isSet } from "../arguments.ts";
import type { CommandHandler } from "../command-table.ts";
import { formatTime } from "../render/format.ts";

export const notices: CommandHandler = async (session, _args, options) => {
  const limit = countOption(options, "limit") ?? 100;
  const isFollowing = isSet(options, "follow");
  const shown = async (unread: boolean): Promise<void> => {
    const document = await session.call("notices", { unread, limit, markRead: true });
    if (session.globals.json && !isFollowing) session.json(document);
    for (const notice of document.notices) {
      if (session.globals.json && isFollowing) session.json({ type: "notice", ...notice });
      else if (!session.globals.json)
        session.print(`${notice.read ? "  " : "* "}${formatTime(notice.lastAt)}  ${printable(notice.message)}`);
    }
    if (document.notices.length === 0 && !isFollowing) session.note("nobody has downloaded your files by hand");
  };
  await shown(isSet(options, "unread"));
  if (!isFollowing) return undefined;
  for await (const line of session.stream("events", { follow: true, limit: 1, type: "notice" }))
    if ("id" in line) await shown(true);
  return undefined;
};
