import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Folder } from "../../shared/api-folders.ts";
import type { Status } from "../../shared/api-node.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { given, isSet, optionalArgument, textOption } from "../arguments.ts";
import type { CommandHandler, CommandOptions } from "../command-rows/command-row.ts";
import { ApiFailure } from "../failure.ts";
import { formatBytes, formatClock, formatPath, plural } from "../render/format.ts";
import { renderStatus } from "../render/status.ts";
import type { Session } from "../session.ts";
import { ensureRunning, inForeground, isPortOpen, notePort, settingsFromFlags, stopAgain } from "./start.ts";

/** A small folder is counted by then, so that its size can be told. */
const FIRST_SCAN_MS = 700;

/** What `up` has changed. */
interface Outcome {
  readonly started: boolean;
  /** The port for peers was picked by this start. */
  readonly picksPort: boolean;
  /** The folder of DIR; undefined without one. */
  readonly folder: Folder | undefined;
  readonly added: boolean;
}

/** Shares DIR and starts the daemon; changes nothing when all of it is so already. */
export const up: CommandHandler = async (session, args, options) => {
  const directory = optionalArgument(args, 0);
  if (directory === undefined && options["folderId"] !== undefined) {
    throw new SyncError("E_USAGE", "--folder-id needs a directory", { hint: "syncline up DIR --folder-id ID" });
  }
  const path = directory === undefined ? undefined : await checkDirectory(resolve(session.io.cwd, directory));
  const settings = settingsFromFlags(options);
  const picksPort = await isPortOpen(session, settings);
  if (isSet(options, "foreground")) {
    await inForeground(session, settings, async () =>
      tell(session, await share(session, path, options, { started: true, picksPort })),
    );
    return undefined;
  }
  const started = await ensureRunning(session, settings);
  try {
    await tell(session, await share(session, path, options, { started, picksPort: started && picksPort }));
  } catch (error) {
    if (started) await stopAgain(session);
    throw error;
  }
  return undefined;
};

/** Before a daemon is started for it. */
async function checkDirectory(path: string): Promise<string> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => cause);
  if (!(found instanceof Error)) {
    if (found.isDirectory()) return path;
    throw new SyncError("E_NOT_A_DIRECTORY", `${path} is not a directory`);
  }
  if (found.code === "ENOENT" || found.code === "ENOTDIR") {
    throw new SyncError("E_DIR_NOT_FOUND", `${path} does not exist`, {
      cause: found,
      hint: `create it first: mkdir -p ${path}`,
    });
  }
  throw new SyncError("E_PERMISSION", `${path} cannot be opened: ${found.message}`, { cause: found });
}

type Start = Pick<Outcome, "started" | "picksPort">;

async function share(
  session: Session,
  path: string | undefined,
  options: CommandOptions,
  start: Start,
): Promise<Outcome> {
  if (path === undefined) return { ...start, folder: undefined, added: false };
  const request = { path, force: isSet(options, "force"), ...given({ id: textOption(options, "folderId") }) };
  const { folder, added } = await session.call("folderAdd", request);
  return { ...start, folder, added };
}

async function tell(session: Session, outcome: Outcome): Promise<void> {
  const status = await session.call("status", {});
  const { started, folder, added } = outcome;
  if (session.globals.json) {
    session.json({
      started,
      added,
      folder: folder ?? null,
      device: status.device,
      listen: status.listen,
      dashboard: status.dashboard,
      state: status.state,
    });
    return;
  }
  if (!started && !added) {
    session.say(renderStatus(session, status));
    return;
  }
  const counted = await firstCount(session, status, outcome);
  for (const line of sharedLines(session, counted, outcome)) session.say(line);
  if (outcome.picksPort) notePort(session, status);
  if (status.folders.length === 0) session.say("  next: syncline up DIR | syncline join CODE DIR");
  else if (status.peers.length === 0) await offerPairing(session, outcome);
  if (status.dashboard !== null) session.say(`  Dashboard: ${await dashboardLink(session, status.dashboard)}`);
}

function sharedLines(session: Session, status: Status, { folder }: Outcome): readonly string[] {
  const mark = session.style("green", "✓");
  const shown = status.folders.filter(({ id }) => folder === undefined || id === folder.id);
  if (shown.length === 0) return [`${mark} running as ${printable(status.device.name)}; no folder yet`];
  return shown.map((one) => {
    const count = `${plural(one.files, "file")}, ${formatBytes(one.bytes)}${one.state === "scanning" ? " so far" : ""}`;
    return `${mark} sharing ${formatPath(one.path, session.io.userHome)}  (${count})`;
  });
}

/** The status once the first scan has counted the files, or as it is after a moment. */
async function firstCount(session: Session, status: Status, { folder }: Outcome): Promise<Status> {
  let latest = status;
  const isCounted = (): boolean =>
    !latest.folders.some(({ id, state }) => state === "scanning" && (folder === undefined || id === folder.id));
  const enough = AbortSignal.timeout(FIRST_SCAN_MS);
  try {
    if (isCounted()) return latest;
    for await (const item of session.stream("watch", {}, { signal: AbortSignal.any([session.signal, enough]) })) {
      if (item.type === "status") latest = item.status;
      if (isCounted()) break;
    }
  } catch (error) {
    if (!enough.aborted) throw error;
  }
  return latest;
}

/** On a terminal the link signs in, once; what is written elsewhere might be kept. */
async function dashboardLink(session: Session, url: string): Promise<string> {
  if (!session.isLive) return url;
  return (await session.call("dashboardKey", {})).link ?? url;
}

async function offerPairing(session: Session, { folder }: Outcome): Promise<void> {
  if (!session.isLive) {
    session.say("  Pair another machine: syncline peer invite");
    return;
  }
  try {
    const invite = await session.call("peerInvite", { asked: false, folders: folder === undefined ? [] : [folder.id] });
    const left = formatClock(new Date(invite.expires).getTime() - session.io.now().getTime());
    session.say(
      `  Pair another machine:\n    ${session.style("bold", `syncline join ${invite.code}`)}   (${left} left)`,
    );
  } catch (error) {
    // Several folders and no DIR, or pairing closed after too many dead codes: the folder is shared all the same.
    if (!(error instanceof ApiFailure)) throw error;
    session.say("  Pair another machine: syncline peer invite --folder FOLDER");
  }
}
