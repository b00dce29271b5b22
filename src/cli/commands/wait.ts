import type { WaitResult } from "../../shared/api-node.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { listOption, textOption } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { parseDuration } from "../parse-duration.ts";
import { formatBytes, plural } from "../render/format.ts";
import { LiveArea } from "../render/live-area.ts";
import { Session } from "../session.ts";

const TIMEOUT_MS = 60_000;
const PEER_GRACE_MS = 5000;
/** The daemon answers when time is up; this is for one that does not. */
const ANSWER_MS = 10_000;
/** What a timer can hold. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Waits until every change made so far is everywhere. */
export const wait: CommandHandler = async (session, _args, options) => {
  const grace = textOption(options, "peerGrace");
  const timeoutMs = session.globals.timeoutMs ?? TIMEOUT_MS;
  const input = {
    folders: listOption(options, "folder"),
    peers: listOption(options, "peer"),
    peerGraceMs: grace === undefined ? PEER_GRACE_MS : parseDuration(grace, "--peer-grace"),
    timeoutMs,
  };
  const result = await follow(withoutTimeout(session), input, timeoutMs);
  if (session.globals.json) {
    const { type: _, ...document } = result;
    session.json(document);
  } else tell(session, result);
  const failure = failureOf(result, input.peers.length > 0);
  if (failure !== undefined) throw failure;
  return undefined;
};

/** --timeout is the daemon's to keep here: its answer says what is still pending. */
function withoutTimeout(session: Session): Session {
  const { io, globals, paths, interrupt } = session;
  return new Session({ io, globals, paths, interrupt, signal: interrupt });
}

type WaitInput = { folders: string[]; peers: string[]; peerGraceMs: number; timeoutMs: number };

async function follow(session: Session, input: WaitInput, timeoutMs: number): Promise<WaitResult> {
  const area = new LiveArea(session.io);
  const late = AbortSignal.timeout(Math.min(timeoutMs + ANSWER_MS, TIMER_MS_MAX));
  try {
    for await (const item of session.stream("wait", input, { signal: AbortSignal.any([session.signal, late]) })) {
      if (item.type === "result") return item;
      const need =
        item.needFiles > 0 ? `  ${plural(item.needFiles, "file")}, ${formatBytes(item.needBytes)} to go` : "";
      if (session.isLive) area.draw([`… ${printable(item.message)}${need}`]);
    }
  } catch (error) {
    if (late.aborted) throw new SyncError("E_TIMEOUT", "the daemon does not answer", { cause: error });
    throw error;
  } finally {
    if (session.isLive) area.clear();
  }
  throw new SyncError("E_INTERNAL", "the daemon gave no answer");
}

function tell(session: Session, result: WaitResult): void {
  for (const { name, state } of result.skipped) {
    const why = state === "connected" ? "does not share all of it there" : `is ${state}`;
    session.note(`left out: ${printable(name)} ${why}`);
  }
  for (const { folder, path, code, message, fix, device } of result.problems) {
    const where = path === "" ? folder : `${folder}/${path}`;
    const whose = device === null ? "" : ` on ${device}`;
    session.io.err(`${printable(`${where}${whose}: ${message} (${code})`)}\n  next: ${printable(fix)}\n`);
  }
  if (result.inSync) session.say(`${session.style("green", "✓")} in sync: ${plural(result.folders.length, "folder")}`);
}

/** Why the wait was in vain; a problem before time, because more time would not help. */
function failureOf(result: WaitResult, hasPeers: boolean): SyncError | undefined {
  if (result.problems.length > 0)
    return new SyncError("E_PARTIAL", `not in sync: ${plural(result.problems.length, "problem")}`);
  if (result.timedOut) {
    const pending = result.pending.length === 0 ? "" : `; waiting for ${result.pending.join(", ")}`;
    return new SyncError("E_TIMEOUT", `not in sync in time${pending}`);
  }
  if (hasPeers && result.skipped.length > 0) {
    return new SyncError("E_PEER_OFFLINE", `not there: ${result.skipped.map(({ name }) => name).join(", ")}`);
  }
  return result.inSync ? undefined : new SyncError("E_NOT_SYNCED_YET", "not in sync");
}
