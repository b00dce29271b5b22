/** What a node says of itself: status, why, watch, events. */
import process from "node:process";
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import type { FolderState } from "../../shared/api-folders.ts";
import type { NodeEvent, Status } from "../../shared/api-node.ts";
import { ERRORS, SyncError } from "../../shared/errors.ts";
import { formatHostPort } from "../../shared/host-port.ts";
import { type FolderId, parseRelPath, type RelPath, relPathFault } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { addTransfer, NO_TRANSFER } from "../../shared/transfer-bytes.ts";
import { covers, joinHeads, winnerOf } from "../../sync/core/heads.ts";
import type { Actor } from "../api/actor.ts";
import { Feed } from "../api/feed.ts";
import type { NodeService } from "../api/node-service.ts";
import { resolveFolder } from "../api/resolve-names.ts";
import { maySeeEvent, noticeOwners } from "../api/visible.ts";
import { toNodeEvent } from "../event-book.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import type { Node } from "../node.ts";
import { fixFor, folderStatus, problemDocument } from "./folder-view.ts";
import { peerStatus } from "./peer-routes.ts";
import { newsOf } from "./status-news.ts";

export type StatusRoutes = Pick<NodeService, "status" | "why" | "watch" | "events">;

/** More than a third of a second: with the first one, which comes at once, a page is told of what happens four times in any second at most, also where one is late. */
const WATCH_MS = 340;
const FEED_MAX = 10_000;
/** From best to worst. */
const SEVERITY: readonly FolderState[] = ["in-sync", "paused", "scanning", "syncing", "halted", "error"];

export function statusRoutes(node: Node): StatusRoutes {
  const ticks = new StatusTicks(node);
  return {
    status: (_request, { actor }) => statusOf(node, actor),
    why: async ({ folder, path }) =>
      why(node, node.folders.get(resolveFolder(node.parts.context.config.get(), folder)), path),
    watch: (request, { signal, actor }) => watch(node, ticks, request, actor, signal),
    events: (request, { signal }) => events(node, request, signal),
  };
}

async function statusOf(node: Node, actor: Actor): Promise<Status> {
  return { ...(await commonStatus(node)), notices: noticesOf(node, actor) };
}

function noticesOf({ parts }: Node, actor: Actor): number {
  return parts.index.read.unreadNotices(noticeOwners(actor, parts.identity.shortId));
}

type CommonStatus = Omit<Status, "notices">;

/** Ticks for all who follow the status together: each page more costs nearly nothing, and all see the same at once. */
class StatusTicks {
  readonly #node: Node;
  #next: Promise<CommonStatus> | undefined;

  constructor(node: Node) {
    this.#node = node;
  }

  /** The status as it is in a moment. */
  async next(): Promise<CommonStatus> {
    this.#next ??= this.#make().finally(() => {
      this.#next = undefined;
    });
    return await this.#next;
  }

  async #make(): Promise<CommonStatus> {
    await this.#node.parts.clock.sleep(WATCH_MS);
    return await commonStatus(this.#node);
  }
}

async function commonStatus(node: Node): Promise<CommonStatus> {
  const { parts, peers, folders, net } = node;
  const { context, identity } = parts;
  const counters = await net.counters();
  const shown = folders.all.map((runtime) => withPeerProblems(node, runtime));
  const traffic = folders.all.map(({ folder }) => folder.traffic).reduce(addTransfer, NO_TRANSFER);
  return {
    device: { id: identity.deviceId, name: context.config.get().name },
    listen: [formatHostPort(net.listening)],
    dashboard: node.dashboard.url,
    state: shown.reduce<FolderState>(
      (worst, { state }) => (SEVERITY.indexOf(state) > SEVERITY.indexOf(worst) ? state : worst),
      "in-sync",
    ),
    folders: shown,
    peers: peers.views.map((view) => peerStatus(node, view)),
    traffic: {
      wireBytesSent: counters.sent,
      wireBytesReceived: counters.received,
      fileBytes: traffic.fileBytes,
      savedBytes: traffic.saved,
    },
    process: {
      pid: process.pid,
      version: context.version,
      startedAt: context.startedAt.toISOString(),
      rssBytes: process.memoryUsage.rss(),
      loopLagMs: context.loopLag.read(),
    },
  };
}

/** What peers say that they do not take belongs to the answer to why a folder is not in sync. */
function withPeerProblems(node: Node, runtime: FolderRuntime): Status["folders"][number] {
  const status = folderStatus(runtime);
  const told = runtime.folder.peers.flatMap(({ device, problems }) =>
    problems.map((problem) => ({
      ...problemDocument(problem),
      message: `${node.peers.nameOfShort(device)}: ${problem.message}`,
    })),
  );
  return {
    ...status,
    problems: [...status.problems, ...told].slice(0, LIMITS.problemsShown.value),
    problemsTotal: status.problemsTotal + told.length,
  };
}

type Why = RouteOutput<"why">;

/** One reason, the most telling first: the folder's own state, then the path's, then the peers'. */
function why(node: Node, runtime: FolderRuntime, text: string): Why {
  const { folder, id } = runtime;
  const { reason } = folder.status;
  const answer = (code: string, message: string): Why => ({
    path: text,
    inSync: false,
    code,
    message,
    fix: fixFor(code),
  });
  if (runtime.config.paused) return answer("E_PAUSED", `the folder ${id} is paused here`);
  if (reason !== undefined) return answer(reason.code, reason.message);
  if (text === "") return whyFolder(node, runtime);
  const fault = relPathFault(text);
  if (fault !== undefined)
    return answer(text.includes("\uFFFD") ? "E_NAME_NOT_UTF8" : "E_BAD_PATH", `the path ${fault}`);
  const path = parseRelPath(text);
  if (folder.isIgnored(path))
    return {
      path: text,
      inSync: true,
      code: "E_IGNORED",
      message: "an ignore pattern matches it, so that it does not sync",
      fix: ERRORS.E_IGNORED.hint,
    };
  const problem = folder.problemOf(path);
  if (problem !== undefined) return answer(problem.code, problem.message);
  if (folder.isHeld(path))
    return answer("E_MANY_DELETES", "its deletion is held, because very many files were deleted");
  return whyPath(node, runtime, path, answer);
}

function whyFolder(node: Node, runtime: FolderRuntime): Why {
  const { state, problems } = runtime.folder.status;
  const [problem] = problems;
  // A device that sends wrong bytes keeps nothing out of step as long as others have what is needed.
  const inSync = state === "in-sync" && problem?.code === "E_BAD_DATA";
  if (problem !== undefined)
    return { path: "", inSync, code: problem.code, message: problem.message, fix: fixFor(problem.code) };
  const behind = peersBehind(node, runtime);
  if (behind !== undefined) return { path: "", inSync: false, ...behind };
  if (state === "in-sync") return { path: "", inSync: true, code: null, message: "in sync", fix: null };
  return {
    path: "",
    inSync: false,
    code: "E_NOT_SYNCED_YET",
    message: `the folder is ${state}`,
    fix: ERRORS.E_NOT_SYNCED_YET.hint,
  };
}

function whyPath(
  node: Node,
  runtime: FolderRuntime,
  path: RelPath,
  answer: (code: string, message: string) => Why,
): Why {
  const { index } = node.parts;
  const local = index.read.local(runtime.id, path);
  const remotes = index.read.remote(runtime.id, path);
  if (local === undefined && remotes.length === 0)
    throw new SyncError("E_PATH_NOT_FOUND", `neither this device nor a peer knows ${path} in ${runtime.id}`);
  const heads = remotes.map((remote) => remote.heads).reduce(joinHeads, local?.heads ?? []);
  const isCurrent =
    local !== undefined && covers(local.heads, heads) && (local.stamp !== null || winnerOf(heads).deleted);
  if (!isCurrent) {
    if (runtime.config.mode === "send-only")
      return answer("E_SEND_ONLY", "others have another version; this folder only sends");
    return answer("E_NOT_SYNCED_YET", "a newer version is known and has not arrived yet");
  }
  const behind = peersBehind(node, runtime, local.sequence);
  if (behind !== undefined) return { path, inSync: false, ...behind };
  const note = winnerOf(heads).deleted ? "deleted on all devices" : "in sync";
  return { path, inSync: true, code: null, message: note, fix: null };
}

/** The first peer that has not acknowledged our state up to `sequence`. */
function peersBehind(
  node: Node,
  runtime: FolderRuntime,
  sequence?: number,
): { code: string; message: string; fix: string } | undefined {
  for (const progress of runtime.folder.peers) {
    const name =
      node.peers.views.find(
        (view) => view.facts !== undefined && view.id.replaceAll("-", "").startsWith(progress.device),
      )?.config.name ?? progress.device;
    if (progress.closed !== undefined)
      return {
        code: progress.closed.code,
        message: `${name}: ${progress.closed.message}`,
        fix: fixFor(progress.closed.code),
      };
    const isBehind = sequence === undefined ? !progress.hasOurs : progress.applied < sequence;
    if (!isBehind) continue;
    const [problem] = progress.problems;
    if (problem !== undefined)
      return { code: problem.code, message: `${name}: ${problem.message}`, fix: fixFor(problem.code) };
    return { code: "E_NOT_SYNCED_YET", message: `${name} has not confirmed it yet`, fix: ERRORS.E_NOT_SYNCED_YET.hint };
  }
  return undefined;
}

async function* watch(
  node: Node,
  ticks: StatusTicks,
  { since, burst }: RouteRequest<"watch">,
  actor: Actor,
  signal: AbortSignal,
): AsyncIterable<RouteOutput<"watch">> {
  const { shortId: self } = node.parts.identity;
  const isSeen = (event: NodeEvent): boolean => maySeeEvent(actor, event, self);
  const feed = new Feed<NodeEvent>(FEED_MAX);
  const stop = node.parts.events.follow((event) => {
    if (isSeen(event)) feed.push(event);
  });
  let told = "";
  let lastId = since ?? 0;
  try {
    if (since !== undefined) {
      await node.parts.events.settled();
      for (const event of storedEvents(node.parts.index, { since, limit: LIMITS.eventsKept.value }, undefined)) {
        lastId = Math.max(lastId, event.id);
        if (isSeen(event)) yield { type: "event", event };
      }
    }
    let status = await statusOf(node, actor);
    while (!signal.aborted) {
      const news = newsOf(status);
      if (news !== told) yield { type: "status", status };
      told = news;
      const fresh = feed.take();
      for (const event of fresh.slice(burst === undefined ? 0 : -burst))
        if (event.id > lastId) yield { type: "event", event };
      status = { ...(await ticks.next()), notices: noticesOf(node, actor) };
    }
  } finally {
    stop();
  }
}

async function* events(
  node: Node,
  request: RouteRequest<"events">,
  signal: AbortSignal,
): AsyncIterable<RouteOutput<"events">> {
  const { index, events: book, context } = node.parts;
  const folder = request.folder === undefined ? undefined : resolveFolder(context.config.get(), request.folder);
  const matches = (event: NodeEvent): boolean =>
    (folder === undefined || event.folder === folder) &&
    (request.type === undefined || event.type === request.type || event.type.startsWith(`${request.type}.`));
  const feed = new Feed<NodeEvent>(FEED_MAX);
  const stop = book.follow((event) => feed.push(event));
  try {
    await book.settled();
    let lastId = request.since ?? 0;
    let count = 0;
    for (const event of storedEvents(index, request, folder)) {
      lastId = Math.max(lastId, event.id);
      if (!matches(event)) continue;
      count++;
      yield event;
    }
    if (!request.follow) {
      yield { type: "summary", events: count, lastId };
      return;
    }
    for await (const event of feed.items(signal)) if (event.id > lastId && matches(event)) yield event;
  } finally {
    stop();
  }
}

function* storedEvents(
  index: Node["parts"]["index"],
  request: Pick<RouteRequest<"events">, "since" | "limit">,
  folder: FolderId | undefined,
): Generator<NodeEvent> {
  const limit = Math.min(request.limit, LIMITS.eventsKept.value);
  if (request.since === undefined) {
    for (const row of index.read.lastEvents(limit)) yield toNodeEvent(row);
    return;
  }
  for (const row of index.read.events({ since: request.since, limit, ...(folder === undefined ? {} : { folder }) }))
    yield toNodeEvent(row);
}
