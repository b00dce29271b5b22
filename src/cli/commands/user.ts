/** `syncline user …`: the accounts of this node. */
import type { SessionShown } from "../../shared/api-users.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { LINK_USER, userNameFault } from "../../shared/user-rules.ts";
import { choice, choiceOption, given, optionalArgument, textArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { readNewPassword, readPassword } from "../read-secret.ts";
import { namedDevice } from "../remote-path.ts";
import { formatAge, plural } from "../render/format.ts";
import { renderTable } from "../render/table.ts";
import type { Session } from "../session.ts";

const NOBODY = { peer: undefined, name: undefined };
const ROLES = ["user", "admin"] as const;

export const userList: CommandHandler = async (session) => {
  const document = await session.call("userList", {});
  if (session.globals.json) {
    session.json(document);
    return;
  }
  if (document.users.length === 0) {
    session.note("no user yet\n  next: syncline user add NAME --role admin");
    return;
  }
  const columns = [
    { title: "NAME" },
    { title: "ROLE" },
    { title: "SIGNED IN", align: "right" as const },
    { title: "MADE" },
  ];
  const rows = document.users.map(({ name, role, sessions, createdAt }) => [
    name,
    role,
    sessions,
    formatAge(createdAt, session.io.now()),
  ]);
  session.print(renderTable(columns, rows, session.globals.plain));
};

export const userAdd: CommandHandler = async (session, args, options) => {
  const name = textArgument(args, 0);
  const fault = userNameFault(name);
  if (fault !== undefined) throw new SyncError("E_USAGE", fault);
  const role = choiceOption(options, "role", ROLES);
  const password = await readNewPassword(session, name);
  const user = await session.call("userAdd", { name, password, ...given({ role }) });
  done(session, user, `${user.name} is ${user.role === "admin" ? "an admin" : "a user"} here`);
  const who = printable(user.name);
  session.note(`  signs in on the dashboard, or from a paired device: syncline login DEVICE --user ${who}`);
};

export const userRole: CommandHandler = async (session, args) => {
  const role = choice(textArgument(args, 1), "role", ROLES);
  const user = await session.call("userRole", { user: textArgument(args, 0), role });
  const now = `${user.name} is ${user.role === "admin" ? "an admin" : "a user"} here`;
  done(session, user, user.changed ? `${now} now${endedText(user.ended)}` : `${now} already`);
};

export const userPassword: CommandHandler = async (session, args) => {
  const { peer, name = "" } = namedDevice(textArgument(args, 0), session.io.platform);
  if (peer !== undefined) return await ownPassword(session, peer, name);
  const { users } = await session.call("userList", {});
  // Asked for only when there is somebody to have it; the daemon says who there is.
  if (!users.some((user) => user.name.toLowerCase() === name.toLowerCase()))
    await session.call("userSessions", { user: name });
  const password = await readNewPassword(session, name);
  const user = await session.call("userPassword", { user: name, password });
  done(session, user, `${user.name} has another password${endedText(user.ended)}`);
};

/** On another device everybody has his own password to change, and nobody else's. */
async function ownPassword(session: Session, peer: string, name: string): Promise<undefined> {
  const { user } = session.globals;
  if (user === undefined || (name !== "" && name.toLowerCase() !== user.toLowerCase()))
    throw new SyncError("E_USAGE", `on ${printable(peer)} you change the password of the user that you are there`, {
      hint: `syncline user password ${printable(peer)}: --user NAME`,
    });
  const current = await readPassword(session, user, peer);
  const password = await readNewPassword(session, user);
  const document = await session.call("userOwnPassword", { current, password }, peer);
  done(session, document, `${user} has another password on ${peer}${endedText(document.ended)}`);
  return undefined;
}

export const userSessions: CommandHandler = async (session, args) => {
  const text = optionalArgument(args, 0);
  const { peer, name } = text === undefined ? NOBODY : namedDevice(text, session.io.platform);
  const document = await session.call("userSessions", given({ user: name }), peer);
  if (session.globals.json) session.json(document);
  else if (document.sessions.length === 0) session.note("nobody is signed in");
  else {
    const columns = [
      { title: "ID" },
      { title: "USER" },
      { title: "ROLE" },
      { title: "FROM" },
      { title: "SINCE" },
      { title: "LAST SEEN" },
    ];
    const now = session.io.now();
    const rows = document.sessions.map((one) => [
      one.id,
      one.user ?? LINK_USER,
      one.role,
      placeOf(one),
      formatAge(one.createdAt, now),
      formatAge(one.seenAt, now),
    ]);
    session.print(renderTable(columns, rows, session.globals.plain));
  }
};

function placeOf({ kind, from, fromName }: SessionShown): string {
  return kind === "device" ? `device ${fromName ?? from}` : `browser ${from}`.trim();
}

export const userRevoke: CommandHandler = async (session, args) => {
  const { peer, name } = namedDevice(textArgument(args, 0), session.io.platform);
  const user = name ?? session.globals.user;
  if (user === undefined)
    throw new SyncError("E_USAGE", "no user was named", { hint: "syncline user revoke PEER:NAME" });
  const input = { user, ...given({ session: optionalArgument(args, 1) }) };
  const document = await session.call("userRevoke", input, peer);
  const what = document.ended === 0 ? "was not signed in" : `is signed out: ${plural(document.ended, "session")} ended`;
  done(session, document, `${document.user} ${what}`);
};

export const userRemove: CommandHandler = async (session, args) => {
  const user = textArgument(args, 0);
  await session.confirm(`Remove the user ${user}? Files keep their owner; nobody can sign in as ${user} any more.`);
  const removed = await session.call("userRemove", { user });
  done(session, removed, `${removed.name} is removed${endedText(removed.ended)}`);
};

function endedText(ended: number): string {
  return ended === 0 ? "" : `; ${plural(ended, "session")} ended`;
}

function done(session: Session, document: object, sentence: string): void {
  if (session.globals.json) session.json(document);
  else session.say(`${session.style("green", "✓")} ${printable(sentence)}`);
}
