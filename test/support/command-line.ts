/** Runs the command line in this process, against a service of plain data. */
import { join } from "node:path";
import process from "node:process";
import type { Io } from "../../src/cli/io.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import { ControlServer } from "../../src/daemon/api/control-server.ts";
import type { NodeService } from "../../src/daemon/api/node-service.ts";
import { writeRunFile } from "../../src/daemon/run-file.ts";
import { callers } from "./callers.ts";
import { NOW } from "./fake-node-service.ts";
import { silentLog } from "./silent-log.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

export interface CliRun {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

export interface CliSurroundings {
  readonly isTerminal?: boolean;
  /** What a person answers, or what standard input holds. */
  readonly answers?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly userHome?: string;
  readonly uid?: number;
  readonly interrupt?: AbortSignal;
  /** What the clock says; a time in 2026 when left out. */
  readonly now?: () => Date;
}

/** Runs one command line. */
export async function runTestCli(argv: readonly string[], options: CliSurroundings = {}): Promise<CliRun> {
  let out = "";
  let err = "";
  const answers = [...(options.answers ?? [])];
  const isTerminal = options.isTerminal ?? false;
  const io: Io = {
    out: (text) => {
      out += text;
    },
    write: async (text) => {
      out += text;
    },
    writeBytes: async (bytes) => {
      out += Buffer.from(bytes).toString();
    },
    err: (text) => {
      err += text;
    },
    isTerminal,
    isErrTerminal: isTerminal,
    isInteractive: isTerminal,
    columns: () => 100,
    env: { ...options.env },
    cwd: options.cwd ?? "/",
    platform: process.platform,
    userHome: options.userHome ?? "/home/ann",
    uid: options.uid ?? process.geteuid?.(),
    now: options.now ?? (() => NOW),
    leaveSignals: () => {},
    ask: async (question) => {
      err += question;
      return answers.shift();
    },
    askSecret: async (question) => {
      err += question;
      return answers.shift();
    },
    readLine: async () => answers.shift(),
    async *readBytes() {
      for (const answer of answers.splice(0)) yield Buffer.from(answer);
    },
  };
  const exit = await runCli(argv, io, options.interrupt ?? new AbortController().signal);
  return { exit, out, err };
}

export interface TestNode extends AsyncDisposable {
  readonly home: string;
  readonly socket: string;
  run(argv: readonly string[], options?: CliSurroundings): Promise<CliRun>;
}

/** Serves `service` as the daemon of a home of its own. Every answer is compared with its schema. */
export async function startTestNode(service: NodeService): Promise<TestNode> {
  const directory = await temporaryDirectory();
  const home = directory.path;
  const server = new ControlServer({
    service,
    log: silentLog,
    checkOutput: true,
    ...callers,
    sockets: [join(home, "control.sock")],
  });
  await server.start();
  await writeRunFile(join(home, "run.json"), {
    v: 1,
    pid: process.pid,
    version: "0.1.0",
    startedAt: NOW.toISOString(),
    socket: server.socket,
  });
  return {
    home,
    socket: server.socket,
    run: (argv, options) => runTestCli(["--home", home, ...argv], options),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}
