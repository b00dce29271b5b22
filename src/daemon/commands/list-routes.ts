/** What lies in a folder, and which folders there are. */
import type { RouteRequest } from "../../shared/api.ts";
import type { ListEntry, ListLine } from "../../shared/api-list.ts";
import { SyncError } from "../../shared/errors.ts";
import { type ContentId, parseRelPath } from "../../shared/ids.ts";
import { winnerOf } from "../../sync/core/heads.ts";
import type { LocalRow } from "../../sync/index/index-port.ts";
import { breathe } from "../../sync/versions/breathe.ts";
import { timeOf } from "../../sync/versions/list.ts";
import type { Actor } from "../api/actor.ts";
import type { Batched } from "../api/call-route.ts";
import type { NodeService, RequestContext } from "../api/node-service.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import { isRecursive, ListFilter } from "../list/list-filter.ts";
import { ListOrders, type ListSort, orderOf } from "../list/list-order.ts";
import type { Node } from "../node.ts";
import { hashAll } from "./verify-routes.ts";

export type ListRoutes = Pick<NodeService, "list">;

const PAGE = 500;

type FolderRequest = RouteRequest<"list"> & { readonly folder: string };

export function listRoutes(node: Node): ListRoutes {
  const orders = new ListOrders();
  return {
    list: (request, context) =>
      request.folder === undefined
        ? listFolders(node, context.actor)
        : listFolder(node, orders, context, { ...request, folder: request.folder }),
  };
}

async function* listFolders(node: Node, actor: Actor): AsyncGenerator<ListLine> {
  let entries = 0;
  let bytes = 0;
  for (const { id, config, folder } of node.access.folders(actor, undefined, "read")) {
    const { files, bytes: size } = folder.status;
    entries++;
    bytes += size;
    yield {
      type: "folder",
      path: id,
      label: config.label,
      size,
      files,
      rights: node.access.rightsOn(actor, id) ?? "read",
    };
  }
  yield { type: "summary", entries, bytes, next: null };
}

async function* listFolder(
  node: Node,
  orders: ListOrders,
  { actor, signal }: RequestContext,
  request: FolderRequest,
): AsyncGenerator<Batched<ListLine>> {
  const runtime = node.access.folder(actor, request.folder, "read");
  if (request.offset !== undefined) {
    yield* listWindow(node, runtime, orders, { ...request, offset: request.offset }, signal);
    return;
  }
  if (request.sort !== undefined && request.after !== "")
    throw new SyncError("E_USAGE", "a sorted list has no pages by `after`", { hint: "use `offset`" });
  const filter = new ListFilter(request);
  try {
    const pages =
      request.sort === undefined
        ? shownRows(runtime, request, filter, signal)
        : sortedRows(runtime, request, filter, signal, request.sort);
    yield* linesOf(node, runtime, request, pages, signal);
  } finally {
    await filter[Symbol.asyncDispose]();
  }
}

/** Some rows of a list at their places, and how many there are in all. */
async function* listWindow(
  node: Node,
  runtime: FolderRuntime,
  orders: ListOrders,
  request: FolderRequest & { readonly offset: number },
  signal: AbortSignal,
): AsyncGenerator<ListLine> {
  const { offset, limit, sha256, after, ...asked } = request;
  if (after !== "") throw new SyncError("E_USAGE", "a list is paged by `after` or by `offset`, not by both");
  const { read } = runtime.context.index;
  const what = JSON.stringify({ ...asked, folder: runtime.id });
  const order = await orders.get(what, JSON.stringify(read.folder(runtime.id)), async () => {
    const filter = new ListFilter(request);
    try {
      return await orderOf(shownRows(runtime, request, filter, signal), request.sort, request.directoriesFirst);
    } finally {
      await filter[Symbol.asyncDispose]();
    }
  });
  const end = limit === undefined ? order.length : offset + limit;
  let entries = 0;
  let bytes = 0;
  for (let start = offset; start < Math.min(end, order.length); start += PAGE) {
    signal.throwIfAborted();
    const rows = order.slice(start, Math.min(start + PAGE, end)).flatMap((path) => read.local(runtime.id, path) ?? []);
    for (const entry of await entriesOf(node, runtime, rows, sha256 ? signal : undefined)) {
      entries++;
      bytes += entry.deleted ? 0 : entry.size;
      yield entry;
    }
  }
  yield { type: "summary", entries, bytes, next: null, total: order.length };
}

async function* linesOf(
  node: Node,
  runtime: FolderRuntime,
  request: RouteRequest<"list">,
  pages: AsyncIterable<readonly LocalRow[]>,
  signal: AbortSignal,
): AsyncGenerator<Batched<ListLine>> {
  const limit = request.limit ?? Number.POSITIVE_INFINITY;
  let entries = 0;
  let bytes = 0;
  let last = "";
  for await (const rows of pages) {
    const shown = rows.slice(0, limit - entries);
    const page = await entriesOf(node, runtime, shown, request.sha256 ? signal : undefined);
    entries += page.length;
    bytes += page.reduce((sum, { deleted, size }) => sum + (deleted ? 0 : size), 0);
    yield page;
    last = shown.at(-1)?.path ?? last;
    if (shown.length === rows.length) continue;
    yield { type: "summary", entries, bytes, next: request.sort === undefined ? last : null };
    return;
  }
  yield { type: "summary", entries, bytes, next: null };
}

/** Pages of what is shown, in directory order. */
async function* shownRows(
  runtime: FolderRuntime,
  request: RouteRequest<"list">,
  filter: ListFilter,
  signal: AbortSignal,
): AsyncGenerator<readonly LocalRow[]> {
  for (const page of pagesOf(runtime, request)) {
    signal.throwIfAborted();
    const shown = await filter.apply(page, signal);
    if (shown.length > 0) yield shown;
    // Others have their turn, also where nothing is shown or sent for long.
    await breathe();
  }
}

function* pagesOf(
  { id, context }: FolderRuntime,
  request: RouteRequest<"list">,
): Generator<readonly LocalRow[], undefined> {
  const { read } = context.index;
  const path = request.path === "" ? "" : parseRelPath(request.path);
  if (path !== "") {
    const row = read.local(id, path);
    const head = row === undefined ? undefined : winnerOf(row.heads);
    if (row === undefined || head === undefined || (head.deleted && !request.deleted))
      throw missing(id, path, row !== undefined);
    if (head.type !== "directory") {
      if (request.after === "") yield [row];
      return undefined;
    }
  }
  const page = (after: string): readonly LocalRow[] =>
    isRecursive(request) ? read.localBelow(id, path, after, PAGE) : read.localChildren(id, path, after, PAGE);
  for (let rows = page(request.after); rows.length > 0; rows = page(rows.at(-1)?.path ?? "")) {
    yield rows;
    if (rows.length < PAGE) return undefined;
  }
  return undefined;
}

/** Keeps of each row what it is sorted by, and reads it again when its turn comes. */
async function* sortedRows(
  runtime: FolderRuntime,
  request: RouteRequest<"list">,
  filter: ListFilter,
  signal: AbortSignal,
  by: ListSort,
): AsyncGenerator<readonly LocalRow[]> {
  const order = await orderOf(shownRows(runtime, request, filter, signal), by, request.directoriesFirst);
  const { id, context } = runtime;
  for (let start = 0; start < order.length; start += PAGE) {
    signal.throwIfAborted();
    yield order.slice(start, start + PAGE).flatMap((path) => context.index.read.local(id, path) ?? []);
  }
}

/** `signal` is given where hashes that nobody knows are to be read. */
async function entriesOf(
  node: Node,
  runtime: FolderRuntime,
  rows: readonly LocalRow[],
  signal: AbortSignal | undefined,
): Promise<readonly ListEntry[]> {
  const { context, id } = runtime;
  const files = rows.flatMap(({ path, heads, stamp }) => {
    const { type, contentId } = winnerOf(heads);
    return type === "file" && contentId !== null ? [{ path, contentId, isHere: stamp !== null }] : [];
  });
  const contentIds = files.map(({ contentId }) => contentId);
  let hashes = context.index.read.contentHashes(contentIds);
  if (signal !== undefined) {
    const unknown = files.filter(({ contentId, isHere }) => isHere && !hashes.has(contentId));
    if (unknown.length > 0)
      await hashAll(
        runtime,
        unknown.map(({ path }) => path),
        signal,
      );
    hashes = context.index.read.contentHashes(contentIds);
  }
  const kept = context.index.read.lastVersions(
    id,
    files.map(({ path }) => path),
  );
  return rows.map((row) => entryOf(node, row, hashes, kept));
}

function missing(folder: string, path: string, isDeleted: boolean): SyncError {
  if (isDeleted)
    return new SyncError("E_PATH_NOT_FOUND", `${path} was deleted in folder ${folder}`, {
      hint: "see it with --deleted, or bring it back: `syncline trash restore`",
    });
  return new SyncError("E_PATH_NOT_FOUND", `there is nothing at ${path} in folder ${folder}`);
}

function entryOf(
  node: Node,
  { path, heads, owner }: LocalRow,
  hashes: ReadonlyMap<ContentId, string>,
  kept: ReadonlyMap<string, number>,
): ListEntry {
  const head = winnerOf(heads);
  const sha256 = head.contentId === null ? undefined : hashes.get(head.contentId);
  return {
    path,
    type: head.type,
    size: head.size,
    target: head.type === "symlink" && !head.deleted ? head.target : null,
    mtime: head.type === "directory" && !head.deleted ? null : new Date(timeOf(head)).toISOString(),
    mode: head.mode.toString(8).padStart(4, "0"),
    owner: node.peers.ownerName(owner),
    device: node.peers.nameOfShort(head.author),
    contentId: head.contentId === null ? null : `b3:${head.contentId}`,
    hash: sha256 === undefined ? null : `sha256:${sha256}`,
    version: head.type === "directory" || head.deleted ? null : (kept.get(path) ?? 0) + 1,
    deleted: head.deleted,
  };
}
