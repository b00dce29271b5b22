/** Commands that change files of a folder: deleting, moving, making directories. */

import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import type { DeleteLine, MoveLine } from "../../shared/api-files.ts";
import { parseRelPath } from "../../shared/ids.ts";
import type { Asker } from "../../sync/versions/change-item.ts";
import type { MoveRequest } from "../../sync/versions/movable.ts";
import { move } from "../../sync/versions/move.ts";
import { moveAcross } from "../../sync/versions/move-across.ts";
import { foreseePut, type Put, putAll } from "../../sync/versions/put.ts";
import { remove } from "../../sync/versions/remove.ts";
import { failureOf } from "../../sync/versions/restore-target.ts";
import { type Actor, ownerFor } from "../api/actor.ts";
import type { NodeService } from "../api/node-service.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import type { Node } from "../node.ts";

export type FileRoutes = Pick<NodeService, "delete" | "mkdir" | "move">;

const DIRECTORY_MODE = 0o755;

export function fileRoutes(node: Node): FileRoutes {
  return {
    delete: (request, { actor, signal }) => deleteLines(node, request, actor, signal),
    mkdir: (request, { actor }) => makeDirectory(node, request, actor),
    move: (request, { actor, signal }) => moveLines(node, request, actor, signal),
  };
}

/** Who asks, as the folder's engine needs to know it. */
export function askerOf(node: Node, actor: Actor, { id }: FolderRuntime): Asker {
  return {
    by: ownerFor(actor, node.parts.identity.shortId),
    assertMayRemove: (found) => node.access.assertMayRemove(actor, id, found),
  };
}

async function* deleteLines(
  node: Node,
  request: RouteRequest<"delete">,
  actor: Actor,
  signal: AbortSignal,
): AsyncGenerator<DeleteLine> {
  const { permanent, dryRun } = request;
  const runtime = node.access.folder(actor, request.folder, permanent ? "purge" : "write");
  const path = parseRelPath(request.path);
  const summary = { type: "summary" as const, deleted: 0, bytes: 0, skipped: 0, permanent, dryRun };
  for await (const item of remove(runtime.context, { ...request, path, signal }, askerOf(node, actor, runtime))) {
    if (item.type === "skipped") summary.skipped++;
    else {
      summary.deleted++;
      summary.bytes += item.size;
    }
    yield { ...item, folder: runtime.id };
  }
  yield summary;
}

async function makeDirectory(node: Node, request: RouteRequest<"mkdir">, actor: Actor): Promise<RouteOutput<"mkdir">> {
  const runtime = node.access.folder(actor, request.folder, "write");
  const path = parseRelPath(request.path);
  const content = {
    type: "directory",
    size: 0,
    mtimeNs: 0n,
    mode: DIRECTORY_MODE,
    contentId: null,
    target: "",
  } as const;
  const put: Put = { path, content, policy: "fail", owner: ownerFor(actor, node.parts.identity.shortId) };
  const { dryRun } = request;
  const result = dryRun ? foreseePut(runtime.context, put) : (await putAll(runtime.context, [put]))[0];
  if (result?.type === "failed") throw failureOf({ ...result, type: "skipped" });
  const made = result?.type === "stored" || result?.type === "store";
  return { folder: runtime.id, path, made, dryRun };
}

async function* moveLines(
  node: Node,
  request: RouteRequest<"move">,
  actor: Actor,
  signal: AbortSignal,
): AsyncGenerator<MoveLine> {
  const { dryRun, into } = request;
  const from = node.access.folder(actor, request.folder, "write");
  const to = request.toFolder === undefined ? from : node.access.folder(actor, request.toFolder, "write");
  const path = parseRelPath(request.path);
  const target = request.to === "" ? "" : parseRelPath(request.to);
  const asked: MoveRequest = { path, to: target, into, dryRun, signal };
  const asker = askerOf(node, actor, from);
  const summary = { type: "summary" as const, moved: 0, bytes: 0, skipped: 0, dryRun };
  const across = { from: from.context, to: to.context };
  for await (const item of from === to ? once(move(from.context, asked, asker)) : moveAcross(across, asked, asker)) {
    if (item.type === "skipped") summary.skipped++;
    else {
      summary.moved++;
      summary.bytes += item.size;
    }
    yield item.type === "skipped" ? { ...item, folder: from.id } : { ...item, folder: from.id, toFolder: to.id };
  }
  yield summary;
}

async function* once<T>(item: Promise<T>): AsyncGenerator<T> {
  yield await item;
}
