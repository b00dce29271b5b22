/** Judges a name and a password, wherever they come from: one count of wrong tries for the page and for devices. */
import { SyncError } from "../../shared/errors.ts";
import type { LogFields } from "../../shared/ports.ts";
import type { Account, Accounts } from "./accounts.ts";
import type { LoginThrottle } from "./login-throttle.ts";

export interface SignInDeps {
  readonly accounts: Pick<Accounts, "check" | "all">;
  readonly throttle: LoginThrottle;
  /** Told of every try that was refused. */
  readonly onRefused: (what: LogFields) => void;
}

export interface Try {
  readonly user: string;
  readonly password: string;
  /** Where it comes from: an address, or a paired device. */
  readonly from: string;
}

/** Throws E_TOO_MANY_TRIES, and E_SIGN_IN_FAILED, which does not tell a wrong name from a wrong password. */
export async function signIn(
  { accounts, throttle, onRefused }: SignInDeps,
  { user, password, from }: Try,
): Promise<Account> {
  if (accounts.all.length === 0)
    throw new SyncError("E_SIGN_IN_FAILED", "there are no users here", {
      hint: "make one there: syncline user add NAME --role admin",
    });
  const counted = [`user ${user.toLowerCase()}`, `from ${from}`];
  // What is turned away here is not told of: a flood of tries would push everything else out of the events.
  for (const name of counted) throttle.admit(name);
  // Counted before it is known to be wrong, so that many at once do not all pass.
  for (const name of counted) throttle.failed(name);
  const account = await accounts.check(user, password);
  if (account === undefined) {
    onRefused({ reason: "wrong name or password", user, from });
    throw new SyncError("E_SIGN_IN_FAILED", "name or password is wrong");
  }
  for (const name of counted) throttle.succeeded(name);
  return account;
}
