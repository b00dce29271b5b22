/** What this node does for uploads and downloads of its folders that others, or its own people, ask for. */
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import type { FileResult, RemoteEntry } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import type { Head } from "../../shared/file-info.ts";
import { baseName, type FolderId, isBelow, parseRelPath, type RelPath } from "../../shared/ids.ts";
import { versionName } from "../../shared/marked-name.ts";
import { uploadPath } from "../../shared/upload-path.ts";
import { winnerOf } from "../../sync/core/heads.ts";
import type { FetchLink } from "../../sync/fetch/fetch-context.ts";
import type { LocalRow } from "../../sync/index/index-port.ts";
import { assertChangesCount } from "../../sync/versions/keep-context.ts";
import { liveHead, shownHead } from "../../sync/versions/known.ts";
import { notKept, versionOf } from "../../sync/versions/list.ts";
import { type Actor, ownerFor } from "../api/actor.ts";
import type { NodeService } from "../api/node-service.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import type { Node } from "../node.ts";
import { withTicks } from "../transfers/in-parallel.ts";
import { type Choice, measuredLink } from "../transfers/measured-link.ts";
import { type Incoming, receive } from "../transfers/receive.ts";
import { contentOf } from "../transfers/told-content.ts";
import { countedLink, emptyLink, limitedLink, ownLink, peerLink } from "../transfers/transfer-links.ts";

export type ServeTransferRoutes = Pick<
  NodeService,
  "downloadOpen" | "uploadOpen" | "uploadTake" | "udpOpen" | "transferClose" | "noticeTell"
>;

const PAGE = 500;
const TICK_MS = 250;
const NOTED_AT_ONCE = 100;
/** A change made a moment ago is looked at before a download is answered; a folder that is busy is not waited for longer. */
const LOOK_MS = 3000;

export function serveTransferRoutes(node: Node): ServeTransferRoutes {
  return {
    downloadOpen: (request, { actor, signal }) => openDownload(node, request, actor, signal),
    uploadOpen: (request, { actor }) => openUpload(node, request, actor),
    uploadTake: (request, { actor, signal }) => takeUpload(node, request, actor, signal),
    udpOpen: async (request, { actor }) => {
      if (actor.device === null) throw new SyncError("E_USAGE", "this is for paired devices");
      await node.transfers.udp.accept(actor.device, request);
      return { opening: true };
    },
    transferClose: (request, { actor }) => closeTransfer(node, request, actor),
    noticeTell: async (request, { actor }) => ({
      taken: actor.device === null ? 0 : await node.transfers.notices.told(actor.device, request),
    }),
  };
}

async function* openDownload(
  node: Node,
  request: RouteRequest<"downloadOpen">,
  actor: Actor,
  signal: AbortSignal,
): AsyncGenerator<RouteOutput<"downloadOpen">> {
  const runtime = node.access.folder(actor, request.folder, "read");
  const { version } = request;
  const path = request.path === "" ? "" : parseRelPath(request.path);
  await runtime.folder.flush(AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)])).catch(() => undefined);
  signal.throwIfAborted();
  const top = version === undefined ? topOf(runtime, path) : keptHead(runtime, parseRelPath(request.path), version);
  await node.transfers.served.open(actor, { key: request.key, kind: "download", folder: runtime.id, path, version });
  const isDirectory = top === undefined || top.type === "directory";
  const sums = isDirectory ? await sumsBelow(runtime, path) : { files: 1, bytes: top.size };
  yield {
    type: "opened",
    folder: runtime.id,
    name: nameOf(runtime, path, version),
    fileType: top?.type ?? "directory",
    ...sums,
  };
  yield top === undefined ? ROOT_ENTRY : entryOf(path, top);
  if (isDirectory) yield* entriesBelow(runtime, path, signal);
  yield { type: "end" };
}

const ROOT_ENTRY: RemoteEntry = {
  type: "entry",
  path: "",
  fileType: "directory",
  size: 0,
  mtimeNs: "0",
  mode: 0o755,
  contentId: null,
  target: "",
};

/** What a copy is called when nobody says otherwise. */
function nameOf({ config }: FolderRuntime, path: RelPath | "", version: number | undefined): string {
  if (path === "") return config.label;
  return version === undefined ? baseName(path) : versionName(baseName(path), version);
}

/** What stands at a path and can be had; undefined: the folder itself. */
function topOf(runtime: FolderRuntime, path: RelPath | ""): Head | undefined {
  if (path === "") return undefined;
  const row = runtime.context.index.read.local(runtime.id, path);
  const live = liveHead(row);
  if (live === undefined) {
    const isDeleted = row !== undefined && winnerOf(row.heads).deleted;
    throw new SyncError(
      "E_PATH_NOT_FOUND",
      isDeleted ? `${path} was deleted in folder ${runtime.id}` : `there is nothing at ${path} in folder ${runtime.id}`,
      isDeleted ? { hint: "bring it back with `syncline trash restore`" } : {},
    );
  }
  if (shownHead(row) === undefined && live.type !== "directory")
    throw new SyncError("E_NOT_SYNCED_YET", `${path} is known there, but its content has not arrived yet`);
  return live;
}

/** A version of a file whose bytes are here. */
function keptHead({ context }: FolderRuntime, path: RelPath, version: number): Head {
  const { head, isKept } = versionOf(context, path, version);
  if (isKept) return head;
  throw notKept(path, version);
}

function* rowsBelow({ id, context }: FolderRuntime, path: RelPath | ""): Generator<LocalRow> {
  const { read } = context.index;
  for (let rows = read.localBelow(id, path, "", PAGE); ; ) {
    for (const row of rows) if (!winnerOf(row.heads).deleted) yield row;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    rows = read.localBelow(id, path, last.path, PAGE);
  }
}

async function sumsBelow(
  runtime: FolderRuntime,
  path: RelPath | "",
): Promise<{ readonly files: number; readonly bytes: number }> {
  if (path === "") {
    const { files, symlinks, bytes } = runtime.context.index.read.totals(runtime.id);
    return { files: files + symlinks, bytes };
  }
  let files = 0;
  let bytes = 0;
  let rows = 0;
  for (const row of rowsBelow(runtime, path)) {
    const { type, size } = winnerOf(row.heads);
    if (type !== "directory") files++;
    bytes += size;
    // The loop has its turn between pages.
    if (++rows % PAGE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { files, bytes };
}

async function* entriesBelow(
  runtime: FolderRuntime,
  path: RelPath | "",
  signal: AbortSignal,
): AsyncGenerator<RouteOutput<"downloadOpen">> {
  let count = 0;
  for (const row of rowsBelow(runtime, path)) {
    const head = winnerOf(row.heads);
    if (row.stamp !== null || head.type === "directory") yield entryOf(row.path, head);
    else {
      const message = `${row.path} is known there, but its content has not arrived yet`;
      yield { type: "missing", path: row.path, code: "E_NOT_SYNCED_YET", message };
    }
    if (++count % PAGE !== 0) continue;
    signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function entryOf(path: string, head: Head): RemoteEntry {
  const { type, size, mtimeNs, mode, contentId, target } = head;
  return { type: "entry", path, fileType: type, size, mtimeNs: String(mtimeNs), mode: mode & 0o777, contentId, target };
}

async function openUpload(
  node: Node,
  request: RouteRequest<"uploadOpen">,
  actor: Actor,
): Promise<RouteOutput<"uploadOpen">> {
  const runtime = node.access.folder(actor, request.folder, "write");
  const { context, id } = runtime;
  assertChangesCount(context, "put");
  const path = request.path === "" ? "" : parseRelPath(request.path);
  const root = await context.disk.check();
  if (root.type === "halted") throw new SyncError(root.code, `folder ${id}: ${root.message}`);
  const live = path === "" ? undefined : liveHead(context.index.read.local(id, path));
  if (request.isDirectory && live !== undefined && live.type !== "directory")
    throw new SyncError("E_NOT_A_DIRECTORY", `${path} is no directory in folder ${id}`);
  await node.transfers.served.open(actor, { key: request.key, kind: "upload", folder: id, path });
  const { bytes } = await context.disk.free();
  return { folder: id, into: request.isDirectory || path === "" || live?.type === "directory", freeBytes: bytes };
}

async function* takeUpload(
  node: Node,
  request: RouteRequest<"uploadTake">,
  actor: Actor,
  signal: AbortSignal,
): AsyncGenerator<RouteOutput<"uploadTake">> {
  const runtime = node.access.folder(actor, request.folder, "write");
  const { transfers, parts } = node;
  const { link, way } = await linkFor(node, runtime.id, request, actor);
  const { items, refused } = incoming(node, request);
  for (const result of refused) yield { type: "file", ...result };
  let wireBytes = 0;
  const counted = countedLink(link, (wire) => {
    wireBytes += wire.sent + wire.received;
  });
  const underWay = new Map<string, { readonly done: number }>();
  const results = receive(
    {
      context: runtime.context,
      clock: parts.clock,
      link: limitedLink(counted, request.limit, parts.clock),
      isRemote: actor.device !== null,
      policy: request.onDuplicate,
      owner: ownerFor(actor, parts.identity.shortId),
      locks: transfers.book.locks,
      delta: request.delta,
      compression: request.compression,
      isFresh: !request.resume,
      way,
      follow: (path, progress) => {
        underWay.set(path, progress);
        return () => underWay.delete(path);
      },
    },
    items,
    signal,
  );
  const tick = (): RouteOutput<"uploadTake"> | undefined => {
    const [path] = underWay.keys();
    if (path === undefined) return undefined;
    const doneBytes = [...underWay.values()].reduce((sum, { done }) => sum + done, 0);
    return { type: "progress", path, doneBytes, wireBytes };
  };
  const noted = new Noted(node, runtime.id, request.key, actor);
  try {
    for await (const line of withTicks(asLines(results), tick, TICK_MS, parts.clock)) {
      if (line.type === "file") await noted.add(line);
      yield line;
    }
  } finally {
    await noted.flush();
  }
  yield { type: "end" };
}

async function* asLines(results: AsyncIterable<FileResult>): AsyncGenerator<RouteOutput<"uploadTake">> {
  for await (const result of results) yield { type: "file", ...result };
}

interface Source {
  readonly link: FetchLink;
  /** Asked when a file is settled: what was measured until then counts. */
  readonly way: () => { readonly transport: string | null; readonly why: string | null };
}

/** The way to what is offered: the connection that the command came over, one over UDP that was opened for it, or this node's own thread. */
async function linkFor(
  node: Node,
  folder: FolderId,
  { key, token, udp, files }: RouteRequest<"uploadTake">,
  actor: Actor,
): Promise<Source> {
  const { transfers, net, parts } = node;
  const { device, deviceName } = actor;
  const offer = token as FolderId;
  if (device === null) {
    const thread = transfers.ownOffers.get(offer);
    const hasBytes = files.some(({ fileType }) => fileType === "file");
    if (thread === undefined && !hasBytes)
      return { link: emptyLink(parts.identity.shortId), way: () => ({ transport: null, why: null }) };
    if (thread === undefined) throw new SyncError("E_TRANSFER_NOT_FOUND", "nothing is offered under this token");
    const link = ownLink(thread, parts.identity.shortId, deviceName, offer);
    return { link, way: () => ({ transport: null, why: null }) };
  }
  const row = transfers.served.find(device, key, "upload");
  if (row.folder !== folder) throw new SyncError("E_NOT_ALLOWED", "this transfer was opened for another folder");
  const peer = net.peerOf(device);
  if (peer === undefined) throw new SyncError("E_PEER_OFFLINE", `the connection to ${deviceName} was lost`);
  const tcp = peerLink(peer, deviceName, offer);
  if (udp === undefined) return { link: tcp, way: () => ({ transport: peer.facts.transport, why: null }) };
  const opened = transfers.udp.find(device, udp.stream).then((other) => peerLink(other, deviceName, offer));
  if (udp.isOnly) return { link: await opened, way: () => ({ transport: "udp", why: "asked for" }) };
  let choice: Choice | { readonly transport: "tcp"; readonly why: null } = { transport: "tcp", why: null };
  const onChoice = (found: Choice): void => {
    choice = found;
  };
  return { link: measuredLink({ tcp, udp: opened, clock: parts.clock, onChoice }), way: () => choice };
}

/** What was announced, each with its place here. A name that cannot be one is refused by itself. */
function incoming(
  { parts }: Node,
  { files, path, into }: RouteRequest<"uploadTake">,
): { readonly items: readonly Incoming[]; readonly refused: readonly FileResult[] } {
  const items: Incoming[] = [];
  const refused: FileResult[] = [];
  for (const given of files) {
    const target = uploadPath(path, into, given.name);
    try {
      items.push({
        offered: (given.fileType === "file" ? parseRelPath(given.offered) : "") as RelPath,
        path: parseRelPath(target),
        content: contentOf(given, parts.hasher),
      });
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      refused.push(refusal(target, given.size, error));
    }
  }
  return { items, refused };
}

function refusal(path: string, fileBytes: number, { code, message }: SyncError): FileResult {
  const saved = { delta: 0, reuse: 0, compression: 0 };
  const facts = { path, storedAs: null, fileBytes, wireBytes: 0, saved, transport: null, why: null, hash: null };
  return { ...facts, durationMs: 0, outcome: "failed", code, message };
}

/** Results on their way into the row and the events, many in one write. */
class Noted {
  readonly #node: Node;
  readonly #folder: FolderId;
  readonly #key: string;
  readonly #actor: Actor;
  #waiting: FileResult[] = [];

  constructor(node: Node, folder: FolderId, key: string, actor: Actor) {
    this.#node = node;
    this.#folder = folder;
    this.#key = key;
    this.#actor = actor;
  }

  async add(result: FileResult): Promise<void> {
    this.#waiting.push(result);
    if (result.outcome === "stored") {
      const { parts } = this.#node;
      const { storedAs: path, fileBytes: size, wireBytes } = result;
      const device = this.#actor.device ?? parts.identity.deviceId;
      const { user } = this.#actor;
      parts.events.add({ type: "file.uploaded", folder: this.#folder, path, device, user, data: { size, wireBytes } });
    }
    if (this.#waiting.length >= NOTED_AT_ONCE) await this.flush();
  }

  async flush(): Promise<void> {
    const results = this.#waiting;
    this.#waiting = [];
    if (this.#actor.device !== null) await this.#node.transfers.served.add(this.#actor.device, this.#key, results);
  }
}

async function closeTransfer(
  node: Node,
  request: RouteRequest<"transferClose">,
  actor: Actor,
): Promise<RouteOutput<"transferClose">> {
  const { device } = actor;
  const { served, notices } = node.transfers;
  if (device === null) return { closed: true };
  const { files, fileBytes, wireBytes, saved, state, transport, code, message, key } = request;
  if (request.paths.length > 0) {
    const row = served.find(device, key, "download");
    const folder = row.folder as FolderId;
    // Whether it may read the folder is asked again, and only what was opened counts.
    node.access.folder(actor, folder, "read");
    const paths = request.paths.map(parseRelPath);
    const opened = paths.filter((path) => row.path === "" || path === row.path || isBelow(path, row.path as RelPath));
    for (const path of opened)
      node.parts.events.add({ type: "file.downloaded", folder, path, device, user: actor.user, data: {} });
    await notices.downloaded(actor, folder, opened);
  }
  if (!request.isLast) return { closed: false };
  const totals = { files, fileBytes, wireBytes, saved };
  const row = await served.close(device, key, { state, totals, transport, code, message });
  return { closed: row !== undefined };
}
