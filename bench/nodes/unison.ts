/** unison between two processes: one serves the target on a local socket, the other has the source. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findProgram, freePort, listens, runProgram, startProgram, stopProgram } from "./programs.ts";
import type { Copier, Rival } from "./running-pair.ts";

const PROGRAM = findProgram("unison");

export const UNISON: Rival<Copier> = {
  name: "unison",
  missing: PROGRAM === undefined ? "not installed" : undefined,
  open: async (base) => new Unison(PROGRAM ?? "", join(base, "unison")),
};

class Unison implements Copier {
  readonly name = "unison";
  readonly note = "does not encrypt, does not flush";
  readonly #program: string;
  readonly #home: string;

  constructor(program: string, home: string) {
    this.#program = program;
    this.#home = home;
    mkdirSync(home);
  }

  async copy(source: string, target: string, signal: AbortSignal): Promise<number> {
    const env = { UNISON: this.#home };
    const port = await freePort();
    const server = startProgram(this.#program, ["-socket", String(port), "-listen", "127.0.0.1"], env);
    try {
      await listens(port);
      const startedMs = performance.now();
      const options = ["-batch", "-auto", "-silent", "-times", "-confirmbigdel=false"];
      await runProgram(this.#program, [source, `socket://127.0.0.1:${port}/${target}`, ...options], { signal, env });
      return performance.now() - startedMs;
    } finally {
      await stopProgram(server);
    }
  }
}
