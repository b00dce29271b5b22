/** Finding and running other programs. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { connect, createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const LISTEN_MS = 5_000;

/** The full path of a program on PATH; undefined when there is none. */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end and returns what it printed. Throws with what it complained about. */
export async function runProgram(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { signal, env } = options;
  const { stdout } = await promisify(execFile)(file, args, {
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env },
    ...(signal === undefined ? {} : { signal }),
  });
  return stdout;
}

/** Starts a program that runs until it is stopped. Its output is dropped. */
export function startProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(file, args, { stdio: "ignore", env: { ...process.env, ...env } });
}

/** Ends a started program and waits until it is gone. */
export async function stopProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

/** A port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** Waits until somebody listens on a port of this machine. */
export async function listens(port: number): Promise<void> {
  const ends = performance.now() + LISTEN_MS;
  while (!(await canConnect(port))) {
    if (performance.now() > ends) throw new Error(`nothing listens on port ${port}`);
    await sleep(10);
  }
}

async function canConnect(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket
      .on("error", () => resolve(false))
      .on("connect", () => {
        socket.destroy();
        resolve(true);
      });
  });
}
