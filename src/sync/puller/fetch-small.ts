/** Fetches files of one chunk, many in one request. */

import type { Head } from "../../shared/file-info.ts";
import { toHex } from "../../shared/hex.ts";
import type { RelPath } from "../../shared/ids.ts";
import type { FolderContext } from "../folder-context.ts";
import type { PeerLink } from "../peer-link.ts";
import type { Sources } from "./sources.ts";

export interface SmallFile {
  readonly path: RelPath;
  readonly head: Head;
}

export type SmallFetched =
  | { readonly file: SmallFile; readonly type: "bytes"; readonly bytes: Uint8Array }
  | {
      readonly file: SmallFile;
      readonly type: "problem";
      readonly code: "E_NO_SOURCE" | "E_BAD_DATA";
      readonly message: string;
    };

/**
 * Fetches the content of `files` (all from peers that announced them), each
 * proven by its content id. A peer that no longer has a version, is lost or
 * sends wrong bytes is passed over for the next one. Rejects only on abort.
 */
export async function fetchSmall(
  context: FolderContext,
  sources: Sources,
  files: readonly SmallFile[],
  signal: AbortSignal,
): Promise<readonly SmallFetched[]> {
  const fetched: SmallFetched[] = [];
  let waiting = files;
  const asked = new Map<RelPath, Set<PeerLink>>();
  while (waiting.length > 0) {
    const { byLink, without } = groupByLink(sources, waiting, asked);
    for (const file of without) fetched.push(noSource(file, asked.get(file.path) !== undefined));
    const answers = await Promise.all([...byLink].map(([link, group]) => ask(context, sources, link, group, signal)));
    signal.throwIfAborted();
    const again: SmallFile[] = [];
    for (const answer of answers) {
      fetched.push(...answer.fetched);
      again.push(...answer.again);
    }
    waiting = again;
  }
  return fetched;
}

function groupByLink(
  sources: Sources,
  files: readonly SmallFile[],
  asked: Map<RelPath, Set<PeerLink>>,
): { byLink: Map<PeerLink, SmallFile[]>; without: SmallFile[] } {
  const byLink = new Map<PeerLink, SmallFile[]>();
  const without: SmallFile[] = [];
  for (const file of files) {
    const tried = asked.get(file.path) ?? new Set<PeerLink>();
    const link = sources.holding(file.path, file.head).find((candidate) => !tried.has(candidate));
    if (link === undefined) {
      without.push(file);
      continue;
    }
    asked.set(file.path, tried.add(link));
    byLink.set(link, [...(byLink.get(link) ?? []), file]);
  }
  return { byLink, without };
}

async function ask(
  context: FolderContext,
  sources: Sources,
  link: PeerLink,
  files: readonly SmallFile[],
  signal: AbortSignal,
): Promise<{ fetched: SmallFetched[]; again: SmallFile[] }> {
  const requests = files.map(({ path, head }) => ({ path, contentId: contentOf(head), offset: 0, size: head.size }));
  let answers: readonly (Uint8Array | undefined)[];
  try {
    answers = await link.fetchChunks(requests, signal);
  } catch (error) {
    context.log.debug("Fetch failed; another device is asked", { device: link.name, error: String(error) });
    return { fetched: [], again: [...files] };
  }
  const fetched: SmallFetched[] = [];
  const again: SmallFile[] = [];
  for (const [position, file] of files.entries()) {
    const bytes = answers[position];
    if (bytes === undefined) again.push(file);
    else if (bytes.length === file.head.size && toHex(context.hasher.chunk(bytes)) === file.head.contentId)
      fetched.push({ file, type: "bytes", bytes });
    else {
      sources.noteBadAnswer(link, context.log);
      again.push(file);
    }
  }
  return { fetched, again };
}

function contentOf(head: Head): NonNullable<Head["contentId"]> {
  if (head.contentId === null) throw new Error("bug: fetching something without content");
  return head.contentId;
}

function noSource(file: SmallFile, wasAsked: boolean): SmallFetched {
  const message = wasAsked
    ? `no connected device could give ${file.path}; it may have changed there`
    : `no connected device has ${file.path}`;
  return { file, type: "problem", code: "E_NO_SOURCE", message };
}
