/** Versions, restore and trash. */
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import type { RestoreItem as RestoreDocument, TrashItem } from "../../shared/api-versions.ts";
import { SyncError } from "../../shared/errors.ts";
import { type ContentId, type FolderId, parseRelPath, type RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { createCutter } from "../../sync/delta/cut.ts";
import { hashFileContent } from "../../sync/delta/hash-content.ts";
import type { VersionRow } from "../../sync/index/index-port.ts";
import { breathe } from "../../sync/versions/breathe.ts";
import type { Asker } from "../../sync/versions/change-item.ts";
import type { KeepContext } from "../../sync/versions/keep-context.ts";
import { listVersions, type PathVersion, versionOf } from "../../sync/versions/list.ts";
import { restore } from "../../sync/versions/restore.ts";
import type { RestoreItem } from "../../sync/versions/restore-item.ts";
import { emptyTrash, listTrash, restoreTrash } from "../../sync/versions/trash.ts";
import type { Actor } from "../api/actor.ts";
import type { NodeService } from "../api/node-service.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import { PageOfPaths } from "../list/page-of-paths.ts";
import type { Node } from "../node.ts";
import { askerOf } from "./file-routes.ts";

/** After so many rows of a list others have their turn. */
const TURN_ROWS = 128;

export type VersionRoutes = Pick<
  NodeService,
  "versions" | "versionRead" | "restore" | "trashList" | "trashRestore" | "trashEmpty"
>;

export function versionRoutes(node: Node): VersionRoutes {
  const { access } = node;
  return {
    versions: async ({ folder, path }, { actor }) => {
      const runtime = access.folder(actor, folder, "read");
      const versions = listVersions(runtime.context, parseRelPath(path));
      const hashes = runtime.context.index.read.contentHashes(versions.flatMap(({ head }) => head.contentId ?? []));
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
          hash: hashOf(version.head.contentId, hashes),
          contentId: version.head.contentId === null ? null : `b3:${version.head.contentId}`,
          current: version.isCurrent,
          kept: version.isKept,
        })),
      };
    },
    versionRead: (request, { actor }) => readVersion(node, request, actor),
    restore: (request, { actor, signal }) => {
      const runtime = access.folder(actor, request.folder, "write");
      return restoreLines(runtime, request, askerOf(node, actor, runtime), signal);
    },
    trashList: (request, { actor }) => trashLines(node, access.folders(actor, request.folder, "read"), request),
    trashRestore: (request, { actor, signal }) => {
      const runtime = access.folder(actor, request.folder, "write");
      const items = restoreTrash(runtime.context, {
        path: parseRelPath(request.path),
        as: optionalPath(request.as),
        dryRun: request.dryRun,
        signal,
        asker: askerOf(node, actor, runtime),
      });
      return withFolder(runtime.id, items);
    },
    trashEmpty: async ({ folder, before, dryRun }, { actor, signal }) => {
      let items = 0;
      let bytes = 0;
      for (const runtime of access.folders(actor, folder, "purge")) {
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
  asker: Asker,
  signal: AbortSignal,
): AsyncIterable<RouteOutput<"restore">> {
  const items = restore(runtime.context, {
    path: pathOrRoot(request.path),
    version: request.version,
    atMs: request.at === undefined ? undefined : Date.parse(request.at),
    as: optionalPath(request.as),
    dryRun: request.dryRun,
    signal,
    asker,
  });
  return withFolder(runtime.id, items);
}

function hashOf(contentId: ContentId | null, hashes: ReadonlyMap<ContentId, string>): string | null {
  const sha256 = contentId === null ? undefined : hashes.get(contentId);
  return sha256 === undefined ? null : `sha256:${sha256}`;
}

/** A small version whole, in pieces that fit a line. */
async function* readVersion(
  node: Node,
  request: RouteRequest<"versionRead">,
  actor: Actor,
): AsyncGenerator<RouteOutput<"versionRead">> {
  const { context } = node.access.folder(actor, request.folder, "read");
  const path = parseRelPath(request.path);
  const found =
    request.version === undefined
      ? listVersions(context, path).find(({ isCurrent }) => isCurrent)
      : versionOf(context, path, request.version);
  if (found === undefined) throw new SyncError("E_VERSION_NOT_FOUND", `${path} is deleted`);
  const { version, size, head, timeMs } = found;
  if (head.type !== "file") throw new SyncError("E_USAGE", `${path} is a ${head.type}`, { hint: "name a file" });
  if (size > LIMITS.versionReadBytes.value)
    throw new SyncError("E_USAGE", `${path}@${version} is larger than ${LIMITS.versionReadBytes.value} bytes`, {
      hint: "download it, or restore it under another name, and compare it there",
    });
  const bytes = await bytesOf(context, path, found);
  for (let start = 0; start < bytes.length; start += PIECE_BYTES)
    yield { type: "piece", base64: Buffer.from(bytes.subarray(start, start + PIECE_BYTES)).toString("base64") };
  const device = node.peers.nameOfShort(found.device);
  yield { type: "end", version, size, time: new Date(timeMs).toISOString(), device };
}

const PIECE_BYTES = 48 * 1024;

function contentIdOf({ hasher }: KeepContext, bytes: Uint8Array): ContentId | null {
  const read = (target: Uint8Array, position: number): number => {
    const part = bytes.subarray(position, position + target.length);
    target.set(part);
    return part.length;
  };
  return hashFileContent(read, bytes.length, { hasher, cutter: createCutter() }).contentId;
}

/** Proven by its content id, wherever it is taken from. */
async function bytesOf(context: KeepContext, path: RelPath, found: PathVersion): Promise<Uint8Array> {
  const { version, size, storedAs, head, isCurrent } = found;
  if (size === 0) return new Uint8Array(0);
  const stamp = isCurrent ? context.index.read.local(context.folder, path)?.stamp : undefined;
  const [shown] = stamp == null ? [] : await context.disk.readUnchanged([{ path, stamp }]);
  const bytes = storedAs === null ? shown : await context.disk.readStored(storedAs, size);
  if (bytes !== undefined && contentIdOf(context, bytes) === head.contentId) return bytes;
  throw new SyncError("E_NO_SOURCE", `${path}@${version} is not kept here, or was changed since`, {
    hint: "other devices may have it: restore it under another name with --as",
  });
}

async function* withFolder(folder: FolderId, items: AsyncIterable<RestoreItem>): AsyncIterable<RestoreDocument> {
  for await (const item of items) yield item.type === "summary" ? item : { ...item, folder };
}

/** What all these folders have in their trash, the latest deletion first. */
async function* trashLines(
  node: Node,
  runtimes: readonly FolderRuntime[],
  request: RouteRequest<"trashList">,
): AsyncIterable<RouteOutput<"trashList">> {
  const below = pathOrRoot(request.path);
  const page = new PageOfPaths(request);
  let bytes = 0;
  for await (const row of latestFirst(runtimes.map(({ context }) => listTrash(context, below)))) {
    const place = page.place(row.path);
    if (place === "no-match") continue;
    bytes += row.head.size;
    if (place === "elsewhere") continue;
    const item: TrashItem = {
      type: "item",
      folder: row.folder,
      path: row.path,
      version: row.version,
      size: row.head.size,
      deletedAt: new Date(row.storedAtMs).toISOString(),
      device: node.peers.ownerName(row.by),
    };
    yield item;
  }
  yield { type: "summary", items: page.total, bytes };
}

/** The rows of several lists, each with the latest first, as one such list. */
async function* latestFirst(lists: readonly Iterator<VersionRow>[]): AsyncGenerator<VersionRow> {
  const waiting = lists.map((list) => ({ list, next: list.next() }));
  for (let count = 1; ; count++) {
    const [latest] = waiting
      .filter(({ next }) => next.done !== true)
      .toSorted((one, other) => other.next.value.storedAtMs - one.next.value.storedAtMs);
    if (latest === undefined) return;
    yield latest.next.value;
    latest.next = latest.list.next();
    if (count % TURN_ROWS === 0) await breathe();
  }
}
