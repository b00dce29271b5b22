/** Uploads and downloads that a person of this node asks for, and what becomes of them. */
import { join } from "node:path";
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import { API } from "../../shared/api.ts";
import type { TransferLine, TransferView } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId, FolderId } from "../../shared/ids.ts";
import type { TransferFilter, TransferRow } from "../../sync/index/transfer-port.ts";
import { type Actor, ownerFor } from "../api/actor.ts";
import { Feed } from "../api/feed.ts";
import type { NodeService, RequestContext } from "../api/node-service.ts";
import { resolvePeer } from "../api/resolve-names.ts";
import { noticeOwners } from "../api/visible.ts";
import type { NetPeer } from "../net/net-peer.ts";
import type { Node } from "../node.ts";
import { Serving } from "../transfers/ask-serving.ts";
import { type DownloadRequest, downloadOnce } from "../transfers/download.ts";
import { FileThread } from "../transfers/file-thread.ts";
import { withTicks } from "../transfers/in-parallel.ts";
import type { Job } from "../transfers/job.ts";
import { TransferWay } from "../transfers/transfer-way.ts";
import { type UploadRequest, uploadOnce } from "../transfers/upload.ts";

export type TransferRoutes = Pick<
  NodeService,
  | "download"
  | "upload"
  | "transferList"
  | "transferPause"
  | "transferResume"
  | "transferCancel"
  | "transferRetry"
  | "stats"
  | "notices"
>;

const TICK_MS = 200;
const LOOK_MS = 500;
/** What the serving node is told at the end must not hold up whoever was interrupted. */
const CLOSE_MS = 2000;
const PATHS_AT_ONCE = 500;
const SELF = "self";

export function transferRoutes(node: Node): TransferRoutes {
  const { book } = node.transfers;
  const changed = async (id: number, change: (job: Job) => Promise<void> | void): Promise<TransferView> => {
    const job = book.find(id);
    if (job === undefined) {
      const { state } = book.row(id);
      throw new SyncError("E_TRANSFER_OVER", `transfer ${id} does not run: it is ${state}`, {
        hint: `run it again: syncline transfers retry ${id}`,
      });
    }
    await change(job);
    return viewOf(node, book.row(id));
  };
  return {
    download: (request, context) => download(node, request, context),
    upload: (request, context) => upload(node, request, context),
    transferList: (request, { signal, actor }) => list(node, request, actor, signal),
    transferPause: ({ id }) => changed(id, (job) => job.pause()),
    transferResume: ({ id }) => changed(id, (job) => job.resume()),
    transferCancel: ({ id }) => changed(id, (job) => job.cancel()),
    transferRetry: ({ id }, context) => retry(node, id, context),
    stats: async (request, { actor }) => stats(node, request, actor),
    notices: async (request, { actor }) => await notices(node, request, actor),
  };
}

async function* retry(node: Node, id: number, context: RequestContext): AsyncGenerator<TransferLine> {
  const { book } = node.transfers;
  if (book.find(id) !== undefined)
    throw new SyncError("E_TRANSFER_OVER", `transfer ${id} still runs`, { hint: `syncline transfers resume ${id}` });
  const row = book.row(id);
  if (row.request === null)
    throw new SyncError(
      "E_TRANSFER_OVER",
      row.side === "served" ? `transfer ${id} was asked for on another device` : `transfer ${id} went to a browser`,
      { hint: "run it again there" },
    );
  const input: unknown = JSON.parse(row.request);
  // As whom it was asked for, unless somebody else asks now.
  const again = { ...context, asUser: context.asUser ?? row.user ?? undefined };
  if (row.kind === "upload") yield* upload(node, API.upload.input.parse(input), again);
  else yield* download(node, API.download.input.parse(input), again);
}

async function* download(node: Node, request: DownloadRequest, context: RequestContext): AsyncGenerator<TransferLine> {
  const { folder, path, output } = request;
  yield* transfer(node, { kind: "download", request, folder, path, local: output }, context, (parts) => {
    const { index, clock, hasher, log, identity } = node.parts;
    const rootOf = (id: string): string | undefined => node.folders.find(id as FolderId)?.config.path;
    const { locks } = node.transfers.book;
    const run = { request, ...parts, locks, index, clock, hasher, log, rootOf, self: identity.shortId };
    return (until) => downloadOnce(run, until);
  });
}

async function* upload(node: Node, request: UploadRequest, context: RequestContext): AsyncGenerator<TransferLine> {
  const { folder, path, sources } = request;
  const { book, ownOffers } = node.transfers;
  const local = sources.length === 1 ? (sources[0]?.path ?? "") : `${sources.length} sources`;
  yield* transfer(node, { kind: "upload", request, folder, path, local }, context, (parts) => {
    const offer = async (
      device: DeviceId | null,
      token: FolderId,
      files: Parameters<typeof node.net.setOffer>[2],
    ): Promise<void> => {
      if (device !== null) return await node.net.setOffer(device, token, files);
      if (files.length === 0) ownOffers.delete(token);
      else ownOffers.set(token, parts.thread);
      await parts.thread.call("offer", [token, files]);
    };
    return (until) => uploadOnce({ request, ...parts, newToken: () => book.newToken(), offer }, until);
  });
}

interface RunParts {
  readonly key: string;
  readonly job: Job;
  readonly serving: Serving;
  readonly thread: FileThread;
  /** Undefined where nothing goes over a network. */
  readonly way: TransferWay | undefined;
}

/** A transfer from its row to its summary: attempts until one is through, and the last word on both ends. */
async function* transfer(
  node: Node,
  asked: {
    readonly kind: "upload" | "download";
    readonly request: UploadRequest | DownloadRequest;
    readonly folder: string;
    readonly path: string;
    readonly local: string;
  },
  { signal, actor, asUser }: RequestContext,
  prepare: (parts: RunParts) => (signal: AbortSignal) => AsyncIterable<TransferLine>,
): AsyncGenerator<TransferLine> {
  const { book } = node.transfers;
  const { kind, request, folder, path, local } = asked;
  let peer = await reach(node, request.peer);
  if (peer === undefined && asUser !== undefined)
    throw new SyncError(
      "E_USAGE",
      "--user is for what another device does: on its own node, whoever can open it is admin",
    );
  const key = book.newKey();
  const device = peer?.device ?? null;
  const job = await book.open({
    key,
    kind,
    folder,
    path,
    local,
    device,
    user: asUser ?? null,
    request: JSON.stringify(request),
  });
  let serving = new Serving(node.transfers.serving, peer, { actor, asUser });
  const stored: string[] = [];
  let failure: unknown;
  let isOver = false;
  try {
    const name = serving.name;
    yield { type: "started", id: job.id, device: name, folder, path, local };
    const once = async function* (until: AbortSignal): AsyncGenerator<TransferLine> {
      if (!serving.isOpen) {
        peer = await reach(node, request.peer);
        serving = new Serving(node.transfers.serving, peer, { actor, asUser });
      }
      const way = await wayOf(node, { request, peer, name: serving.name, job }, until);
      const thread = newThread(node);
      try {
        for await (const line of prepare({ key, job, serving, thread, way })(until)) {
          if (line.type === "file" && line.outcome === "stored") stored.push(line.path);
          yield line;
        }
      } finally {
        way?.[Symbol.dispose]();
        await thread[Symbol.asyncDispose]();
      }
    };
    const comesBack = (until: AbortSignal): Promise<boolean> => isBack(node, request.peer, until);
    const lines = job.attempts(signal, once, comesBack);
    yield* withTicks(lines, () => job.line(), TICK_MS, node.parts.clock);
    isOver = true;
  } catch (error) {
    failure = error;
    isOver = true;
  } finally {
    if (!isOver) failure = new SyncError("E_INTERRUPTED", "the transfer was interrupted");
    const summary = await job.finish(failure);
    await tellEnd(job, serving, key, summary, kind === "download" ? stored : []);
    if (isTemporary(request)) await removeAll(node, request);
    book.close(job);
    tellEvent(node, job, summary);
    if (isOver && failure === undefined) yield summary;
  }
  if (failure !== undefined) throw failure;
  const partial = job.failure();
  if (partial !== undefined) throw partial;
}

export function tellEvent(node: Node, job: Job, summary: Extract<TransferLine, { type: "summary" }>): void {
  const { kind, device, path } = job.row;
  const { state, files, fileBytes, wireBytes } = summary;
  node.parts.events.add({
    type: "transfer.done",
    path,
    device: device ?? node.parts.identity.deviceId,
    data: { transfer: job.id, kind, folder: job.row.folder, state, files, fileBytes, wireBytes },
  });
}

export async function reach(node: Node, text: string): Promise<NetPeer | undefined> {
  return text === SELF ? undefined : await node.transfers.serving.asker.reach(text);
}

/** Waits for a device to come back; false when the signal aborts first. */
export async function isBack(node: Node, text: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const peer = await reach(node, text).catch(() => undefined);
    if (peer?.isOpen === true) return true;
    await node.parts.clock.sleep(LOOK_MS, signal).catch(() => undefined);
  }
  return false;
}

export function newThread(node: Node): FileThread {
  const folders = node.folders.all.map(({ id, config }) => ({ id, root: config.path }));
  return new FileThread({ indexFile: join(node.parts.context.paths.stateDir, "index.db"), folders });
}

/** Which way bytes go that come over the connection that stands, and why. */
export function transportOf(peer: NetPeer | undefined): {
  readonly transport: string | null;
  readonly why: string;
} {
  if (peer === undefined) return { transport: null, why: "it is this node: nothing goes over the network" };
  const { transport } = peer.facts;
  return { transport, why: `${transport} is the connection that stands` };
}

/** Which way bytes go, which is told together with why; undefined: none at all. */
async function wayOf(
  node: Node,
  asked: {
    readonly request: UploadRequest | DownloadRequest;
    readonly peer: NetPeer | undefined;
    readonly name: string;
    readonly job: Job;
  },
  signal: AbortSignal,
): Promise<TransferWay | undefined> {
  const { request, peer, name, job } = asked;
  const tell = (way: ReturnType<typeof transportOf>): void => void Object.assign(job, way);
  tell(transportOf(peer));
  if (peer === undefined) return undefined;
  const { udp } = node.transfers;
  const { transport: wish, limit } = request;
  const isLimited = limit !== undefined;
  return await TransferWay.open({ wish, isLimited, peer, name, udp, clock: node.parts.clock, tell }, signal);
}

/** Tells the serving node how it ended; what was downloaded is told for its owners' sake. Never throws. */
export async function tellEnd(
  job: Job,
  serving: Serving,
  key: string,
  summary: Extract<TransferLine, { type: "summary" }>,
  stored: readonly string[],
): Promise<void> {
  if (serving.peer === undefined || !serving.isOpen) return;
  const { files, fileBytes, wireBytes, saved, durationMs, state, transport } = summary;
  const failure = job.failure();
  const code = failure?.code ?? null;
  const message = failure?.message.slice(0, 1000) ?? null;
  const sums = { files, fileBytes, wireBytes, saved, durationMs, transport, code, message };
  const signal = AbortSignal.timeout(CLOSE_MS);
  try {
    for (let start = 0; ; start += PATHS_AT_ONCE) {
      const paths = stored.slice(start, start + PATHS_AT_ONCE);
      const isLast = start + PATHS_AT_ONCE >= stored.length;
      const said = state === "running" ? "interrupted" : state;
      await serving.call("transferClose", { key, state: said, ...sums, paths, isLast }, signal);
      if (isLast) return;
    }
  } catch {
    // It ends there by itself when the connection does.
  }
}

function isTemporary(request: UploadRequest | DownloadRequest): request is UploadRequest {
  return "isTemporary" in request && request.isTemporary;
}

async function removeAll(node: Node, { sources }: UploadRequest): Promise<void> {
  const thread = newThread(node);
  try {
    for (const { path } of sources) await thread.call("remove", [path]).catch(() => undefined);
  } finally {
    await thread[Symbol.asyncDispose]();
  }
}

async function* list(
  node: Node,
  request: RouteRequest<"transferList">,
  actor: Actor,
  signal: AbortSignal,
): AsyncGenerator<RouteOutput<"transferList">> {
  const { book } = node.transfers;
  const told = new Map<number, string>();
  const news = function* (): Generator<RouteOutput<"transferList">> {
    const rows = latest(node, request);
    for (const row of rows.toReversed()) {
      const view = seenBy(actor, viewOf(node, row));
      const text = JSON.stringify({ ...view, durationMs: 0 });
      if (told.get(row.id) === text) continue;
      told.set(row.id, text);
      yield { type: "transfer", ...view };
    }
  };
  yield* news();
  if (!request.follow) {
    yield { type: "summary", transfers: told.size, running: book.running.length };
    return;
  }
  const feed = new Feed<true>(1);
  const stop = book.onChange(() => feed.push(true));
  try {
    for await (const _ of feed.items(signal)) yield* news();
  } finally {
    stop();
  }
}

function latest(node: Node, request: RouteRequest<"transferList">): readonly TransferRow[] {
  const { read } = node.parts.index;
  const { limit } = request;
  if (request.all) return read.transfers({}, { limit });
  return [...read.transfers({ kind: "upload" }, { limit }), ...read.transfers({ kind: "download" }, { limit })]
    .toSorted((a, b) => b.id - a.id)
    .slice(0, limit);
}

function viewOf(node: Node, row: TransferRow): TransferView {
  const job = row.side === "asked" ? node.transfers.book.find(row.id) : undefined;
  const { key: _key, request: _request, startedAtMs, endedAtMs, ...facts } = row;
  const durationMs = job?.durationMs ?? row.durationMs;
  const progress = job?.progress;
  return {
    ...facts,
    folder: row.folder,
    deviceName: row.device === null ? null : node.peers.nameOf(row.device as DeviceId),
    durationMs,
    bytesPerSecond: durationMs > 0 && row.fileBytes > 0 ? Math.round((row.fileBytes * 1000) / durationMs) : null,
    startedAt: new Date(startedAtMs).toISOString(),
    endedAt: endedAtMs === null ? null : new Date(endedAtMs).toISOString(),
    progress:
      job === undefined || progress === undefined
        ? null
        : {
            path: progress.path,
            doneBytes: job.doneBytes,
            bytes: progress.bytes,
            doneFiles: progress.doneFiles,
            files: progress.files,
          },
  };
}

/** Where files of this machine lie is for admins. */
function seenBy(actor: Actor, view: TransferView): TransferView {
  return actor.role === "admin" ? view : { ...view, local: "" };
}

function stats(node: Node, request: RouteRequest<"stats">, actor: Actor): RouteOutput<"stats"> {
  const config = node.parts.context.config.get();
  const nowMs = node.parts.clock.now();
  const filter: TransferFilter = {
    fromMs: request.from === undefined ? undefined : Date.parse(request.from),
    toMs: request.to === undefined ? undefined : Date.parse(request.to),
    device: request.peer === undefined ? undefined : resolvePeer(config, request.peer),
    folder: request.folder,
    direction: request.direction,
    kind: request.kind,
  };
  const { read } = node.parts.index;
  const rows = read.transfers(filter, { limit: request.limit });
  const { transfers, ...totals } = read.transferTotals(filter);
  return {
    from: request.from ?? null,
    to: request.to ?? new Date(nowMs).toISOString(),
    transfers: rows.toReversed().map((row) => seenBy(actor, viewOf(node, row))),
    totals: { transfers, ...totals },
  };
}

async function notices(node: Node, request: RouteRequest<"notices">, actor: Actor): Promise<RouteOutput<"notices">> {
  const { index, clock, identity } = node.parts;
  const owners = noticeOwners(actor, identity.shortId);
  // An admin sees everybody's, and counts and marks as read his own and this device's.
  const only = actor.role === "admin" ? {} : { owner: ownerFor(actor, identity.shortId) };
  const rows = index.read.notices({ unreadOnly: request.unread, limit: request.limit, ...only });
  const unread = index.read.unreadNotices(owners);
  const newest = Math.max(0, ...rows.map(({ id }) => id));
  if (request.markRead && newest > 0) await index.write.noticesRead(newest, clock.now(), owners);
  return {
    unread,
    notices: rows.toReversed().map((row) => {
      const { id, folder, path, user, count, device } = row;
      const deviceName = nameOfText(node, device);
      const who = user === null ? deviceName : `${deviceName} (${user})`;
      const times = count === 1 ? "" : ` ${count} times`;
      return {
        ...{ id, folder, path, user, count, device, deviceName },
        owner: node.peers.ownerName(row.owner),
        from: row.from === null ? null : nameOfText(node, row.from),
        firstAt: new Date(row.firstAtMs).toISOString(),
        lastAt: new Date(row.lastAtMs).toISOString(),
        read: row.readAtMs !== null,
        message: `${path} was downloaded by ${who}${times}`,
      };
    }),
  };
}

/** A device that another one named may be none that this node knows. */
function nameOfText(node: Node, device: string): string {
  const id = device as DeviceId;
  if (id === node.parts.identity.deviceId) return node.parts.context.config.get().name;
  return node.peers.nameOf(id);
}
