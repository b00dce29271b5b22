/** What lies in a folder, and which folders there are. */
import type { ListEntry, ListLine, RouteRequest } from "../../shared/api.ts";
import { SyncError } from "../../shared/errors.ts";
import { parseRelPath, type RelPath } from "../../shared/ids.ts";
import { winnerOf } from "../../sync/core/heads.ts";
import type { LocalRow } from "../../sync/index/index-port.ts";
import { timeOf } from "../../sync/versions/list.ts";
import type { Actor } from "../api/actor.ts";
import type { NodeService } from "../api/node-service.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import type { Node } from "../node.ts";

export type ListRoutes = Pick<NodeService, "list">;

const PAGE = 500;

export function listRoutes(node: Node): ListRoutes {
  return {
    list: (request, { actor }) =>
      request.folder === undefined
        ? listFolders(node, actor)
        : listFolder(node, actor, { ...request, folder: request.folder }),
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
  actor: Actor,
  request: RouteRequest<"list"> & { readonly folder: string },
): AsyncGenerator<ListLine> {
  const runtime = node.access.folder(actor, request.folder, "read");
  const path = request.path === "" ? "" : parseRelPath(request.path);
  const limit = request.limit ?? Number.POSITIVE_INFINITY;
  let entries = 0;
  let bytes = 0;
  let last = "";
  for (const row of rowsOf(runtime, path, request)) {
    if (entries >= limit) {
      yield { type: "summary", entries, bytes, next: last };
      return;
    }
    const entry = entryOf(node, row);
    entries++;
    bytes += entry.deleted ? 0 : entry.size;
    last = row.path;
    yield entry;
  }
  yield { type: "summary", entries, bytes, next: null };
}

function* rowsOf(
  { id, context }: FolderRuntime,
  path: RelPath | "",
  request: RouteRequest<"list">,
): Generator<LocalRow> {
  const { read } = context.index;
  const isShown = (row: LocalRow): boolean => request.deleted || !winnerOf(row.heads).deleted;
  if (path !== "") {
    const row = read.local(id, path);
    if (row === undefined || !isShown(row)) throw missing(id, path, row !== undefined);
    if (winnerOf(row.heads).type !== "directory") {
      if (request.after === "") yield row;
      return;
    }
  }
  const page = (after: string): readonly LocalRow[] =>
    request.recursive ? read.localBelow(id, path, after, PAGE) : read.localChildren(id, path, after, PAGE);
  for (let rows = page(request.after), after: LocalRow | undefined; ; rows = page(after.path)) {
    for (const row of rows) if (isShown(row)) yield row;
    after = rows.at(-1);
    if (after === undefined || rows.length < PAGE) return;
  }
}

function missing(folder: string, path: string, isDeleted: boolean): SyncError {
  if (isDeleted)
    return new SyncError("E_PATH_NOT_FOUND", `${path} was deleted in folder ${folder}`, {
      hint: "see it with --deleted, or bring it back: `syncline trash restore`",
    });
  return new SyncError("E_PATH_NOT_FOUND", `there is nothing at ${path} in folder ${folder}`);
}

function entryOf(node: Node, { path, heads, owner }: LocalRow): ListEntry {
  const head = winnerOf(heads);
  return {
    path,
    type: head.type,
    size: head.size,
    mtime: head.type === "directory" && !head.deleted ? null : new Date(timeOf(head)).toISOString(),
    mode: head.mode.toString(8).padStart(4, "0"),
    owner: node.peers.ownerName(owner),
    device: node.peers.nameOfShort(head.author),
    contentId: head.contentId === null ? null : `b3:${head.contentId}`,
    hash: null,
    version: null,
    deleted: head.deleted,
  };
}
