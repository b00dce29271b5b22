/** `syncline peer …`: the devices this one is paired with. */
import type { Peer } from "../../shared/api-peers.ts";
import { printable } from "../../shared/printable.ts";
import { choice, choiceOption, given, listOption, textArgument, textOption } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { formatAge, formatBytes, formatMs, plural } from "../render/format.ts";
import { offerLines, PEER_COLUMNS, peerRow } from "../render/status.ts";
import { renderFacts, renderTable } from "../render/table.ts";
import type { Session } from "../session.ts";

const ROLES = ["user", "admin"] as const;

export const peerList: CommandHandler = async (session) => {
  const document = await session.call("peerList", {});
  if (session.globals.json) session.json(document);
  else if (document.peers.length === 0) session.note("no paired device yet\n  next: syncline peer invite");
  else {
    const columns = [...PEER_COLUMNS, { title: "ROLE" }, { title: "FOLDERS" }];
    const rows = document.peers.map((peer) => [
      ...peerRow(peer, session.io.now()),
      peer.role,
      peer.folders.map(({ id }) => id).join(" ") || "-",
    ]);
    session.print(renderTable(columns, rows, session.globals.plain));
  }
};

export const peerShow: CommandHandler = async (session, args) => {
  show(session, await session.call("peerShow", { peer: textArgument(args, 0) }));
};

export const peerAdd: CommandHandler = async (session, args, options) => {
  const request = {
    device: textArgument(args, 0),
    addresses: listOption(options, "at"),
    ...given({ name: textOption(options, "name"), role: choiceOption(options, "role", ROLES) }),
  };
  const peer = await session.call("peerAdd", request);
  done(session, peer, `trusts ${printable(peer.name)}; add this device there, too`);
};

export const peerRename: CommandHandler = async (session, args) => {
  const peer = await session.call("peerRename", { peer: textArgument(args, 0), name: textArgument(args, 1) });
  done(session, peer, `it is called ${printable(peer.name)} now`);
};

export const peerRole: CommandHandler = async (session, args) => {
  const role = choice(textArgument(args, 1), "role", ROLES);
  const peer = await session.call("peerRole", { peer: textArgument(args, 0), role });
  done(session, peer, `${printable(peer.name)} is ${peer.role} here`);
};

export const peerPause: CommandHandler = async (session, args) => {
  const document = await session.call("peerPause", { peer: textArgument(args, 0) });
  done(session, document, document.changed ? "paused" : "was paused already");
};

export const peerResume: CommandHandler = async (session, args) => {
  const document = await session.call("peerResume", { peer: textArgument(args, 0) });
  done(session, document, document.changed ? "resumed" : "was not paused");
};

export const peerRemove: CommandHandler = async (session, args) => {
  const text = textArgument(args, 0);
  const peer = await session.call("peerShow", { peer: text });
  const shared =
    peer.folders.length === 0 ? "" : ` and no longer share ${plural(peer.folders.length, "folder")} with it`;
  await session.confirm(`Stop trusting ${peer.name}${shared}? Files stay on both.`);
  const removed = await session.call("peerRemove", { peer: peer.id });
  done(session, removed, `${printable(removed.name)} is no longer trusted`);
};

function done(session: Session, document: object, sentence: string): void {
  if (session.globals.json) session.json(document);
  else session.say(`${session.style("green", "✓")} ${sentence}`);
}

function show(session: Session, peer: Peer): void {
  if (session.globals.json) {
    session.json(peer);
    return;
  }
  const facts: (readonly [string, string])[] = [
    ["name", peer.name],
    ["id", peer.id],
    ["words", peer.words === null ? "- (added by id)" : peer.words.join("-")],
    ["state", peer.message === null ? peer.state : `${peer.state} (${peer.message})`],
    ["role", peer.role],
    ["address", peer.address === null ? "-" : `${peer.address} (${peer.transport})`],
    ["round trip", formatMs(peer.rttMs)],
    ["known at", peer.addresses.join(" ") || "-"],
    ["last seen", peer.state === "connected" ? "now" : formatAge(peer.lastSeen, session.io.now())],
    ["lacks", peer.needFiles === 0 ? "-" : `${plural(peer.needFiles, "file")} (${formatBytes(peer.needBytes)})`],
    ...peer.folders.map((folder) => ["folder", `${folder.id} (${folder.rights})`] as const),
  ];
  session.print(renderFacts(facts, session.globals.plain));
  for (const line of offerLines(peer)) session.note(line);
  if (peer.removedUs)
    session.note(
      `${printable(peer.name)} no longer trusts this device\n  next: pair again, or \`syncline peer remove ${printable(peer.name)}\``,
    );
}
