import type { Invite } from "../../shared/api-peers.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { choiceOption, given, isSet, listOption } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { formatClock } from "../render/format.ts";
import { LiveArea } from "../render/live-area.ts";
import { renderQr } from "../render/qr.ts";
import type { Session } from "../session.ts";

const TICK_MS = 1000;

/** Makes a pairing code. Returns at once; the code stays valid. */
export const peerInvite: CommandHandler = async (session, _args, options) => {
  const folders = listOption(options, "folder");
  const none = isSet(options, "none");
  if (none && folders.length > 0) throw new SyncError("E_USAGE", "--none and --folder exclude each other");
  const rest = given({
    role: choiceOption(options, "role", ["user", "admin"]),
    rights: choiceOption(options, "rights", ["read", "write"]),
  });
  const latest = isSet(options, "wait") ? await lastEvent(session) : 0;
  const invite = await session.call("peerInvite", { folders, none, ...rest });
  if (session.globals.json) session.json(invite);
  else session.print(renderInvite(session, invite));
  if (isSet(options, "wait")) await waitForPeer(session, invite, latest);
};

function renderInvite(session: Session, invite: Invite): string {
  const left = formatClock(new Date(invite.expires).getTime() - session.io.now().getTime());
  const shares =
    invite.folders.length === 0
      ? "shares no folder yet"
      : `shares ${invite.folders.map(printable).join(", ")} (${invite.rights})`;
  return [
    "On the other machine:",
    `  ${session.style("bold", `syncline join ${printable(invite.code)}`)}   (${left} left, one use)`,
    "or, when it is not on the same network:",
    `  syncline join '${printable(invite.link)}'`,
    ...(session.isLive ? (renderQr(invite.link, session.io.columns()) ?? []) : []),
    shares,
  ].join("\n");
}

async function lastEvent(session: Session): Promise<number> {
  for await (const item of session.stream("events", { limit: 1 })) if ("lastId" in item) return item.lastId;
  return 0;
}

async function waitForPeer(session: Session, invite: Invite, since: number): Promise<void> {
  const expires = new Date(invite.expires).getTime();
  const area = new LiveArea(session.io);
  const left = (): number => expires - session.io.now().getTime();
  const ending = new AbortController();
  const timer = setInterval(() => {
    if (left() <= 0) ending.abort();
    else if (session.isLive) area.draw([`… waiting for the other machine (${formatClock(left())} left)`]);
  }, TICK_MS);
  try {
    for await (const item of session.stream(
      "events",
      { follow: true, since },
      { signal: AbortSignal.any([session.signal, ending.signal]) },
    )) {
      if (!("id" in item) || item.type !== "peer.paired") continue;
      area.clear();
      if (session.globals.json) session.json(item);
      const words = Array.isArray(item.data["words"])
        ? ` (${item.data["words"].map((word) => printable(String(word))).join("-")})`
        : "";
      const name = typeof item.data["name"] === "string" ? item.data["name"] : (item.device ?? "a device");
      session.say(`${session.style("green", "✓")} paired with ${printable(name)}${words}`);
      return;
    }
  } catch (error) {
    area.clear();
    if (ending.signal.aborted) throw new SyncError("E_CODE_EXPIRED", "nobody has joined in time", { cause: error });
    throw error;
  } finally {
    clearInterval(timer);
  }
}
