/**
 * The life of a daemon: take the home, open what it holds, serve, and put it
 * all away in reverse order.
 */
import process from "node:process";
import type { SettingKey } from "../shared/config-settings.ts";
import { EXIT, SyncError } from "../shared/errors.ts";
import type { HomePaths } from "../shared/home-paths.ts";
import type { RunInfo } from "../shared/run-info.ts";
import { localAdmin } from "./api/actor.ts";
import { ControlServer } from "./api/control-server.ts";
import { ConfigStore } from "./config/config-store.ts";
import type { Environment } from "./config/effective-config.ts";
import { applySettings } from "./config/settings.ts";
import { controlSockets, openHome } from "./home.ts";
import { tryLock } from "./instance-lock.ts";
import { type DaemonLog, openLog } from "./log.ts";
import { LoopLag } from "./loop-lag.ts";
import type { NodeContext, OpenNode } from "./node-context.ts";
import { readRunFile, removeRunFile, writeRunFile } from "./run-file.ts";
import { systemClock } from "./system-ports.ts";
import { programVersion } from "./version.ts";

/** What may be left of a drain when the process leaves all the same. */
const DRAIN_MS = 4500;

/** One Ctrl-C may come twice: from the terminal, and from npm or timeout that passes it on. */
const SAME_PRESS_MS = 500;

/** Somebody may be looking whether a daemon runs. */
const LOCK_WAIT_MS = 250;

export interface DaemonOptions {
  readonly paths: HomePaths;
  readonly env: Environment;
  /** Stored in config.json before anything starts. */
  readonly settings: Readonly<Partial<Record<SettingKey, unknown>>>;
  /** Where log lines go in the foreground; undefined in the background. */
  readonly terminal: ((line: string) => void) | undefined;
  /** Logs everything, whatever is configured. */
  readonly verbose: boolean;
  /** Called once the control interface answers. */
  readonly onReady: (info: RunInfo) => void;
  readonly openNode: OpenNode;
}

/**
 * Runs a daemon until a signal or `shutdown` ends it. Resolves when everything
 * is closed and the home's lock is free. Throws when it cannot start; nothing
 * is left open then.
 *
 * SIGTERM and SIGINT drain; a second one leaves at once.
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  await openHome(options.paths);
  const stack = new AsyncDisposableStack();
  let drain: NodeJS.Timeout | undefined;
  try {
    const log = await serve(options, stack);
    drain = setTimeout(() => leave(log, "Did not drain in time"), DRAIN_MS).unref();
  } finally {
    await stack.disposeAsync();
    clearTimeout(drain);
  }
}

/** Starts everything, each part on the stack, and returns when the daemon is asked to end. */
async function serve(options: DaemonOptions, stack: AsyncDisposableStack): Promise<DaemonLog> {
  const { paths } = options;
  const stopping = Promise.withResolvers<string>();
  stack.use(await takeLock(paths));
  const run: RunInfo = {
    v: 1,
    pid: process.pid,
    version: programVersion(),
    startedAt: new Date(systemClock.now()).toISOString(),
    socket: null,
  };
  await writeRunFile(paths.runFile, run);
  stack.defer(() => removeRunFile(paths.runFile));
  const log = stack.use(
    await openLog({ directory: paths.logDir, level: options.verbose ? "debug" : "info", terminal: options.terminal }),
  );
  stack.use(catchBugs(log));
  stack.use(listenForSignals(log, stopping.resolve));
  let undo = async (): Promise<void> => {};
  try {
    const opened = await openConfig(options, log);
    const config = stack.use(opened.config);
    undo = opened.undo;
    const loopLag = stack.use(new LoopLag());
    loopLag.start();
    const context: NodeContext = {
      paths,
      config,
      log,
      loopLag,
      startedAt: new Date(run.startedAt),
      version: run.version,
      stop: stopping.resolve,
    };
    const node = stack.use(await options.openNode(context));
    const server = stack.use(
      new ControlServer({
        service: node.service,
        peers: node.peers,
        actor: () => localAdmin(config.get().name),
        log,
        checkOutput: false,
        sockets: await controlSockets(paths, options.env),
      }),
    );
    await server.start();
    const ready: RunInfo = { ...run, socket: server.socket };
    await writeRunFile(paths.runFile, ready);
    log.info("Started", { version: run.version, pid: run.pid, home: paths.stateDir });
    options.onReady(ready);
  } catch (error) {
    log.error("Did not start", { error });
    await undo().catch((cause: unknown) =>
      log.warn("Could not take back the settings of this start", { error: cause }),
    );
    throw error;
  }
  log.info("Stopping", { reason: await stopping.promise });
  return log;
}

async function takeLock(paths: HomePaths): Promise<Disposable> {
  const lock = await tryLock(paths.lockFile, LOCK_WAIT_MS);
  if (lock !== undefined) return lock;
  const other = await readRunFile(paths.runFile);
  const who = other === undefined ? "another daemon" : `the daemon with pid ${other.pid}`;
  throw new SyncError("E_ALREADY_RUNNING", `${who} uses the home ${paths.stateDir}`, { facts: { pid: other?.pid } });
}

/** Opens the configuration with the settings of this start; a start that fails takes them back (`undo`). */
async function openConfig(options: DaemonOptions, log: DaemonLog): Promise<StartConfig> {
  const config = await ConfigStore.open({ file: options.paths.configFile, env: options.env, log });
  let before: Partial<Record<SettingKey, unknown>> = {};
  try {
    await config.update((draft) => {
      before = Object.fromEntries(Object.keys(options.settings).map((key) => [key, draft[key as SettingKey]]));
      applySettings(draft, options.settings);
    });
  } catch (error) {
    await config[Symbol.asyncDispose]();
    throw error;
  }
  if (!options.verbose) {
    log.setLevel(config.get().logLevel);
    config.onChange((next) => log.setLevel(next.logLevel));
  }
  const undo = async (): Promise<void> => void (await config.update((draft) => Object.assign(draft, before)));
  return { config, undo };
}

interface StartConfig {
  readonly config: ConfigStore;
  readonly undo: () => Promise<void>;
}

function listenForSignals(log: DaemonLog, stop: (reason: string) => void): Disposable {
  let firstMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = systemClock.monotonic();
    if (firstMs !== undefined && nowMs - firstMs > SAME_PRESS_MS) leave(log, `Left at a second ${signal}`);
    firstMs ??= nowMs;
    stop(signal);
  };
  const signals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGHUP"];
  for (const signal of signals) process.on(signal, onSignal);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

/** A bug ends the process; what it was reaches the log first. */
function catchBugs(log: DaemonLog): Disposable {
  const onBug = (error: unknown): void => {
    log.error("Stopped by a bug", { error });
    leave(log, "Left");
  };
  process.on("uncaughtException", onBug);
  return { [Symbol.dispose]: () => process.off("uncaughtException", onBug) };
}

function leave(log: DaemonLog, message: string): void {
  log.warn(message);
  log.flush();
  process.exit(EXIT.other);
}
