import { resolve } from "node:path";
import type { JoinResult } from "../../shared/api-peers.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { given, isSet, optionalArgument, textOption } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { formatPath } from "../render/format.ts";
import { LiveArea } from "../render/live-area.ts";
import type { Session } from "../session.ts";
import { followArrival } from "./arrival.ts";
import { ensureRunning, inForeground, isPortOpen, notePort, settingsFromFlags, stopAgain } from "./start.ts";

/** What a person may type of a code: channel digit and six more, in groups. */
const CODE = /^\d[- ]?\d{3}[- ]?\d{3}$/;
const LINK = /^[a-z][a-z0-9+.-]*:\S+$/i;

/** Pairs by code or link, takes up the folder, and returns when both sides have stored it. */
export const join: CommandHandler = async (session, args, options) => {
  const { code, directory } = await readCode(session, optionalArgument(args, 0), optionalArgument(args, 1));
  const settings = settingsFromFlags(options);
  const request = {
    code,
    path: directory === undefined ? null : resolve(session.io.cwd, directory),
    at: textOption(options, "at") ?? null,
    force: isSet(options, "force"),
    ...given({ folderId: textOption(options, "folderId") }),
  };
  if (isSet(options, "foreground")) {
    await inForeground(session, settings, () => pair(session, request));
    return undefined;
  }
  const picksPort = await isPortOpen(session, settings);
  const started = await ensureRunning(session, settings);
  try {
    if (started && picksPort) notePort(session, await session.call("status", {}));
    await pair(session, request);
  } catch (error) {
    if (started && !(await hasPeers(session))) await stopAgain(session);
    throw error;
  }
  return undefined;
};

type JoinInput = { code: string; path: string | null; at: string | null; force: boolean; folderId?: string };

async function pair(session: Session, request: JoinInput): Promise<void> {
  const result = await runJoin(session, request);
  if (session.globals.json) {
    const { type: _, ...document } = result;
    session.json(document);
    return;
  }
  session.say(
    `${session.style("green", "✓")} paired with ${printable(result.peer.name)} (${result.words.map(printable).join("-")})`,
  );
  for (const folder of result.folders) {
    const verb = folder.isNew ? "syncing" : "already here:";
    session.say(`${session.style("green", "✓")} ${verb} ${formatPath(folder.path, session.io.userHome)}`);
  }
  if (result.folders.length > 0 && session.isLive) await followArrival(session, result);
  session.say("  next: syncline status");
}

async function runJoin(session: Session, request: JoinInput): Promise<JoinResult> {
  const area = new LiveArea(session.io);
  try {
    for await (const item of session.stream("join", request)) {
      if (item.type === "result") return item;
      if (session.isLive) area.draw([`… ${printable(item.message)}`]);
    }
  } finally {
    if (session.isLive) area.clear();
  }
  throw new SyncError("E_INTERNAL", "the daemon gave no answer to the code");
}

async function hasPeers(session: Session): Promise<boolean> {
  try {
    return (await session.call("peerList", {})).peers.length > 0;
  } catch {
    return false;
  }
}

interface Given {
  readonly code: string;
  readonly directory: string | undefined;
}

/** The code may be an argument, `-` or left out; a lone argument that is no code is DIR. */
async function readCode(session: Session, first: string | undefined, second: string | undefined): Promise<Given> {
  if (first !== undefined && first !== "-" && (CODE.test(first) || LINK.test(first) || second !== undefined)) {
    return { code: checkCode(first), directory: second };
  }
  if (first !== undefined && first !== "-" && !/[/\\~.]/.test(first)) throw notACode(first);
  const directory = first === "-" ? second : first;
  return { code: checkCode(await askForCode(session, first === "-")), directory };
}

async function askForCode(session: Session, fromInput: boolean): Promise<string> {
  const { io, globals } = session;
  const canAsk = io.isInteractive && globals.input && !fromInput;
  const line = canAsk ? await io.ask("Code that the other machine shows: ") : await io.readLine();
  if (line !== undefined && line.trim() !== "") return line.trim();
  throw new SyncError("E_USAGE", "no code was given", {
    hint: "run `syncline peer invite` on the other machine, then: syncline join CODE DIR",
  });
}

function checkCode(text: string): string {
  if (LINK.test(text)) return text;
  if (!CODE.test(text)) throw notACode(text);
  const digits = text.replaceAll(/\D/g, "");
  return `${digits.slice(0, 1)}-${digits.slice(1)}`;
}

function notACode(text: string): SyncError {
  return new SyncError("E_USAGE", `"${printable(text.slice(0, 80))}" is not a pairing code`, {
    hint: "a code looks like 7-482913; `syncline peer invite` on the other machine makes one",
  });
}
