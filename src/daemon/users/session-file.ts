/** Keeps sessions over a restart of the daemon: hashes only, in a file of mode 0600. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Log } from "../../shared/ports.ts";
import { writeFileAtomically } from "../write-file.ts";
import type { SessionRecord } from "./session-book.ts";

const FILE = z.strictObject({
  v: z.literal(1),
  sessions: z.array(
    z.strictObject({
      user: z.string().nullable(),
      role: z.enum(["admin", "user"]),
      // Files of before there were others hold browsers only.
      kind: z.enum(["browser", "device"]).default("browser"),
      from: z.string().default(""),
      cookieHash: z.string(),
      tokenHash: z.string(),
      createdMs: z.number(),
      seenMs: z.number(),
    }),
  ),
});

export class SessionFile {
  readonly #file: string;
  readonly #log: Log;
  #work: Promise<void> = Promise.resolve();
  #next: readonly SessionRecord[] | undefined;

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  /** What was kept; nothing when it cannot be read, so that everybody signs in again. */
  async load(): Promise<readonly SessionRecord[]> {
    try {
      return FILE.parse(JSON.parse(await readFile(this.#file, "utf8"))).sessions;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        this.#log.warn("The sessions cannot be read; everybody signs in again", { file: this.#file });
      return [];
    }
  }

  /** Writes soon; of several changes at once the last. */
  save(records: readonly SessionRecord[]): void {
    const isWaiting = this.#next !== undefined;
    this.#next = records;
    if (!isWaiting) this.#work = this.#work.then(() => this.#write());
  }

  /** Resolves when everything is written. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #write(): Promise<void> {
    const sessions = this.#next ?? [];
    this.#next = undefined;
    try {
      await writeFileAtomically(this.#file, `${JSON.stringify({ v: 1, sessions })}\n`);
    } catch (error) {
      this.#log.warn("The sessions cannot be written", { file: this.#file, error: String(error) });
    }
  }
}
