/** Fetches files of one chunk, many in one request. */
import { toHex } from "../../shared/hex.ts";
import type { RelPath } from "../../shared/ids.ts";
import { addWire, NO_WIRE, type WireBytes } from "../../shared/transfer-bytes.ts";
import type { FetchContext, FetchLink, WantedFile } from "./fetch-context.ts";

export type SmallFetched<F extends WantedFile> =
  | { readonly file: F; readonly type: "bytes"; readonly bytes: Uint8Array }
  | {
      readonly file: F;
      readonly type: "problem";
      readonly code: "E_NO_SOURCE" | "E_BAD_DATA";
      readonly message: string;
    };

/**
 * Fetches the content of `files` (all from peers that announced them), each
 * proven by its content id. A peer that no longer has a version, is lost or
 * sends wrong bytes is passed over for the next one. Rejects only on abort.
 */
export async function fetchSmall<F extends WantedFile>(
  context: FetchContext,
  files: readonly F[],
  signal: AbortSignal,
): Promise<{ readonly fetched: readonly SmallFetched<F>[]; readonly wire: WireBytes }> {
  const fetched: SmallFetched<F>[] = [];
  let wire = NO_WIRE;
  let waiting = files;
  const asked = new Map<RelPath, Set<FetchLink>>();
  while (waiting.length > 0) {
    const { byLink, without } = groupByLink(context, waiting, asked);
    for (const file of without) fetched.push(noSource(file, asked.get(file.path) !== undefined));
    const answers = await Promise.all([...byLink].map(([link, group]) => ask(context, link, group, signal)));
    signal.throwIfAborted();
    const again: F[] = [];
    for (const answer of answers) {
      fetched.push(...answer.fetched);
      again.push(...answer.again);
      wire = addWire(wire, answer.wire);
    }
    waiting = again;
  }
  return { fetched, wire };
}

function groupByLink<F extends WantedFile>(
  { sources }: FetchContext,
  files: readonly F[],
  asked: Map<RelPath, Set<FetchLink>>,
): { byLink: Map<FetchLink, F[]>; without: F[] } {
  const byLink = new Map<FetchLink, F[]>();
  const without: F[] = [];
  for (const file of files) {
    const tried = asked.get(file.path) ?? new Set<FetchLink>();
    const link = sources.holding(file).find((candidate) => !tried.has(candidate));
    if (link === undefined) {
      without.push(file);
      continue;
    }
    asked.set(file.path, tried.add(link));
    byLink.set(link, [...(byLink.get(link) ?? []), file]);
  }
  return { byLink, without };
}

async function ask<F extends WantedFile>(
  context: FetchContext,
  link: FetchLink,
  files: readonly F[],
  signal: AbortSignal,
): Promise<{ fetched: SmallFetched<F>[]; again: F[]; wire: WireBytes }> {
  const requests = files.map(({ path, contentId, size }) => ({ path, contentId, offset: 0, size }));
  const fetched: SmallFetched<F>[] = [];
  const again: F[] = [];
  try {
    const { answer, wire } = await link.fetchChunks(requests, signal);
    for (const [position, file] of files.entries()) {
      const bytes = answer[position];
      if (bytes === undefined) again.push(file);
      else if (bytes.length === file.size && toHex(context.hasher.chunk(bytes)) === file.contentId)
        fetched.push({ file, type: "bytes", bytes });
      else {
        context.sources.noteBadAnswer(link);
        again.push(file);
      }
    }
    return { fetched, again, wire };
  } catch (error) {
    context.log.debug("Fetch failed; another device is asked", { device: link.name, error: String(error) });
    return { fetched: [], again: [...files], wire: NO_WIRE };
  }
}

function noSource<F extends WantedFile>(file: F, wasAsked: boolean): SmallFetched<F> {
  const message = wasAsked
    ? `no connected device could give ${file.path}; it may have changed there`
    : `no connected device has ${file.path}`;
  return { file, type: "problem", code: "E_NO_SOURCE", message };
}
