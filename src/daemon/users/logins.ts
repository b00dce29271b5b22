/** Where this node's person is signed in on paired devices: the tokens that those devices gave out, in a file of mode 0600. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId } from "../../shared/ids.ts";
import type { Log } from "../../shared/ports.ts";
import { printable } from "../../shared/printable.ts";
import { writeFileAtomically } from "../write-file.ts";

const LOGIN = z.strictObject({
  device: z.string(),
  user: z.string(),
  role: z.enum(["admin", "user"]),
  token: z.string(),
  atMs: z.number(),
});
const FILE = z.strictObject({ v: z.literal(1), logins: z.array(LOGIN) });

export type Login = z.output<typeof LOGIN>;

export class Logins {
  readonly #file: string;
  #logins: readonly Login[];

  private constructor(file: string, logins: readonly Login[]) {
    this.#file = file;
    this.#logins = logins;
  }

  /** What was kept; nothing when it cannot be read, so that one signs in again. */
  static async open(file: string, log: Log): Promise<Logins> {
    try {
      return new Logins(file, FILE.parse(JSON.parse(await readFile(file, "utf8"))).logins);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        log.warn("The logins on other devices cannot be read; sign in again with `syncline login`", { file });
      return new Logins(file, []);
    }
  }

  /** Throws E_NOT_SIGNED_IN with how to. `peer` is what people here call the device. */
  get(device: DeviceId, user: string, peer: string): Login {
    const login = this.of(device).find((one) => one.user.toLowerCase() === user.toLowerCase());
    if (login !== undefined) return login;
    throw new SyncError("E_NOT_SIGNED_IN", `${printable(user)} is not signed in on ${printable(peer)}`, {
      hint: `syncline login ${printable(peer)} --user ${printable(user)}`,
    });
  }

  of(device: DeviceId): readonly Login[] {
    return this.#logins.filter((login) => login.device === device);
  }

  /** Keeps a login, in place of an older one of the same user there. Resolves when it is on the disk. */
  async put(login: Login): Promise<void> {
    await this.#write([...this.#logins.filter((one) => !isSame(one, login)), login]);
  }

  async remove(login: Login): Promise<void> {
    await this.#write(this.#logins.filter((one) => one.token !== login.token));
  }

  /** A device is trusted no longer: what it gave out opens nothing any more. */
  async removeDevice(device: DeviceId): Promise<void> {
    if (this.of(device).length > 0) await this.#write(this.#logins.filter((one) => one.device !== device));
  }

  async #write(logins: readonly Login[]): Promise<void> {
    this.#logins = logins;
    await writeFileAtomically(this.#file, `${JSON.stringify({ v: 1, logins })}\n`);
  }
}

function isSame(a: Login, b: Login): boolean {
  return a.device === b.device && a.user.toLowerCase() === b.user.toLowerCase();
}
