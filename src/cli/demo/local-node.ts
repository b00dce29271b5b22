/** A real node of this machine in directories of its own: started, asked and stopped as a person would. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Status } from "../../shared/api-node.ts";
import type { Invite, JoinResult } from "../../shared/api-peers.ts";
import { API_PREFIX, ROUTES } from "../../shared/api-routes.ts";
import { parseRunInfo } from "../../shared/run-info.ts";

const isWindows = process.platform === "win32";
const LAUNCHER = join(import.meta.dirname, isWindows ? "../../../bin/syncline.cmd" : "../../../bin/syncline");
const COMMAND_MS = 60_000;
const OUTPUT_BYTES = 64 * 1024 * 1024;
const POLL_MS = 20;
const SETTINGS = ["--listen", "127.0.0.1:0", "--no-discovery", "--dashboard", "off"];

export interface LocalNodeOptions {
  /** What runs its commands, and by that its daemon: in another network, for instance. */
  readonly via?: readonly string[];
  /** Settings of its first start, instead of a free port on loopback without discovery. */
  readonly settings?: readonly string[];
}

/**
 * Commands go through `bin/syncline`, as a person gives them. What is asked
 * many times a second, the status, goes straight to the control socket,
 * because starting a command costs more than what is measured.
 *
 * Whoever makes one disposes of it: the daemon runs in the background and
 * would outlive this process.
 */
export class LocalNode implements AsyncDisposable {
  readonly name: string;
  readonly home: string;
  readonly folder: string;
  readonly #via: readonly string[];
  readonly #settings: readonly string[];

  /** Makes directories for the node `name` in `base`; nothing runs yet. */
  constructor(base: string, name: string, { via = [], settings = SETTINGS }: LocalNodeOptions = {}) {
    this.name = name;
    this.#via = via;
    this.#settings = settings;
    this.home = join(base, `${name}-home`);
    this.folder = join(base, name);
    mkdirSync(this.home, { mode: 0o700 });
  }

  /** Runs a command of this node and returns what it printed. */
  async run(args: readonly string[]): Promise<string> {
    return await new Promise((resolve, reject) => {
      const options = { timeout: COMMAND_MS, maxBuffer: OUTPUT_BYTES, shell: isWindows };
      const [file = LAUNCHER, ...words] = [...this.#via, LAUNCHER, ...args, "--home", this.home];
      execFile(file, words, options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${this.name}: syncline ${args.join(" ")}: ${stderr.trim() || error.message}`));
      });
    });
  }

  /** Runs a command with `--json` and returns its last document. */
  async ask<T>(args: readonly string[]): Promise<T> {
    const lines = (await this.run([...args, "--json"])).trim().split("\n");
    return JSON.parse(lines.at(-1) ?? "null") as T;
  }

  /** The first start: shares the folder and picks a port. */
  async up(): Promise<Status> {
    mkdirSync(this.folder, { recursive: true });
    return await this.ask(["up", this.folder, "--name", this.name, ...this.#settings]);
  }

  async upAgain(): Promise<void> {
    await this.run(["up", "-q"]);
  }

  async invite(): Promise<Invite> {
    return await this.ask(["peer", "invite"]);
  }

  /** The first start of the other side: pairs and takes the folder up. */
  async join(code: string, at: string): Promise<JoinResult> {
    return await this.ask(["join", code, this.folder, "--at", at, "--name", this.name, ...this.#settings]);
  }

  async status(): Promise<Status> {
    return (await this.get(ROUTES.status.path)) as Status;
  }

  /** Asks the daemon over its control socket. */
  async get(path: string): Promise<unknown> {
    const socketPath = parseRunInfo(readFileSync(join(this.home, "run.json"), "utf8"))?.socket;
    if (socketPath === undefined || socketPath === null) throw new Error(`${this.name} does not listen for commands`);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const call = request({ socketPath, path: `${API_PREFIX}${path}`, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve(text)).on("error", reject);
    });
    call.on("error", reject).end();
    return JSON.parse(await promise);
  }

  /** Ends the daemon, however it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    const pid = this.#pid();
    try {
      await this.run(["down", "-q"]);
    } catch (error) {
      if (pid === undefined) throw error;
      kill(pid);
    }
  }

  #pid(): number | undefined {
    try {
      return parseRunInfo(readFileSync(join(this.home, "run.json"), "utf8"))?.pid;
    } catch {
      // No run.json: nothing was started, or it has ended.
      return undefined;
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/** Waits until both ends say that everything is where it belongs. Throws after `deadlineMs`. */
export async function inSync(nodes: readonly LocalNode[], deadlineMs: number, signal: AbortSignal): Promise<void> {
  const ends = performance.now() + deadlineMs;
  for (;;) {
    const all = await Promise.all(nodes.map((node) => node.status()));
    if (all.every(isSettled)) return;
    if (performance.now() > ends)
      throw new Error(`not in sync after ${deadlineMs / 1000} s: ${all.map(told).join("; ")}`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

function isSettled({ state, peers }: Status): boolean {
  return state === "in-sync" && peers.every((peer) => peer.state === "connected");
}

function told({ device, state, folders, peers }: Status): string {
  const problems = folders.flatMap((folder) => folder.problems.map(({ message }) => message));
  const links = peers.map((peer) => `${peer.name} ${peer.state}`);
  return [`${device.name} is ${state}`, ...links, ...problems].join(", ");
}
