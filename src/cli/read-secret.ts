/** Passwords and passphrases come from a prompt or from standard input, never from a flag or the environment, which others can see. */
import { SyncError } from "../shared/errors.ts";
import { printable } from "../shared/printable.ts";
import { passwordFault } from "../shared/user-rules.ts";
import type { Session } from "./session.ts";

type Secret = "password" | "passphrase";

/** Asks for a secret, or reads the first line of standard input. Never empty. */
export async function readSecret(session: Session, question: string, what: Secret): Promise<string> {
  const { io, globals } = session;
  if (io.isInteractive && !globals.input)
    throw new SyncError("E_USAGE", `a ${what} is needed, and --no-input forbids asking for it`, {
      hint: "give it on standard input",
    });
  const answer = await (io.isInteractive ? io.askSecret(question) : io.readLine());
  session.signal.throwIfAborted();
  const secret = answer?.replace(/\r$/, "") ?? "";
  if (secret === "")
    throw new SyncError("E_USAGE", `a ${what} is needed`, { hint: "type it, or give it on standard input" });
  return secret;
}

/** Has it typed once more, where it was typed unseen. */
export async function readAgain({ io }: Session, secret: string, what: Secret): Promise<void> {
  if (!io.isInteractive || (await io.askSecret("The same again: ")) === secret) return;
  throw new SyncError("E_USAGE", `the two ${what}s differ`, { hint: "run it again; nothing was changed" });
}

/** A new password for a user. What cannot be one is said before anything is asked of the daemon. */
export async function readNewPassword(session: Session, user: string): Promise<string> {
  const password = await readSecret(session, `New password for ${printable(user)}: `, "password");
  const fault = passwordFault(password, user);
  if (fault !== undefined) throw new SyncError("E_PASSWORD_WEAK", fault);
  await readAgain(session, password, "password");
  return password;
}

/** The password that somebody has on another device. */
export async function readPassword(session: Session, user: string, where: string): Promise<string> {
  return await readSecret(session, `Password of ${printable(user)} on ${printable(where)}: `, "password");
}
