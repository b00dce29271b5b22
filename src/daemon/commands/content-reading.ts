/** How files of a node's folders are read for a browser: over a connection, or by a thread of this node's own. */
import type { RemoteEntry } from "../../shared/api-transfers.ts";
import { type ContentId, type FolderId, parseRelPath } from "../../shared/ids.ts";
import type { FetchContext, FetchLink, WantedFile } from "../../sync/fetch/fetch-context.ts";
import type { NetPeer } from "../net/net-peer.ts";
import type { Node } from "../node.ts";
import { NO_STAGE } from "../transfers/download-files.ts";
import type { FileThread } from "../transfers/file-thread.ts";
import { OneSource, ownLink, peerLink } from "../transfers/transfer-links.ts";

/** The way to a folder's bytes. */
export function linkTo(
  node: Node,
  from: { readonly peer: NetPeer | undefined; readonly thread: FileThread | undefined; readonly folder: FolderId },
): FetchLink {
  const { peer, thread, folder } = from;
  if (peer !== undefined) return peerLink(peer, node.peers.nameOf(peer.device), folder);
  if (thread === undefined) throw new Error("bug: this node's files are read by a thread");
  return ownLink(thread, node.parts.identity.shortId, node.parts.context.config.get().name, folder);
}

/** What reading needs beside a link. */
export function readingFrom(node: Node, link: FetchLink): FetchContext {
  const { clock, hasher, log, index } = node.parts;
  return {
    ...{ clock, hasher, log },
    sources: new OneSource(link, clock),
    stage: NO_STAGE,
    chunkList: (contentId) => index.read.chunkList(contentId),
    options: { delta: "off", compression: "auto" },
  };
}

export function tagOf({ contentId }: WantedFile): string {
  return `"${contentId === "" ? "empty" : contentId}"`;
}

export function wantedFile({ path, contentId, size }: RemoteEntry): WantedFile {
  return { path: parseRelPath(path), contentId: (contentId ?? "") as ContentId, size };
}
