/** Who may sign in on this node, who is, and where this node's person is signed in elsewhere. */
import { join } from "node:path";
import type { DeviceId } from "../../shared/ids.ts";
import type { Clock, Log, Random } from "../../shared/ports.ts";
import type { FolderIndex } from "../../sync/index/index-port.ts";
import type { EventBook } from "../event-book.ts";
import { type Account, Accounts } from "./accounts.ts";
import { LoginThrottle } from "./login-throttle.ts";
import { Logins } from "./logins.ts";
import { PasswordHasher } from "./password-hash.ts";
import { SessionBook } from "./session-book.ts";
import { SessionFile } from "./session-file.ts";
import { signIn, type Try } from "./sign-in.ts";

export interface UsersDeps {
  readonly stateDir: string;
  readonly index: FolderIndex;
  readonly events: EventBook;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class Users implements AsyncDisposable {
  readonly accounts: Accounts;
  readonly sessions: SessionBook;
  readonly throttle: LoginThrottle;
  readonly logins: Logins;
  readonly #file: SessionFile;
  readonly #deps: UsersDeps;

  private constructor(deps: UsersDeps, kept: Pick<Users, "accounts" | "sessions" | "logins">, file: SessionFile) {
    this.accounts = kept.accounts;
    this.sessions = kept.sessions;
    this.logins = kept.logins;
    this.throttle = new LoginThrottle(deps.clock);
    this.#file = file;
    this.#deps = deps;
  }

  static async open(deps: UsersDeps): Promise<Users> {
    const { stateDir, index, clock, random, log } = deps;
    const accounts = new Accounts({ index, clock, hasher: new PasswordHasher(random) });
    const file = new SessionFile(join(stateDir, "sessions.json"), log);
    const sessions = new SessionBook({
      clock,
      random,
      records: await file.load(),
      roleOf: (user) => accounts.find(user)?.role,
      save: (records) => file.save(records),
    });
    const logins = await Logins.open(join(stateDir, "logins.json"), log);
    return new Users(deps, { accounts, sessions, logins }, file);
  }

  /** Judges a name and a password. Throws E_SIGN_IN_FAILED, E_TOO_MANY_TRIES. */
  async signIn(attempt: Try): Promise<Account> {
    const account = await this.confirm(attempt);
    this.noteSignIn(account, attempt.from);
    return account;
  }

  /** The same, where nobody signs in: somebody shows that he is who he is signed in as. */
  async confirm(attempt: Try): Promise<Account> {
    const { log, events } = this.#deps;
    return await signIn(
      {
        accounts: this.accounts,
        throttle: this.throttle,
        onRefused: (what) => {
          log.warn("Refused a sign-in", what);
          events.add({ type: "auth.refused", user: attempt.user.slice(0, 64), data: what });
        },
      },
      attempt,
    );
  }

  /** Tells the audit that somebody signed in; `name` null: by a link that only who runs the node can make. */
  noteSignIn({ name, role }: { readonly name: string | null; readonly role: Account["role"] }, from: string): void {
    const { log, events } = this.#deps;
    log.info("Somebody signed in", { user: name, role, from });
    events.add({ type: "user.signed-in", user: name, data: { role, from } });
  }

  /** From which devices an account is signed in. */
  devicesOf(user: string): readonly DeviceId[] {
    const sessions = this.sessions.list(user).filter(({ kind }) => kind === "device");
    return [...new Set(sessions.map(({ from }) => from as DeviceId))];
  }

  /** A device is trusted no longer: nobody is signed in from it, or on it, any more. */
  async deviceRemoved(device: DeviceId): Promise<void> {
    this.sessions.closeDevice(device);
    await this.logins.removeDevice(device);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.settled();
  }
}
