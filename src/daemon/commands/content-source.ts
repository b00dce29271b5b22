/**
 * Files for browsers: any that this node or a connected device would give to
 * who is signed in, as they are or, of a directory, as an archive. A download
 * is a transfer like any other; a preview is a look.
 */
import type { RouteOutput } from "../../shared/api.ts";
import { API } from "../../shared/api.ts";
import type { ListEntry, ListLine } from "../../shared/api-list.ts";
import type { RouteName } from "../../shared/api-routes.ts";
import { SyncError } from "../../shared/errors.ts";
import {
  baseName,
  type ContentId,
  type FolderId,
  parseFolderId,
  parseRelPath,
  type RelPath,
} from "../../shared/ids.ts";
import { versionName } from "../../shared/marked-name.ts";
import { notKept } from "../../sync/versions/list.ts";
import { type Batched, callRoute, each } from "../api/call-route.ts";
import type { RequestContext } from "../api/node-service.ts";
import { askPeer } from "../api/peer-commands.ts";
import type { ContentFacts, ContentRequest, ContentSource, OpenContent } from "../dashboard/content-port.ts";
import type { NetPeer } from "../net/net-peer.ts";
import type { Node } from "../node.ts";
import { readContent } from "../transfers/read-content.ts";
import { BrowserDownload } from "./browser-download.ts";
import { linkTo, readingFrom, tagOf } from "./content-reading.ts";
import { newThread, reach } from "./run-transfer.ts";

export function contentSource(node: Node): ContentSource {
  return {
    look: async (request, context) => factsOf(request, await lookAt(node, request, context)),
    open: async (request, context) =>
      request.use === "preview"
        ? await openPreview(node, request, context)
        : await BrowserDownload.open(node, request, context),
  };
}

type FoundEntry = Pick<ListEntry, "path" | "type" | "size" | "mtime" | "contentId">;

interface Found {
  readonly peer: NetPeer | undefined;
  /** Undefined: the folder itself. */
  readonly entry: FoundEntry | undefined;
}

/** What is asked for, as the node that has it tells. */
async function lookAt(node: Node, request: ContentRequest, context: RequestContext): Promise<Found> {
  const peer = await reach(node, request.peer);
  const { asker, service } = node.transfers.serving;
  const ask: Ask = (route, input) =>
    peer === undefined ? callRoute(service(), route, input, context) : askPeer(asker, peer, route, input, context);
  const { version } = request;
  return { peer, entry: await (version === undefined ? entryAt(ask, request) : versionAt(ask, request, version)) };
}

type Ask = (route: RouteName, input: unknown) => Promise<unknown> | AsyncIterable<unknown>;

/** What stands at a path. */
async function entryAt(ask: Ask, { folder, path }: ContentRequest): Promise<FoundEntry | undefined> {
  const lines = ask("list", API.list.input.parse({ folder, path, limit: 1 })) as AsyncIterable<Batched<ListLine>>;
  for await (const line of each(lines))
    if (line.type !== "summary" && line.type !== "folder" && line.path === path) return line;
  return undefined;
}

async function versionAt(ask: Ask, { folder, path }: ContentRequest, version: number): Promise<FoundEntry> {
  const { versions } = (await ask("versions", API.versions.input.parse({ folder, path }))) as RouteOutput<"versions">;
  const found = versions.find((candidate) => candidate.version === version);
  if (found === undefined) throw new SyncError("E_VERSION_NOT_FOUND", `${path} has no version ${version}`);
  if (!found.kept) throw notKept(path, version);
  const { size, time: mtime, contentId } = found;
  return { path, type: "file", size, mtime, contentId };
}

/** A directory's own line is not among what is listed of it: then it is one. */
function factsOf({ folder, path, version }: ContentRequest, { entry }: Found): ContentFacts {
  const name = path === "" ? folder : baseName(path as RelPath);
  if (entry === undefined || entry.type === "directory") return { name, type: "archive", size: null };
  return { name: version === undefined ? name : versionName(name, version), type: "file", size: entry.size };
}

async function openPreview(node: Node, request: ContentRequest, context: RequestContext): Promise<OpenContent> {
  const { peer, entry } = await lookAt(node, request, context);
  const contentId = entry?.contentId?.replace("b3:", "") as ContentId | undefined;
  if (entry === undefined || (entry.type !== "file" && entry.size > 0))
    throw new SyncError("E_PATH_NOT_FOUND", `there is no file at ${request.path} any more`);
  const thread = peer === undefined ? newThread(node) : undefined;
  const link = linkTo(node, { peer, thread, folder: folderIdOf(node, request.folder, peer) });
  const file = { path: parseRelPath(entry.path), contentId: contentId ?? ("" as ContentId), size: entry.size };
  return {
    ...factsOf(request, { peer, entry }),
    tag: tagOf(file),
    mtimeMs: entry.mtime === null ? 0 : Date.parse(entry.mtime),
    read: (range) => readContent(readingFrom(node, link), link, file, range, context.signal),
    close: async () => await thread?.[Symbol.asyncDispose](),
  };
}

/** A peer resolves its own labels; the id is what bytes are asked for by. */
function folderIdOf(node: Node, text: string, peer: NetPeer | undefined): FolderId {
  const own = node.folders.all.find(({ id, config }) => id === text || config.label === text);
  return peer === undefined && own !== undefined ? own.id : parseFolderId(text);
}
