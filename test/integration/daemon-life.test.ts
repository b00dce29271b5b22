/** A daemon from its start to its end, as a process of its own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tryLock } from "../../src/daemon/instance-lock.ts";
import { SETTING_KEYS, type SettingKey } from "../../src/shared/config-settings.ts";
import { parseRunInfo, type RunInfo } from "../../src/shared/run-info.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const LAUNCHER = join(import.meta.dirname, "../../bin/syncline");
const LISTEN = ["--listen", "127.0.0.1:0", "--no-discovery"];

interface Run {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let home: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  home = join(directory.path, "home");
});

afterEach(async () => {
  await syncline(["down"]);
  await directory[Symbol.asyncDispose]();
});

function syncline(
  args: readonly string[],
  options: { readonly home?: string; readonly input?: string } = {},
): Promise<Run> {
  const { promise, resolve } = Promise.withResolvers<Run>();
  const child = execFile(LAUNCHER, ["--home", options.home ?? home, ...args], (error, out, err) => {
    resolve({ exit: error === null ? 0 : Number(error.code), out, err });
  });
  child.stdin?.end(options.input ?? "");
  return promise;
}

async function runInfo(): Promise<RunInfo> {
  const info = parseRunInfo(await readFile(join(home, "run.json"), "utf8"));
  if (info === undefined) throw new Error("run.json is not readable");
  return info;
}

/** Gone, or ended and waiting for its parent to take note. */
async function isGone(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    return /\) [ZX]/.test(await readFile(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return true;
  }
}

function foreground(args: readonly string[]): { readonly child: ChildProcess; readonly text: () => string } {
  const child = spawn(LAUNCHER, ["--home", home, "up", "--foreground", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { child, text: () => text };
}

describe("up and down", () => {
  test("up returns when the daemon answers; down when it is gone and its lock free", async () => {
    expect(await syncline(["up", ...LISTEN])).toMatchObject({ exit: 0, err: expect.not.stringContaining("E_") });
    expect(await syncline(["status"])).toMatchObject({ exit: 0 });
    const { pid } = await runInfo();
    expect(await syncline(["down"])).toMatchObject({ exit: 0, out: "✓ stopped\n" });
    expect(await isGone(pid)).toBe(true);
    const lock = await tryLock(join(home, "lock.db"), 0);
    expect(lock).toBeDefined();
    lock?.[Symbol.dispose]();
    const left = await readdir(home);
    expect(left).not.toContain("control.sock");
    expect(left).not.toContain("run.json");
    expect(await syncline(["down"])).toMatchObject({ exit: 0, out: "not running\n" });
    expect(await syncline(["status"])).toMatchObject({ exit: 9 });
  });

  test("up twice at once starts one daemon, and both are done", async () => {
    const runs = await Promise.all([syncline(["up", ...LISTEN]), syncline(["up"]), syncline(["up"])]);
    expect(runs.map(({ exit }) => exit)).toEqual([0, 0, 0]);
    expect(await syncline(["status"])).toMatchObject({ exit: 0 });
  });

  test("the daemon keeps no descriptor of its caller", async ({ skip }) => {
    skip(process.platform !== "linux", "open descriptors are listed in /proc");
    const caller = spawn(
      "sh",
      ["-c", `exec 7>"${directory.path}/held" 9>&1; "${LAUNCHER}" --home "${home}" up ${LISTEN.join(" ")}`],
      {
        // 40 lies behind a gap, where Node does not look for itself.
        stdio: ["ignore", "pipe", "pipe", ...Array.from({ length: 37 }, () => "ignore" as const), "pipe"],
      },
    );
    // Ends of the pipes are seen only when nobody else holds them.
    caller.stdout?.resume();
    caller.stderr?.resume();
    await once(caller, "close");
    expect(caller.exitCode).toBe(0);
    const { pid } = await runInfo();
    const open = await Promise.all(
      (await readdir(`/proc/${pid}/fd`)).map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "")),
    );
    expect(open.filter((target) => target.includes("held"))).toEqual([]);
    expect(await Promise.all([0, 1, 2].map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`)))).toEqual([
      "/dev/null",
      "/dev/null",
      "/dev/null",
    ]);
  });

  test("after kill -9 the next up starts, whatever is left behind", async () => {
    await syncline(["up", ...LISTEN]);
    const { pid } = await runInfo();
    process.kill(pid, "SIGKILL");
    expect(await syncline(["status"])).toMatchObject({ exit: 9 });
    expect(await syncline(["up"])).toMatchObject({ exit: 0 });
    expect((await runInfo()).pid).not.toBe(pid);
  });

  test("a run.json whose pid another program has now is no obstacle, and that program is left alone", async () => {
    await mkdir(home, { mode: 0o700 });
    const other = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] });
    const stale = {
      v: 1,
      pid: other.pid,
      version: "0.0.1",
      startedAt: "2020-01-01T00:00:00Z",
      socket: join(home, "control.sock"),
    };
    await writeFile(join(home, "run.json"), JSON.stringify(stale));
    expect(await syncline(["down"])).toMatchObject({ exit: 0, out: "not running\n" });
    expect(await syncline(["up", ...LISTEN])).toMatchObject({ exit: 0 });
    expect(await syncline(["down"])).toMatchObject({ exit: 0 });
    expect(other.exitCode).toBeNull();
    other.kill();
  });
});

describe("a start that fails is told by who asked for it", () => {
  test("a taken port: E_PORT_TAKEN, nothing runs, nothing is stored", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const address = blocker.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { exit, err } = await syncline(["up", "--listen", `127.0.0.1:${port}`, "--json"]);
    blocker.close();
    expect(exit).toBe(1);
    expect(JSON.parse(err)).toMatchObject({
      v: 1,
      type: "error",
      code: "E_PORT_TAKEN",
      message: expect.stringContaining(String(port)),
    });
    expect(await syncline(["status"])).toMatchObject({ exit: 9 });
    expect(await syncline(["config", "get", "listen"])).toMatchObject({ out: "*:4777\n" });
  });

  test("a faulty config.json: E_BAD_CONFIG with file and line, exit 2", async () => {
    await mkdir(home, { mode: 0o700 });
    await writeFile(join(home, "config.json"), '{\n  "lisen": "*:1"\n}');
    const { exit, err } = await syncline(["up"]);
    expect(exit).toBe(2);
    expect(err).toContain(`${home}/config.json: line 2: unknown key "lisen"; did you mean "listen"? (E_BAD_CONFIG)`);
    expect(await syncline(["config", "validate"])).toMatchObject({ exit: 2, out: expect.stringContaining("line 2") });
  });

  test("an unsafe home: E_HOME_UNSAFE, and it is not touched", async () => {
    await mkdir(home);
    await writeFile(join(home, "x"), "");
    await chmod(home, 0o755);
    expect(await syncline(["up"])).toMatchObject({ exit: 1, err: expect.stringContaining("E_HOME_UNSAFE") });
    expect(await readdir(home)).toEqual(["x"]);
  });

  test("a value that a setting refuses: exit 2", async () => {
    expect(await syncline(["up", "--listen", "nowhere"])).toMatchObject({
      exit: 2,
      err: expect.stringContaining("must be HOST:PORT"),
    });
  });

  test("a second daemon on the same home: E_ALREADY_RUNNING names the pid", async () => {
    await syncline(["up", ...LISTEN]);
    const { pid } = await runInfo();
    const { exit, err } = await syncline(["up", "--foreground"]);
    expect(exit).toBe(1);
    expect(err).toContain("E_ALREADY_RUNNING");
    expect(err).toContain(`pid ${pid}`);
  });

  test("a directory that cannot be shared stops the daemon that was started for it", async () => {
    const { exit } = await syncline(["up", ...LISTEN, "/"]);
    expect(exit).toBe(2);
    expect(await syncline(["status"])).toMatchObject({ exit: 9 });
  });
});

describe("the foreground", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("logs with timestamps, and ends cleanly at %s", async (signal) => {
    const shared = join(directory.path, "shared");
    await mkdir(shared);
    const { child, text } = foreground([...LISTEN, shared]);
    await until(child, () => text().includes("sharing"));
    expect(text()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO {2}Started/m);
    child.kill(signal);
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
    expect(await readdir(home)).not.toContain("control.sock");
  });

  test("ends when `down` is asked for", async () => {
    const { child, text } = foreground(LISTEN);
    await until(child, () => text().includes("running as"));
    const ended = once(child, "exit");
    expect(await syncline(["down"])).toMatchObject({ exit: 0 });
    await ended;
    expect(child.exitCode).toBe(0);
  });
});

/** Waits for what a process prints. */
async function until(child: ChildProcess, isThere: () => boolean): Promise<void> {
  const exited = once(child, "exit").then(() => {
    throw new Error(`it ended: ${child.exitCode}`);
  });
  while (!isThere())
    await Promise.race([once(child.stdout ?? child, "data"), once(child.stderr ?? child, "data"), exited]);
  exited.catch(() => {});
}

describe("a running daemon follows its configuration", () => {
  interface Shown {
    readonly device: { readonly name: string };
    readonly listen: readonly string[];
  }
  const status = async (): Promise<Shown> => JSON.parse((await syncline(["status", "--json"])).out) as Shown;
  const changes: Readonly<Record<SettingKey, string>> = {
    name: "tower",
    listen: "localhost:0",
    dashboard: "off",
    discovery: "off",
    logLevel: "debug",
    rescanMinutes: "5",
    keepDays: "7",
  };

  test("each key, without a restart", async () => {
    await syncline(["up", ...LISTEN]);
    const { pid } = await runInfo();
    for (const key of SETTING_KEYS) {
      expect({ key, ...(await syncline(["config", "set", key, changes[key]])) }).toMatchObject({ key, exit: 0 });
    }
    const after = await status();
    expect(after.device.name).toBe("tower");
    expect(after.listen[0]).not.toMatch(/:0$/);
    expect((await runInfo()).pid).toBe(pid);
    await syncline(["down"]);
    const { settings } = JSON.parse((await syncline(["config", "get", "--json"])).out) as {
      settings: { key: string; source: string }[];
    };
    expect(settings.map(({ key, source }) => [key, source])).toEqual(SETTING_KEYS.map((key) => [key, "file"]));
  });

  test("the same up again changes nothing, a port that was picked included", async () => {
    await syncline(["up", ...LISTEN]);
    const before = await readFile(join(home, "config.json"), "utf8");
    await syncline(["up", ...LISTEN]);
    await syncline(["down"]);
    await syncline(["up", ...LISTEN]);
    expect(await readFile(join(home, "config.json"), "utf8")).toBe(before);
  });

  test("an edit with a fault changes nothing, is logged, and is told by validate", async () => {
    await syncline(["up", ...LISTEN]);
    const file = join(home, "config.json");
    await writeFile(file, (await readFile(file, "utf8")).replace('"listen"', '"lisen"'));
    expect(await syncline(["config", "validate"])).toMatchObject({ exit: 2 });
    expect(await syncline(["config", "set", "name", "x"])).toMatchObject({
      exit: 2,
      err: expect.stringContaining("lisen"),
    });
    expect(await syncline(["status"])).toMatchObject({ exit: 0 });
  });
});

describe("a home in another place", () => {
  test("whose path is too long for a socket has it in the runtime directory, and run.json says where", async () => {
    const deep = join(directory.path, "x".repeat(110));
    const runtime = join(directory.path, "run");
    await mkdir(runtime, { mode: 0o700 });
    const env = { ...process.env, XDG_RUNTIME_DIR: runtime };
    const run = (args: readonly string[]): Promise<number> =>
      new Promise((resolve) =>
        execFile(LAUNCHER, ["--home", deep, ...args], { env }, (error) =>
          resolve(error === null ? 0 : Number(error.code)),
        ),
      );
    expect(await run(["up", ...LISTEN])).toBe(0);
    expect(await readdir(runtime)).toEqual([expect.stringMatching(/^syncline-[0-9a-f]{16}\.sock$/)]);
    expect(await run(["status"])).toBe(0);
    expect(await run(["down"])).toBe(0);
    expect(await readdir(runtime)).toEqual([]);
    await rm(deep, { recursive: true });
  });

  test("is split over the XDG directories without --home", async () => {
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      HOME: directory.path,
      XDG_CONFIG_HOME: join(directory.path, "c"),
      XDG_STATE_HOME: join(directory.path, "s"),
    };
    delete env["SYNCLINE_HOME"];
    const run = (args: readonly string[]): Promise<number> =>
      new Promise((resolve) =>
        execFile(LAUNCHER, [...args], { env }, (error) => resolve(error === null ? 0 : Number(error.code))),
      );
    expect(await run(["up", ...LISTEN])).toBe(0);
    expect(await readdir(join(directory.path, "c/syncline"))).toEqual(["config.json"]);
    expect(await readdir(join(directory.path, "s/syncline"))).toContain("key.pem");
    expect(await run(["down"])).toBe(0);
  });
});
