/** What `up` and `join` share: the daemon's start and the settings they store. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import type { Status } from "../../shared/api-node.ts";
import { SETTING_KEYS, type SettingKey, settingFromText, settingRow } from "../../shared/config-settings.ts";
import { EXIT } from "../../shared/errors.ts";
import type { CommandOptions } from "../command-rows/command-row.ts";
import { ApiFailure } from "../failure.ts";
import { LiveArea } from "../render/live-area.ts";
import type { Session } from "../session.ts";
import type { Settings } from "../start-daemon.ts";

const DEFAULT_PORT = "4777";
const POLL_MS = 20;
/** How long another start of the same home is waited for. */
const OTHER_START_MS = 15_000;
const STOP_MS = 10_000;

/** The settings that were given as flags. */
export function settingsFromFlags(options: CommandOptions): Settings {
  const settings: Partial<Record<SettingKey, unknown>> = {};
  for (const key of SETTING_KEYS) {
    const { flag, type } = settingRow(key);
    const value = options[key];
    if (flag === undefined || value === undefined) continue;
    if (type !== "boolean") settings[key] = settingFromText(key, String(value));
    else if (value === false) settings[key] = false;
  }
  return settings;
}

/** Whether a start would pick the port for peers: none is stored yet, or port 0 was asked for. */
export async function isPortOpen(session: Session, settings: Settings): Promise<boolean> {
  if (settings.listen !== undefined) return String(settings.listen).endsWith(":0");
  try {
    const stored: unknown = JSON.parse(await readFile(session.paths.configFile, "utf8"));
    return !(typeof stored === "object" && stored !== null && "listen" in stored);
  } catch {
    return true;
  }
}

/** Said once: the port that was picked and is kept from now on. */
export function notePort(session: Session, status: Status): void {
  const port = status.listen[0]?.split(":").at(-1);
  if (port !== undefined && port !== DEFAULT_PORT) session.note(`  peers reach this machine at port ${port}`);
}

/** Makes sure that a daemon runs with these settings. Returns whether it was started. */
export async function ensureRunning(session: Session, settings: Settings): Promise<boolean> {
  if (!(await session.isRunning())) {
    if (await start(session, settings)) return true;
  }
  if (Object.keys(settings).length > 0) await session.call("configSet", { settings });
  return false;
}

/** False when somebody else started one meanwhile. */
async function start(session: Session, settings: Settings): Promise<boolean> {
  const { startDaemon } = await import("../start-daemon.ts");
  const { paths, io, signal } = session;
  const area = new LiveArea(io);
  if (session.isLive) area.draw(["… starting Syncline"]);
  try {
    await startDaemon({ paths, home: homeOf(session), settings, env: io.env, signal });
    session.reconnect();
    return true;
  } catch (error) {
    const isTaken = error instanceof ApiFailure && error.document.code === "E_ALREADY_RUNNING";
    if (!isTaken || !(await comesUp(session))) throw error;
    return false;
  } finally {
    if (session.isLive) area.clear();
  }
}

async function comesUp(session: Session): Promise<boolean> {
  const { setTimeout: sleep } = await import("node:timers/promises");
  const deadline = session.io.now().getTime() + OTHER_START_MS;
  while (session.io.now().getTime() < deadline) {
    if (await session.isRunning()) return true;
    await sleep(POLL_MS, undefined, { signal: session.signal });
  }
  return false;
}

/** One directory for all is passed on as such; else the child finds the same places by itself. */
function homeOf({ paths }: Session): string | undefined {
  return paths.configDir === paths.stateDir ? paths.stateDir : undefined;
}

/** Undoes a start whose purpose failed, so that a failed command leaves nothing behind. */
export async function stopAgain(session: Session): Promise<void> {
  const { stopDaemon } = await import("../start-daemon.ts");
  try {
    await stopDaemon(
      session.paths,
      async () => void (await session.call("shutdown", {})),
      AbortSignal.timeout(STOP_MS),
    );
  } catch {
    session.note("the daemon that was started for this goes on running; stop it with `syncline down`");
  }
}

/**
 * Runs a daemon in this process, with `work` done once it is ready. Its
 * failure ends the daemon and is what the command reports.
 */
export async function inForeground(session: Session, settings: Settings, work: () => Promise<void>): Promise<void> {
  const { runForeground } = await import("../start-daemon.ts");
  const { paths, io, globals } = session;
  io.leaveSignals();
  let failure: unknown;
  const terminal = (line: string): void => {
    if (!globals.quiet) io.err(`${line}\n`);
  };
  const onReady = (): void => {
    session.reconnect();
    work().catch((error: unknown) => {
      failure = error;
      session.call("shutdown", {}).catch(() => process.exit(EXIT.other));
    });
  };
  await runForeground({ paths, settings, env: io.env, verbose: globals.verbose, terminal, onReady });
  if (failure !== undefined) throw failure;
}
