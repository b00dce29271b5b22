/** `syncline notices`: who downloaded this node's files by hand. */
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { countOption, isSet, optionalArgument } from "../arguments.ts";
import type { CommandArguments, CommandHandler } from "../command-rows/command-row.ts";
import { namedDevice } from "../remote-path.ts";
import { formatTime } from "../render/format.ts";
import type { Session } from "../session.ts";

export const notices: CommandHandler = async (session, args, options) => {
  const peer = optionalPeer(session, args);
  const limit = countOption(options, "limit") ?? 100;
  const isFollowing = isSet(options, "follow");
  const shown = async (unread: boolean): Promise<void> => {
    const document = await session.call("notices", { unread, limit, markRead: true }, peer);
    if (session.globals.json && !isFollowing) session.json(document);
    for (const notice of document.notices) {
      if (session.globals.json && isFollowing) session.json({ type: "notice", ...notice });
      else if (!session.globals.json)
        session.print(`${notice.read ? "  " : "* "}${formatTime(notice.lastAt)}  ${printable(notice.message)}`);
    }
    if (document.notices.length === 0 && !isFollowing) session.note("nobody has downloaded your files by hand");
  };
  if (isFollowing && peer !== undefined)
    throw new SyncError("E_USAGE", "what comes is followed on this node only", {
      hint: "leave -f out, or run it on that device",
    });
  await shown(isSet(options, "unread"));
  if (!isFollowing) return undefined;
  for await (const line of session.stream("events", { follow: true, limit: 1, type: "notice" }))
    if ("id" in line) await shown(true);
  return undefined;
};

/** The device whose notices are meant; undefined: this node's. */
function optionalPeer(session: Session, args: CommandArguments): string | undefined {
  const text = optionalArgument(args, 0);
  if (text === undefined) return undefined;
  const { peer, name } = namedDevice(text, session.io.platform);
  if (peer !== undefined && name === undefined) return peer;
  if (text === "self:") return undefined;
  throw new SyncError("E_USAGE", `"${printable(text)}" is no device`, { hint: "write PEER:, such as `desk:`" });
}
