/**
 * Starts and stops the daemon, and opens what it keeps in its home where that
 * is done without one: the only file of the command line that reaches into
 * src/daemon.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ApiError } from "../shared/api.ts";
import type { Setting } from "../shared/api-settings.ts";
import type { SettingKey } from "../shared/config-settings.ts";
import { SyncError } from "../shared/errors.ts";
import type { HomePaths } from "../shared/home-paths.ts";
import type { Log } from "../shared/ports.ts";
import { ApiFailure } from "./failure.ts";
import { readRunInfo } from "./find-daemon.ts";

export type Settings = Readonly<Partial<Record<SettingKey, unknown>>>;

/** A daemon that has not come up by then has failed. */
const START_MS = 60_000;
const POLL_MS = 20;
const ZOMBIE_MS = 250;
const REPORT_DESCRIPTOR = 3;
/** Room for new objects, per thread and three times over. With Node's own bound a first sync of 10,000 files took 80 to 100 MB more. */
const SEMI_SPACE_MB = 2;
/**
 * How large a thread's heap may grow before it is first collected whole. V8
 * counts buffers in it, so that without this a 12 MB heap that passes file
 * data on was collected for each 20 MB of it: half of a transfer's processor
 * time. With 32 a first sync of 20,000 files took no more memory, with 64 40 MB.
 */
const OLD_SPACE_MB = 32;

export interface StartOptions {
  readonly paths: HomePaths;
  /** As --home or SYNCLINE_HOME gave it, absolute. */
  readonly home: string | undefined;
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Starts a daemon in the background and returns when its control interface
 * answers. Throws what kept it from starting, with its code.
 *
 * It keeps none of this process's descriptors: the one it reports on is closed
 * by then, Node marks what it inherited as not to be passed on, and the rest
 * is /dev/null.
 */
export async function startDaemon(options: StartOptions): Promise<void> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const program = fileURLToPath(new URL(`../daemon/background.${extension}`, import.meta.url));
  const home = options.home === undefined ? [] : ["--home", options.home];
  const args = [
    `--max-semi-space-size=${SEMI_SPACE_MB}`,
    `--initial-old-space-size=${OLD_SPACE_MB}`,
    program,
    ...home,
    "--settings",
    JSON.stringify(options.settings),
    "--report-fd",
    String(REPORT_DESCRIPTOR),
  ];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    detached: true,
    windowsHide: true,
    cwd: process.platform === "win32" ? undefined : "/",
    env: options.env,
  });
  const pipe = child.stdio[REPORT_DESCRIPTOR] as Readable;
  try {
    const report = await readReport(child, pipe, AbortSignal.any([options.signal, AbortSignal.timeout(START_MS)]));
    if (report.type === "error") throw new ApiFailure(report);
  } catch (error) {
    if (!(error instanceof ApiFailure)) child.kill();
    throw error;
  } finally {
    pipe.destroy();
    child.unref();
  }
}

type Report = ApiError | { readonly type: "ready" };

async function readReport(child: ChildProcess, pipe: Readable, signal: AbortSignal): Promise<Report> {
  const failed = new Promise<never>((_, reject) => {
    child.on("error", (cause) =>
      reject(new SyncError("E_START_FAILED", `the daemon cannot be started: ${cause.message}`, { cause })),
    );
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  const ended = new Promise<string>((resolve) => child.on("exit", (code, by) => resolve(by ?? `exit code ${code}`)));
  const text = await Promise.race([readAll(pipe), failed]);
  if (text !== "") return JSON.parse(text) as Report;
  throw new SyncError("E_START_FAILED", `the daemon ended while it started (${await Promise.race([ended, failed])})`);
}

async function readAll(pipe: Readable): Promise<string> {
  let text = "";
  pipe.setEncoding("utf8");
  for await (const chunk of pipe as AsyncIterable<string>) text += chunk;
  return text;
}

export interface ForegroundOptions {
  readonly paths: HomePaths;
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly verbose: boolean;
  readonly terminal: (line: string) => void;
  readonly onReady: () => void;
}

/** Runs a daemon in this process until Ctrl-C, SIGTERM or `syncline down`. */
export async function runForeground(options: ForegroundOptions): Promise<void> {
  const [{ runDaemon }, { openNode }] = await Promise.all([import("../daemon/main.ts"), import("../daemon/wiring.ts")]);
  await runDaemon({ ...options, openNode });
}

/**
 * Waits until no daemon holds the home: its process is gone and its lock free.
 * `ask` is called once, when one does. Returns its pid, or undefined when none
 * was running.
 */
export async function stopDaemon(
  paths: HomePaths,
  ask: (pid: number | undefined) => Promise<void>,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (!existsSync(paths.stateDir) || !(await isHeld(paths))) return undefined;
  const pid = readRunInfo(paths)?.pid;
  await ask(pid);
  while (await isHeld(paths)) await sleep(POLL_MS, undefined, { signal });
  if (pid !== undefined) await untilGone(pid, signal);
  return pid;
}

async function isHeld(paths: HomePaths): Promise<boolean> {
  const { tryLock } = await import("../daemon/instance-lock.ts");
  const lock = await tryLock(paths.lockFile, 0);
  lock?.[Symbol.dispose]();
  return lock === undefined;
}

/** Its lock is free, so it is about to end. One that ended but that nobody waits for, as in some containers, is gone after a moment. */
async function untilGone(pid: number, signal: AbortSignal): Promise<void> {
  let zombieMs = 0;
  for (;;) {
    const state = processState(pid);
    if (state === "gone" || zombieMs >= ZOMBIE_MS) return;
    if (state === "zombie") zombieMs += POLL_MS;
    await sleep(POLL_MS, undefined, { signal });
  }
}

function processState(pid: number): "running" | "zombie" | "gone" {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? "running" : "gone";
  }
  try {
    return /^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "latin1")) ? "zombie" : "running";
  } catch {
    return "running";
  }
}

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => SILENT };

/** Settings of a node that is not running. */
export async function readOfflineSettings(
  paths: HomePaths,
  env: StartOptions["env"],
  key: string | undefined,
): Promise<Setting[]> {
  const [{ ConfigStore }, { listSettings }] = await Promise.all([
    import("../daemon/config/config-store.ts"),
    import("../daemon/config/settings.ts"),
  ]);
  const store = await ConfigStore.open({ file: paths.configFile, env, log: SILENT });
  try {
    return listSettings(store, key);
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

/** Changes settings of a node that is not running. */
export async function changeOfflineSettings(
  paths: HomePaths,
  env: StartOptions["env"],
  settings: Readonly<Record<string, unknown>>,
): Promise<string[]> {
  const [{ ConfigStore }, { changeSettings }, { openHome }] = await Promise.all([
    import("../daemon/config/config-store.ts"),
    import("../daemon/config/settings.ts"),
    import("../daemon/home.ts"),
  ]);
  await openHome(paths);
  const store = await ConfigStore.open({ file: paths.configFile, env, log: SILENT });
  try {
    return await changeSettings(store, settings);
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

type Backups = typeof import("../daemon/backup/backup.ts");

/** Makes and reads backups of a home. */
export async function backups(): Promise<Backups> {
  return await import("../daemon/backup/backup.ts");
}
