/** Real nodes: daemons started through the launcher, each in a temporary home, on loopback. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { runTestCli } from "./command-line.ts";

const LAUNCHER = resolve(import.meta.dirname, "../../bin/syncline");
const COMMAND_MS = 45_000;
/** To start two daemons and pair them, on a busy machine. */
const PAIR_MS = 90_000;

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One node of a test. Its home and its folder lie in the test's own directory. */
export class TestNode {
  readonly name: string;
  readonly home: string;
  readonly directory: string;
  /** What runs its commands, and by that its daemon: another user, a pipe. */
  via: readonly string[] = [];
  /** What runs the commands that start its daemon: other limits, another network, another time. */
  daemonVia: readonly string[] = [];

  constructor(place: string, name: string, filesIn: string = place) {
    this.name = name;
    this.home = join(place, `${name}-home`);
    this.directory = join(filesIn, `${name}-files`);
  }

  /** Runs the command line against this node as users do: through the launcher, as a process of its own. */
  async launch(...args: readonly string[]): Promise<CommandResult> {
    const around = isStart(args) ? [...this.via, ...this.daemonVia] : this.via;
    return await run([...around, LAUNCHER, "--home", this.home, ...args]);
  }

  /**
   * As {@link launch}, but in this process where that is the same, which costs
   * a tenth. A daemon has to come from the launcher, and what `via` stands for
   * is no property of this process.
   */
  async run(...args: readonly string[]): Promise<CommandResult> {
    return this.via.length > 0 || isStart(args) ? await this.launch(...args) : await this.#here(args, []);
  }

  /** As {@link run}, with lines on standard input: passwords, which come no other way. */
  async type(lines: string, ...args: readonly string[]): Promise<CommandResult> {
    return await this.#here(args, lines.split("\n"));
  }

  async #here(args: readonly string[], answers: readonly string[]): Promise<CommandResult> {
    const options = { cwd: this.directory, now: () => new Date(), answers };
    const { exit, out, err } = await runTestCli(["--home", this.home, ...args], options);
    return { code: exit, stdout: out, stderr: err };
  }

  /** Runs a command with --json and gives its documents; fails loudly when the command does. */
  async json<T = Record<string, unknown>>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run("--json", ...args);
    if (code !== 0) throw new Error(`syncline ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as T;
  }

  /** Starts the daemon, sharing this node's directory unless told otherwise. */
  async up(...extra: readonly string[]): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    await this.json("up", this.directory, ...this.#flags(), ...extra);
  }

  /** Starts the daemon again with what it has. */
  async start(): Promise<void> {
    await this.json("up");
  }

  /** Joins with a code of `inviter`. */
  async join(inviter: TestNode): Promise<void> {
    const { code } = await inviter.json<{ code: string }>("peer", "invite");
    await this.json("join", code, this.directory, "--at", await inviter.address(), ...this.#flags());
  }

  async address(): Promise<string> {
    const { listen } = await this.json<{ listen: string[] }>("status");
    return listen[0] ?? "";
  }

  /** Waits until everything is in sync with all connected peers. */
  async wait(...extra: readonly string[]): Promise<CommandResult> {
    const result = await this.run("wait", "--timeout", "40s", ...extra);
    if (result.code !== 0)
      throw new Error(
        `${this.name}: wait ended with ${result.code}: ${result.stderr}${result.stdout}\n${await this.logTail()}`,
      );
    return result;
  }

  async pid(): Promise<number> {
    return (JSON.parse(await readFile(join(this.home, "run.json"), "utf8")) as { pid: number }).pid;
  }

  /** Ends the daemon without any warning. */
  async kill(): Promise<void> {
    const pid = await this.pid();
    process.kill(pid, "SIGKILL");
    await until(() => !isAlive(pid), `${this.name} to be gone`);
  }

  async down(): Promise<void> {
    await this.run("down");
  }

  async logTail(): Promise<string> {
    const { stdout } = await this.run("logs", "--json");
    return stdout.split("\n").slice(-30).join("\n");
  }

  #flags(): readonly string[] {
    return ["--name", this.name, "--listen", "127.0.0.1:0", "--no-discovery", "--dashboard", "off"];
  }
}

/** Nodes in a temporary directory; all daemons end and everything is removed when the test has finished. */
export async function testNodes<const N extends readonly string[]>(
  ...names: N
): Promise<{ readonly [K in keyof N]: TestNode }> {
  const place = await mkdtemp(join(tmpdir(), "syncline-nodes-"));
  const nodes = names.map((name) => new TestNode(place, name));
  onTestFinished(() => end(place, nodes));
  return nodes as unknown as { readonly [K in keyof N]: TestNode };
}

async function end(place: string, nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.down()));
  await rm(place, { recursive: true, force: true });
}

/** Two nodes that share a folder and are in sync. */
export async function pairedNodes(): Promise<readonly [TestNode, TestNode]> {
  const [a, b] = await testNodes("anna", "bert");
  await a.up();
  await b.join(a);
  await b.wait();
  return [a, b];
}

/** Whether a command starts a daemon. */
function isStart(args: readonly string[]): boolean {
  const command = args.find((word) => !word.startsWith("-"));
  return command === "up" || command === "join";
}

export type SharedFolder = readonly [anna: TestNode, bert: TestNode, folder: string];

/**
 * Two paired nodes for all tests of a file, because starting a daemon costs a
 * second of processor time. What this returns gives a test a folder of its own
 * on both, in sync; `prepare` fills its directories before. A test may kill the
 * nodes, but their settings, peers and other folders it leaves as they were.
 */
export function sharedPair(): (
  prepare?: (anna: TestNode, bert: TestNode) => void | Promise<void>,
) => Promise<SharedFolder> {
  let place = "";
  let count = 0;
  const nodesAt = (filesIn: string): readonly [TestNode, TestNode] => [
    new TestNode(place, "anna", filesIn),
    new TestNode(place, "bert", filesIn),
  ];
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), "syncline-nodes-"));
    const [a, b] = nodesAt(place);
    await a.up();
    await b.join(a);
    await Promise.all([a, b].map((node) => node.json("folder", "remove", "anna-files", "-y")));
  }, PAIR_MS);
  afterAll(() => end(place, nodesAt(place)), PAIR_MS);
  return async (prepare) => {
    const folder = `folder-${++count}`;
    const [a, b] = nodesAt(join(place, folder));
    for (const { directory } of [a, b]) await mkdir(directory, { recursive: true });
    await prepare?.(a, b);
    onTestFinished(async () => {
      for (const node of [a, b]) {
        if ((await node.run("status")).code !== 0) await node.start();
        await node.json("folder", "remove", folder, "-y");
      }
    });
    await a.json("folder", "add", a.directory, "--folder-id", folder);
    await a.json("folder", "share", folder, "--to", "bert", "--rights", "write");
    await b.json("folder", "add", b.directory, "--folder-id", folder);
    await b.json("folder", "share", folder, "--to", "anna", "--rights", "write");
    await b.wait("--peer", "anna", "--peer-grace", "20s");
    return [a, b, folder];
  };
}

/** Adds one more folder to a node, until the test has finished. */
export async function addFolder(node: TestNode, directory: string, folder: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await node.json("folder", "add", directory, "--folder-id", folder);
  onTestFinished(async () => void (await node.json("folder", "remove", folder, "-y")));
}

function run([command = LAUNCHER, ...args]: readonly string[]): Promise<CommandResult> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout: COMMAND_MS });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code, signal) =>
      done({ code: code ?? 128, stdout, stderr: signal === null ? stderr : `${stderr}(ended by ${signal})` }),
    );
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const POLL_MS = 50;
const UNTIL_MS = 30_000;

/** Waits for a state of the outside world that nobody tells of. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs: number = UNTIL_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resume) => setTimeout(resume, POLL_MS));
  }
}
