/** Runs an upload or a download that was asked for here: attempts, its row, and the last word on both ends. */
import { realpathSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import type { TransferLine } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import { type DeviceId, type FolderId, parseRelPath } from "../../shared/ids.ts";
import type { RequestContext } from "../api/node-service.ts";
import type { NetPeer } from "../net/net-peer.ts";
import type { Node } from "../node.ts";
import { Serving } from "../transfers/ask-serving.ts";
import { type DownloadRequest, downloadOnce } from "../transfers/download.ts";
import type { FolderPlace } from "../transfers/download-into.ts";
import { FileThread } from "../transfers/file-thread.ts";
import { withTicks } from "../transfers/in-parallel.ts";
import type { Job } from "../transfers/job.ts";
import { TransferWay } from "../transfers/transfer-way.ts";
import { type UploadRequest, uploadOnce } from "../transfers/upload.ts";

const TICK_MS = 200;
const LOOK_MS = 500;
/** What the serving node is told at the end must not hold up whoever was interrupted. */
const CLOSE_MS = 2000;
const PATHS_AT_ONCE = 500;
const SELF = "self";

/** Downloads to a place of this machine. */
export async function* download(
  node: Node,
  request: DownloadRequest,
  context: RequestContext,
): AsyncGenerator<TransferLine> {
  const { folder, path, version, output } = request;
  const asked = { kind: "download", request, canRetry: true, folder, path, version, local: output } as const;
  yield* transfer(node, asked, context, (parts) => {
    const { index, clock, hasher, log, identity } = node.parts;
    const rootOf = (id: string): string | undefined => node.folders.find(id as FolderId)?.config.path;
    const { locks } = node.transfers.book;
    const inFolder = (text: string): FolderPlace | undefined => folderAt(node, text);
    const known = { locks, index, clock, hasher, log, rootOf, folderAt: inFolder, self: identity.shortId };
    const run = { request, ...parts, ...known };
    return (until) => downloadOnce(run, until);
  });
}

function folderAt(node: Node, path: string): FolderPlace | undefined {
  const real = realPathOf(path);
  for (const { context, config } of node.folders.all) {
    const inner = relative(realPathOf(config.path), real).split(sep).join("/");
    if (inner !== "" && inner !== ".." && !inner.startsWith("../"))
      return { context, root: config.path, path: parseRelPath(inner) };
  }
  return undefined;
}

/** With the links resolved of what is there of it. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(realPathOf(dirname(path)), basename(path));
  }
}

/** Uploads files of this machine. */
export function upload(node: Node, request: UploadRequest, context: RequestContext): AsyncGenerator<TransferLine> {
  return uploadOf(node, request, context, { canRetry: !request.isTemporary });
}

/** Uploads what a browser has left here, which is taken away when it is settled: only the browser's upload itself tries again. */
export function uploadForBrowser(
  node: Node,
): (request: UploadRequest, context: RequestContext) => AsyncGenerator<TransferLine> {
  return (request, context) => uploadOf(node, request, context, { canRetry: false });
}

async function* uploadOf(
  node: Node,
  request: UploadRequest,
  context: RequestContext,
  { canRetry }: { readonly canRetry: boolean },
): AsyncGenerator<TransferLine> {
  const { folder, path, sources } = request;
  const { book, ownOffers } = node.transfers;
  const local = sources.length === 1 ? (sources[0]?.path ?? "") : `${sources.length} sources`;
  yield* transfer(node, { kind: "upload", request, canRetry, folder, path, local }, context, (parts) => {
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
    /** Whether what it reads or writes is still there afterwards. */
    readonly canRetry: boolean;
    readonly folder: string;
    readonly path: string;
    readonly version?: number | undefined;
    readonly local: string;
  },
  { signal, actor, asUser }: RequestContext,
  prepare: (parts: RunParts) => (signal: AbortSignal) => AsyncIterable<TransferLine>,
): AsyncGenerator<TransferLine> {
  const { book } = node.transfers;
  const { kind, request, canRetry, folder, path, version, local } = asked;
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
    version,
    local,
    device,
    user: asUser ?? null,
    request: canRetry ? JSON.stringify(request) : null,
  });
  const servingOf = (from: NetPeer | undefined): Serving =>
    new Serving(node.transfers.serving, from, { actor, asUser }, (wire) => job.countCommand(wire));
  let serving = servingOf(peer);
  const stored: string[] = [];
  let failure: unknown;
  let isOver = false;
  try {
    const name = serving.name;
    yield { type: "started", id: job.id, device: name, folder, path, local };
    const once = async function* (until: AbortSignal): AsyncGenerator<TransferLine> {
      if (!serving.isOpen) {
        peer = await reach(node, request.peer);
        serving = servingOf(peer);
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
    await tellEnd(job, serving, key, job.ending(failure), kind === "download" ? stored : []);
    const summary = await job.finish(failure);
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
