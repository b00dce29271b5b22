/** Uploads and downloads that a person of this node asks for, and what becomes of them. */
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import { API } from "../../shared/api.ts";
import type { TransferLine, TransferView } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId } from "../../shared/ids.ts";
import type { TransferFilter, TransferRow } from "../../sync/index/transfer-port.ts";
import { type Actor, ownerFor } from "../api/actor.ts";
import { Feed } from "../api/feed.ts";
import type { NodeService, RequestContext } from "../api/node-service.ts";
import { resolvePeer } from "../api/resolve-names.ts";
import { noticeOwners } from "../api/visible.ts";
import type { Node } from "../node.ts";
import type { Job } from "../transfers/job.ts";
import { download, upload } from "./run-transfer.ts";

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
    transferRetry: (request, context) => retry(node, request, context),
    stats: async (request, { actor }) => stats(node, request, actor),
    notices: async (request, { actor }) => await notices(node, request, actor),
  };
}

/** Runs it again as it was asked for. Unattended, only its beginning is told: it goes on whether or not anybody reads. */
async function* retry(
  node: Node,
  { id, unattended }: RouteRequest<"transferRetry">,
  context: RequestContext,
): AsyncGenerator<TransferLine> {
  const { book } = node.transfers;
  if (book.find(id) !== undefined)
    throw new SyncError("E_TRANSFER_OVER", `transfer ${id} still runs`, { hint: `syncline transfers resume ${id}` });
  const row = book.row(id);
  if (row.request === null) throw cannotRetry(row);
  const input: unknown = JSON.parse(row.request);
  const { signal } = unattended ? node.transfers.unattended : context;
  // As whom it was asked for, unless somebody else asks now.
  const again = { ...context, signal, asUser: context.asUser ?? row.user ?? undefined };
  const lines =
    row.kind === "upload"
      ? upload(node, API.upload.input.parse(input), again)
      : download(node, API.download.input.parse(input), again);
  if (!unattended) {
    yield* lines;
    return;
  }
  const first = await lines.next();
  node.transfers.unattended.take(lines);
  if (first.done !== true) yield first.value;
}

function cannotRetry({ id, side, kind }: TransferRow): SyncError {
  if (side === "served")
    return new SyncError("E_TRANSFER_OVER", `transfer ${id} was asked for on another device`, {
      hint: "run it again there",
    });
  return kind === "upload"
    ? new SyncError("E_TRANSFER_OVER", `what transfer ${id} sent was a copy made for it, which is gone`, {
        hint: "upload it again",
      })
    : new SyncError("E_TRANSFER_OVER", `transfer ${id} went to a browser`, { hint: "download it again there" });
}

async function* list(
  node: Node,
  request: RouteRequest<"transferList">,
  actor: Actor,
  signal: AbortSignal,
): AsyncGenerator<RouteOutput<"transferList">> {
  const { book } = node.transfers;
  const { read } = node.parts.index;
  const { limit, offset, sort: order } = request;
  const filter = filterOf(node, request);
  const told = new Map<number, string>();
  const news = function* (): Generator<RouteOutput<"transferList">> {
    const rows = read.transfers(filter, { limit, offset, order });
    // The latest last, as in a log; any other order is told as it is.
    for (const row of order === "newest" && offset === 0 ? rows.toReversed() : rows) {
      const view = seenBy(actor, viewOf(node, row));
      const text = JSON.stringify({ ...view, durationMs: 0 });
      if (told.get(row.id) === text) continue;
      told.set(row.id, text);
      yield { type: "transfer", ...view };
    }
  };
  yield* news();
  if (!request.follow) {
    yield {
      type: "summary",
      transfers: told.size,
      running: book.running.length,
      total: read.transferTotals(filter).transfers,
    };
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

function filterOf(node: Node, request: RouteRequest<"transferList">): TransferFilter {
  const { all, over, kind, state, peer, contains } = request;
  const { config } = node.parts.context;
  return {
    ...{ kind, state, contains, isOver: over, isByHand: all ? undefined : true },
    device: peer === undefined ? undefined : resolvePeer(config.get(), peer),
  };
}

function viewOf(node: Node, row: TransferRow): TransferView {
  const job = row.side === "asked" ? node.transfers.book.find(row.id) : undefined;
  const { key: _key, request, startedAtMs, endedAtMs, ...facts } = row;
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
    canRetry: request !== null && job === undefined,
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
  if (actor.device !== null && actor.user === null && actor.role !== "admin")
    throw new SyncError("E_NOT_ALLOWED", "notices are shown to users of this device, and to its admins", {
      hint: "sign in with `syncline login`, and add --user NAME; a device's own are told to it at once",
    });
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
