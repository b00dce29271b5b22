/** Versions, restore and trash. */
import type { RestoreItem as RestoreDocument, RouteOutput, RouteRequest, TrashItem } from "../../shared/api.ts";
import { type FolderId, parseRelPath, type RelPath } from "../../shared/ids.ts";
import { listVersions } from "../../sync/versions/list.ts";
import { restore } from "../../sync/versions/restore.ts";
import type { RestoreItem } from "../../sync/versions/restore-item.ts";
import { emptyTrash, listTrash, restoreTrash } from "../../sync/versions/trash.ts";
import type { NodeService } from "../api/node-service.ts";
import { resolveFolder } from "../api/resolve-names.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import type { Node } from "../node.ts";

export type VersionRoutes = Pick<NodeService, "versions" | "restore" | "trashList" | "trashRestore" | "trashEmpty">;

export function versionRoutes(node: Node): VersionRoutes {
  const find = (text: string): FolderRuntime => node.folders.get(resolveFolder(node.parts.context.config.get(), text));
  const asked = (text: string | undefined): readonly FolderRuntime[] =>
    text === undefined ? node.folders.all : [find(text)];
  return {
    versions: async ({ folder, path }) => {
      const runtime = find(folder);
      const versions = listVersions(runtime.context, parseRelPath(path));
      return {
        folder: runtime.id,
        path,
        versions: versions.map((version) => ({
          version: version.version,
          time: new Date(version.timeMs).toISOString(),
          size: version.size,
          device: node.peers.nameOfShort(version.device),
          user: null,
          origin: version.origin,
          hash: version.hash,
          contentId: version.head.contentId === null ? null : `b3:${version.head.contentId}`,
          current: version.isCurrent,
          kept: version.isKept,
        })),
      };
    },
    restore: (request, { signal }) => restoreLines(find(request.folder), request, signal),
    trashList: (request) => trashLines(node, asked(request.folder), pathOrRoot(request.path)),
    trashRestore: (request, { signal }) => {
      const runtime = find(request.folder);
      const items = restoreTrash(runtime.context, {
        path: parseRelPath(request.path),
        as: optionalPath(request.as),
        dryRun: request.dryRun,
        signal,
      });
      return withFolder(runtime.id, items);
    },
    trashEmpty: async ({ folder, before, dryRun }, { signal }) => {
      let items = 0;
      let bytes = 0;
      for (const runtime of asked(folder)) {
        const emptied = await emptyTrash(runtime.context, {
          beforeMs: before === undefined ? undefined : Date.parse(before),
          dryRun,
          signal,
        });
        items += emptied.items;
        bytes += emptied.bytes;
      }
      return { items, bytes, dryRun };
    },
  };
}

function pathOrRoot(text: string): RelPath | "" {
  return text === "" ? "" : parseRelPath(text);
}

function optionalPath(text: string | undefined): RelPath | undefined {
  return text === undefined ? undefined : parseRelPath(text);
}

function restoreLines(
  runtime: FolderRuntime,
  request: RouteRequest<"restore">,
  signal: AbortSignal,
): AsyncIterable<RouteOutput<"restore">> {
  const items = restore(runtime.context, {
    path: pathOrRoot(request.path),
    version: request.version,
    atMs: request.at === undefined ? undefined : Date.parse(request.at),
    as: optionalPath(request.as),
    dryRun: request.dryRun,
    signal,
  });
  return withFolder(runtime.id, items);
}

async function* withFolder(folder: FolderId, items: AsyncIterable<RestoreItem>): AsyncIterable<RestoreDocument> {
  for await (const item of items) yield item.type === "summary" ? item : { ...item, folder };
}

async function* trashLines(
  node: Node,
  runtimes: readonly FolderRuntime[],
  below: RelPath | "",
): AsyncIterable<RouteOutput<"trashList">> {
  let items = 0;
  let bytes = 0;
  for (const { id, context } of runtimes) {
    for (const row of listTrash(context, below)) {
      items++;
      bytes += row.head.size;
      const item: TrashItem = {
        type: "item",
        folder: id,
        path: row.path,
        version: row.version,
        size: row.head.size,
        deletedAt: new Date(row.storedAtMs).toISOString(),
        device: node.peers.nameOfShort(row.by as Parameters<typeof node.peers.nameOfShort>[0]),
      };
      yield item;
    }
  }
  yield { type: "summary", items, bytes };
}
