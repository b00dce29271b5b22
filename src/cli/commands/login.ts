/** `syncline login` and `logout`: being a user of another device. */
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { given, textArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { readPassword } from "../read-secret.ts";
import type { Session } from "../session.ts";

export const login: CommandHandler = async (session, args) => {
  // `desk:` is meant as well as `desk`.
  const peer = textArgument(args, 0).replace(/:$/, "");
  // Before a password is asked for: whether there is such a device.
  await session.call("peerShow", { peer });
  const user = session.globals.user ?? (await askName(session, peer));
  const password = await readPassword(session, user, peer);
  const document = await session.call("login", { peer, user, password });
  if (session.globals.json) {
    session.json(document);
    return;
  }
  const [name, who] = [printable(document.peer), printable(document.user)];
  session.say(`${session.style("green", "✓")} signed in on ${name} as ${who} (${document.role})`);
  session.note(`  next: commands about ${name} with --user ${who}, such as \`syncline list ${name}: --user ${who}\``);
};

async function askName(session: Session, peer: string): Promise<string> {
  const { io, globals } = session;
  const line = io.isInteractive && globals.input ? await io.ask(`User on ${printable(peer)}: `) : undefined;
  if (line !== undefined && line.trim() !== "") return line.trim();
  throw new SyncError("E_USAGE", "no user was named", { hint: `syncline login ${printable(peer)} --user NAME` });
}

export const logout: CommandHandler = async (session, args) => {
  const peer = textArgument(args, 0).replace(/:$/, "");
  const document = await session.call("logout", { peer, ...given({ user: session.globals.user }) });
  if (session.globals.json) {
    session.json(document);
    return;
  }
  const [name, users] = [printable(document.peer), printable(document.users.join(", "))];
  if (document.users.length === 0) session.say(`nobody was signed in on ${name} from here`);
  else session.say(`${session.style("green", "✓")} signed out of ${name}: ${users}`);
  if (!document.ended)
    session.note(
      `${name} cannot be told now: the login ends there by itself within a week, or by \`syncline user revoke\` there`,
    );
};
