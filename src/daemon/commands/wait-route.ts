/**
 * `wait`: a true barrier (docs/ARCHITECTURE.md).
 *
 * 1. Everything on the disks at this moment, here and on each connected peer,
 *    is in an index. 2. Each side has applied what the other's index then had.
 * What will not get in sync by waiting ends it at once, named.
 */
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import type { Problem } from "../../shared/api-pieces.ts";
import { SyncError } from "../../shared/errors.ts";
import type { PathProblem } from "../../shared/file-info.ts";
import { type DeviceId, type ShortId, shortId } from "../../shared/ids.ts";
import { resolveFolder, resolvePeer } from "../api/resolve-names.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import type { Node } from "../node.ts";
import type { PeerView } from "../peer-set.ts";
import { problemDocument } from "./folder-view.ts";

type Line = RouteOutput<"wait">;
type Result = Extract<Line, { type: "result" }>;
type WaitProblem = Result["problems"][number];

/** Problems that go away by themselves: waiting helps. */
const PASSING = new Set(["E_CHANGING", "E_NO_SOURCE", "E_BAD_DATA", "E_NOT_SYNCED_YET", "E_WRITE_FAILED"]);
const POLL_MS = 100;

interface Goal {
  readonly runtime: FolderRuntime;
  /** Connected peers that share it. */
  readonly peers: readonly DeviceId[];
}

export async function* wait(node: Node, request: RouteRequest<"wait">, signal: AbortSignal): AsyncIterable<Line> {
  const timeout = AbortSignal.timeout(Math.max(1, request.timeoutMs));
  const ends = AbortSignal.any([signal, timeout]);
  const config = node.parts.context.config.get();
  const runtimes =
    request.folders.length === 0
      ? node.folders.all
      : request.folders.map((text) => node.folders.get(resolveFolder(config, text)));
  const named = request.peers.map((text) => resolvePeer(config, text));
  for (const device of named) checkShares(node, runtimes, device);
  await Promise.all(runtimes.filter(isHalted).map((runtime) => runtime.folder.lookForRoot()));
  const problems = runtimes.flatMap((runtime) => stoppedProblem(runtime));
  if (problems.length > 0) {
    yield result(runtimes, { problems });
    return;
  }
  yield progress(runtimes, "waiting for peers to connect");
  const skipped = await untilConnected(node, runtimes, named, request.peerGraceMs, ends);
  const missing = skipped.find((view) => named.includes(view.id));
  if (missing !== undefined) throw notThere(missing);
  const goals = runtimes.map((runtime): Goal => ({ runtime, peers: connectedPeers(node, runtime, named) }));
  yield progress(runtimes, "looking at the disks");
  const waiting = Promise.all(goals.map((goal) => reach(node, goal, ends)));
  let outcome: readonly (readonly WaitProblem[])[] | undefined;
  let failure: unknown;
  waiting.then(
    (found) => (outcome = found),
    (error: unknown) => (failure = error),
  );
  while (outcome === undefined && failure === undefined) {
    await node.parts.clock.sleep(POLL_MS, ends).catch(() => undefined);
    if (outcome === undefined && !ends.aborted) yield progress(runtimes, "syncing");
    if (ends.aborted) await waiting.catch(() => undefined);
  }
  if (signal.aborted) return;
  if (failure !== undefined && !timeout.aborted) throw failure;
  const lasting = (outcome ?? []).flat();
  const timedOut = timeout.aborted && lasting.length === 0;
  yield result(runtimes, { skipped, problems: lasting, timedOut, pending: timedOut ? runtimes.map(pendingText) : [] });
}

/** Waiting for a device that shares nothing of this would never tell anything. */
function checkShares(node: Node, runtimes: readonly FolderRuntime[], device: DeviceId): void {
  if (runtimes.some(({ config }) => Object.hasOwn(config.peers, device))) return;
  const name = node.peers.nameOf(device);
  const folders = runtimes.map(({ id }) => id).join(", ");
  throw new SyncError("E_FOLDER_NOT_FOUND", `${folders || "no folder"} is not shared with ${name}`, {
    hint: `share it: syncline folder share FOLDER --to ${name}`,
  });
}

function notThere({ config: { name }, state, message }: PeerView): SyncError {
  if (state === "connected")
    return new SyncError("E_PEER_OFFLINE", `${name} is connected, but does not share the folder there`, {
      hint: `on ${name}: syncline folder add DIR --folder-id FOLDER, then folder share`,
    });
  if (state === "paused")
    return new SyncError("E_PEER_OFFLINE", `${name} is paused here`, { hint: `syncline peer resume ${name}` });
  return new SyncError("E_PEER_OFFLINE", `${name} is not connected${message === null ? "" : `: ${message}`}`);
}

function progress(runtimes: readonly FolderRuntime[], message: string): Line {
  const states = runtimes.map((runtime) => runtime.folder.status);
  return {
    type: "progress",
    message,
    needFiles: states.reduce((sum, state) => sum + state.needFiles, 0),
    needBytes: states.reduce((sum, state) => sum + state.needBytes, 0),
  };
}

interface Facts {
  readonly skipped?: readonly PeerView[];
  readonly problems?: readonly WaitProblem[];
  readonly timedOut?: boolean;
  readonly pending?: readonly string[];
}

function result(
  runtimes: readonly FolderRuntime[],
  { skipped = [], problems = [], timedOut = false, pending = [] }: Facts,
): Line {
  return {
    type: "result",
    inSync: problems.length === 0 && !timedOut,
    folders: runtimes.map(({ id }) => id),
    skipped: skipped.map((view) => ({ id: view.id, name: view.config.name, state: view.state })),
    problems: [...problems],
    timedOut,
    pending: [...pending],
  };
}

function pendingText(runtime: FolderRuntime): string {
  const { state, needFiles } = runtime.folder.status;
  const behind = runtime.folder.peers.filter((peer) => !peer.hasOurs).length;
  return `${runtime.id}: ${state}, ${needFiles} files to come, ${behind} peers behind`;
}

function isHalted({ config, folder }: FolderRuntime): boolean {
  return !config.paused && folder.status.state === "halted";
}

/** A paused or halted folder will not get in sync by waiting. */
function stoppedProblem(runtime: FolderRuntime): readonly WaitProblem[] {
  if (runtime.config.paused)
    return [named(runtime, null, { path: "", code: "E_PAUSED", message: `the folder ${runtime.id} is paused` })];
  const { reason } = runtime.folder.status;
  return reason === undefined ? [] : [named(runtime, null, reason)];
}

function named(runtime: FolderRuntime, device: string | null, problem: PathProblem): WaitProblem {
  const document: Problem = problemDocument(problem);
  return { ...document, folder: runtime.id, device };
}

function sharing(node: Node, runtime: FolderRuntime, only: readonly DeviceId[]): readonly PeerView[] {
  return node.peers.views.filter(
    (view) => Object.hasOwn(runtime.config.peers, view.id) && (only.length === 0 || only.includes(view.id)),
  );
}

function connectedPeers(node: Node, runtime: FolderRuntime, only: readonly DeviceId[]): readonly DeviceId[] {
  return sharing(node, runtime, only)
    .filter((view) => view.state === "connected" && linked(runtime, view.id) !== undefined)
    .map((view) => view.id);
}

function linked(runtime: FolderRuntime, device: DeviceId): FolderRuntime["folder"]["peers"][number] | undefined {
  const short: ShortId = shortId(device);
  return runtime.folder.peers.find((peer) => peer.device === short);
}

/** Gives peers that share a folder the grace to come up. Returns those that did not. */
async function untilConnected(
  node: Node,
  runtimes: readonly FolderRuntime[],
  only: readonly DeviceId[],
  graceMs: number,
  ends: AbortSignal,
): Promise<readonly PeerView[]> {
  const deadline = node.parts.clock.monotonic() + graceMs;
  const away = (): readonly PeerView[] => {
    const views = new Map<DeviceId, PeerView>();
    for (const runtime of runtimes) {
      for (const view of sharing(node, runtime, only)) {
        const peer = linked(runtime, view.id);
        if (peer === undefined || (!peer.isActive && peer.closed === undefined)) views.set(view.id, view);
      }
    }
    return [...views.values()];
  };
  const mayCome = (): boolean => away().some(({ state }) => state !== "paused");
  if (mayCome()) await node.net.dialNow(null);
  while (mayCome() && node.parts.clock.monotonic() < deadline && !ends.aborted) {
    await node.parts.clock.sleep(20, ends).catch(() => undefined);
  }
  return away();
}

/** Reaches the barrier for one folder. Returns what keeps it from being reached. */
async function reach(node: Node, { runtime, peers }: Goal, ends: AbortSignal): Promise<readonly WaitProblem[]> {
  const { folder } = runtime;
  const [own, ...theirs] = await Promise.all([
    folder.flush(ends),
    ...peers.map(async (device) => ({ device, reply: await folder.askBarrier(shortId(device), ends) })),
  ]);
  if (own === undefined) return stoppedProblem(runtime);
  for (;;) {
    const problems = lasting(node, runtime, peers);
    if (problems.length > 0) return problems;
    const isDone = theirs.every(({ device, reply }) => {
      const peer = linked(runtime, device);
      // A peer that went away meanwhile is waited for: it is connected again, or time runs out.
      return (
        reply !== undefined &&
        peer !== undefined &&
        peer.applied >= own.sequence &&
        folder.hasApplied(shortId(device), reply.sequence)
      );
    });
    if (isDone && folder.isSettled) return [];
    ends.throwIfAborted();
    await folder.changed(AbortSignal.any([ends, AbortSignal.timeout(POLL_MS * 5)]));
  }
}

function lasting(node: Node, runtime: FolderRuntime, peers: readonly DeviceId[]): readonly WaitProblem[] {
  const own = runtime.folder.status.problems.filter((problem) => !PASSING.has(problem.code));
  const others = peers.flatMap((device) => {
    const peer = linked(runtime, device);
    const name = node.peers.nameOf(device);
    if (peer?.closed !== undefined) return [named(runtime, name, { path: "", ...peer.closed })];
    return (peer?.problems ?? [])
      .filter((problem) => !PASSING.has(problem.code))
      .map((problem) => named(runtime, name, problem));
  });
  return [...own.map((problem) => named(runtime, null, problem)), ...others];
}
