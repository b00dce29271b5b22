/** rsync to a daemon of its own on loopback: no encryption, and nothing is flushed. */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, freePort, listens, runProgram, startProgram, stopProgram } from "./programs.ts";
import type { Copier, Rival } from "./running-pair.ts";

const PROGRAM = findProgram("rsync");

export const RSYNC: Rival<Copier> = {
  name: "rsync daemon",
  missing: PROGRAM === undefined ? "not installed" : undefined,
  open: async (base) => new Rsync(PROGRAM ?? "", join(base, "rsync")),
};

/** Over ssh it is as safe on the way as Syncline, but needs a server that only an administrator sets up. */
export const RSYNC_OVER_SSH: Rival<Copier> = {
  name: "rsync over ssh",
  missing: "not measured: it needs a running sshd",
  open: () => Promise.reject(new Error("rsync over ssh is not measured")),
};

class Rsync implements Copier {
  readonly name = "rsync daemon";
  readonly note = "does not encrypt, does not flush";
  readonly #program: string;
  readonly #home: string;

  constructor(program: string, home: string) {
    this.#program = program;
    this.#home = home;
    mkdirSync(home);
  }

  async copy(source: string, target: string, signal: AbortSignal): Promise<number> {
    const { port, daemon } = await this.#serve(target);
    try {
      const startedMs = performance.now();
      await runProgram(this.#program, ["-a", `${source}/`, `rsync://127.0.0.1:${port}/target/`], { signal });
      return performance.now() - startedMs;
    } finally {
      await stopProgram(daemon);
    }
  }

  async #serve(target: string): Promise<{ readonly port: number; readonly daemon: ChildProcess }> {
    const port = await freePort();
    const config = join(this.#home, "rsyncd.conf");
    const identity = process.getuid?.() === 0 ? "uid = root\ngid = root\n" : "";
    writeFileSync(config, `use chroot = false\n${identity}[target]\npath = ${target}\nread only = false\n`);
    const daemon = startProgram(this.#program, [
      "--daemon",
      "--no-detach",
      "--address=127.0.0.1",
      `--port=${port}`,
      `--config=${config}`,
    ]);
    await listens(port);
    return { port, daemon };
  }
}
